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

    public init(
        facts: Set<String> = [],
        fields: Set<String> = [],
        decisions: Set<String> = [],
        lifecycles: [String: Lifecycle] = [:]
    ) {
        self.facts = facts
        self.fields = fields
        self.decisions = decisions
        self.lifecycles = lifecycles
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
        }
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
