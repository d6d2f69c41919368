import Foundation
import GRDBSQLite
import Glibc

/// The raw limit: the same rows through SQLite's own calls, in a file of the same kind (WAL, FULL),
/// with nothing else around them.
final class RawSQLite {
    private var connection: OpaquePointer?
    private var statement: OpaquePointer?

    /// - Parameter path: a new file.
    /// - Throws: when SQLite refuses.
    init(_ path: String) throws {
        try check(sqlite3_open(path, &connection))
        try run("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = FULL")
        try run(
            """
            CREATE TABLE operation (id BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID
            """
        )
        let sql = "INSERT INTO operation (id, bytes) VALUES (?, ?)"
        try check(sqlite3_prepare_v2(connection, sql, -1, &statement, nil))
    }

    deinit {
        sqlite3_finalize(statement)
        sqlite3_close(connection)
    }

    /// Inserts rows in one durable transaction.
    func insert(_ rows: some Sequence<(id: [UInt8], bytes: [UInt8])>) throws {
        try run("BEGIN IMMEDIATE")
        for row in rows {
            // The bytes outlive the step, so SQLite need not copy them: a nil destructor.
            try row.id.withUnsafeBytes { id in
                try row.bytes.withUnsafeBytes { bytes in
                    try check(
                        sqlite3_bind_blob(statement, 1, id.baseAddress, Int32(id.count), nil)
                    )
                    try check(
                        sqlite3_bind_blob(statement, 2, bytes.baseAddress, Int32(bytes.count), nil)
                    )
                    try check(sqlite3_step(statement), SQLITE_DONE)
                }
            }
            sqlite3_reset(statement)
        }
        try run("COMMIT")
    }

    /// Looks rows up by their ids.
    ///
    /// - Returns: how many bytes they have, so that nothing of it is left out.
    func lookUp(_ rows: some Sequence<(id: [UInt8], bytes: [UInt8])>) throws -> Int {
        var query: OpaquePointer?
        let sql = "SELECT bytes FROM operation WHERE id = ?"
        try check(sqlite3_prepare_v2(connection, sql, -1, &query, nil))
        defer { sqlite3_finalize(query) }
        var byteCount = 0
        try run("BEGIN")
        for row in rows {
            try row.id.withUnsafeBytes { id in
                try check(sqlite3_bind_blob(query, 1, id.baseAddress, Int32(id.count), nil))
                try check(sqlite3_step(query), SQLITE_ROW)
            }
            byteCount += Int(sqlite3_column_bytes(query, 0))
            sqlite3_reset(query)
        }
        try run("COMMIT")
        return byteCount
    }

    private func run(_ sql: String) throws {
        try check(sqlite3_exec(connection, sql, nil, nil, nil))
    }

    private func check(_ code: Int32, _ expected: Int32 = SQLITE_OK) throws {
        guard code == expected else {
            throw RawSQLiteError(message: String(cString: sqlite3_errmsg(connection)))
        }
    }

    /// What SQLite said.
    struct RawSQLiteError: Error {
        let message: String
    }
}

/// The machine's own time to bring a block to the disk.
enum SyncedWrite {
    /// Seconds of each of `count` writes of 4 KiB with fdatasync(2).
    static func seconds(in folder: String, count: Int) throws -> [Double] {
        let path = folder + "/fsync.probe"
        let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        defer {
            close(file)
            unlink(path)
        }
        let block = [UInt8](repeating: 7, count: 4096)
        let clock = ContinuousClock()
        return (0..<count).map { _ in
            clock.measure {
                write(file, block, block.count)
                fdatasync(file)
            } / .seconds(1)
        }
    }
}
