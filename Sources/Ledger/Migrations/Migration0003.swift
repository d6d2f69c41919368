import GRDB
import Sync

extension Migration {
    /// The digest tree's leaves, and the pieces of snapshots.
    static let third = Migration(
        number: 3,
        sql: """
            -- Sums over the cells of the entities of one kind whose ids begin with the same two
            -- bytes: the leaves of a scope's digest tree (Sync, DigestTree.swift).
            CREATE TABLE leaf (
                site TEXT NOT NULL,
                area TEXT NOT NULL,
                kind TEXT NOT NULL,
                bucket INTEGER NOT NULL CHECK (bucket BETWEEN 0 AND 65535),
                sum BLOB NOT NULL CHECK (length(sum) = 16),
                PRIMARY KEY (site, area, kind, bucket)
            ) STRICT, WITHOUT ROWID;

            -- Pieces of snapshots: of the one that a scope's state was begun with, and of one that
            -- is being fetched. Named by the hash of their bytes.
            CREATE TABLE piece (
                site TEXT NOT NULL,
                area TEXT NOT NULL,
                number INTEGER PRIMARY KEY,
                hash BLOB NOT NULL CHECK (length(hash) = 32),
                bytes BLOB NOT NULL,
                UNIQUE (site, area, hash)
            ) STRICT;
            """,
        work: { try LeafFiller.fill($0) }
    )
}

/// Computes the leaves of a database that had cells before it had leaves.
private enum LeafFiller {
    static func fill(_ database: Database) throws {
        let reading = LedgerReading(database)
        for scope in try reading.scopes() {
            let transaction = LedgerTransaction(database)
            var leaf: DigestLeaf?
            repeat {
                let slice = try transaction.scrub(scope, after: leaf, cellCount: 10_000)
                for differing in slice.differing { try transaction.settle(differing) }
                leaf = slice.reached
            } while leaf != nil
            try transaction.settleRoot(of: scope)
            try transaction.flush()
        }
    }
}
