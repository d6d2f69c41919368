import Tally

// The digest of a scope is the root of a tree. A leaf holds the sum over the cells of one kind
// whose entity ids begin with the same two bytes; it is kept as cells change, in the same
// transaction. What lies above is sums of leaves, computed when it is asked for.
//
//   range      who is in it                     its parts
//   (none)     every entity of the scope        256 ranges of one byte
//   1 byte     ids that begin with it           256 ranges of two bytes
//   2 bytes    ids that begin with them         the entities, each with the sum over its cells
//
// Ids are hashes or random, so the leaves of a scope are of about the same size.

/// A part of a scope's state: the entities whose ids begin with these bytes.
public struct DigestRange: Hashable, Comparable, Sendable {
    /// Two bytes at most.
    public let prefix: [UInt8]

    /// Everything.
    public static let root = DigestRange(prefix: [])

    private init(prefix: [UInt8]) { self.prefix = prefix }

    /// Reads a range; nil when there are more than two bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count <= 2 else { return nil }
        prefix = Array(bytes)
    }

    /// Whether its parts are entities.
    public var isLeaf: Bool { prefix.count == 2 }

    /// The part that begins with one byte more; nil when parts are entities.
    public func part(_ next: UInt8) -> DigestRange? { DigestRange(bytes: prefix + [next]) }

    /// The leaves in it, by number.
    public var buckets: ClosedRange<UInt16> {
        switch prefix.count {
        case 0: return 0...UInt16.max
        case 1: return UInt16(prefix[0]) << 8...(UInt16(prefix[0]) << 8 | 0xFF)
        default:
            let bucket = UInt16(prefix[0]) << 8 | UInt16(prefix[1])
            return bucket...bucket
        }
    }

    public static func < (one: DigestRange, other: DigestRange) -> Bool {
        one.prefix.lexicographicallyPrecedes(other.prefix)
    }
}

/// A leaf of the tree: the entities of one kind whose ids begin with the same two bytes.
public struct DigestLeaf: Hashable, Comparable, Sendable {
    public let scope: Scope
    public let kind: String
    /// The first two bytes of the ids.
    public let bucket: UInt16

    public init(scope: Scope, kind: String, bucket: UInt16) {
        self.scope = scope
        self.kind = kind
        self.bucket = bucket
    }

    /// The leaf that an entity belongs to.
    public init(of entity: EntityKey) {
        scope = entity.scope
        kind = entity.kind
        bucket = UInt16(truncatingIfNeeded: entity.id.high >> 48)
    }

    /// The least id in it.
    public var first: Identifier { Identifier(high: UInt64(bucket) << 48, low: 0) }

    /// The greatest id in it.
    public var last: Identifier {
        Identifier(high: UInt64(bucket) << 48 | .max >> 16, low: .max)
    }

    public static func < (one: DigestLeaf, other: DigestLeaf) -> Bool {
        if one.scope != other.scope { return one.scope < other.scope }
        // Kinds as a database compares them: by their bytes.
        if one.kind != other.kind {
            return one.kind.utf8.lexicographicallyPrecedes(other.kind.utf8)
        }
        return one.bucket < other.bucket
    }
}

/// An entity and the sum over its cells.
public struct EntityDigest: Hashable, Sendable {
    public let entity: EntityKey
    public let digest: ScopeDigest

    public init(entity: EntityKey, digest: ScopeDigest) {
        self.entity = entity
        self.digest = digest
    }
}

/// What a look at some leaves of a scope found.
public struct ScrubSlice: Hashable, Sendable {
    /// Leaves whose stored sum is not that of their cells, or that hold an entity which the list
    /// of entities lacks; in order.
    public var differing: [DigestLeaf] = []
    /// The last leaf looked at; nil when the scope's end was reached.
    public var reached: DigestLeaf?
    public var cellCount = 0

    public init() {}
}

extension ReplicaReading {
    /// The sums of the parts of a range that is no leaf.
    public func parts(
        of range: DigestRange,
        in scope: Scope
    ) throws -> [UInt8: ScopeDigest] {
        var parts: [UInt8: ScopeDigest] = [:]
        let shift = range.prefix.isEmpty ? 8 : 0
        try eachLeaf(of: scope, in: range.buckets) { bucket, digest in
            parts[UInt8(truncatingIfNeeded: bucket >> UInt16(shift)), default: ScopeDigest()]
                .add(digest)
        }
        return parts.filter { $0.value != ScopeDigest() }
    }

    /// Whether the scope's digest is the sum of its leaves.
    func isRootSound(of scope: Scope) throws -> Bool {
        var sum = ScopeDigest()
        try eachLeaf(of: scope, in: DigestRange.root.buckets) { _, digest in sum.add(digest) }
        return try sum == digest(of: scope)
    }
}
