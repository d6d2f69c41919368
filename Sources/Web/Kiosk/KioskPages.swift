import Agent
import Codes
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Sync
import Tally

/// The page at a terminal: everything that a worker scans, types or presses comes in by one request
/// and is answered by the page as it stands then.
///
/// | request | does |
/// |---|---|
/// | `GET /` | the page |
/// | `POST /scan` | takes `text`; the new page as JSON for the script, else a redirect to `/` |
/// | `POST /open/<kind>/<id>` | goes to something in a list; answers like `/scan` |
/// | `GET /exceptions/<id>/8d` | a report for paper |
/// | `GET /machines/<id>/stop-card` | the card of a machine that is stopped, for paper |
/// | `GET /status` | what the strip says, for the script between scans |
/// | `GET /static/kiosk.css`, `kiosk.js` and others | the pages' own files |
public struct KioskPages: Sendable {
    let shell: TerminalShell
    let screen: KioskScreen
    let pages: PageLibrary
    let sessions: KioskSessions
    let connection: @Sendable () async -> Bool
    let makeID: @Sendable () -> String
    let clock: any Tally.Clock
    let language: CommandCode.Language
    let logger: Logger
    let devices: (any KioskDevices)?
    let photos: KioskPhotos?
    let watch = PageWatch()
    private let files: [String: StaticFile]

    /// A file that the page loads.
    struct StaticFile: Sendable {
        let type: String
        let content: [UInt8]
    }

    /// Reads the texts and templates.
    ///
    /// - Parameters:
    ///   - shell: the terminal.
    ///   - folder: where `Kiosk` and `Strings` are.
    ///   - connection: whether the last exchange with the hub succeeded.
    ///   - makeID: random names for pages, not to be guessed, of letters and digits.
    ///   - clock: the machine's.
    ///   - zone: the site's.
    ///   - language: what a new page speaks.
    ///   - devices: what hangs on the terminal; nil where nothing can.
    ///   - photos: the terminal's; nil where none can be taken.
    ///   - logger: for failures of the terminal itself.
    /// - Throws: ``TemplateError`` naming the file that is missing or broken.
    public init(
        shell: TerminalShell,
        folder: TemplateFolder,
        connection: @escaping @Sendable () async -> Bool,
        makeID: @escaping @Sendable () -> String,
        clock: any Tally.Clock,
        zone: TimeZone = .current,
        language: CommandCode.Language = .chinese,
        devices: (any KioskDevices)? = nil,
        photos: KioskPhotos? = nil,
        logger: Logger
    ) throws(TemplateError) {
        self.shell = shell
        screen = KioskScreen(table: try StringTable(folder), zone: zone)
        pages = try PageLibrary(folder, "Kiosk")
        sessions = KioskSessions()
        self.connection = connection
        self.makeID = makeID
        self.clock = clock
        self.language = language
        self.devices = devices
        self.photos = photos
        self.logger = logger
        let style = "text/css; charset=utf-8"
        let script = "text/javascript; charset=utf-8"
        var files: [String: StaticFile] = [:]
        for (name, type) in [
            ("kiosk.css", style), ("kiosk.js", script), ("photo.js", script),
            ("refresh.js", script), ("eight_d.css", style), ("stop_card.css", style),
        ] {
            files[name] = StaticFile(
                type: type,
                content: Array(try folder.content("Kiosk/\(name)"))
            )
        }
        self.files = files
    }

    /// Adds the page's routes.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("") { request, _ in try await page(request) }
        router.post("scan") { request, _ in try await scan(request) }
        router.post("open/:kind/:id") { request, context in
            try await open(
                request,
                kind: try context.parameters.require("kind"),
                id: try context.parameters.require("id")
            )
        }
        router.get("status") { request, _ in try await status(request) }
        router.get("exceptions/:id/8d") { request, context in
            try await eightD(request, id: try context.parameters.require("id"))
        }
        router.get("machines/:id/stop-card") { request, context in
            try await stopCard(request, id: try context.parameters.require("id"))
        }
        if let devices { addDevices(devices, to: router) }
        if let photos { addPhotos(photos, to: router) }
        for (name, file) in files {
            router.get(RouterPath("static/\(name)")) { _, _ in
                Self.response(.ok, file.type, file.content, cache: "no-cache")
            }
        }
    }

    /// The page of a browser: the one of its cookie, or a new one.
    ///
    /// A browser keeps its name for ever: were it given another one when the terminal starts anew,
    /// or when its page was idle for too long, then two requests at once would get two, and whoever
    /// signed in by the one would be a stranger by the other. So would two terminals at one
    /// address, whose cookies a browser does not keep apart.
    func session(of request: Request) async -> (id: String, page: KioskSessions.Page) {
        let known = request.cookies[Self.sessionCookie]?.value
        let id = known.flatMap { Self.isName($0) ? $0 : nil } ?? makeID()
        let spoken = request.cookies[Self.languageCookie]
            .flatMap { CommandCode.Language(rawValue: $0.value) }
        let page = await sessions.open(
            id,
            language: spoken ?? language,
            start: makeID(),
            now: .now
        )
        return (id, page)
    }

    /// Whether it can be a name that ``makeID`` made.
    static func isName(_ text: String) -> Bool {
        (16...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    /// What a page shows now.
    func view(of page: KioskSessions.Page) async throws -> KioskView {
        let standing = KioskScreen.Standing(
            status: try await shell.status(),
            isConnected: await connection(),
            now: clock.reading().wall,
            photosWaiting: await photosWaiting(),
            devices: devices
        )
        let request = makeID()
        return try await shell.read { reader, _ in
            try screen.view(page, request: request, standing, reader)
        }
    }
}
