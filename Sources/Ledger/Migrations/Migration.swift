import GRDB

/// One step of the schema: SQL text, never changed once released, only followed by others.
package struct Migration: Sendable {
    /// From 1 up; what `PRAGMA user_version` says once it is done.
    package let number: Int
    let sql: String
    /// What SQL cannot say, done after it in the same transaction.
    package var work: (@Sendable (Database) throws -> Void)?

    /// All of them, in order.
    package static let all: [Migration] = [.first, .third, .printing, .upPath, .deliveries]

    /// The newest schema that this program knows.
    package static var known: Int { all.last?.number ?? 0 }

    /// `TALY` in ASCII: tells our databases from others (https://www.sqlite.org/fileformat.html,
    /// offset 68).
    static let applicationID = 0x5441_4C59

    /// Brings a database up to date, each step in its own transaction.
    ///
    /// - Parameters:
    ///   - database: the writer, outside a transaction.
    ///   - path: what errors name.
    ///   - last: the newest schema that is made; a test stops at an older one.
    /// - Throws: ``LedgerError`` as ``check(_:path:)`` does, and SQLite's errors.
    package static func run(_ database: Database, path: String, last: Int = known) throws {
        let version = try check(database, path: path)
        for migration in all where migration.number > version && migration.number <= last {
            try database.inTransaction(.immediate) {
                try database.execute(sql: migration.sql)
                try migration.work?(database)
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(migration.number)")
                return .commit
            }
        }
    }

    /// The version of a database that is ours or empty.
    ///
    /// - Throws: ``LedgerError`` when it is newer than this program, or another program's.
    @discardableResult
    static func check(_ database: Database, path: String) throws -> Int {
        let owner = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard owner == applicationID || owner == 0 && tables == 0 else {
            throw LedgerError.unreadable(path, detail: "a database of another program")
        }
        guard version <= known else {
            throw LedgerError.newer(path, version: version, known: known)
        }
        return version
    }
}
