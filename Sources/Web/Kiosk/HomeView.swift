import Agent
import Codes
import ExceptionReports
import Inspection
import Receiving
import Sync
import Tally
import Workforce

/// Home: what is to do here, one column a workflow.
struct HomeView: Hashable, Sendable {
    /// Rows of a list that are shown; the rest is told by its number.
    private static let rowsMax = 8

    /// A list of one column.
    struct List: Hashable, Sendable {
        let heading: String
        let rows: [ItemRow]
        /// How many more there are, in words.
        let more: String?

        /// A list; `heading` is a key of the string table.
        init(_ heading: String, _ rows: [ItemRow], _ words: KioskWords) {
            self.heading = words.text(heading)
            self.rows = Array(rows.prefix(HomeView.rowsMax))
            let rest = rows.count - self.rows.count
            more = rest > 0 ? words.text("kiosk.more", ["count": String(rest)]) : nil
        }
    }

    let receiving: [List]
    let inspecting: [List]
    let reporting: [List]
    let reportCommand: String
    let withoutPapersCommand = CommandCode.noPapers.text
    let inspectCommand = CommandCode.inspect.text
    /// What the round of today has left, in words.
    let inspectHint: String

    init(_ reader: EntityReader, site: String, worker: String, _ words: KioskWords) throws {
        let stops = try reader.routeStops(site: site, now: words.now)
        let today = stops.filter { $0.isOfToday(words) }
        let done = today.filter { !$0.isDue && $0.isDoneToday(words) }
        inspectHint = words.text(
            today.isEmpty ? "kiosk.inspect_hint" : "kiosk.round_left",
            ["done": String(done.count), "count": String(today.count)]
        )
        let lists = [
            List("kiosk.open_receipts", try Self.receipts(reader, site, words), words),
            List("kiosk.expected_notes", try Self.notes(reader, site, words), words),
            List("kiosk.open_inspections", try Self.begun(reader, site, worker, words), words),
            List("kiosk.machines", try Self.machines(reader, site, stops, words), words),
            List("kiosk.open_reports", try Self.reports(reader, site, words), words),
        ]
        let numbered = min(lists[4].rows.count, EntityReader.numberedReportsMax)
        let orders = List(
            "kiosk.open_orders",
            try Self.orders(reader, site, after: numbered, words),
            words
        )
        let person = Worker(try reader.record(of: Worker.key(badge: worker)))
        let settling = List(
            "kiosk.to_settle",
            person?.may(.settle) == true
                ? try Self.toSettle(reader, site, words) : [],
            words
        )
        receiving = ([settling] + lists[0...1]).filter { !$0.rows.isEmpty }
        let reminders = List(
            "kiosk.missed_heading",
            try Self.reminders(reader, worker, stops, words),
            words
        )
        inspecting = ([reminders, orders] + lists[2...3]).filter { !$0.rows.isEmpty }
        reporting = lists[4...4].filter { !$0.rows.isEmpty }
        reportCommand = CommandCode.report.text
    }
}

extension HomeView {
    private static func receipts(
        _ reader: EntityReader,
        _ site: String,
        _ words: KioskWords
    ) throws -> [ItemRow] {
        try reader.openReceipts(site: site).map { receipt in
            let done = receipt.totals.filter { !$0.isShort }.count
            var row = ItemRow(
                path: "/open/receipt/\(receipt.key.id)",
                name: receipt.note.number,
                detail: words.text(
                    "kiosk.receipt_row",
                    [
                        "supplier": try words.supplier(receipt.note.supplier, reader),
                        "done": String(done), "lines": String(receipt.totals.count),
                        "time": words.time(receipt.opened.moment),
                    ]
                )
            )
            if receipt.isUnsigned {
                row.mark = words.text("kiosk.unsigned")
                row.markTone = "attention"
            }
            if !receipt.doubts.isEmpty || receipt.noteConflict?.isSettled == false {
                row.mark = words.text("kiosk.held")
                row.markTone = "attention"
            }
            return row
        }
    }

