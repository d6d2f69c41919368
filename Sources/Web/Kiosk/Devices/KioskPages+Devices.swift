import Agent
import Codes
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Tally

/// Scans that do not come from the page's own keys, and the page that teaches scanners.
///
/// | request | does |
/// |---|---|
/// | `GET /events?version=N&start=S` | waits until the page is newer than N; its new state |
/// | `POST /camera` | takes a picture of the page's camera; the codes in it are scans |
/// | `POST /devices/<act>` | `open`, `close`, `keys`, `keep`, `forget`; answers like `/scan` |
/// | `GET /devices/scanner` | what the script must know of the page's own scanner |
/// | `GET /devices/sheet.svg`, `/devices/code/<n>` | the teach codes |
extension KioskPages {
    /// A picture of a camera is not larger.
    static let pictureBytesMax = 8 << 20
    /// Keys of one burst: more than the longest code has.
    static let keyBytesMax = 1 << 20
    /// A page that waits for news is answered after so long at the latest.
    static let newsSeconds = 20

    func addDevices(
        _ devices: any KioskDevices,
        to router: some RouterMethods<BasicRequestContext>
    ) {
        router.get("events") { request, _ in try await news(request) }
        router.post("camera") { request, _ in try await camera(request, devices) }
        router.post("devices/:act") { request, context in
            try await act(try context.parameters.require("act"), request, devices)
        }
        router.get("devices/scanner") { _, _ in
            Self.response(.ok, "application/json", try devices.scannerSettings())
        }
        router.get("devices/sheet.svg") { _, _ in
            Self.response(.ok, "image/svg+xml", try await devices.teachSheet())
        }
        router.get("devices/code/:number") { _, context in
            let number = Int(try context.parameters.require("number")) ?? 0
            guard let code = try await devices.teachCode(number) else {
                throw HTTPError(.notFound)
            }
            return Self.response(.ok, "image/svg+xml", code, cache: "max-age=3600")
        }
    }

    // MARK: What the daemon's devices tell

    /// Takes a scan of a device, as if it had been made in the page that is shown.
    ///
    /// - Parameter input: the scan.
    /// - Returns: whether there was a page; a scan that nobody sees does nothing.
    public func take(_ input: KioskInput) async -> Bool {
        guard let id = await shownPage() else { return false }
        let name = "device-\(input.device)-\(input.number)"
        return await change(shown: id) { page in
            if page.isAtDevices, !Self.isWayOut(input.text) {
                input.teach()
                return
            }
            guard input.isWhole else { return }
            try await apply(name, &page) { page in
                try await scanned(try KioskText(input.text, request: name), &page)
            }
        }
    }

    /// Tells the person at the page that a device's scans were thrown away.
    ///
    /// - Parameters:
    ///   - device: its name.
    ///   - loss: a word of the string table: `kiosk.lost_<loss>`.
    ///   - count: how many so far.
    public func tellLoss(of device: String, _ loss: String, count: UInt64) async {
        guard let id = await shownPage() else { return }
        _ = await change(shown: id) { page in
            guard !page.isAtDevices else { return }
            page.feedback = KioskSession.Feedback(
                .wrong,
                "kiosk.lost_\(loss)",
                ["device": device, "count": String(count)]
            )
        }
    }

    /// Shows anew how devices stand.
    public func devicesChanged() async { await watch.wakeAll() }

    /// The page in front of the person: of those that are shown, the one that was used last.
    private func shownPage() async -> String? {
        let live = await watch.live
        return await sessions.newest(of: live)
    }

    private func change(
        shown id: String,
        _ body: @escaping @Sendable (inout KioskSessions.Page) async throws -> Void
    ) async -> Bool {
        _ = await sessions.open(id, language: language, start: makeID(), now: .now)
        do {
            _ = try await sessions.change(id, now: .now, body)
        } catch {
            logger.error("kiosk.failed", metadata: ["error": "\(error)"])
        }
        await watch.wake(id)
        return true
    }

    /// Codes that lead out of the page of devices.
    static func isWayOut(_ text: String) -> Bool {
        [CommandCode.home.text, CommandCode.cancel.text].contains(NaturalKey.code(text))
    }

    // MARK: Requests

    private struct News: Encodable {
        let strip: String
        /// Absent when the page has not changed.
        let page: ScanAnswer?
    }

    private func news(_ request: Request) async throws -> Response {
        let version = request.uri.queryParameters.get("version").flatMap { Int($0) } ?? 0
        let start = request.uri.queryParameters.get("start")
        // A page that shows is one that devices scan into, though the terminal started anew.
        guard let id = request.cookies[Self.sessionCookie]?.value, Self.isName(id) else {
            throw HTTPError(.conflict)
        }
        _ = await session(of: request)
        try await request.body.consumeWithCancellationOnInboundClose { _ in
            await cancelWhenGracefulShutdown {
                await watch.wait(id, for: .seconds(Self.newsSeconds)) {
                    await sessions.page(id, now: .now)?.isNewer(than: version, of: start) ?? true
                }
            }
        }
        let (_, page) = await session(of: request)
        let view = try await view(of: page)
        let news = News(
            strip: try pages.render("Kiosk/strip", view),
            page: page.isNewer(than: version, of: start) ? try answer(of: page, view) : nil
        )
        return Self.response(.ok, "application/json", Array(try JSONEncoder().encode(news)))
    }

    private func camera(
        _ request: Request,
        _ devices: any KioskDevices
    ) async throws -> Response {
        let (id, _) = await session(of: request)
        let picture: [UInt8]
        do {
            picture = Array(
                buffer: try await request.body.collect(upTo: Self.pictureBytesMax)
            )
        } catch is NIOTooManyBytesError {
            throw HTTPError(.contentTooLarge)
        }
        let texts: [String]
        do {
            guard let found = try await devices.codes(in: picture, of: id) else {
                return Self.response(
                    .ok,
                    "application/json",
                    Array(#"{"state":"superseded"}"#.utf8)
                )
            }
            texts = found
        } catch {
            logger.debug("camera.unreadable", metadata: ["error": "\(error)"])
            return Self.response(
                .unprocessableContent,
                "application/json",
                Array(#"{"state":"unreadable"}"#.utf8)
            )
        }
        guard !texts.isEmpty else {
            return Self.response(.ok, "application/json", Array(#"{"state":"nothing"}"#.utf8))
        }
        let page = try await sessions.change(id, now: .now) { page in
            for text in texts {
                try await apply("", &page) { page in
                    try await scanned(try KioskText(text), &page)
                }
            }
        }
        guard let page else { throw HTTPError(.conflict) }
        return try await answer(.ok, page, id, request)
    }

    private struct Keys: Decodable {
        let keys: [KioskKey]
    }

    private func act(
        _ act: String,
        _ request: Request,
        _ devices: any KioskDevices
    ) async throws -> Response {
        let (id, _) = await session(of: request)
        switch act {
        case "open", "close":
            devices.teach(act == "open")
        case "keys":
            let body = Array(buffer: try await request.body.collect(upTo: Self.keyBytesMax))
            guard let keys = try? JSONDecoder().decode(Keys.self, from: Data(body)).keys else {
                throw HTTPError(.badRequest)
            }
            devices.take(keys)
        case "keep":
            try await devices.keepLesson()
        case "forget":
            devices.forgetLesson()
        default:
            throw HTTPError(.notFound)
        }
        let page = try await sessions.change(id, now: .now) { page in
            page.isAtDevices = act != "close"
            page.feedback = nil
        }
        guard let page else { throw HTTPError(.conflict) }
        return try await answer(.ok, page, id, request)
    }
}
