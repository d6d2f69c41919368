import Tally

/// Exception reports (生产异常): the words of this room, and the entities that it knows.
public enum ExceptionRoom {
    /// What this room's entities are called.
    public enum EntityKind {
        public static let category = "exception_category"
        public static let report = "exception_report"
    }

    static let containMove = "exception_report.contain"
    static let resolveMove = "exception_report.resolve"
    static let closeMove = "exception_report.close"
    static let reopenMove = "exception_report.reopen"

    public static let vocabulary = Vocabulary(
        facts: [Raising.type, AddedRecord.type, Acknowledgement.type],
        fields: Set(Section.allCases.map(\.field)),
        decisions: [ExceptionCategory.type, Routing.type, Gathering.type],
        lifecycles: [EntityKind.report: ExceptionReport.lifecycle],
        lanes: [EntityKind.report: .safety]
    )

    /// A category, by its code; all sites share it.
    public static func categoryKey(_ code: String) -> EntityKey {
        EntityKey(
            scope: .company,
            kind: EntityKind.category,
            id: .derived(EntityKind.category, code)
        )
    }

    /// The report of an ordinal, from 1 up, on a place and category.
    public static func reportKey(
        _ place: String,
        category: String,
        ordinal: Int,
        in scope: Scope
    ) -> EntityKey {
        let kind = EntityKind.report
        return EntityKey(
            scope: scope,
            kind: kind,
            id: .derived(
                kind,
                scope.description,
                NaturalKey.code(place),
                category,
                String(ordinal)
            )
        )
    }

    /// A report by its identifier.
    public static func reportKey(_ id: Identifier, in scope: Scope) -> EntityKey {
        EntityKey(scope: scope, kind: EntityKind.report, id: id)
    }

    /// A problem code when a payload is not what its type says; nil when it is sound.
    public static func flaw(
        _ kind: OperationKind,
        _ type: String,
        _ payload: [UInt8]
    ) -> ProblemCode? {
        do {
            switch kind {
            case .fact where type == Raising.type: _ = try Raising(payload: payload)
            case .fact where type == AddedRecord.type:
                _ = try AddedRecord.content(of: payload)
            case .fact where type == Acknowledgement.type:
                _ = try Acknowledgement.content(of: payload)
            case .edit where vocabulary.fields.contains(type):
                guard String(validating: payload, as: UTF8.self) != nil else {
                    throw ExceptionRefusal.badPayload(type: type)
                }
            case .decision where type == ExceptionCategory.type:
                _ = try ExceptionCategory(payload: payload)
            case .decision where type == Routing.type: _ = try Routing(payload: payload)
            case .decision where type == Gathering.type: _ = try Gathering(payload: payload)
            case .fact, .edit, .transition, .decision: break
            }
            return nil
        } catch let refusal as any Refusal {
            return refusal.code
        } catch {
            return ExceptionRefusal.badPayload(type: type).code
        }
    }
}

/// The five sections of a report, in the order in which they are filled (8D's D2, D1, D3, D4, D7).
public enum Section: String, Sendable, CaseIterable, Comparable {
    case problem
    case responsibleTeam = "responsible_team"
    case containment
    case rootCause = "root_cause"
    case prevention

    /// The edit field that holds it.
    public var field: String { "exception_report.\(rawValue)" }

    public static func < (one: Section, other: Section) -> Bool { one.rawValue < other.rawValue }
}