    /// Receipts that wait for a ruling, late ones marked.
    private static func toSettle(
        _ reader: EntityReader,
        _ site: String,
        _ words: KioskWords
    ) throws -> [ItemRow] {
        try reader.receiptsToSettle(site: site).map { receipt in
            let isLate = receipt.settleBy < words.now
            return ItemRow(
                path: "/open/receipt/\(receipt.key.id)",
                name: receipt.note.number,
                detail: words.text(
                    isLate ? "kiosk.ruling_late" : "kiosk.ruling_by",
                    ["time": words.time(receipt.settleBy)]
                ),
                mark: words.text("kiosk.held"),
                markTone: isLate ? "wrong" : "attention"
            )
        }
    }

    private static func notes(
        _ reader: EntityReader,
        _ site: String,
        _ words: KioskWords
    ) throws -> [ItemRow] {
        try reader.expectedArrivals(site: site).map { note, wantedBy in
            let isToday = words.isToday(note.content.promisedArrival)
            let isLate = note.content.promisedArrival < words.now && !isToday
            let wanted = words.text(
                "kiosk.wanted_by",
                ["names": wantedBy.joined(separator: ", ")]
            )
            let day = isLate ? "kiosk.row_late" : isToday ? "kiosk.expected_today" : nil
            return ItemRow(
                path: "/open/note/\(note.key(at: site).id)",
                name: note.content.number,
                detail: words.text(
                    "kiosk.note_row",
                    [
                        "supplier": try reader.supplierName(note.content.supplier),
                        "lines": String(note.content.lines.count),
                        "time": words.time(note.content.promisedArrival),
                    ]
                ),
                mark: wantedBy.isEmpty ? day.map { words.text($0) } : wanted,
                markTone: !wantedBy.isEmpty ? "wrong" : isLate ? "attention" : "calm"
            )
        }
    }

    private static func begun(
        _ reader: EntityReader,
        _ site: String,
        _ worker: String,
        _ words: KioskWords
    ) throws -> [ItemRow] {
        try reader.openInspections(of: worker, site: site).map { inspection in
            ItemRow(
                path: "/open/inspection/\(inspection.key.id)",
                name: inspection.tag,
                detail: words.text(
                    "kiosk.inspection_row",
                    [
                        "count": String(inspection.inForce.count),
                        "time": words.time(inspection.begun.moment),
                    ]
                )
            )
        }
    }

    /// The maintenance orders, numbered after the reports.
    private static func orders(
        _ reader: EntityReader,
        _ site: String,
        after count: Int,
        _ words: KioskWords
    ) throws -> [ItemRow] {
        try reader.ordersToWorkOn(site: site).enumerated().map { index, order in
            var row = ItemRow(
                path: "/open/order/\(order.key.id)",
                name: "\(order.issue.tag) \(order.number)",
                detail: [
                    try words.check(of: order, reader),
                    order.stage == .open
                        ? words.time(order.issue.opened)
                        : try order.steps.last.map { try reader.workerName($0.evidence.author) }
                            ?? "",
                ]
                .filter { !$0.isEmpty }.joined(separator: " · "),
                mark: order.issue.isSevere
                    ? words.text("kiosk.severe") : words.word("stage", order.stage.rawValue),
                markTone: order.issue.isSevere
                    ? "wrong" : order.stage == .open ? "attention" : "calm"
            )
            row.ordinal = index < rowsMax ? String(count + index + 1) : nil
            return row
        }
    }

