import Forms
import Inspection
import Sync
import Tally

/// What happened at a machine of late, for who stands before it.
public struct MachineHistory: Hashable, Sendable {
    /// So many days are shown.
    public static let days: Int64 = 90

    /// Something that happened.
    public enum Entry: Hashable, Sendable {
        case inspected(MachineInspection)
        case ordered(MaintenanceOrder)
        case stopped(Equipment.Event)
        /// A meter rolled over, was swapped or set back.
        case meter(name: Label, MeterHistory.Reading)
        case answered(MissedAnswer)
    }

    /// A meter of the machine's forms.
    public struct Meter: Hashable, Sendable {
        public let question: Question
        public let history: MeterHistory
    }

    public let machine: Equipment
    /// The latest first.
    public let entries: [Entry]
    public let meters: [Meter]
    /// When the first day of it began.
    public let since: Moment
}

extension MachineHistory.Entry {
    /// When it happened: an inspection when it was signed or begun, an order when it was opened.
    public var moment: Moment {
        switch self {
        case .inspected(let inspection): (inspection.signed ?? inspection.begun).moment
        case .ordered(let order): order.issue.opened
        case .stopped(let event): event.evidence.moment
        case .meter(_, let reading): reading.evidence.moment
        case .answered(let answer): answer.evidence.moment
        }
    }
}

extension EntityReader {
    /// What happened at a machine in the last 90 days; nil when it is not known here.
    ///
    /// - Parameters:
    ///   - tag: the machine's.
    ///   - site: the terminal's.
    ///   - now: the moment to look back from.
    /// - Returns: its history, with its meters from their first reading on.
    /// - Throws: what the store throws.
    public func history(of tag: String, site: String, now: Moment) throws -> MachineHistory? {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        let record = try record(of: InspectionRoom.equipmentKey(tag, in: scope))
        guard let machine = Equipment(record) else { return nil }
        let since = now.adding(milliseconds: -MachineHistory.days * 86_400_000)
        let meters = try meters(of: machine).map { question in
            MachineHistory.Meter(
                question: question,
                history: MeterHistory(record, question: question)
            )
        }
        let inspections = try records(kind: InspectionRoom.EntityKind.inspection, in: scope)
            .compactMap(MachineInspection.init).filter { $0.tag == machine.tag }
        let orders = try records(kind: InspectionRoom.EntityKind.maintenanceOrder, in: scope)
            .compactMap(MaintenanceOrder.init).filter { $0.issue.tag == machine.tag }
        var entries = inspections.map(MachineHistory.Entry.inspected)
        entries += orders.map(MachineHistory.Entry.ordered)
        entries += machine.events.map(MachineHistory.Entry.stopped)
        entries += machine.missedAnswers.map(MachineHistory.Entry.answered)
        for meter in meters {
            entries += meter.history.readings
                .filter { $0.isUnexplained || $0.reading.event != nil }
                .map { .meter(name: meter.question.label, $0) }
        }
        return MachineHistory(
            machine: machine,
            entries: entries.filter { $0.moment >= since }.sorted { $0.moment > $1.moment },
            meters: meters,
            since: since
        )
    }

    /// The questions of a machine's forms that read meters, each name once.
    private func meters(of machine: Equipment) throws -> [Question] {
        var meters: [Question] = []
        for code in machine.registration.forms {
            let questions = FormDefinition(try record(of: FormsRoom.key(code)))?.allQuestions ?? []
            for question in questions
            where question.kind == .meter && !meters.contains(where: { $0.name == question.name }) {
                meters.append(question)
            }
        }
        return meters
    }
}
