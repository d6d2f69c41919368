import Codes
import Foundation
import HTTPTypes
import Hummingbird
import Labels
import NIOCore
import Tally

/// The kiosk's page of the print queue: what became of each label, in plain words, and what a
/// person can do about it.
///
/// | request | does |
/// |---|---|
/// | `GET /print` | the page |
/// | `POST /print/<id>/<action>` | does it, and leads back to the page |
public struct PrintPage: Sendable {
    private let desk: PrintDesk
    private let table: StringTable
    private let pages: PageLibrary
    private let zone: TimeZone
    private let language: CommandCode.Language

    /// Reads the texts and templates.
    ///
    /// - Parameters:
    ///   - desk: the terminal's.
    ///   - folder: where `Kiosk` and `Strings` are.
    ///   - zone: the site's.
    ///   - language: what the page speaks where the browser has not said.
    /// - Throws: ``TemplateError`` naming the file that is missing or broken.
    public init(
        desk: PrintDesk,
        folder: TemplateFolder,
        zone: TimeZone = .current,
        language: CommandCode.Language = .chinese
    ) throws(TemplateError) {
        self.desk = desk
        table = try StringTable(folder)
        pages = try PageLibrary(folder, "Kiosk")
        self.zone = zone
        self.language = language
    }

    /// Adds the page's routes.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("print") { request, _ in try await page(request, refusal: nil) }
        router.post("print/:id/:action") { request, context in
            try await act(
                request,
                id: try context.parameters.require("id"),
                action: try context.parameters.require("action")
            )
        }
    }

    private func act(_ request: Request, id: String, action: String) async throws -> Response {
        // The cookie is never sent from another site's pages: who sends it was on this page.
        guard request.cookies[KioskPages.sessionCookie] != nil else { throw HTTPError(.forbidden) }
        guard let number = Int64(id), let action = PrintDesk.Action(rawValue: action) else {
            throw HTTPError(.notFound)
        }
        let body = try await request.body.collect(upTo: 4_096)
        let printer = URLComponents(string: "?" + String(buffer: body))?.queryItems?
            .first { $0.name == "printer" }?.value
        do {
            _ = try await desk.act(action, on: number, to: printer)
            return Response(status: .seeOther, headers: [.location: "/print"])
        } catch let refusal as any Refusal {
            return try await page(request, refusal: refusal)
        }
    }

    private func page(_ request: Request, refusal: (any Refusal)?) async throws -> Response {
        let spoken = request.cookies[KioskPages.languageCookie]
            .flatMap { CommandCode.Language(rawValue: $0.value) }
        let words = PrintWords(table: table, language: spoken ?? language, zone: zone)
        let printers = try await desk.queue.printers()
        let view = PrintView(
            text: table.sections(words.language),
            language: words.language.rawValue,
            refusal: refusal.map { words.problem($0) },
            hasPrinters: !printers.isEmpty,
            isEmpty: try await desk.jobs().isEmpty,
            jobs: try await desk.jobs().map { words.row($0, printers) }
        )
        let html = try pages.render("Kiosk/print", view)
        return KioskPages.response(
            refusal == nil ? .ok : .conflict,
            "text/html; charset=utf-8",
            Array(html.utf8)
        )
    }
}

/// What the template `Kiosk/print` is filled with.
struct PrintView: Sendable {
    struct Row: Sendable {
        let id: Int64
        let title: String
        let about: String
        let state: String
        /// `calm`, `attention` or `wrong`.
        let tone: String
        let reason: String?
        let buttons: [Button]
        let targets: [Target]
    }

    struct Button: Sendable {
        let path: String
        let caption: String
    }

    /// A printer that the job can go to.
    struct Target: Sendable {
        let path: String
        let printer: String
        let caption: String
    }

    let text: StringTable.Sections
    let language: String
    let refusal: String?
    let hasPrinters: Bool
    let isEmpty: Bool
    let jobs: [Row]
}

/// Print jobs in words.
struct PrintWords {
    let table: StringTable
    let language: CommandCode.Language
    let zone: TimeZone

    /// The text of a word of the program.
    private func word(
        _ section: String,
        _ word: String,
        _ facts: [String: String] = [:]
    ) -> String {
        table.text("\(section).\(word)", language, facts)
    }

    func problem(_ refusal: any Refusal) -> String {
        word("problem", refusal.code.text, refusal.facts)
    }

    func row(_ job: PrintJob, _ printers: [LabelPrinter]) -> PrintView.Row {
        let actions = PrintDesk.actions(job)
        let buttons = actions.filter { $0 != .move }.map { action in
            PrintView.Button(
                path: "/print/\(job.id)/\(action.rawValue)",
                caption: caption(action, job)
            )
        }
        let others = actions.contains(.move) ? printers.filter { $0.name != job.printer } : []
        let targets = others.map { printer in
            PrintView.Target(
                path: "/print/\(job.id)/move",
                printer: printer.name,
                caption: table.text("print.move_to", language, ["printer": printer.name])
            )
        }
        return PrintView.Row(
            id: job.id,
            title: job.title,
            about: about(job),
            state: word("print_state", job.state.rawValue),
            tone: tone(job),
            reason: reason(job),
            buttons: buttons,
            targets: targets
        )
    }

    private func caption(_ action: PrintDesk.Action, _ job: PrintJob) -> String {
        let isAgain = action == .retry && job.state.mayHavePrinted
        return word("print_action", isAgain ? "again" : action.rawValue)
    }

    private func about(_ job: PrintJob) -> String {
        var parts = [
            table.text(
                "print.about",
                language,
                [
                    "id": String(job.id), "printer": job.printer, "copies": String(job.copies),
                    "time": time(job.queued),
                ]
            )
        ]
        if job.reprints > 0 {
            parts.append(table.text("print.reprints", language, ["count": String(job.reprints)]))
        }
        return parts.joined(separator: " · ")
    }

    private func reason(_ job: PrintJob) -> String? {
        guard let note = PrintNote(rawValue: job.note), note != .none else { return nil }
        return word("print_note", note.rawValue)
    }

    private func tone(_ job: PrintJob) -> String {
        switch job.state {
        case .printed, .confirmed, .cancelled: "calm"
        case .queued, .sending:
            job.note.isEmpty || job.note == PrintNote.atServer.rawValue ? "calm" : "attention"
        case .sent: "attention"
        case .failed, .unknown: "wrong"
        }
    }

    private func time(_ moment: Moment) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = zone
        formatter.dateFormat = "MM-dd HH:mm"
        let seconds = Double(moment.milliseconds) / 1_000
        return formatter.string(from: Date(timeIntervalSince1970: seconds))
    }
}
