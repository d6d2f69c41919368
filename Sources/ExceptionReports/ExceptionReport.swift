import Tally

/// An exception report (生产异常) as this replica knows it.
public struct ExceptionReport: Hashable, Sendable {
    /// How far the work on it is.
    public enum Stage: String, Sendable {
        case reported, contained, resolved, closed
    }

    public let key: EntityKey
    public let raising: Raising
    /// Who raised it, where and when: deadlines count from here.
    public let raised: Evidence
    public let stage: Stage
    /// Per section the values in force: the one shown first, then those in conflict with it.
    public let sections: [Section: [FieldValue]]
    /// Words beside the sections, earliest first.
    public let records: [AddedRecord]
    /// Who deals with it, and by when; nil until the hub has routed it.
    public let routing: Routing?
    /// Facts that this program cannot make sense of; nothing follows from them.
    public let strays: [Evidence]

    static let lifecycle = Lifecycle(
        initial: Stage.reported.rawValue,
        moves: [
            move(ExceptionRoom.containMove, from: .reported, to: .contained),
            // What is solved at once needs no containment.
            move(ExceptionRoom.resolveMove, from: .reported, .contained, to: .resolved),
            move(ExceptionRoom.closeMove, from: .resolved, to: .closed),
            move(
                ExceptionRoom.reopenMove,
                from: .contained,
                .resolved,
                .closed,
                to: .reported
            ),
        ]
    )

    private static func move(_ name: String, from: Stage..., to: Stage) -> Lifecycle.Move {
        Lifecycle.Move(name, from: Set(from.map(\.rawValue)), to: to.rawValue)
    }

    /// Reads a report; nil when nobody raised it.
    public init?(_ record: EntityRecord) {
        var raisings: [(evidence: Evidence, raising: Raising)] = []
        var records: [AddedRecord] = []
        var strays: [Evidence] = []
        for recorded in record.facts {
            do {
                if recorded.type == Raising.type {
                    raisings.append((recorded.evidence, try Raising(payload: recorded.payload)))
                } else if let added = try AddedRecord(recorded) {
                    records.append(added)
                }
            } catch {
                strays.append(recorded.evidence)
            }
        }
        guard let first = raisings.min(by: { $0.evidence.isRecordedBefore($1.evidence) }) else {
            return nil
        }
        key = record.key
        raising = first.raising
        raised = first.evidence
        stage = record.stage.flatMap(Stage.init(rawValue:)) ?? .reported
        var sections: [Section: [FieldValue]] = [:]
        for section in Section.allCases { sections[section] = record.fields[section.field] }
        self.sections = sections
        self.records = records.sorted { $0.evidence.isRecordedBefore($1.evidence) }
        routing = Routing(record)
        self.strays = strays
    }

    /// The text of a section that is shown; empty when nobody wrote one.
    public func text(of section: Section) -> String { sections[section]?.first?.text ?? "" }

    /// The sections with several values in force, of people who could not see each other's.
    public var conflicts: [Section] {
        Section.allCases.filter { (sections[$0]?.count ?? 0) > 1 }
    }

    /// The sections that closing needs and that are empty, in the order in which they are filled.
    ///
    /// - Parameter category: the report's; nil when this replica does not know it, and then all
    ///   five sections are needed.
    /// - Returns: the empty sections; none when the report can be closed.
    public func missing(for category: ExceptionCategory?) -> [Section] {
        let needed = category?.needed ?? Set(Section.allCases)
        return Section.allCases.filter { needed.contains($0) && text(of: $0).isBlank }
    }
}

extension String {
    var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
