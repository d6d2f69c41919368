import Foundation
import GRDB
import Sync
import Tally

/// What a backup holds; what is covered by it is secured.
public struct BackupReport: Hashable, Sendable {
    public let path: String
    public let byteCount: Int
    /// Sorted by scope: everything up to each head is in the backup.
    public let scopes: [ScopeSummary]

    public init(path: String, byteCount: Int, scopes: [ScopeSummary]) {
        self.path = path
        self.byteCount = byteCount
        self.scopes = scopes
    }
}

extension LedgerStore {
    /// Copies the database, as it is at one moment, to a file of its own, while work goes on.
    ///
    /// The copy is made beside its final name, read back (SQLite's check, references, and each
    /// scope's digest computed anew from its cells), and brought to the disk; only then does it
    /// take its name, in one step. When anything fails, a file of that name stays as it was.
    ///
    /// - Parameter path: the file; one that is there is replaced.
    /// - Returns: what the backup covers.
    /// - Throws: ``LedgerError`` or ``LedgerDifference``.
    @discardableResult
    public func backup(to path: String) throws -> BackupReport {
        try DatabaseCopy.make(of: pool, from: folder.database, to: path, disk: options.disk)
    }

    /// As ``backup(to:)-(String)``, on a thread of its own: no thread of Swift's pool waits.
    @discardableResult
    public func backup(to path: String) async throws -> BackupReport {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { [self] in
                continuation.resume(with: Result { try backup(to: path) })
            }
        }
    }

    /// Puts a backup into a data folder that has no database yet, checked like a fresh one.
    ///
    /// - Parameters:
    ///   - path: a file that ``backup(to:)`` made.
    ///   - folder: where it goes; open it with ``init(_:)`` afterwards.
    /// - Returns: what the folder holds now.
    /// - Throws: ``LedgerError`` or ``LedgerDifference``; the folder has no database then either.
    @discardableResult
    public static func restore(
        _ path: String,
        into folder: DataFolder
    ) throws -> BackupReport {
        guard !FileManager.default.fileExists(atPath: folder.database) else {
            throw LedgerError.alreadyThere(folder.database)
        }
        let backup = try LedgerError.translating(path) {
            try DatabaseQueue(path: path, configuration: DatabaseCopy.reading)
        }
        try LedgerError.translating(path) {
            try backup.read { database in
                try Migration.check(database, path: path)
                try folder.checkOwner(of: LedgerReading(database), at: path)
            }
        }
        return try DatabaseCopy.make(
            of: backup,
            from: path,
            to: folder.database,
            disk: .system
        ) { copy in
            try copy.doubtOpenJobs()
        }
    }
}

/// Copies of a database that are looked at before they count.
enum DatabaseCopy {
    static var reading: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "ledger.copy"
        return configuration
    }

    @discardableResult
    static func make(
        of source: any DatabaseReader,
        from original: String,
        to path: String,
        disk: any Disk,
        change: (Database) throws -> Void = { _ in }
    ) throws -> BackupReport {
        let part = path + ".part"
        do {
            unlink(part)  // what an attempt left that was cut off
            try disk.create(part).sync()
            let scopes = try LedgerError.translating(original) {
                try copy(source, to: part, change: change)
            }
            try disk.open(part).sync()
            let byteCount = try size(of: part)
            try disk.rename(part, to: path)
            try disk.syncFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
            return BackupReport(path: path, byteCount: byteCount, scopes: scopes)
        } catch {
            unlink(part)  // best effort: the next attempt starts the part anew
            throw error
        }
    }

    private static func copy(
        _ source: any DatabaseReader,
        to path: String,
        change: (Database) throws -> Void
    ) throws -> [ScopeSummary] {
        var configuration = Configuration()
        configuration.label = "ledger.copy"
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -1024") }
        let target = try DatabaseQueue(path: path, configuration: configuration)
        try source.backup(to: target)
        let scopes = try target.writeWithoutTransaction { database in
            // One file, without -wal beside it; opening it as a ledger sets WAL again.
            try database.execute(sql: "PRAGMA journal_mode = DELETE")
            try Migration.check(database, path: path)
            try change(database)
            return try check(database)
        }
        try target.close()
        return scopes
    }

    /// Computes every scope's digest from its cells.
    private static func check(_ database: Database) throws -> [ScopeSummary] {
        try database.checkStructure()
        let reading = LedgerReading(database)
        return try reading.scopes().map { scope in
            let state = try reading.state(of: scope) ?? ScopeState()
            var sum = ScopeDigest()
            try database.eachCell(of: scope) { entity, key, value in
                sum.replace(key, of: entity, from: nil, to: value)
            }
            guard sum == state.digest else {
                throw LedgerDifference.digest(scope, stored: state.digest, replayed: sum)
            }
            return ScopeSummary(scope: scope, head: state.head, digest: sum)
        }
    }

    private static func size(of path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw LedgerError.system(path) }
        return Int(status.st_size)
    }
}
