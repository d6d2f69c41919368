import Sync
import Tally

/// Where hub processes keep the snapshots that they share: what one has made, each hands out.
///
/// Pieces are named by the hash of their bytes, so two that make the same one make it once.
public final class PostgresPieces: PieceShelf {
    private let store: PostgresStore

    /// - Parameter store: the hub's.
    public init(in store: PostgresStore) { self.store = store }

    public func put(_ hash: [UInt8], _ bytes: [UInt8]) throws {
        try store.beside { connection in
            _ = try connection.run(
                """
                INSERT INTO piece (site, area, hash, bytes) VALUES ('', '', $1, $2)
                ON CONFLICT (site, area, hash) DO UPDATE SET made = now()
                """,
                [.bytes(hash), .bytes(bytes)]
            )
        }
    }

    public func get(_ hash: [UInt8]) throws -> [UInt8]? {
        let bytes = try store.beside { connection in
            try connection.run(
                "SELECT bytes FROM piece WHERE site = '' AND area = '' AND hash = $1",
                [.bytes(hash)]
            ).first { try $0.requiredBytes(0) }
        }
        guard let bytes, ContentHash(of: bytes).bytes == hash else { return nil }
        return bytes
    }

    /// Throws away what no snapshot of any process needs; what was made within an hour may be part
    /// of one that is being made elsewhere.
    public func keepOnly(_ hashes: Set<[UInt8]>) throws {
        try store.beside { connection in
            let manifests = try connection.run(
                "SELECT manifest FROM snapshot WHERE site = ''"
            ).map { try SnapshotManifest(bytes: try $0.requiredBytes(0)) }
            let kept = hashes.union(manifests.flatMap(\.pieces).map(\.hash))
            _ = try connection.run(
                """
                DELETE FROM piece WHERE site = '' AND area = '' AND NOT (hash = ANY ($1))
                    AND made < now() - interval '1 hour'
                """,
                [.byteses(kept.sorted { $0.lexicographicallyPrecedes($1) })]
            )
        }
    }

    /// The newest snapshot of a scope and the one before, which somebody may still be fetching.
    ///
    /// - Parameter scope: which.
    /// - Returns: two at most, the newest first.
    /// - Throws: what the server answers.
    public func manifests(of scope: Scope) throws -> [SnapshotManifest] {
        try store.beside { connection in
            try connection.run(
                """
                SELECT manifest FROM snapshot WHERE site = '' AND scope = $1
                ORDER BY number DESC LIMIT 2
                """,
                [.text(scope.description)]
            ).map { try SnapshotManifest(bytes: try $0.requiredBytes(0)) }
        }
    }

    /// Says that a snapshot is whole; older ones than the one before it are forgotten.
    ///
    /// - Parameter manifest: all of its pieces are on the shelf.
    /// - Throws: what the server answers.
    public func put(_ manifest: SnapshotManifest) throws {
        let bytes = try manifest.bytes()
        let scope = manifest.scope.description
        try store.beside { connection in
            // The number is the greatest one and one more; who takes it at the same moment fails,
            // which costs a snapshot and nothing else.
            _ = try connection.run(
                """
                INSERT INTO snapshot (site, scope, number, manifest)
                SELECT '', $1, coalesce(max(number), 0) + 1, $2 FROM snapshot
                WHERE site = '' AND scope = $1
                """,
                [.text(scope), .bytes(bytes)]
            )
            _ = try connection.run(
                """
                DELETE FROM snapshot WHERE site = '' AND scope = $1 AND number < (
                    SELECT max(number) - 1 FROM snapshot WHERE site = '' AND scope = $1
                )
                """,
                [.text(scope)]
            )
        }
    }
}
