import Codes
import ExceptionReports
import Forms
import Inspection
import Receiving
import Sync
import Tally

// What the office is shown, as values that encode to JSON. Moments are ISO 8601 in UTC, quantities
// plain decimal text beside their unit's code, ids hexadecimal.

/// A record that an order rests on: who, where, when, and what.
public struct ObservationView: Codable, Hashable, Sendable {
    public let operation: String
    public let worker: String
    /// The replica id of the terminal.
    public let terminal: String
    public let moment: String
    public let timeUnsure: Bool
    public let what: String

    init(_ evidence: Evidence, _ what: String) {
        operation = evidence.operation.description
        worker = evidence.author
        terminal = evidence.operation.replica.description
        moment = evidence.moment.description
        timeUnsure = evidence.timeUnsure
        self.what = what
    }
}

/// An arrival order (到货单) as the office sees it.
public struct ArrivalOrderView: Codable, Hashable, Sendable {
    /// How much of a line came in one lot.
    public struct Lot: Codable, Hashable, Sendable {
        public let lot: String
        public let quantity: String
    }

    /// A line: what was noted, what was counted.
    public struct Line: Codable, Hashable, Sendable {
        public let line: Int
        public let material: String
        public let purchaseOrder: String
        public let expected: String
        public let counted: String
        public let damaged: String?
        public let unit: String
        public let lots: [Lot]
    }

    /// Two counts whose authors could not see each other, and what was ruled.
    public struct DoubleCount: Codable, Hashable, Sendable {
        public let line: Int
        public let lot: String
        public let one: ObservationView
        public let other: ObservationView
        /// `open`, `both_real` or `same_goods`.
        public let ruling: String
    }

    /// One of the signed notes of a number that do not say the same.
    public struct Note: Codable, Hashable, Sendable {
        /// Who scanned it, when; its operation names it in a review.
        public let opening: ObservationView
        public let issued: String
        /// Whether the receipt goes by it.
        public let holds: Bool
        /// Whether a person has said so.
        public let settled: Bool
        /// Material and quantity of each line.
        public let lines: [String]
    }

    public let number: String
    public let revision: Int
    /// `released`, or `held_for_review`.
    public let status: String
    public let site: String
    public let receipt: String
    public let supplier: String
    public let note: String
    public let arrived: String
    public let timeUnsure: Bool
    public let lines: [Line]
    public let doubleCounts: [DoubleCount]
    /// Nothing but a code that nobody signed says what was to come.
    public let unsigned: Bool
    /// The signed notes of this number that differ, the one that holds first; empty when all agree.
    public let notes: [Note]

    init(_ order: ArrivalOrder, _ receipt: Receipt, site: String) {
        number = order.number
        revision = order.revision
        status = order.isHeldForReview ? "held_for_review" : "released"
        self.site = site
        self.receipt = order.receipt.description
        supplier = order.supplier
        note = order.note
        arrived = order.arrived.description
        timeUnsure = order.timeUnsure
        lines = order.lines.map { line in
            Line(
                line: line.number,
                material: line.material,
                purchaseOrder: line.purchaseOrder,
                expected: line.expected.number,
                counted: line.counted.number,
                damaged: line.damaged?.number,
                unit: line.counted.unit.code,
                lots: line.lots.map { Lot(lot: $0.lot, quantity: $0.quantity.number) }
            )
        }
        doubleCounts = receipt.doubleCounts.map(DoubleCount.init)
        unsigned = order.isUnsigned
        let conflict = receipt.noteConflict
        notes = (conflict.map { [$0.holding] + $0.others } ?? []).enumerated().map {
            index,
            opening in
            Note(
                opening: ObservationView(opening.evidence, opening.note.number),
                issued: opening.note.issuedAt.description,
                holds: index == 0,
                settled: conflict?.isSettled ?? true,
                lines: opening.note.lines.map { "\($0.material) \($0.quantity)" }
            )
        }
    }
}

extension ArrivalOrderView.DoubleCount {
    fileprivate init(_ pair: Receipt.DoubleCount) {
        line = pair.one.line
        lot = pair.one.lot
        one = ObservationView(pair.one.evidence, pair.one.quantity.description)
        other = ObservationView(pair.other.evidence, pair.other.quantity.description)
        ruling =
            switch pair.ruling {
            case nil: "open"
            case .bothReal: "both_real"
            case .sameGoods: "same_goods"
            }
    }
}

/// A maintenance order (维修工单) as the office sees it.
public struct MaintenanceOrderView: Codable, Hashable, Sendable {
    /// A bad answer that called for the repair.
    public struct Finding: Codable, Hashable, Sendable {
        public let inspection: String
        public let answer: String
        public let limits: String
        public let severe: Bool
        public let withdrawn: Bool
        public let observation: ObservationView
    }

    public let id: String
    public let number: String
    public let revision: Int
    /// `open`, `taken`, `done` or `cancelled`.
    public let stage: String
    public let site: String
    public let equipment: String
    public let check: String
    public let team: String
    public let opened: String
    public let findings: [Finding]

