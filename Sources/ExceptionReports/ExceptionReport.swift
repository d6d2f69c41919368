import Tally

/// An exception report (生产异常) as this replica knows it.
public struct ExceptionReport: Hashable, Sendable {
    /// How far the work on it is.
    public enum Stage: String, Sendable {
        case reported, contained, resolved, closed
    }

    public let key: EntityKey
    /// What the first voice says: the report's place and category.
    public let raising: Raising
    /// Who raised it first, where and when.
    public let raised: Evidence
    /// All who reported it, the first one first.
    public let voices: [Voice]
    public let stage: Stage
    /// Per section the values in force: the one shown first, then those in conflict with it.
    public let sections: [Section: [FieldValue]]
    /// Words beside the sections, earliest first.
    public let records: [AddedRecord]
    /// Who deals with what escalated, earliest first.
    public let acknowledgements: [Acknowledgement]
    /// Who deals with it, and by when; nil until the hub has routed it.
    public let routing: Routing?
    /// Who closed it, while it is closed.
    public let closed: Evidence?
    /// Facts that this program cannot make sense of; nothing follows from them.
    public let strays: [Evidence]

    /// When it was first captured: deadlines count from here, however late it reached the hub.
    public var captured: Moment { voices.map(\.evidence.moment).min() ?? raised.moment }

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

    /// Reads a report; nil when nobody raised it, or when every voice went on to the next.
    public init?(_ record: EntityRecord) {
        let gathering = Gathering(record)
        let own = Self.ownVoices(record).filter { voice in
            gathering.map { !$0.carried.contains(voice.evidence.operation) } ?? true
        }
        let taken = (gathering?.taken ?? []).filter { voice in
            gathering.map { !$0.carried.contains(voice.evidence.operation) } ?? true
        }
        guard let first = own.first ?? taken.first else { return nil }
        var records: [AddedRecord] = []
        var acknowledgements: [Acknowledgement] = []
        var strays: [Evidence] = []
        for recorded in record.facts {
            do {
                if recorded.type == Raising.type {
                    _ = try Raising(payload: recorded.payload)
                } else if let added = try AddedRecord(recorded) {
                    records.append(added)
                } else if let acknowledgement = try Acknowledgement(recorded) {
                    acknowledgements.append(acknowledgement)
                }
            } catch {
                strays.append(recorded.evidence)
            }
        }
        key = record.key
        raising = first.raising
        raised = first.evidence
        let others = (own + taken).filter { $0 != first }
            .sorted { $0.evidence.isRecordedBefore($1.evidence) }
        voices = [first] + others
        stage = record.stage.flatMap(Stage.init(rawValue:)) ?? .reported
        var sections: [Section: [FieldValue]] = [:]
        for section in Section.allCases { sections[section] = record.fields[section.field] }
        self.sections = sections
        self.records = records.sorted { $0.evidence.isRecordedBefore($1.evidence) }
        self.acknowledgements = acknowledgements.sorted {
            $0.evidence.isRecordedBefore($1.evidence)
        }
        routing = Routing(record)
        closed = Self.closing(record)
        self.strays = strays
    }

    /// The voices that were raised in an entity itself, the first one first.
    static func ownVoices(_ record: EntityRecord) -> [Voice] {
        record.facts.filter { $0.type == Raising.type }
            .compactMap { recorded in
                // One that cannot be read is a stray of the report.
                (try? Raising(payload: recorded.payload)).map {
                    Voice(evidence: recorded.evidence, raising: $0)
                }
            }
            .sorted { $0.evidence.isRecordedBefore($1.evidence) }
    }

    /// Who closed an entity that is closed.
    static func closing(_ record: EntityRecord) -> Evidence? {
        guard record.stage == Stage.closed.rawValue else { return nil }
        return record.moves.filter { $0.stands && $0.recorded.type == ExceptionRoom.closeMove }
            .map(\.recorded.evidence).max { $0.isRecordedBefore($1) }
    }

    /// The last of some reports that can be read.
    static func lastReadable(_ records: [EntityRecord]) -> ExceptionReport? {
        records.lazy.reversed().compactMap { ExceptionReport($0) }.first
    }

    /// Whether somebody wrote a section; the voices themselves say what the problem is.
    public func isWritten(_ section: Section) -> Bool {
        if section == .problem, voices.contains(where: \.raising.saysSomething) { return true }
        return !text(of: section).isBlank
    }

    /// The text of a section that is shown; empty when nobody wrote one.
    ///
    /// Of the problem that is what the first voice with words says, until somebody wrote it anew.
    public func text(of section: Section) -> String {
        if let written = sections[section]?.first?.text { return written }
        guard section == .problem else { return "" }
        return voices.map(\.raising.text).first { !$0.isBlank } ?? ""
    }

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
        return Section.allCases.filter { needed.contains($0) && !isWritten($0) }
    }
}

extension String {
    var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
