import Foundation
import GRDB
import Sync
import Tally

/// A database that is open, and what lies beside it.
struct OpenLedger: Sendable {
    let pool: DatabasePool
    let journal: SecondJournal?
    /// Which files the database was opened from.
    let files: LedgerFiles
    /// The last damage that was found.
    var damage: StoreDamage?
    /// Why the store must be opened anew before the next write.
    var trouble: LedgerTrouble?
    private let isJournalWhole: JournalHealth?

    init(
        pool: DatabasePool,
        journal: SecondJournal?,
        files: LedgerFiles,
        damage: StoreDamage?
    ) {
        self.pool = pool
        self.journal = journal
        self.files = files
        self.damage = damage
        isJournalWhole = journal.map { _ in JournalHealth() }
    }

    /// The disk did not take what the second journal wrote, though the database is there: the
    /// journal goes on in a new file, with everything that is not yet safe at the hub.
    func journalFailed(_ error: any Error, _ database: Database) {
        guard let journal, let isJournalWhole else { return }
        do {
            try journal.startNewSegment()
            let own = try OwnOperations(database)
            try journal.append(try own.needed())
            isJournalWhole.set(nil)
        } catch {
            // Tried again at the next record; until then the doctor and the page say so.
            isJournalWhole.set(String(describing: error))
        }
    }

    /// Why there is no second copy of the newest records; nil when there is.
    var journalTrouble: String? { isJournalWhole?.trouble }
}

/// Which files an open database lies in.
struct LedgerFiles: Sendable {
    private let database: FileIdentity?
    /// Nil before anything was written to it.
    private let log: FileIdentity?

    init(_ folder: DataFolder) {
        database = FileIdentity(folder.database)
        log = FileIdentity(folder.database + "-wal")
    }

    /// What of it is not where it was; SQLite takes a log away only when nobody has it open.
    func trouble(in folder: DataFolder) -> LedgerTrouble? {
        if let database, FileIdentity(folder.database) != database { return .missing }
        if let log, FileIdentity(folder.database + "-wal") != log { return .logMissing }
        return nil
    }
}

/// Opens a data folder's database, and rebuilds it when it is damaged and a second journal allows.
struct LedgerOpening {
    let folder: DataFolder
    let options: LedgerOptions

    init(_ folder: DataFolder, _ options: LedgerOptions) {
        self.folder = folder
        self.options = options
    }

    /// Opens the database.
    ///
    /// - Parameter trouble: why it was open before and is no more; nil at the start.
    /// - Returns: the store, in order.
    /// - Throws: ``LedgerError`` when it cannot be opened and nothing is there to rebuild it from;
    ///   nothing was changed then.
    func open(after trouble: LedgerTrouble? = nil) throws -> OpenLedger {
        if case .disk(let detail, unsynced: true)? = trouble, hasDatabase { try rewrite(detail) }
        guard options.hasSecondJournal else {
            let pool = try openPool()
            return opened(pool, nil, try Self.damage(in: pool))
        }
        let content = SecondJournal.read(folder)
        if case .damaged(let detail)? = trouble {
            return try rebuild(content, .database, detail)
        }
        guard hasDatabase else {
            if content.isEmpty, FileIdentity(copyPath) == nil { return try openNew(content) }
            return try rebuild(content, .databaseMissing, "no database beside the second journal")
        }
        let pool: DatabasePool
        do {
            pool = try openPool()
            do {
                try Reconciliation(pool, content).check()
            } catch {
                try? pool.close()  // it is moved aside, open or not
                throw error
            }
        } catch {
            guard let detail = damage(error, content) else { throw error }
            return try rebuild(content, .database, detail, or: error)
        }
        return try reconciled(pool, content, after: trouble)
    }

    /// Where the daily copy of the database lies.
    var copyPath: String { folder.path + "/copy.sqlite" }

    /// Beyond, a version is no newer program's but a damaged number.
    private static let plausibleVersionMax = 9_999

    private var hasDatabase: Bool {
        var status = stat()
        return stat(folder.database, &status) == 0 && status.st_size > 0
    }

    private func opened(
        _ pool: DatabasePool,
        _ journal: SecondJournal?,
        _ damage: StoreDamage?
    ) -> OpenLedger {
        OpenLedger(
            pool: pool,
            journal: journal,
            files: LedgerFiles(folder),
            damage: damage
        )
    }

    private func openNew(_ content: JournalContent) throws -> OpenLedger {
        let pool = try openPool()
        return try reconciled(pool, content)
    }

    private func reconciled(
        _ pool: DatabasePool,
        _ content: JournalContent,
        after trouble: LedgerTrouble? = nil
    ) throws -> OpenLedger {
        let journal = try SecondJournal(folder, after: content, disk: options.disk)
        let reconciliation = Reconciliation(pool, content)
        if let found = try reconciliation.settle(journal, now: options.now()) {
            options.tell(.damage(found))
        } else if trouble == .logMissing {
            // What it held was still open, and is in the database by now.
            let detail = "the write-ahead log was taken away while it was in use"
            let damage = StoreDamage(.recordsMissing, found: options.now(), detail: detail)
            try LedgerError.translating(pool.path) { try pool.write { try damage.save($0) } }
            options.tell(.damage(damage))
        }
        try moveDamagedSegments(content)
        return opened(pool, journal, try Self.damage(in: pool))
    }