    /// What was missed twice, for those who may answer for it; they do so on the round.
    private static func reminders(
        _ reader: EntityReader,
        _ worker: String,
        _ stops: [RouteStop],
        _ words: KioskWords
    ) throws -> [ItemRow] {
        let person = Worker(try reader.record(of: Worker.key(badge: worker)))
        guard person?.may(.answer) == true else { return [] }
        return stops.reminders.map { run in
            ItemRow(
                path: "/open/round/today",
                name: run.tag,
                detail: words.missed(run, of: stops),
                mark: words.text("kiosk.round_missed", ["count": String(run.missed.count)]),
                markTone: "wrong"
            )
        }
    }

    private static func machines(
        _ reader: EntityReader,
        _ site: String,
        _ stops: [RouteStop],
        _ words: KioskWords
    ) throws -> [ItemRow] {
        let machines = try reader.machines(site: site)
        let waiting = machines.filter { !$0.orders.isEmpty || $0.equipment.isStopped }
        let rest = machines.filter { $0.orders.isEmpty && !$0.equipment.isStopped }
        let stops = stops.filter(\.isDue)
        let due = Dictionary(grouping: stops) { $0.machine.tag }
        // Those that are due come in the order of the walk, those that wait for somebody first.
        let walk = stops.map(\.machine.tag)
        let inOrder = rest.sorted { one, other in
            let places = [one, other].map { walk.firstIndex(of: $0.equipment.tag) ?? Int.max }
            return (places[0], one.equipment.tag) < (places[1], other.equipment.tag)
        }
        return (waiting + inOrder).map { machine in
            let reasons = (due[machine.equipment.tag] ?? []).flatMap(\.standing.reasons)
            let detail = [words.label(machine.equipment.registration.name)] + reasons.map(words.due)
            var row = ItemRow(
                path: "/open/equipment/\(machine.equipment.key.id)",
                name: machine.equipment.tag,
                detail: detail.joined(separator: " · ")
            )
            if machine.equipment.isStopped {
                row.mark = words.text("kiosk.stopped")
                row.markTone = "wrong"
            } else if let order = machine.orders.first {
                let facts = ["order": order.number, "count": String(machine.orders.count)]
                row.mark = words.text(
                    machine.orders.count == 1 ? "kiosk.order_open" : "kiosk.orders_open",
                    facts
                )
                row.markTone = order.issue.isSevere ? "wrong" : "attention"
            }
            return row
        }
    }

    private static func reports(
        _ reader: EntityReader,
        _ site: String,
        _ words: KioskWords
    ) throws -> [ItemRow] {
        let categories = try reader.exceptionCategories()
        let reports = try reader.reportsToWorkOn(site: site, now: words.now)
        return try reports.enumerated().map { index, item in
            let report = item.report
            let category = categories.first { $0.code == report.raising.category }
            var row = ItemRow(
                path: "/open/exception/\(report.key.id)",
                name: report.raising.place,
                detail: words.text(
                    "kiosk.report_row",
                    [
                        "category": category.map { words.label($0.name) }
                            ?? report.raising.category,
                        "name": try reader.workerName(report.raised.author),
                        "time": words.time(report.raised.moment),
                    ]
                ),
                mark: words.word("stage", report.stage.rawValue),
                markTone: report.stage == .reported ? "attention" : "calm"
            )
            row.ordinal =
                index < EntityReader.numberedReportsMax ? String(index + 1) : nil
            let late = report.late(item.rules, now: words.now)
            let waiting = report.escalations(item.rules, now: words.now)
                .first { $0.acknowledged == nil }
            if let waiting {
                let facts = ["role": words.word("role", waiting.role)]
                (row.mark, row.markTone) = (words.text("kiosk.row_escalated", facts), "wrong")
            } else if !late.isEmpty, report.stage == .reported {
                (row.mark, row.markTone) = (words.text("kiosk.row_late"), "wrong")
            }
            return row
        }
    }
}

extension DeliveryNote {
    /// The note's entity at a site.
    func key(at site: String) -> EntityKey {
        ReceivingRoom.deliveryNoteKey(
            site: site,
            supplier: content.supplier,
            number: content.number
        )
    }
}
