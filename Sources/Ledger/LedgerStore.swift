import Foundation
import GRDB
import Sync
import Synchronization
import Tally

/// A replica's store on disk: SQLite in a data folder that this process owns.
///
/// When `write` returns, what it wrote is on the disk: WAL with `synchronous = FULL`
/// (https://www.sqlite.org/pragma.html#pragma_synchronous). Writes that wait at the same time share
/// one commit (``CommitQueue``). Reads run beside a write, each on a consistent state. Transaction
/// objects are good only inside the closure that gets them, and accesses do not nest.
///
/// A write's body may run again when the disk was full and room was made, or when the store had to
/// be opened anew; only its last run counts.
public final class LedgerStore: ReplicaStore, AsyncReplicaStore {
    public let folder: DataFolder
    let options: LedgerOptions
    /// What the disk has room for; only this room and its tests look closer.
    package let room: DiskRoom
    private let opened: Mutex<OpenLedger>
    private let commits = CommitQueue()

    /// The database; only this room and its tests go past the port.
    package var pool: DatabasePool { opened.withLock(\.pool) }

    /// Opens the database of a folder, makes it where it is missing, and brings it up to date.
    ///
    /// With a second journal (``LedgerOptions/hasSecondJournal``) a damaged database is moved aside
    /// and rebuilt.
    ///
    /// - Throws: ``LedgerError`` when the file is newer than this program, not ours, damaged, or
    ///   cannot be written.
    public init(_ folder: DataFolder, _ options: LedgerOptions = LedgerOptions()) throws {
        self.folder = folder
        self.options = options
        room = DiskRoom(folder, options)
        opened = Mutex(try LedgerOpening(folder, options).open())
        room.start()
    }

    /// Closes the database and empties its write-ahead log.
    ///
    /// A store that is not closed loses nothing: the next start reads the log.
    public func close() throws {
        let pool = pool
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
        try withoutActuallyEscaping(body) { body in
            let request = CommitRequest(body)
            commits.add(request)
            commits.drain(until: request) { commit($0) }
            return try request.result()
        }
    }

    /// Reads on a thread of the store's own: no thread of Swift's pool waits meanwhile.
    public func read<Result: Sendable>(
        _ body: @Sendable (any ReplicaReading) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.read { try body(LedgerReading($0)) }
        } catch {
            let error = noted(error)
            guard isTroubled else { throw error }
        }
        // The store is opened anew, or mended, and asked once more.
        try await write { _ in }
        do {
            return try await pool.read { try body(LedgerReading($0)) }
        } catch {
            throw noted(error)
        }
    }

    /// Writes on a thread of the store's own: no thread of Swift's pool waits meanwhile.
    ///
    /// A task that is cancelled before its turn gets a `CancellationError`, and nothing is
    /// written.
    public func write<Result: Sendable>(
        _ body: @Sendable (any ReplicaTransaction) throws -> Result
    ) async throws -> Result {
        try await withoutActuallyEscaping(body) { body in
            let request = CommitRequest<Result>(body)
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    request.whenDone { continuation.resume(with: $0) }
                    commits.add(request)
                    commits.drain { [weak self] group in self?.commit(group) ?? [] }
                }
            } onCancel: {
                request.cancel()
            }
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

    // MARK: - Commit

    /// Writes a group, healing the store first when it needs it.
    private func commit(_ group: [any Committing]) -> [CommitOutcome] {
        do {
            try makeReady()
            let outcomes: [CommitOutcome]
            do {
                outcomes = try attempt(group)
            } catch LedgerError.diskFull where room.giveBallast() {
                // The transaction is undone, so the bodies run again.
                outcomes = try attempt(group)
            }
            room.noteSuccess()
            return outcomes
        } catch {
            if case LedgerError.diskFull = error { room.noteRefusal() }
            return group.map { CommitOutcome(request: $0, error: error) }
        }
    }

    private func attempt(_ group: [any Committing]) throws -> [CommitOutcome] {
        let current = opened.withLock { $0 }
        do {
            return try GroupCommit(current, translated).run(group)
        } catch {
            throw noted(error)
        }
    }

    /// Whether the store can be written; mends it when it cannot.
    private func makeReady() throws {
        room.look()
        let current = opened.withLock { $0 }
        guard let trouble = current.trouble ?? current.files.trouble(in: folder) else { return }
        if trouble == .logMissing {
            // Best effort: the log is still open, so what it holds can go into the database.
            try? current.pool.writeWithoutTransaction { _ = try $0.checkpoint(.full) }
        }
        // What is still open is let go; when that fails, the file is opened beside it.
        try? current.pool.close()
        do {
            let fresh = try LedgerOpening(folder, options).open(after: trouble)
            opened.withLock { $0 = fresh }
            options.tell(.recovered)
        } catch {
            opened.withLock { $0.trouble = trouble }
            options.tell(.failing(detail: String(describing: error)))
            throw error
        }
    }

    /// Remembers what an error says about the store, and says it in the words of this room.
    private func noted(_ error: any Error) -> any Error {
        if let trouble = LedgerTrouble(error) {
            opened.withLock { $0.trouble = $0.trouble ?? trouble }
        }
        return translated(error)
    }

    /// How the store stands.
    public var condition: StoreCondition {
        let current = opened.withLock { $0 }
        return StoreCondition(
            roomLeft: room.roomLeft,
            damage: current.damage,
            isFailing: current.trouble != nil
        )
    }

    public var roomLeft: RoomLeft {
        room.look()
        return room.roomLeft
    }

    /// Says that the store is damaged, so that it is mended before the next write.
    func distrust(_ detail: String) {
        opened.withLock { $0.trouble = $0.trouble ?? .damaged(detail) }
    }

    private var isTroubled: Bool { opened.withLock { $0.trouble != nil } }

    /// What looks after the second journal; nil without one.
    var journal: SecondJournal? { opened.withLock(\.journal) }

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
            throw noted(error)
        }
    }

    /// What a start-up check and a doctor look at: 2 is FULL.
    public func synchronous() throws -> Int {
        try translating { try pool.writeWithoutTransaction(LedgerOpening.synchronous) }
    }
}

extension LedgerStore: StoreWatch {}