    init(_ order: MaintenanceOrder) {
        id = order.key.id.description
        number = order.number
        revision = order.issue.revision
        stage = order.stage.rawValue
        site = order.key.scope.site
        equipment = order.issue.tag
        check = order.issue.check
        team = order.issue.team
        opened = order.issue.opened.description
        findings = order.issue.findings.map { finding in
            Finding(
                inspection: finding.inspection.description,
                answer: finding.answer.plainText,
                limits: finding.limits,
                severe: finding.isSevere,
                withdrawn: finding.isWithdrawn,
                observation: ObservationView(finding.evidence, finding.answer.plainText)
            )
        }
    }
}

/// An exception report (生产异常) as the office sees it.
public struct ExceptionReportView: Codable, Hashable, Sendable {
    public let id: String
    public let site: String
    public let category: String
    public let equipment: String
    public let text: String
    public let stage: String
    /// Empty while nobody published a rule for the category.
    public let team: String
    /// By section, when it is due.
    public let deadlines: [String: String]
    public let raised: ObservationView
    /// All who reported it, the first one first.
    public let voices: [ObservationView]

    init(_ report: ExceptionReport) {
        id = report.key.id.description
        site = report.key.scope.site
        category = report.raising.category
        equipment = report.raising.equipment
        text = report.raising.text
        stage = report.stage.rawValue
        team = report.routing?.team ?? ""
        let due = report.routing?.deadlines ?? [:]
        deadlines = Dictionary(
            due.map { ($0.key.rawValue, $0.value.description) },
            uniquingKeysWith: { first, _ in first }
        )
        raised = ObservationView(report.raised, report.raising.category)
        voices = report.voices.map { voice in
            ObservationView(
                voice.evidence,
                (voice.raising.phrases + [voice.raising.text]).filter { !$0.isEmpty }
                    .joined(separator: "; ")
            )
        }
    }
}

extension HubNode {
    /// All arrival orders, by number.
    public func arrivalOrders(in reading: any ReplicaReading) throws -> [ArrivalOrderView] {
        let reader = reader(reading)
        return try reader.records(kind: ReceivingRoom.EntityKind.arrivalOrder)
            .compactMap { record in
                guard let order = ArrivalOrder(record) else { return nil }
                let key = EntityKey(
                    scope: record.key.scope,
                    kind: ReceivingRoom.EntityKind.receipt,
                    id: order.receipt
                )
                guard let receipt = Receipt(try reader.record(of: key)) else { return nil }
                return ArrivalOrderView(order, receipt, site: record.key.scope.site)
            }
            .sorted { $0.number < $1.number }
    }

    /// All maintenance orders, by number.
    public func maintenanceOrders(in reading: any ReplicaReading) throws -> [MaintenanceOrderView] {
        try reader(reading).records(kind: InspectionRoom.EntityKind.maintenanceOrder)
            .compactMap(MaintenanceOrder.init).map(MaintenanceOrderView.init)
            .sorted { $0.number < $1.number }
    }

    /// All exception reports, earliest first.
    public func exceptionReports(in reading: any ReplicaReading) throws -> [ExceptionReportView] {
        try reader(reading).records(kind: ExceptionRoom.EntityKind.report)
            .compactMap(ExceptionReport.init).map(ExceptionReportView.init)
            .sorted { ($0.raised.moment, $0.id) < ($1.raised.moment, $1.id) }
    }

    /// Everything behind an order, in the hub's order: its own decision and what led to it.
    ///
    /// - Throws: ``HubRefusal/unknownOrder(_:)``.
    public func why(
        _ number: String,
        in reading: any ReplicaReading
    ) throws -> [ObservationView] {
        let reader = reader(reading)
        var records: [EntityRecord] = []
        for record in try reader.records(kind: ReceivingRoom.EntityKind.arrivalOrder) {
            guard let order = ArrivalOrder(record), order.number == number else { continue }
            let receipt = EntityKey(
                scope: record.key.scope,
                kind: ReceivingRoom.EntityKind.receipt,
                id: order.receipt
            )
            records = [record, try reader.record(of: receipt)]
        }
        for record in try reader.records(kind: InspectionRoom.EntityKind.maintenanceOrder) {
            guard let order = MaintenanceOrder(record), order.number == number else { continue }
            let sources = Set(order.issue.findings.map(\.inspection)).sorted().map { id in
                order.issue.isReported
                    ? ExceptionRoom.reportKey(id, in: record.key.scope)
                    : InspectionRoom.inspectionKey(id, in: record.key.scope)
            }
            records = [record] + (try sources.map(reader.record))
        }
        guard !records.isEmpty else { throw HubRefusal.unknownOrder(number) }
        let recorded = records.flatMap { record in
            record.facts + record.moves.map(\.recorded) + record.decisions.values
        }
        return
            recorded
            .sorted {
                ($0.evidence.position ?? .max, $0.evidence.operation)
                    < ($1.evidence.position ?? .max, $1.evidence.operation)
            }
            .map { ObservationView($0.evidence, $0.type) }
    }
}
