import Agent
import Codes
import Foundation
import HTTPTypes
import Hummingbird
import Labels
import Receiving
import Tally

/// The kiosk's page that prints what belongs to a receipt.
///
/// | request | does |
/// |---|---|
/// | `GET /labels/receipt/<id>` | shows which labels, and where they would be printed |
/// | `POST /labels/receipt/<id>` | queues them, and leads to the print queue |
///
/// Both take the printers that a person chose, `slip=` and `labels=`; one that is not named is
/// chosen by its kind.
public struct ReceiptLabelPage: Sendable {
    private let desk: PrintDesk
    private let shell: TerminalShell
    private let clock: any Tally.Clock
    private let table: StringTable
    private let pages: PageLibrary
    private let zone: TimeZone

    /// Reads the texts and templates.
    ///
    /// - Parameters:
    ///   - desk: the terminal's.
    ///   - shell: where the receipts are.
    ///   - clock: the machine's.
    ///   - folder: where `Kiosk` and `Strings` are.
    ///   - zone: the site's.
    /// - Throws: ``TemplateError`` naming the file that is missing or broken.
    public init(
        desk: PrintDesk,
        shell: TerminalShell,
        clock: any Tally.Clock,
        folder: TemplateFolder,
        zone: TimeZone = .current
    ) throws(TemplateError) {
        self.desk = desk
        self.shell = shell
        self.clock = clock
        table = try StringTable(folder)
        pages = try PageLibrary(folder, "Kiosk")
        self.zone = zone
    }

    /// Adds the page's routes.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("labels/receipt/:id") { request, context in
            let wanted = ChosenPrinters(request.uri.query ?? "")
            return try await show(
                request,
                try context.parameters.require("id"),
                wanted,
                refusal: nil
            )
        }
        router.post("labels/receipt/:id") { request, context in
            try await print(request, try context.parameters.require("id"))
        }
    }

    private func words(_ request: Request) -> KioskWords {
        let spoken = request.cookies[KioskPages.languageCookie]
            .flatMap { CommandCode.Language(rawValue: $0.value) }
        return KioskWords(
            table: table,
            language: spoken ?? .chinese,
            zone: zone,
            now: clock.reading().wall
        )
    }

    /// The labels of a receipt; nil when no printer is set up.
    private func labels(
        _ id: String,
        _ wanted: ChosenPrinters,
        _ words: KioskWords
    ) async throws -> ReceiptLabels? {
        guard let id = Identifier(text: id), let site = try await shell.status().site else {
            throw HTTPError(.notFound)
        }
        let chosen = wanted.completed(from: try await desk.queue.printers())
        return try await shell.read { (reader, _) -> ReceiptLabels? in
            guard let receipt = try reader.receipt(id, site: site) else {
                throw HTTPError(.notFound)
            }
            guard let slip = chosen.slip, let label = chosen.label else { return nil }
            return try ReceiptLabels(
                receipt,
                site: site,
                slipPrinter: slip,
                labelPrinter: label,
                reader,
                words
            )
        }
    }

    private func show(
        _ request: Request,
        _ id: String,
        _ wanted: ChosenPrinters,
        refusal: (any Refusal)?
    ) async throws -> Response {
        let words = words(request)
        let printers = try await desk.queue.printers()
        let labels = try await labels(id, wanted, words)
        let view = ReceiptLabelView(
            text: table.sections(words.language),
            language: words.language.rawValue,
            path: "/labels/receipt/\(id)",
            refusal: refusal.map { words.text("problem.\($0.code.text)", $0.facts) },
            hasPrinters: labels != nil,
            chosen: wanted.completed(from: printers).fields,
            choices: printers.count > 1
                ? wanted.choices(among: printers) { words.text("print.\($0)") } : [],
            labels: (labels?.all ?? []).map { row($0, words) }
        )
        let html = try pages.render("Kiosk/labels", view)
        return KioskPages.response(
            refusal == nil ? .ok : .conflict,
            "text/html; charset=utf-8",
            Array(html.utf8)
        )
    }

    private func row(_ order: PrintDesk.Order, _ words: KioskWords) -> ReceiptLabelView.Row {
        let fields = order.fields ?? [:]
        if order.label == "receipt" {
            return ReceiptLabelView.Row(
                title: words.text("print.slip", ["note": fields["note"] ?? ""]),
                about: words.text("print.slip_lines", ["count": fields["lineCount"] ?? ""]),
                printer: order.printer
            )
        }
        let amount = words.measured("\(fields["amount"] ?? "") \(fields["unit"] ?? "")")
        let lot = fields["lot"] ?? ""
        return ReceiptLabelView.Row(
            title: words.text("print.put_away", ["material": fields["material"] ?? ""]),
            about: lot.isEmpty ? amount : amount + " · " + words.text("kiosk.lot") + " " + lot,
            printer: order.printer
        )
    }

    private func print(_ request: Request, _ id: String) async throws -> Response {
        // The cookie is never sent from another site's pages: who sends it was on this page.
        guard request.cookies[KioskPages.sessionCookie] != nil else { throw HTTPError(.forbidden) }
        let wanted = ChosenPrinters(String(buffer: try await request.body.collect(upTo: 4_096)))
        do {
            for order in try await labels(id, wanted, words(request))?.all ?? [] {
                _ = try await desk.print(order)
            }
            return Response(status: .seeOther, headers: [.location: "/print"])
        } catch let refusal as any Refusal {
            return try await show(request, id, wanted, refusal: refusal)
        }
    }
}

/// What the template `Kiosk/labels` is filled with.
struct ReceiptLabelView: Sendable {
    struct Row: Sendable {
        let title: String
        let about: String
        let printer: String
    }

    let text: StringTable.Sections
    let language: String
    let path: String
    let refusal: String?
    let hasPrinters: Bool
    /// What the keys below send along.
    let chosen: [ChosenPrinters.Field]
    /// None where there is one printer only.
    let choices: [ChosenPrinters.Choice]
    let labels: [Row]
}
