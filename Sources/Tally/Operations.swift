// The words in which rooms speak about operations. How operations are named, chained, merged and
// sent is Sync's; what they mean is the domain rooms'. Neither imports the other: they meet here.

/// What an operation is, which decides what happens where two meet.
public enum OperationKind: UInt8, Sendable, CaseIterable {
    /// Something that was seen: always stands beside all others.
    case fact = 1
    /// A field given a value: concurrent ones are kept as a conflict, the later stamp shown.
    case edit = 2
    /// A move in a lifecycle: judged in the hub's order.
    case transition = 3
    /// What the hub alone decides.
    case decision = 4
}

/// Names an operation: the replica that made it, that replica's incarnation, and its place there.
public struct OperationID: Hashable, Comparable, Sendable {
    public let replica: Identifier
    /// Random, minted with the first operation after each start.
    public let incarnation: UInt64
    /// From 1 up, without gaps, within one incarnation.
    public let sequence: UInt64

    public init(replica: Identifier, incarnation: UInt64, sequence: UInt64) {
        self.replica = replica
        self.incarnation = incarnation
        self.sequence = sequence
    }

    /// Reads 32 bytes; nil for any other length.
    @inlinable
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32, let replica = Identifier(bytes: bytes.prefix(16)),
            let numbers = Identifier(bytes: bytes.dropFirst(16))
        else { return nil }
        self.init(replica: replica, incarnation: numbers.high, sequence: numbers.low)
    }

    /// Reads the 64 hexadecimal digits of ``description``; nil for anything else.
    public init?(text: some StringProtocol) {
        guard let bytes = [UInt8](hexadecimal: text) else { return nil }
        self.init(bytes: bytes)
    }

    public static func < (one: OperationID, other: OperationID) -> Bool {
        (one.replica, one.incarnation, one.sequence)
            < (other.replica, other.incarnation, other.sequence)
    }

    /// Incarnations are random, so that two of one number are of one replica or of ill will.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(incarnation)
        hasher.combine(sequence)
    }

    /// 32 bytes: replica, incarnation, sequence number, each big-endian.
    public var bytes: [UInt8] {
        var encoder = CanonicalEncoder(capacity: 33)
        encoder.write(self)
        return Array(encoder.bytes.dropFirst())
    }
}

extension OperationID: CustomStringConvertible {
    public var description: String { bytes.hexadecimal }
}

/// Names an entity: the scope that it lives in, what it is, and which one.
public struct EntityKey: Hashable, Comparable, Sendable {
    public let scope: Scope
    /// A word of the glossary in snake case: `receipt`, `maintenance_order`.
    public let kind: String
    public let id: Identifier

    public init(scope: Scope, kind: String, id: Identifier) {
        self.scope = scope
        self.kind = kind
        self.id = id
    }

    /// An id is hardly ever that of two kinds, so that the texts need not be hashed.
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }

    public static func < (one: EntityKey, other: EntityKey) -> Bool {
        (one.scope, one.kind, one.id) < (other.scope, other.kind, other.id)
    }
}

/// An operation that a room wants made; the replica adds identity, clocks and chain.
public struct Draft: Hashable, Sendable {
    public let kind: OperationKind
    public let entity: EntityKey
    /// `<entity kind>.<what>`: a fact's type, a field's name, a move's name or a decision's type.
    public let type: String
    /// A fact's or decision's protobuf message; a field's canonical value; empty for a move, or
    /// its protobuf message.
    public let payload: [UInt8]
    /// For an edit: the operations that gave the field the value which the person saw.
    public let bases: [OperationID]

    public init(
        _ kind: OperationKind,
        of entity: EntityKey,
        type: String,
        payload: [UInt8] = [],
        bases: [OperationID] = []
    ) {
        self.kind = kind
        self.entity = entity
        self.type = type
        self.payload = payload
        self.bases = bases
    }
}

