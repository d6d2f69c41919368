import GRDB
import GRDBSQLite
import Sync
import Synchronization

/// What an access cost the database: for measurements.
package struct AccessCost: Hashable, Sendable {
    package var statements = 0
    /// Pages that were looked at, in the cache or on the disk.
    package var pages = 0

    package init(statements: Int = 0, pages: Int = 0) {
        self.statements = statements
        self.pages = pages
    }
}

extension LedgerStore {
    /// Reads, and counts what it costs.
    package func measure<Result>(
        _ body: (any ReplicaReading) throws -> Result
    ) throws -> (Result, AccessCost) {
        try pool.read { database in
            let statements = Mutex(0)
            database.trace { _ in statements.withLock { $0 += 1 } }
            defer { database.trace(options: []) }
            let before = Self.pages(database)
            let result = try body(LedgerReading(database))
            let pages = Self.pages(database) - before
            return (result, AccessCost(statements: statements.withLock { $0 }, pages: pages))
        }
    }

    /// Changes the state by SQL, past every sum, as a failing disk does.
    package func damage(_ sql: String) throws {
        try pool.write { try $0.execute(sql: sql) }
    }

    private static func pages(_ database: Database) -> Int {
        [SQLITE_DBSTATUS_CACHE_HIT, SQLITE_DBSTATUS_CACHE_MISS].reduce(0) { sum, counter in
            var now: Int32 = 0
            var most: Int32 = 0
            sqlite3_db_status(database.sqliteConnection, counter, &now, &most, 0)
            return sum + Int(now)
        }
    }
}
