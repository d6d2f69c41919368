import Agent
import Codes
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Tally

extension KioskPages {
    static let sessionCookie = "tallyman_kiosk"
    static let languageCookie = "tallyman_language"

    /// What `POST /scan` answers to the script.
    struct ScanAnswer: Encodable {
        let language: String
        let tone: String
        let message: String
        let seen: String
        let version: Int
        let start: String
        /// HTML of the strip and of the page below it.
        let strip: String
        let main: String
    }

    /// What `GET /status` answers.
    struct StatusAnswer: Encodable {
        let unsynced: Int
        /// UTC milliseconds; absent when nothing is unsynced.
        let since: Int64?
        let connected: Bool
        let seen: String
        let strip: String
    }

    /// The whole page.
    func page(_ request: Request) async throws -> Response {
        let (id, page) = await session(of: request)
        let view = try await view(of: page)
        if Self.wantsJSON(request) { return try json(.ok, page, view, id) }
        let html = try pages.render("Kiosk/page", view)
        return withCookies(
            Self.response(.ok, "text/html; charset=utf-8", Array(html.utf8)),
            id,
            view.language
        )
    }

    /// How the terminal stands, without changing the page: a look at it is no use of it.
    func status(_ request: Request) async throws -> Response {
        let standing = KioskScreen.Standing(
            status: try await shell.status(),
            isConnected: await connection(),
            now: clock.reading().wall,
            photosWaiting: await photosWaiting(),
            devices: devices
        )
        let known = request.cookies[Self.sessionCookie]?.value
        let page = await sessions.page(known ?? "", now: .now)
        let session = page?.session ?? KioskSession(language: language)
        let strip = try await shell.read { reader, _ in
            try screen.strip(session, standing, reader)
        }
        let view = StripOnly(text: screen.table.sections(session.language), strip: strip)
        let answer = StatusAnswer(
            unsynced: standing.status.unsynced,
            since: standing.status.unsyncedSince?.milliseconds,
            connected: standing.isConnected,
            seen: page == nil ? "new" : standing.seen,
            strip: try pages.render("Kiosk/strip", view)
        )
        let content = try JSONEncoder().encode(answer)
        return Self.response(.ok, "application/json", Array(content))
    }

    private struct StripOnly {
        let text: StringTable.Sections
        let strip: StripView
    }

    /// The answer to something that was done: the page for the script, or the way back to it.
    func answer(
        _ status: HTTPResponse.Status,
        _ page: KioskSessions.Page,
        _ id: String,
        _ request: Request
    ) async throws -> Response {
        guard Self.wantsJSON(request) else {
            var response = Response(status: .seeOther, headers: [.location: "/"])
            response = withCookies(response, id, page.session.language.rawValue)
            return response
        }
        return try json(status, page, try await view(of: page), id)
    }

    private func json(
        _ status: HTTPResponse.Status,
        _ page: KioskSessions.Page,
        _ view: KioskView,
        _ id: String
    ) throws -> Response {
        let content = try JSONEncoder().encode(try answer(of: page, view))
        return withCookies(
            Self.response(status, "application/json", Array(content)),
            id,
            view.language
        )
    }

    /// A page as the script takes it.
    func answer(of page: KioskSessions.Page, _ view: KioskView) throws -> ScanAnswer {
        ScanAnswer(
            language: view.language,
            tone: page.feedback?.tone.rawValue ?? "",
            message: view.feedback?.message ?? "",
            seen: view.seen,
            version: page.version,
            start: page.start,
            strip: try pages.render("Kiosk/strip", view),
            main: try pages.render("Kiosk/main", view)
        )
    }

    private static func wantsJSON(_ request: Request) -> Bool {
        request.headers[.accept]?.contains("application/json") == true
    }

    /// Cookies of this browser session only, never sent from another site's pages.
    private func withCookies(_ response: Response, _ id: String, _ language: String) -> Response {
        var response = response
        response.setCookie(
            Cookie(name: Self.sessionCookie, value: id, path: "/", sameSite: .strict)
        )
        response.setCookie(
            Cookie(name: Self.languageCookie, value: language, path: "/", sameSite: .strict)
        )
        return response
    }

    /// A response that runs nothing but the page's own files.
    static func response(
        _ status: HTTPResponse.Status,
        _ type: String,
        _ content: [UInt8],
        cache: String = "no-store"
    ) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: cache]
        headers[.contentSecurityPolicy] =
            "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
            + "frame-ancestors 'none'"
        headers[.xContentTypeOptions] = "nosniff"
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: content))
        )
    }
}
