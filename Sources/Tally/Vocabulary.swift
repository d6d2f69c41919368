/// The stages of an entity and the moves between them.
public struct Lifecycle: Hashable, Sendable {
    /// A move from any of some stages to one.
    public struct Move: Hashable, Sendable {
        /// `<entity kind>.<verb>`, as in ``Draft/type``.
        public let name: String
        public let from: Set<String>
        public let to: String
        /// A safety move: stands from every stage, whatever was concurrent.
        public let alwaysStands: Bool

        public init(_ name: String, from: Set<String>, to: String, alwaysStands: Bool = false) {
            self.name = name
            self.from = from
            self.to = to
            self.alwaysStands = alwaysStands
        }
    }

    /// The stage of an entity that nobody has moved.
    public let initial: String
    public let moves: [Move]

    public init(initial: String, moves: [Move]) {
        self.initial = initial
        self.moves = moves
    }

    /// The move of this name; nil when the lifecycle has none.
    public func move(named name: String) -> Move? { moves.first { $0.name == name } }
}

/// How urgent a record is: what a terminal sends first when the link is slow.
public enum Lane: UInt8, Sendable, CaseIterable, Comparable {
    /// Machines that must stop, and exceptions.
    case safety = 0
    case receipts = 1
    case inspections = 2
    case edits = 3

    public static func < (one: Lane, other: Lane) -> Bool { one.rawValue < other.rawValue }
}

/// The operations that a program knows, by entity kind.
///
/// Each domain room has one; the assembly joins them. An operation that is not in it was made by a
/// newer program: it is kept whole, and applied once a program comes that knows it.
public struct Vocabulary: Hashable, Sendable {
    public var facts: Set<String>
    public var fields: Set<String>
    public var decisions: Set<String>
    /// By entity kind.
    public var lifecycles: [String: Lifecycle]
    /// By entity kind: how urgent what is recorded about it is; see ``lane(of:)``.
    public var lanes: [String: Lane]

    public init(
        facts: Set<String> = [],
        fields: Set<String> = [],
        decisions: Set<String> = [],
        lifecycles: [String: Lifecycle] = [:],
        lanes: [String: Lane] = [:]
    ) {
        self.facts = facts
        self.fields = fields
        self.decisions = decisions
        self.lifecycles = lifecycles
        self.lanes = lanes
    }

    public init(joining parts: [Vocabulary]) {
        self.init()
        for part in parts {
            facts.formUnion(part.facts)
            fields.formUnion(part.fields)
            decisions.formUnion(part.decisions)
            lifecycles.merge(part.lifecycles) { _, _ in
                preconditionFailure("two rooms claim one entity kind")
            }
            lanes.merge(part.lanes) { _, _ in
                preconditionFailure("two rooms claim one entity kind")
            }
        }
    }

    /// The lane of an entity kind: safety where one of its moves is a safety move, else what its
    /// room says, else the last.
    ///
    /// A lane belongs to a kind and not to a single operation, so that what is recorded about one
    /// entity stays in order.
    public func lane(of entityKind: String) -> Lane {
        if lifecycles[entityKind]?.moves.contains(where: \.alwaysStands) == true { return .safety }
        return lanes[entityKind] ?? .edits
    }

    /// Whether this program can reduce such an operation.
    public func knows(_ kind: OperationKind, _ type: String, of entityKind: String) -> Bool {
        switch kind {
        case .fact: facts.contains(type)
        case .edit: fields.contains(type)
        case .decision: decisions.contains(type)
        case .transition: lifecycles[entityKind]?.move(named: type) != nil
        }
    }
}
