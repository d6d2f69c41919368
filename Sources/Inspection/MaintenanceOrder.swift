import Forms
import Tally

/// A maintenance order (维修工单) as this replica knows it: what the hub issued, and what the crew
/// did about it.
public struct MaintenanceOrder: Hashable, Sendable {
    /// The decision that issues an order.
    public static let type = "maintenance_order.issued"

    /// How far the repair is.
    public enum Stage: String, Sendable {
        case open, taken, paused, done, cancelled

        public var isEnded: Bool { self == .done || self == .cancelled }
    }

    /// A bad answer that the order is about, or a voice of an exception report.
    public struct Finding: Hashable, Sendable {
        /// The inspection, or the report: see ``Issue/isReported``.
        public let inspection: Identifier
        /// Who read it, when, and what they had seen.
        public let evidence: Evidence
        public let answer: Answer
        /// The limits that the answer is out of, in plain text.
        public let limits: String
        public let isSevere: Bool
        /// Whether the answer was taken back since; the finding stays visible.
        public var isWithdrawn: Bool
        /// The SHA-256 of a photo; empty for none.
        public var photo: [UInt8] = []
    }

    /// What the hub issues: the latest revision replaces the ones before.
    public struct Issue: Hashable, Sendable {
        public let number: String
        /// From 1 up.
        public var revision: Int
        public let tag: String
        /// The name of the question that was answered badly.
        public let check: String
        /// From 1 up, among the orders of this machine and check.
        public let ordinal: Int
        /// In the order in which they joined.
        public var findings: [Finding]
        /// When the first finding was read.
        public let opened: Moment
        /// The team that maintains the machine; empty when the machine is not registered.
        public let team: String
        /// The number of the order before on this machine and check; empty for none.
        public let previousNumber: String
        /// Whether a reading that opened this order may be older than the end of the order before.
        ///
        /// Neither worker could see the other's record, so the crew looks before it works.
        public let isDoubtful: Bool

        /// Whether people reported it, and no inspection found it.
        public var isReported: Bool { check.hasPrefix(InspectionRoom.reportedPrefix) }

        /// Whether a finding that stands is a severe hazard: such orders come first.
        public var isSevere: Bool { findings.contains { $0.isSevere && !$0.isWithdrawn } }
    }

    /// How an order ended.
    public struct Ending: Hashable, Sendable {
        /// The bad answers that the worker knew of.
        public let findings: Set<OperationID>
        /// A person's words.
        public let note: String
    }

    public let key: EntityKey
    public let issue: Issue
    public let stage: Stage
    /// The last take that stood: who has the order, and since when.
    public let taken: Evidence?
    /// How and by whom it was ended; nil while it is open.
    public let ending: Ending?
    public let ended: Evidence?
    /// What the crew wrote and used, earliest first.
    public let notes: [WorkNote]
    /// What the crew did, earliest first.
    public let steps: [WorkStep]

    static let lifecycle = Lifecycle(
        initial: Stage.open.rawValue,
        moves: [
            Lifecycle.Move(
                InspectionRoom.takeMove,
                from: [Stage.open.rawValue],
                to: Stage.taken.rawValue
            ),
            Lifecycle.Move(
                InspectionRoom.pauseMove,
                from: [Stage.taken.rawValue],
                to: Stage.paused.rawValue
            ),
            Lifecycle.Move(
                InspectionRoom.resumeMove,
                from: [Stage.paused.rawValue],
                to: Stage.taken.rawValue
            ),
            Lifecycle.Move(
                InspectionRoom.handOverMove,
                from: [Stage.taken.rawValue, Stage.paused.rawValue],
                to: Stage.open.rawValue
            ),
            Lifecycle.Move(
                InspectionRoom.finishMove,
                from: [Stage.taken.rawValue],
                to: Stage.done.rawValue
            ),
            Lifecycle.Move(
                InspectionRoom.cancelMove,
                from: [Stage.open.rawValue, Stage.taken.rawValue, Stage.paused.rawValue],
                to: Stage.cancelled.rawValue
            ),
        ]
    )

    /// Reads an order; nil when the hub has not issued it.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let issue = try? Issue(payload: payload)  // best effort: only the hub writes these
        else { return nil }
        key = record.key
        self.issue = issue
        stage = record.stage.flatMap(Stage.init(rawValue:)) ?? .open
        let moves = record.moves.filter(\.stands).map(\.recorded)
            .sorted { $0.evidence.isRecordedBefore($1.evidence) }
        taken = moves.last { $0.type == InspectionRoom.takeMove }?.evidence
        let end = moves.last {
            $0.type == InspectionRoom.finishMove || $0.type == InspectionRoom.cancelMove
        }
        ended = end?.evidence
        // An ending that cannot be read named no finding: all of them go into the next order.
        ending = end.map { end in
            (try? Ending(payload: end.payload)) ?? Ending(findings: [], note: "")
        }
        steps = moves.compactMap(WorkStep.init)
        notes = record.facts.compactMap(WorkNote.init)
            .sorted { $0.evidence.isRecordedBefore($1.evidence) }
    }

    public var number: String { issue.number }
}
