import Sync
import Tally

// The digest tree: leaves that are kept, and what is computed from cells.

extension PostgresReading {
    /// About the most cells that are in memory at a time.
    private static let pageCountMax = 2_000

    /// The kinds of a scope in a table whose key begins with site, area and kind, by their bytes.
    private func kinds(of scope: Scope, in table: String) throws -> [String] {
        var kinds: [[UInt8]] = []
        // From one kind to the next by the key: never a scan of the rows between.
        while let next = try first(
            """
            SELECT kind FROM \(table) WHERE site = $1 AND area = $2 AND kind > $3
            ORDER BY kind LIMIT 1
            """,
            scope.values + [.bytes(kinds.last ?? [])],
            { try $0.requiredBytes(0) }
        ) {
            kinds.append(next)
        }
        return kinds.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The stored leaves of a kind in some buckets.
    private func storedLeaves(
        of scope: Scope,
        _ kind: String,
        in buckets: ClosedRange<UInt16>
    ) throws -> [DigestLeaf: ScopeDigest] {
        let leaves = try all(
            """
            SELECT bucket, sum FROM leaf
            WHERE site = $1 AND area = $2 AND kind = $3 AND bucket BETWEEN $4 AND $5
            """,
            scope.values + [
                .bytes(Array(kind.utf8)), .integer(Int(buckets.lowerBound)),
                .integer(Int(buckets.upperBound)),
            ]
        ) { row in
            let bucket = UInt16(clamping: try row.requiredInteger(0))
            let leaf = DigestLeaf(scope: scope, kind: kind, bucket: bucket)
            return (leaf, ScopeDigest(bytes: try row.requiredBytes(1)) ?? ScopeDigest())
        }
        return Dictionary(leaves) { first, _ in first }
    }

    /// The stored sums of some leaves of one scope.
    ///
    /// `OFFSET 0` keeps the planner from turning the look-ups around: on a table that it takes for
    /// empty it would read all leaves of the scope and pick some.
    func storedSums(
        of leaves: [DigestLeaf],
        in scope: Scope
    ) throws -> [DigestLeaf: ScopeDigest] {
        let sums = try all(
            """
            SELECT wanted.kind, wanted.bucket, found.sum
            FROM unnest($3::bytea[], $4::bigint[]) AS wanted (kind, bucket)
            CROSS JOIN LATERAL (
                SELECT sum FROM leaf
                WHERE site = $1 AND area = $2 AND kind = wanted.kind AND bucket = wanted.bucket
                OFFSET 0
            ) AS found
            """,
            scope.values + [
                .byteses(leaves.map { Array($0.kind.utf8) }),
                .integers(leaves.map { Int64($0.bucket) }),
            ]
        ) { row in
            let leaf = DigestLeaf(
                scope: scope,
                kind: try row.kind(0),
                bucket: UInt16(clamping: try row.requiredInteger(1))
            )
            return (leaf, ScopeDigest(bytes: try row.requiredBytes(2)) ?? ScopeDigest())
        }
        return Dictionary(sums) { first, _ in first }
    }

    func eachLeaf(
        of scope: Scope,
        in buckets: ClosedRange<UInt16>,
        _ visit: (UInt16, ScopeDigest) throws -> Void
    ) throws {
        try bringUpToDate()
        for kind in try kinds(of: scope, in: "leaf") {
            for (leaf, sum) in try storedLeaves(of: scope, kind, in: buckets) {
                try visit(leaf.bucket, sum)
            }
        }
    }

    /// Goes through the cells of a kind from an id on, as they are, until `visit` returns false.
    private func eachCell(
        of scope: Scope,
        _ kind: String,
        from first: Identifier,
        to last: Identifier,
        _ visit: (EntityKey, [UInt8], [UInt8]) throws -> Bool
    ) throws {
        // Past this entity and key: no key is empty.
        var place: ([UInt8], [UInt8]) = (first.bytes, [])
        while true {
            let page = try connection.run(
                """
                SELECT entity, key, value FROM cell
                WHERE site = $1 AND area = $2 AND kind = $3 AND (entity, key) > ($4, $5)
                    AND entity <= $6
                ORDER BY entity, key LIMIT \(Self.pageCountMax)
                """,
                scope.values + [
                    .bytes(Array(kind.utf8)), .bytes(place.0), .bytes(place.1), .id(last),
                ]
            )
            var goesOn = true
            try page.each { row in
                place = (try row.requiredBytes(0), try row.requiredBytes(1))
                let entity = EntityKey(scope: scope, kind: kind, id: try row.identifier(0))
                goesOn = try visit(entity, place.1, try row.requiredBytes(2))
                return goesOn
            }
            if !goesOn || page.count < Self.pageCountMax { return }
        }
    }

    /// Goes through the cells of a leaf, as they are: keys need not be ones that are known.
    func eachRow(
        of leaf: DigestLeaf,
        _ visit: (EntityKey, [UInt8], [UInt8]) throws -> Void
    ) throws {
        try eachCell(of: leaf.scope, leaf.kind, from: leaf.first, to: leaf.last) {
            try visit($0, $1, $2)
            return true
        }
    }

    func entityDigests(of scope: Scope, in bucket: UInt16) throws -> [EntityDigest] {
        try bringUpToDate()
        var digests: [EntityDigest] = []
        for kind in try kinds(of: scope, in: "cell") {
            var entity: EntityKey?
            var sum = ScopeDigest()
            try eachRow(of: DigestLeaf(scope: scope, kind: kind, bucket: bucket)) {
                if let last = entity, last != $0 {
                    digests.append(EntityDigest(entity: last, digest: sum))
                    sum = ScopeDigest()
                }
                entity = $0
                sum.add($1, of: $0, $2)
            }
            if let entity { digests.append(EntityDigest(entity: entity, digest: sum)) }
        }
        return digests.sorted { $0.entity < $1.entity }
    }

    func scrub(_ scope: Scope, after leaf: DigestLeaf?, cellCount: Int) throws -> ScrubSlice {
        try bringUpToDate()
        var slice = ScrubSlice()
        var place = leaf
        let all = try Set(kinds(of: scope, in: "cell")).union(kinds(of: scope, in: "leaf"))
        let kinds = all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for kind in kinds {
            if let place, kind.utf8.lexicographicallyPrecedes(place.kind.utf8) { continue }
            var first: UInt16 = 0
            if let place, place.kind == kind {
                guard place.bucket < .max else { continue }
                first = place.bucket + 1
            }
            let (found, last) = try computedLeaves(
                of: scope,
                kind,
                from: first,
                &slice.cellCount,
                cellCount
            )
            let stored = try storedLeaves(of: scope, kind, in: first...last)
            for leaf in Set(found.sums.keys).union(stored.keys).sorted()
            where found.sums[leaf] != stored[leaf] || found.homeless.contains(leaf) {
                slice.differing.append(leaf)
            }
            place = DigestLeaf(scope: scope, kind: kind, bucket: last)
            if slice.cellCount >= cellCount, kind != kinds.last || last < .max {
                slice.reached = place
                return slice
            }
        }
        return slice
    }

    /// What the cells of some leaves give.
    private struct Computed {
        var sums: [DigestLeaf: ScopeDigest] = [:]
        /// Leaves with an entity that the list of entities lacks.
        var homeless: Set<DigestLeaf> = []
    }

    /// Computes the leaves of a kind from a bucket on, until enough cells were read.
    ///
    /// - Returns: what they give, and the last bucket that was read whole.
    private func computedLeaves(
        of scope: Scope,
        _ kind: String,
        from first: UInt16,
        _ count: inout Int,
        _ countMax: Int
    ) throws -> (Computed, last: UInt16) {
        var computed = Computed()
        var last = UInt16.max
        var leaf: DigestLeaf?
        var entities: [EntityKey] = []
        var read = count
        let start = DigestLeaf(scope: scope, kind: kind, bucket: first).first
        let end = DigestLeaf(scope: scope, kind: kind, bucket: .max).last
        try eachCell(of: scope, kind, from: start, to: end) { entity, key, value in
            if entity != entities.last {
                let next = DigestLeaf(of: entity)
                if let done = leaf, done != next, read >= countMax {
                    last = done.bucket
                    return false
                }
                leaf = next
                entities.append(entity)
            }
            read += 1
            computed.sums[DigestLeaf(of: entity), default: ScopeDigest()]
                .add(key, of: entity, value)
            return true
        }
        for entity in try unknown(entities, of: kind, in: scope) {
            computed.homeless.insert(DigestLeaf(of: entity))
        }
        count = read
        return (computed, last)
    }

    /// Those of some entities that the list of entities lacks.
    private func unknown(
        _ entities: [EntityKey],
        of kind: String,
        in scope: Scope
    ) throws -> Set<EntityKey> {
        var missing = Set(entities)
        for start in stride(from: 0, to: entities.count, by: Self.pageCountMax) {
            let page = entities[start...].prefix(Self.pageCountMax)
            let found = try all(
                """
                SELECT wanted.id FROM unnest($4::bytea[]) AS wanted (id)
                CROSS JOIN LATERAL (
                    SELECT 1 FROM entity
                    WHERE site = $1 AND area = $2 AND kind = $3 AND id = wanted.id OFFSET 0
                ) AS found
                """,
                scope.values + [
                    .bytes(Array(kind.utf8)), .byteses(page.map(\.id.bytes)),
                ]
            ) { EntityKey(scope: scope, kind: kind, id: try $0.identifier(0)) }
            missing.subtract(found)
        }
        return missing
    }

    // MARK: - Snapshots

    func eachCell(
        of scope: Scope,
        _ visit: (EntityKey, [UInt8], [UInt8]) throws -> Void
    ) throws {
        try bringUpToDate()
        let end = Identifier(high: .max, low: .max)
        for kind in try kinds(of: scope, in: "cell") {
            try eachCell(of: scope, kind, from: Identifier(high: 0, low: 0), to: end) {
                try visit($0, $1, $2)
                return true
            }
        }
    }

    func piece(_ hash: [UInt8], of scope: Scope) throws -> [UInt8]? {
        try first(
            "SELECT bytes FROM piece WHERE site = $1 AND area = $2 AND hash = $3",
            scope.values + [.bytes(hash)]
        ) { try $0.requiredBytes(0) }
    }

    func hasPiece(_ hash: [UInt8], of scope: Scope) throws -> Bool {
        try first(
            "SELECT 1::bigint FROM piece WHERE site = $1 AND area = $2 AND hash = $3",
            scope.values + [.bytes(hash)]
        ) { _ in true } ?? false
    }
}
