import Foundation
import GRDB
import Sync
import Tally

// What snapshots are read from and kept in.

extension LedgerReading {
    func eachCell(
        of scope: Scope,
        _ visit: (EntityKey, [UInt8], [UInt8]) throws -> Void
    ) throws {
        try database.each(
            """
            SELECT kind, entity, key, value FROM cell
            WHERE site = ? AND area = ? ORDER BY kind, entity, key
            """,
            scope.arguments
        ) { row in
            let entity = EntityKey(scope: scope, kind: row[0], id: try row.identifier(1))
            try visit(entity, try row.requiredBytes(2), try row.requiredBytes(3))
            return true
        }
    }

    func piece(_ hash: [UInt8], of scope: Scope) throws -> [UInt8]? {
        try database.first(
            "SELECT bytes FROM piece WHERE site = ? AND area = ? AND hash = ?",
            scope.arguments + [Data(hash)]
        ) { try $0.requiredBytes(0) }
    }

    func hasPiece(_ hash: [UInt8], of scope: Scope) throws -> Bool {
        try database.first(
            "SELECT 1 FROM piece WHERE site = ? AND area = ? AND hash = ?",
            scope.arguments + [Data(hash)]
        ) { _ in true } ?? false
    }
}

extension LedgerTransaction {
    func load(_ state: EntityState) throws {
        let entity = state.entity
        try know(entity)
        var sum = ScopeDigest()
        for (key, value) in state.cells {
            let bytes = key.bytes
            try database.run(
                """
                INSERT INTO cell (site, area, kind, entity, key, value)
                VALUES (?, ?, ?, ?, ?, coalesce(?, x''))
                """,
                entity.arguments + [Data(bytes), Data(value)]
            )
            sum.add(bytes, of: entity, value)
        }
        try add(sum, to: DigestLeaf(of: entity))
    }

    func putPiece(_ hash: [UInt8], _ bytes: [UInt8], of scope: Scope) throws {
        try database.run(
            """
            INSERT INTO piece (site, area, hash, bytes) VALUES (?, ?, ?, coalesce(?, x''))
            ON CONFLICT DO NOTHING
            """,
            scope.arguments + [Data(hash), Data(bytes)]
        )
    }

    func dropPieces(of scope: Scope, except kept: Set<[UInt8]>) throws {
        let stored = try database.all(
            "SELECT hash FROM piece WHERE site = ? AND area = ?",
            scope.arguments
        ) { try $0.requiredBytes(0) }
        for hash in stored where !kept.contains(hash) {
            try database.run(
                "DELETE FROM piece WHERE site = ? AND area = ? AND hash = ?",
                scope.arguments + [Data(hash)]
            )
        }
    }
}
