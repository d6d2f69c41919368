import Agent
import Codes
import Foundation
import HTTPTypes
import Hummingbird
import Sync
import Tally

/// The kiosk's page of what became of its records: `GET /records`.
public struct RecordsPage: Sendable {
    private let shell: TerminalShell
    private let table: StringTable
    private let pages: PageLibrary
    private let clock: any Tally.Clock
    private let zone: TimeZone
    private let language: CommandCode.Language

    /// What the template `Kiosk/records` is filled with.
    struct View: Sendable {
        let text: StringTable.Sections
        let language: String
        let summary: String
        let isEmpty: Bool
        let rows: [Row]
    }

    struct Row: Sendable {
        let title: String
        let about: String
        let state: String
        /// `calm`, `attention` or `wrong`.
        let tone: String
        let reason: String?
    }

    /// Reads the texts and templates.
    ///
    /// - Parameters:
    ///   - shell: the terminal.
    ///   - folder: where `Kiosk` and `Strings` are.
    ///   - clock: the machine's.
    ///   - zone: the site's.
    ///   - language: what the page speaks where the browser has not said.
    /// - Throws: ``TemplateError`` naming the file that is missing or broken.
    public init(
        shell: TerminalShell,
        folder: TemplateFolder,
        clock: any Tally.Clock,
        zone: TimeZone = .current,
        language: CommandCode.Language = .chinese
    ) throws(TemplateError) {
        self.shell = shell
        table = try StringTable(folder)
        pages = try PageLibrary(folder, "Kiosk")
        self.clock = clock
        self.zone = zone
        self.language = language
    }

    /// Adds the page's route.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("records") { request, _ in
            let spoken = request.cookies[KioskPages.languageCookie]
                .flatMap { CommandCode.Language(rawValue: $0.value) }
            let view = self.view(try await shell.records(), in: spoken ?? language)
            let html = try pages.render("Kiosk/records", view)
            return KioskPages.response(.ok, "text/html; charset=utf-8", Array(html.utf8))
        }
    }

    func view(_ report: RecordReport, in language: CommandCode.Language) -> View {
        let words = KioskWords(
            table: table,
            language: language,
            zone: zone,
            now: clock.reading().wall
        )
        let summary = report.unsentSince.map { since in
            words.text(
                "kiosk.unsynced",
                ["count": String(report.unsent), "since": words.time(since)]
            )
        }
        return View(
            text: table.sections(language),
            language: language.rawValue,
            summary: summary ?? words.text("kiosk.all_synced"),
            isEmpty: report.records.isEmpty,
            rows: report.records.map { Self.row($0, words) }
        )
    }

    private static func row(_ record: RecordState, _ words: KioskWords) -> Row {
        let state =
            record.verdict.map { words.word("record_verdict", "\($0)") }
            ?? words.word("record_state", record.stage.rawValue)
        let tone =
            switch record.verdict {
            case nil, .accepted: "calm"
            case .conflict, .waiting: "attention"
            case .rejected, .quarantined: "wrong"
            }
        let reason = record.reason.isEmpty ? nil : words.word("problem", record.reason)
        return Row(
            title: words.text(
                "records.title_of",
                [
                    "kind": words.word("record_kind", record.entity.kind),
                    "name": record.name ?? "",
                ]
            ),
            about: words.text(
                "records.about",
                [
                    "type": words.word("record_type", record.type), "worker": record.worker,
                    "time": words.time(record.recorded),
                ]
            ),
            state: state,
            tone: tone,
            reason: reason
        )
    }
}
