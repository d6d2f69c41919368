import Foundation
import GRDB
import Sync
import Tally

// The digest tree: leaves that are kept, and what is computed from cells.

extension LedgerReading {
    /// The kinds of a scope in a table whose key begins with site, area and kind.
    private func kinds(of scope: Scope, in table: String) throws -> [String] {
        var kinds: [String] = []
        // From one kind to the next by the key: never a scan of the rows between.
        while let next = try database.first(
            """
            SELECT kind FROM \(table) WHERE site = ? AND area = ? AND kind > ?
            ORDER BY kind LIMIT 1
            """,
            scope.arguments + [kinds.last ?? ""],
            { $0[0] as String }
        ) {
            kinds.append(next)
        }
        return kinds
    }

    /// The stored leaves of a kind in some buckets.
    private func storedLeaves(
        of scope: Scope,
        _ kind: String,
        in buckets: ClosedRange<UInt16>
    ) throws -> [DigestLeaf: ScopeDigest] {
        let leaves = try database.all(
            """
            SELECT bucket, sum FROM leaf
            WHERE site = ? AND area = ? AND kind = ? AND bucket BETWEEN ? AND ?
            """,
            scope.arguments + [kind, buckets.lowerBound, buckets.upperBound]
        ) { row in
            let leaf = DigestLeaf(scope: scope, kind: kind, bucket: row[0])
            return (leaf, ScopeDigest(bytes: try row.requiredBytes(1)) ?? ScopeDigest())
        }
        return Dictionary(leaves) { first, _ in first }
    }

    /// The stored sum of a leaf.
    func storedSum(of leaf: DigestLeaf) throws -> ScopeDigest {
        try storedLeaves(of: leaf.scope, leaf.kind, in: leaf.bucket...leaf.bucket)[leaf]
            ?? ScopeDigest()
    }

    /// As the port's, on what the database holds.
    func storedLeaves(
        of scope: Scope,
        in buckets: ClosedRange<UInt16>,
        _ visit: (UInt16, ScopeDigest) throws -> Void
    ) throws {
        for kind in try kinds(of: scope, in: "leaf") {
            for (leaf, sum) in try storedLeaves(of: scope, kind, in: buckets) {
                try visit(leaf.bucket, sum)
            }
        }
    }

    /// Goes through the cells of a leaf, as they are: keys need not be ones that are known.
    func eachRow(
        of leaf: DigestLeaf,
        _ visit: (EntityKey, [UInt8], [UInt8]) throws -> Void
    ) throws {
        try database.each(
            """
            SELECT entity, key, value FROM cell
            WHERE site = ? AND area = ? AND kind = ? AND entity BETWEEN ? AND ?
            ORDER BY entity, key
            """,
            leaf.scope.arguments + [leaf.kind, leaf.first.data, leaf.last.data]
        ) { row in
            let entity = EntityKey(scope: leaf.scope, kind: leaf.kind, id: try row.identifier(0))
            try visit(entity, try row.requiredBytes(1), try row.requiredBytes(2))
            return true
        }
    }

    /// As the port's, on what the database holds.
    func computedDigests(of scope: Scope, in bucket: UInt16) throws -> [EntityDigest] {
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

    /// As the port's, on what the database holds.
    func scrubbed(
        _ scope: Scope,
        after leaf: DigestLeaf?,
        cellCount: Int
    ) throws -> ScrubSlice {
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
        var entity: EntityKey?
        let start = DigestLeaf(scope: scope, kind: kind, bucket: first)
        var read = count
        try database.each(
            """
            SELECT entity, key, value FROM cell
            WHERE site = ? AND area = ? AND kind = ? AND entity >= ?
            ORDER BY entity, key
            """,
            scope.arguments + [kind, start.first.data]
        ) { row in
            let next = EntityKey(scope: scope, kind: kind, id: try row.identifier(0))
            if next != entity {
                let nextLeaf = DigestLeaf(of: next)
                if let done = leaf, done != nextLeaf, read >= countMax {
                    last = done.bucket
                    return false
                }
                leaf = nextLeaf
                entity = next
                if try !isKnown(next) { computed.homeless.insert(nextLeaf) }
            }
            read += 1
            guard let leaf else { return true }
            computed.sums[leaf, default: ScopeDigest()]
                .add(try row.requiredBytes(1), of: next, try row.requiredBytes(2))
            return true
        }
        count = read
        return (computed, last)
    }

    private func isKnown(_ entity: EntityKey) throws -> Bool {
        try database.first(
            "SELECT 1 FROM entity WHERE site = ? AND area = ? AND kind = ? AND id = ?",
            entity.arguments
        ) { _ in true } ?? false
    }

    /// As the port's.
    func loggedOperations(in leaf: DigestLeaf) throws -> [OperationID] {
        try database.all(
            """
            SELECT replica, incarnation, sequence FROM operation
            WHERE site = ? AND area = ? AND kind = ? AND entity BETWEEN ? AND ?
            """,
            leaf.scope.arguments + [leaf.kind, leaf.first.data, leaf.last.data]
        ) { row in
            OperationID(
                replica: try row.identifier(0),
                incarnation: row.unsigned(1),
                sequence: row.unsigned(2)
            )
        }
    }

    /// As the port's.
    func loggedGroupEnds(
        of scope: Scope,
        after position: UInt64,
        limit: Int
    ) throws -> [LoggedOperation] {
        try operations(
            """
            SELECT \(LoggedOperation.columns) FROM operation INDEXED BY operation_place
            WHERE site = ? AND area = ? AND position > ? AND type = ?
            ORDER BY position LIMIT ?
            """,
            {
                $0.add(scope)
                $0.add(Int64(clamping: position))
                $0.add(Acceptance.type)
                $0.add(Int64(limit))
            }
        )
    }
}
