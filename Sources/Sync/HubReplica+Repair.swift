import Tally

// The hub answers what a terminal asks of the state, and mends its own from its log.

extension HubReplica {
    /// About the most bytes of cells in one answer; one entity always has room.
    private static let stateByteCountMax = 4 << 20
    /// About the most entities whose sums are told in one answer; one leaf always has room.
    private static let digestCountMax = 10_000

    /// What was asked for of the digest tree, as much as has room.
    ///
    /// - Throws: ``SyncRefusal/repairing(_:)`` when the hub's own cells are not what they were.
    func parts(
        of ranges: [DigestRange],
        in scope: Scope,
        _ reading: any ReplicaReading
    ) throws -> [RangeParts] {
        var parts: [RangeParts] = []
        var count = 0
        for range in ranges where count < Self.digestCountMax {
            if range.isLeaf {
                let entities = try soundEntities(
                    of: scope,
                    in: range.buckets.lowerBound,
                    reading
                )
                parts.append(RangeParts(range: range, sums: [:], entities: entities))
                count += entities.count
            } else {
                let sums = try reading.parts(of: range, in: scope)
                parts.append(RangeParts(range: range, sums: sums, entities: []))
                count += sums.count
            }
        }
        return parts
    }

    /// The entities of a bucket with their sums, which must add up to what is stored.
    private func soundEntities(
        of scope: Scope,
        in bucket: UInt16,
        _ reading: any ReplicaReading
    ) throws -> [EntityDigest] {
        let entities = try reading.entityDigests(of: scope, in: bucket)
        var computed = ScopeDigest()
        for entity in entities { computed.add(entity.digest) }
        var stored = ScopeDigest()
        try reading.eachLeaf(of: scope, in: bucket...bucket) { stored.add($1) }
        guard computed == stored else { throw SyncRefusal.repairing(scope) }
        return entities
    }

    /// The entities that were asked for, as many as have room.
    ///
    /// - Throws: ``SyncRefusal/repairing(_:)`` when the hub's own cells are not what they were.
    func states(
        of entities: [EntityKey],
        in reading: any ReplicaReading
    ) throws -> [EntityState] {
        var states: [EntityState] = []
        var sound: Set<UInt16> = []
        var byteCount = 0
        for entity in entities where byteCount < Self.stateByteCountMax {
            let bucket = DigestLeaf(of: entity).bucket
            if sound.insert(bucket).inserted {
                _ = try soundEntities(of: entity.scope, in: bucket, reading)
            }
            let cells = try reading.cells(of: entity)
            states.append(EntityState(entity: entity, cells: cells))
            byteCount += cells.values.reduce(0) { $0 + $1.count + 40 }
        }
        return states
    }

    // MARK: - The hub's own damage

    /// What the log gives for some leaves of a scope, up to a place in its order.
    public struct Remade: Sendable {
        let scope: Scope
        let leaves: [DigestLeaf]
        fileprivate var cells: [EntityKey: [CellKey: [UInt8]]] = [:]
        fileprivate var position: UInt64 = 0

        fileprivate init(_ finding: Scrubber.Finding) {
            scope = finding.scope
            leaves = finding.leaves
        }
    }

    /// Makes the cells of damaged leaves anew from the log, beside what is stored.
    ///
    /// Reads the hub's whole order of the scope, so it is done outside the transaction that
    /// ``mend(_:now:in:)`` needs.
    public func remake(
        _ finding: Scrubber.Finding,
        in reading: any ReplicaReading
    ) throws -> Remade {
        var remade = Remade(finding)
        try goOn(&remade, in: reading)
        return remade
    }

    /// Applies what is past the place that `remade` has reached.
    private func goOn(_ remade: inout Remade, in reading: any ReplicaReading) throws {
        var wanted: Set<OperationID> = []
        for leaf in remade.leaves { wanted.formUnion(try reading.operations(in: leaf)) }
        let space = LeafCells(remade.leaves, remade.cells)
        defer { remade.cells = space.cells }
        while true {
            let ends = try reading.groupEnds(of: remade.scope, after: remade.position, limit: 200)
            guard let last = ends.last?.judgement?.position else { return }
            for end in ends where end.endsGroup {
                for item in try Acceptance(payload: end.operation.payload).items
                where wanted.contains(item.operation) {
                    guard let subject = try reading.operation(item.operation) else { continue }
                    try reducer.apply(subject.operation, item.judgement, to: space)
                }
            }
            remade.position = last
        }
    }

    /// Puts what the log gives in the place of what is damaged.
    ///
    /// - Returns: how many entities were not as they should be.
    @discardableResult
    public func mend(
        _ finding: Scrubber.Finding,
        _ remade: Remade,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws -> Int {
        var remade = remade
        try goOn(&remade, in: transaction)
        var mended = 0
        for leaf in finding.leaves {
            let stored = try transaction.entityDigests(of: leaf.scope, in: leaf.bucket)
                .filter { $0.entity.kind == leaf.kind }
            let right = LeafCells(remade.leaves, remade.cells).digests(in: leaf)
            for entity in Set(right.symmetricDifference(stored).map(\.entity)).sorted() {
                try transaction.clearCells(of: entity)
                for (key, value) in remade.cells[entity] ?? [:] {
                    try transaction.setCell(key, of: entity, to: value)
                }
                mended += 1
            }
            try transaction.settle(leaf)
        }
        try transaction.settleRoot(of: finding.scope)
        try RepairRecord.note(
            damagedLeaves: max(finding.leaves.count, 1),
            in: finding.scope,
            now: now,
            transaction
        )
        try RepairRecord.note(
            mended: UInt64(mended),
            exchanges: 0,
            in: finding.scope,
            now: now,
            transaction
        )
        return mended
    }
}

/// The cells of some leaves in memory, made anew.
private final class LeafCells: CellSpace {
    private let leaves: Set<DigestLeaf>
    private(set) var cells: [EntityKey: [CellKey: [UInt8]]]

    init(_ leaves: [DigestLeaf], _ cells: [EntityKey: [CellKey: [UInt8]]]) {
        self.leaves = Set(leaves)
        self.cells = cells
    }

    func cell(_ key: CellKey, of entity: EntityKey) -> [UInt8]? { cells[entity]?[key] }

    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) {
        guard leaves.contains(DigestLeaf(of: entity)) else { return }
        cells[entity, default: [:]][key] = value
    }

    func digests(in leaf: DigestLeaf) -> Set<EntityDigest> {
        var digests: Set<EntityDigest> = []
        for (entity, cells) in cells where DigestLeaf(of: entity) == leaf && !cells.isEmpty {
            var digest = ScopeDigest()
            for (key, value) in cells { digest.replace(key, of: entity, from: nil, to: value) }
            digests.insert(EntityDigest(entity: entity, digest: digest))
        }
        return digests
    }
}
