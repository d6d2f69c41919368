import Tally

// The digest tree of a store in memory.

extension Tables {
    /// Keeps the sums of scope and leaf right when a cell changes.
    func takeIntoDigest(
        _ key: CellKey,
        of entity: EntityKey,
        from old: [UInt8]?,
        to new: [UInt8]?
    ) {
        guard old != new else { return }
        var change = ScopeDigest()
        change.replace(key, of: entity, from: old, to: new)
        let leaf = DigestLeaf(of: entity)
        add(change, to: leaf)
        if new != nil { note(entity, in: leaf) }
    }

    private func add(_ change: ScopeDigest, to leaf: DigestLeaf) {
        var root = digests[leaf.scope] ?? ScopeDigest()
        root.add(change)
        digests.set(leaf.scope, to: root)
        var sum = leaves[leaf] ?? ScopeDigest()
        sum.add(change)
        leaves.set(leaf, to: sum == ScopeDigest() ? nil : sum)
    }

    func forgetLeaves(of scope: Scope) {
        for leaf in leaves.rows.keys where leaf.scope == scope { leaves.set(leaf, to: nil) }
        for leaf in members.keys where leaf.scope == scope { dropMembers(of: leaf) }
    }

    func eachLeaf(
        of scope: Scope,
        in buckets: ClosedRange<UInt16>,
        _ visit: (UInt16, ScopeDigest) throws -> Void
    ) throws {
        for (leaf, digest) in leaves.rows where leaf.scope == scope && buckets.contains(leaf.bucket)
        {
            try visit(leaf.bucket, digest)
        }
    }

    func entityDigests(of scope: Scope, in bucket: UInt16) -> [EntityDigest] {
        members.filter { $0.key.scope == scope && $0.key.bucket == bucket }
            .flatMap(\.value).sorted()
            .compactMap { entity in
                let cells = cells[entity] ?? [:]
                guard !cells.isEmpty else { return nil }
                return EntityDigest(entity: entity, digest: Self.digest(of: entity, cells))
            }
    }

    private static func digest(of entity: EntityKey, _ cells: [CellKey: [UInt8]]) -> ScopeDigest {
        var digest = ScopeDigest()
        for (key, value) in cells { digest.replace(key, of: entity, from: nil, to: value) }
        return digest
    }

    private func computed(_ leaf: DigestLeaf) -> (digest: ScopeDigest, cellCount: Int) {
        var digest = ScopeDigest()
        var count = 0
        for entity in members[leaf] ?? [] {
            let cells = cells[entity] ?? [:]
            digest.add(Self.digest(of: entity, cells))
            count += cells.count
        }
        return (digest, count)
    }

    func scrub(_ scope: Scope, after leaf: DigestLeaf?, cellCount: Int) -> ScrubSlice {
        let all = Set(leaves.rows.keys).union(members.keys).filter { next in
            next.scope == scope && leaf.map { $0 < next } ?? true
        }
        var slice = ScrubSlice()
        for next in all.sorted() {
            let (digest, count) = computed(next)
            if digest != leaves[next] ?? ScopeDigest() { slice.differing.append(next) }
            slice.cellCount += count
            if slice.cellCount >= cellCount {
                slice.reached = next
                return slice
            }
        }
        return slice
    }

    func settle(_ leaf: DigestLeaf) throws {
        try willChange()
        var change = computed(leaf).digest
        change.subtract(leaves[leaf] ?? ScopeDigest())
        add(change, to: leaf)
    }

    func settleRoot(of scope: Scope) throws {
        try willChange()
        var sum = ScopeDigest()
        try eachLeaf(of: scope, in: DigestRange.root.buckets) { sum.add($1) }
        digests.set(scope, to: sum)
    }

    func clearCells(of entity: EntityKey) throws {
        try willChange()
        for (key, value) in cells[entity] ?? [:] {
            takeIntoDigest(key, of: entity, from: value, to: nil)
        }
        dropCells(of: entity)
    }
}

extension MemoryStore {
    /// Changes a cell as a failing disk does: no sum notices.
    public func damage(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) {
        tables.damage(key, of: entity, to: value)
    }
}
