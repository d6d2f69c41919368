import Foundation
import GRDB
import Sync
import Tally

/// A replica's store on disk: SQLite in a data folder that this process owns.
///
/// When `write` returns, what it wrote is on the disk: WAL with `synchronous = FULL`
/// (https://www.sqlite.org/pragma.html#pragma_synchronous). Reads run beside a write, each on a
/// consistent state. Transaction objects are good only inside the closure that gets them, and
/// accesses do not nest.
public final class LedgerStore: ReplicaStore, AsyncReplicaStore {
    /// `PRAGMA synchronous` as a number: FULL.
    private static let full = 2

    public let folder: DataFolder
    /// The database; only this room and its tests go past the port.
    package let pool: DatabasePool

    /// Opens the database of a folder, makes it where it is missing, and brings it up to date.
    ///
    /// - Throws: ``LedgerError`` when the file is newer than this program, not ours, damaged, or
    ///   cannot be written.
    public init(_ folder: DataFolder) throws {
        self.folder = folder
        let path = folder.database
        pool = try LedgerError.translating(path) {
            try DatabasePool(path: path, configuration: Self.configuration)
        }
        try LedgerError.translating(path) {
            try pool.writeWithoutTransaction { database in
                // GRDB sets NORMAL when it opens a pool, so this comes after, and is looked at.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                guard try Self.synchronous(database) == Self.full else {
                    throw LedgerError.notDurable(path)
                }
                try Migration.run(database, path: path)
            }
        }
    }

    /// Closes the database and empties its write-ahead log.
    ///
    /// A store that is not closed loses nothing: the next start reads the log.
    public func close() throws {
        try LedgerError.translating(folder.database) {
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA busy_timeout = 0")
                _ = try? database.checkpoint(.truncate)  // best effort: a reader may be at work
            }
            try pool.close()
        }
    }

    // MARK: - Access

    public func read<Result>(_ body: (any ReplicaReading) throws -> Result) throws -> Result {
        try translating { try pool.read { try body(LedgerReading($0)) } }
    }

    public func write<Result>(
        _ body: (any ReplicaTransaction) throws -> Result
    ) throws -> Result {
        try translating { try pool.write { try Self.run(body, $0) } }
    }

    /// Reads on a thread of the store's own: no thread of Swift's pool waits meanwhile.
    public func read<Result: Sendable>(
        _ body: @Sendable (any ReplicaReading) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.read { try body(LedgerReading($0)) }
        } catch {
            throw translated(error)
        }
    }

    /// Writes on a thread of the store's own: no thread of Swift's pool waits meanwhile.
    ///
    /// A task that is cancelled before the commit gets a `CancellationError`, and nothing is
    /// written.
    public func write<Result: Sendable>(
        _ body: @Sendable (any ReplicaTransaction) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.write { try Self.run(body, $0) }
        } catch {
            throw translated(error)
        }
    }

    /// Reads rows that are not the replica's, on a thread of the store's own.
    func rows<Result: Sendable>(
        read body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.read(body)
        } catch {
            throw translated(error)
        }
    }

    /// Writes rows that are not the replica's, in one transaction.
    func rows<Result: Sendable>(
        write body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.write(body)
        } catch {
            throw translated(error)
        }
    }

    private static func run<Result>(
        _ body: (any ReplicaTransaction) throws -> Result,
        _ database: Database
    ) throws -> Result {
        let transaction = LedgerTransaction(database)
        let result = try body(transaction)
        try transaction.flush()
        return result
    }

    // MARK: - Errors

    private func translated(_ error: any Error) -> any Error {
        let path = folder.database
        switch error {
        case let error as DatabaseError: return LedgerError(error, path: path)
        case let error as DamagedRow: return LedgerError.unreadable(path, detail: error.what)
        default: return error
        }
    }

    private func translating<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch {
            throw translated(error)
        }
    }

    // MARK: - Set-up

    /// What a start-up check and a doctor look at: 2 is FULL.
    public func synchronous() throws -> Int {
        try translating { try pool.writeWithoutTransaction(Self.synchronous) }
    }

    private static func synchronous(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? 0
    }

    /// Small caches: an idle terminal has 60 MB for everything.
    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "ledger"
        configuration.maximumReaderCount = 3
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // Negative numbers are KiB (https://www.sqlite.org/pragma.html#pragma_cache_size).
            let cache = database.configuration.readonly ? 1_024 : 4_096
            try database.execute(sql: "PRAGMA cache_size = -\(cache)")
            // A write-ahead log that grew under a long read gives its space back afterwards.
            try database.execute(sql: "PRAGMA journal_size_limit = 8388608")
        }
        return configuration
    }
}