    /// What could be read of them is in a new segment by now.
    private func moveDamagedSegments(_ content: JournalContent) throws {
        guard content.isDamaged else { return }
        let aside = try Aside(folder, now: options.now(), disk: options.disk)
        _ = try aside.move(content.damagedSegments.map(SecondJournal.name))
    }

    private func rebuild(
        _ content: JournalContent,
        _ finding: StoreDamage.Finding,
        _ detail: String,
        or original: (any Error)? = nil
    ) throws -> OpenLedger {
        let rebuilding = Rebuilding(self, content)
        let found = try rebuilding.run(finding, detail, or: original)
        let pool = try openPool()
        try rebuilding.fill(pool, found)
        let fresh = SecondJournal.read(folder)
        let journal = try SecondJournal(folder, after: fresh, disk: options.disk)
        let reconciliation = Reconciliation(pool, fresh)
        _ = try reconciliation.settle(journal, now: options.now(), isRebuilt: true)
        try moveDamagedSegments(fresh)
        let damage = try Self.damage(in: pool)
        if let damage { options.tell(.damage(damage)) }
        return opened(pool, journal, damage)
    }

    /// What an error says about the database; nil when it is no damage, or none that a second
    /// journal mends.
    private func damage(_ error: any Error, _ content: JournalContent) -> String? {
        // A file that this user may not open is no damage.
        guard access(folder.database, R_OK | W_OK) == 0 else { return nil }
        switch error {
        case LedgerError.unreadable(_, let detail): return detail
        case let difference as LedgerDifference: return difference.plainText
        case let row as DamagedRow: return row.what
        case LedgerError.newer(_, let version, _):
            // No program will ever have so many migrations: the number is damaged.
            return version > Self.plausibleVersionMax ? "version \(version)" : nil
        case LedgerError.failed(_, let detail):
            // A migration that finds its own tables: the version in the header is damaged.
            return content.isEmpty ? nil : detail
        default: return nil
        }
    }

    static func damage(in pool: DatabasePool) throws -> StoreDamage? {
        try pool.read { try StoreDamage(in: LedgerReading($0)) }
    }

    /// Writes the whole database anew, to a file that the disk is made to have: what was written
    /// before a failed fsync(2) may be in memory only, and would never be written again.
    private func rewrite(_ detail: String) throws {
        let pool = try openPool()
        let fresh = folder.database + ".fresh"
        let damage = StoreDamage(.disk, found: options.now(), detail: detail)
        try pool.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                try damage.save(database)
                return .commit
            }
        }
        try DatabaseCopy.make(of: pool, from: folder.database, to: fresh, disk: options.disk)
        try pool.close()
        // Should the power go between these, the old log meets pages that have it already.
        try options.disk.rename(fresh, to: folder.database)
        try options.disk.remove(folder.database + "-wal")
        try options.disk.remove(folder.database + "-shm")
        try options.disk.syncFolder(folder.path)
        options.tell(.damage(damage))
    }

    // MARK: - Database

    /// Opens the file, looks at its durability, and brings it up to date.
    func openPool() throws -> DatabasePool {
        let path = folder.database
        let pool = try LedgerError.translating(path) {
            try DatabasePool(path: path, configuration: Self.configuration)
        }
        do {
            try LedgerError.translating(path) {
                try pool.writeWithoutTransaction { database in
                    // GRDB sets NORMAL when it opens a pool, so this comes after, and is looked at.
                    let level = options.synchronous
                    // A disk that fails as the log is set up leaves SQLite with a rollback journal,
                    // and says nothing; FULL does not sync the folder when that goes. Asked again,
                    // it sets up the log, or says what is wrong.
                    let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
                    try database.execute(sql: "PRAGMA synchronous = \(level)")
                    guard try Self.synchronous(database) == level, mode == "wal" else {
                        throw LedgerError.notDurable(path)
                    }
                    try Migration.run(database, path: path)
                    try Self.watchRemovals(database)
                }
            }
        } catch {
            try? pool.close()  // the error that is thrown says more
            throw error
        }
        return pool
    }

    /// Notes which operations of this replica were let go, since they are safe elsewhere: the
    /// second journal may hold them longer, and they are not missing then.
    private static func watchRemovals(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TEMP TRIGGER operation_let_go AFTER DELETE ON main.operation
                WHEN old.replica = (SELECT value FROM main.setting WHERE key = 'replica.id')
                    OR old.acknowledged IS NOT NULL
                BEGIN
                    INSERT INTO setting (key, value)
                    VALUES (
                        '\(OwnOperations.letGoPrefix)' || old.incarnation,
                        CAST(CAST(old.sequence AS TEXT) AS BLOB)
                    )
                    ON CONFLICT (key) DO UPDATE SET value = excluded.value
                    WHERE CAST(CAST(excluded.value AS TEXT) AS INTEGER)
                        > CAST(CAST(value AS TEXT) AS INTEGER);
                END
                """
        )
    }

    static func synchronous(_ database: Database) throws -> Int {
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