/// Who recorded something, where, and when: what every record can be asked.
public struct Evidence: Hashable, Sendable {
    public let operation: OperationID
    /// The worker's badge code; empty when a machine recorded it.
    public let author: String
    /// When it happened: the author's clock, clamped by the hub once it has accepted it.
    public let moment: Moment
    /// Whether `moment` rests on a clock that is known to be wrong or not known to be right.
    public let timeUnsure: Bool
    /// The author's view: the position in the hub's order up to which its terminal had seen its
    /// scope.
    public let seen: UInt64
    /// The place in the hub's order of its scope; nil until the hub has accepted it.
    public let position: UInt64?

    public init(
        operation: OperationID,
        author: String,
        moment: Moment,
        timeUnsure: Bool,
        seen: UInt64,
        position: UInt64?
    ) {
        self.operation = operation
        self.author = author
        self.moment = moment
        self.timeUnsure = timeUnsure
        self.seen = seen
        self.position = position
    }

    /// Whether the author of this one could see `other` when recording: decided from what the
    /// terminal had seen, never from clocks.
    public func couldSee(_ other: Evidence) -> Bool {
        if operation.replica == other.operation.replica {
            return operation.incarnation != other.operation.incarnation
                || other.operation.sequence < operation.sequence
        }
        guard let position = other.position else { return false }
        return position <= seen
    }

    /// Whether neither author could see the other's record.
    public func isConcurrent(with other: Evidence) -> Bool {
        operation != other.operation && !couldSee(other) && !other.couldSee(self)
    }

    /// An order in which all replicas that know the same agree: the hub's, and what the hub has not
    /// placed yet last, by time.
    public func isRecordedBefore(_ other: Evidence) -> Bool {
        (position ?? .max, moment, operation)
            < (other.position ?? .max, other.moment, other.operation)
    }
}

/// A fact, decision or move as it was recorded.
public struct Recorded: Hashable, Sendable {
    public let evidence: Evidence
    public let type: String
    public let payload: [UInt8]

    public init(evidence: Evidence, type: String, payload: [UInt8]) {
        self.evidence = evidence
        self.type = type
        self.payload = payload
    }
}

/// One value that a field was given and that nobody who had seen it has replaced.
public struct FieldValue: Hashable, Sendable {
    public let evidence: Evidence
    public let value: [UInt8]

    public init(evidence: Evidence, value: [UInt8]) {
        self.evidence = evidence
        self.value = value
    }

    /// The value as text; a value that is not UTF-8 is shown with replacement characters.
    public var text: String { String(decoding: value, as: UTF8.self) }
}

/// What became of a move in a lifecycle.
public struct JudgedMove: Hashable, Sendable {
    public let recorded: Recorded
    /// The stage that the entity was in when the move was judged.
    public let from: String
    /// Whether the move took effect.
    ///
    /// Nil payloads aside, a refused one stays visible to its author.
    public let stands: Bool

    public init(recorded: Recorded, from: String, stands: Bool) {
        self.recorded = recorded
        self.from = from
        self.stands = stands
    }
}

/// All that a replica knows of one entity, for the domain rooms to read.
///
/// Collections are sorted by operation, so that equal knowledge reads equally on all replicas.
public struct EntityRecord: Hashable, Sendable {
    public let key: EntityKey
    public var facts: [Recorded] = []
    /// Per field the values in force: the one shown first, then those in conflict with it.
    public var fields: [String: [FieldValue]] = [:]
    /// The lifecycle's stage; nil for an entity without a lifecycle.
    public var stage: String?
    public var moves: [JudgedMove] = []
    /// The latest decision of each type.
    public var decisions: [String: Recorded] = [:]

    public init(key: EntityKey) { self.key = key }

    /// Whether anything at all was recorded.
    public var isEmpty: Bool {
        facts.isEmpty && fields.isEmpty && moves.isEmpty && decisions.isEmpty
    }

    /// What an edit of this field is based on.
    public func bases(of field: String) -> [OperationID] {
        (fields[field] ?? []).map(\.evidence.operation)
    }
}
