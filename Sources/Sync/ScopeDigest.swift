import Tally

/// A fingerprint of a scope's state: the sum modulo 2^128 of the hashes of its cells.
///
/// A cell more, less or different changes the sum; order does not. It is kept as cells change, and
/// computed from a replica's own rows, never taken from a peer. It guards against accidents, not
/// adversaries: those meet the chain and the signatures.
public struct ScopeDigest: Hashable, Sendable {
    public private(set) var sum: Identifier

    /// The digest of a scope without cells.
    public init() { sum = Identifier(high: 0, low: 0) }

    public init?(bytes: [UInt8]) {
        guard let sum = Identifier(bytes: bytes) else { return nil }
        self.sum = sum
    }

    public var bytes: [UInt8] { sum.bytes }

    /// Takes a change of one cell into the sum; nil stands for no cell.
    public mutating func replace(
        _ key: CellKey,
        of entity: EntityKey,
        from old: [UInt8]?,
        to new: [UInt8]?
    ) {
        guard old != new else { return }
        if let old { subtract(Self.hash(key.bytes, entity, old)) }
        if let new { add(Self.hash(key.bytes, entity, new)) }
    }

    /// Adds a cell whose key need not be one that this program knows.
    package mutating func add(_ key: [UInt8], of entity: EntityKey, _ value: [UInt8]) {
        add(Self.hash(key, entity, value))
    }

    /// Adds the sum over other cells.
    package mutating func add(_ other: ScopeDigest) { add(other.sum) }

    /// Takes the sum over some of the cells away.
    package mutating func subtract(_ other: ScopeDigest) { subtract(other.sum) }

    private mutating func add(_ hash: Identifier) {
        let (low, carry) = sum.low.addingReportingOverflow(hash.low)
        sum = Identifier(high: sum.high &+ hash.high &+ (carry ? 1 : 0), low: low)
    }

    private mutating func subtract(_ hash: Identifier) {
        let (low, borrow) = sum.low.subtractingReportingOverflow(hash.low)
        sum = Identifier(high: sum.high &- hash.high &- (borrow ? 1 : 0), low: low)
    }

    private static func hash(_ key: [UInt8], _ entity: EntityKey, _ value: [UInt8]) -> Identifier {
        var encoder = CanonicalEncoder(capacity: 100 + value.count)
        encoder.write(entity.kind)
        encoder.write(entity.id)
        encoder.write(key)
        encoder.write(value)
        return ContentHash.identifier(of: encoder.bytes)
    }
}

extension ScopeDigest: CustomStringConvertible {
    /// 32 hexadecimal digits.
    public var description: String { sum.description }
}
