import Tally

/// A terminal's search for where its state of a scope differs from the hub's: what it asks next.
///
/// It begins at the root and goes down one level an exchange, so that it ends after four, however
/// large the scope is; what it has found is fetched entity by entity.
struct DigestSearch: Hashable {
    /// The most ranges that are looked into; with more, the state is fetched anew.
    static let rangeCountMax = 2_048
    /// How often a search is begun before the state is fetched anew.
    static let beginningsMax: UInt64 = 3
    /// Answers in a row without anything that was asked for, before the hub is taken for one that
    /// cannot answer.
    static let silencesMax: UInt64 = 8

    /// Ranges that differ, whose parts are asked for next.
    var ranges: [DigestRange] = [.root]
    /// Entities that differ, and are asked for next.
    var entities: [EntityKey] = []
    /// Answers that had something of what was asked for.
    var exchanges: UInt64 = 0
    var silences: UInt64 = 0
    var beginnings: UInt64 = 1
    /// Entities that were fetched.
    var mended: UInt64 = 0

    init() {}

    /// Whether there is nothing more to ask.
    var isOver: Bool { ranges.isEmpty && entities.isEmpty }

    /// Whether it came to no good.
    var hasFailed: Bool {
        ranges.count > Self.rangeCountMax || beginnings > Self.beginningsMax
            || silences > Self.silencesMax
    }

    /// Begins at the root again: something else differs, or has changed.
    mutating func beginAgain() {
        ranges = [.root]
        entities = []
        beginnings += 1
    }

    /// Takes what the hub says of a range, and holds it against the own state.
    mutating func take(_ parts: RangeParts, in scope: Scope, _ own: any ReplicaReading) throws {
        guard let place = ranges.firstIndex(of: parts.range) else { return }
        ranges.remove(at: place)
        guard parts.range.isLeaf else {
            let sums = try own.parts(of: parts.range, in: scope)
            for next in Set(sums.keys).union(parts.sums.keys).sorted()
            where sums[next] != parts.sums[next] {
                if let part = parts.range.part(next) { ranges.append(part) }
            }
            return
        }
        let digests = try own.entityDigests(of: scope, in: parts.range.buckets.lowerBound)
        let theirs = Set(parts.entities)
        let differing = theirs.symmetricDifference(digests).map(\.entity)
        entities += Set(differing).subtracting(entities).sorted()
    }

    // MARK: - Between two exchanges

    init(bytes: [UInt8], in scope: Scope) throws(CanonicalError) {
        var decoder = CanonicalDecoder(bytes)
        ranges = try decoder.list { (decoder) throws(CanonicalError) in
            let bytes = try decoder.byteString()
            guard let range = DigestRange(bytes: bytes) else {
                throw .unknownCase(UInt64(bytes.count))
            }
            return range
        }
        entities = try decoder.list { (decoder) throws(CanonicalError) in
            let kind = try decoder.text()
            let bytes = try decoder.byteString()
            guard let id = Identifier(bytes: bytes) else {
                throw .unknownCase(UInt64(bytes.count))
            }
            return EntityKey(scope: scope, kind: kind, id: id)
        }
        exchanges = try decoder.integer()
        silences = try decoder.integer()
        beginnings = try decoder.integer()
        mended = try decoder.integer()
        try decoder.finish()
    }

    var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(ranges) { $0.write($1.prefix) }
        encoder.write(entities) {
            $0.write($1.kind)
            $0.write($1.id.bytes)
        }
        encoder.write(exchanges)
        encoder.write(silences)
        encoder.write(beginnings)
        encoder.write(mended)
        return encoder.bytes
    }
}
