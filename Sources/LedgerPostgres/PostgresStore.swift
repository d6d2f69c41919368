import Foundation
import Sync
import Synchronization
import Tally

/// A hub's store in a PostgreSQL database, which any number of hub processes share.
///
/// When `write` returns, the server has waited for its disk. Writes that wait at the same time
/// share one transaction. A body may run again when the server undid its transaction; only its
/// last run counts. Transaction objects are good only inside the closure that gets them, and
/// accesses do not nest.
public final class PostgresStore: ReplicaStore, AsyncReplicaStore {
    /// The database.
    public let address: DatabaseAddress
    private let writer: Writer
    private let writes = WriteQueue()
    private let pool: ConnectionPool
    private let readers = OperationQueue()
    private let listener = Mutex<ChangeListener?>(nil)

    /// Opens a database, and brings its schema up to date.
    ///
    /// - Parameter address: the database, which exists and is empty or a hub's.
    /// - Throws: ``PostgresRefusal``; nothing is changed then.
    public init(_ address: DatabaseAddress) throws {
        self.address = address
        var dice = SystemRandomNumberGenerator()
        let process = Identifier(high: dice.next(), low: dice.next())
        writer = Writer(address, process: process)
        pool = ConnectionPool(address)
        readers.maxConcurrentOperationCount = ConnectionPool.idleCountMax
        do {
            try pool.with { connection in
                try Self.check(connection, address)
                try Migration.run(connection, address.name)
                // What processes that were killed left behind.
                try connection.script(
                    """
                    DELETE FROM process WHERE site = '' AND seen < now() - interval '7 days'
                    """
                )
            }
        } catch let error as ServerError {
            throw error.refusal(address.name)
        }
    }

    deinit { listener.withLock { $0?.stop() } }

    /// Whether the server is one that keeps what it is told.
    private static func check(_ connection: Connection, _ address: DatabaseAddress) throws {
        func setting(_ name: String) throws -> String {
            try connection.run("SELECT current_setting($1)", [.text(name)])
                .first { try $0.text(0) } ?? ""
        }
        let version = Int(try setting("server_version_num")) ?? 0
        guard version >= 140_000 else {
            throw PostgresRefusal.unfit(address.name, detail: "server_version_num \(version)")
        }
        let wanted = ["server_encoding": "UTF8", "fsync": "on"]
        for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
            let found = try setting(name)
            guard found == value else {
                throw PostgresRefusal.unfit(address.name, detail: "\(name) = \(found)")
            }
        }
        guard try setting("synchronous_commit") != "off" else {
            throw PostgresRefusal.unfit(address.name, detail: "synchronous_commit = off")
        }
    }

    /// Ends the connections.
    public func close() {
        listener.withLock { listener in
            listener?.stop()
            listener = nil
        }
        readers.waitUntilAllOperationsAreFinished()
        writes.settle()
        writer.close()
        pool.close()
    }

    /// Has `tell` called when another process has written something, and when that may have been
    /// missed, until the store is closed.
    ///
    /// - Parameter tell: called on a thread of the store's own.
    public func listen(_ tell: @escaping @Sendable () -> Void) {
        let started = ChangeListener(address, own: writer.process, tell)
        listener.withLock { listener in
            listener?.stop()
            listener = started
        }
        started.start()
    }

    // MARK: - Access

    public func read<Result>(_ body: (any ReplicaReading) throws -> Result) throws -> Result {
        do {
            return try pool.read(since: ContinuousClock.now, body)
        } catch {
            throw told(error)
        }
    }

    public func write<Result>(
        _ body: (any ReplicaTransaction) throws -> Result
    ) throws -> Result {
        try withoutActuallyEscaping(body) { body in
            let request = WriteRequest(body)
            writes.wait(for: request) { writer.write($0) }
            return try request.result()
        }
    }

    /// Reads on a thread of the store's own: no thread of Swift's pool waits meanwhile.
    public func read<Result: Sendable>(
        _ body: @Sendable (any ReplicaReading) throws -> Result
    ) async throws -> Result {
        try await withoutActuallyEscaping(body) { body in
            let request = ReadRequest(body)
            return try await withCheckedThrowingContinuation { continuation in
                readers.addOperation { [self] in
                    let result = request.run(pool).mapError(told)
                    continuation.resume(with: result)
                }
            }
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
            let request = WriteRequest<Result>(body)
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    request.whenDone { continuation.resume(with: $0) }
                    writes.add(request) { [writer] in writer.write($0) }
                }
            } onCancel: {
                request.cancel()
            }
        }
    }

    /// Runs statements that are no part of the replica's state, each its own transaction, beside
    /// what else goes on.
    func beside<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        do {
            return try pool.with(body)
        } catch {
            throw told(error)
        }
    }

    /// As `beside`, on a thread of the store's own: no thread of Swift's pool waits meanwhile.
    func beside<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            readers.addOperation { [self] in
                continuation.resume(with: Swift.Result { try beside(body) })
            }
        }
    }

    private func told(_ error: any Error) -> any Error {
        switch error {
        case let error as ServerError: error.refusal(address.name)
        case let error as DamagedRow:
            PostgresRefusal.unreadable(address.name, detail: error.what)
        default: error
        }
    }

    // MARK: - For tests and benches

    /// How many statements its writes have taken.
    package var statementCount: Int {
        writes.settle()
        return writer.statementCount
    }

    /// How many pages of the database were looked at, by whoever, since the server counts.
    package func pageCount() throws -> Int {
        // What the writer's connection has counted is told when its transaction ends.
        try write { transaction in
            let transaction = transaction as? PostgresTransaction
            try transaction?.connection.run("SELECT pg_stat_force_next_flush()")
        }
        return try beside { connection in
            try connection.run(
                """
                SELECT (blks_hit + blks_read)::bigint FROM pg_stat_database
                WHERE datname = current_database()
                """
            ).first { Int(try $0.requiredInteger(0)) } ?? 0
        }
    }

    /// Every statement that this store has prepared, on whichever connection.
    package var statements: Set<String> {
        writes.settle()
        return Set(writer.statements.keys).union(pool.statements)
    }

    /// Called before each commit with the number of the try.
    package func setBeforeCommit(_ body: (@Sendable (Int) throws -> Void)?) {
        writes.settle()
        writer.beforeCommit = body
    }
}

/// A read that waits for its turn.
///
/// `@unchecked`: used by one thread at a time, first the caller's and then the reader's.
private final class ReadRequest<Value>: @unchecked Sendable {
    /// Let go before anyone is told, since it must not outlive the call that it came with.
    private var body: ((any ReplicaReading) throws -> Value)?
    private let begun = ContinuousClock.now

    init(_ body: @escaping (any ReplicaReading) throws -> Value) { self.body = body }

    func run(_ pool: ConnectionPool) -> Result<Value, any Error> {
        defer { body = nil }
        return Result {
            guard let body else { preconditionFailure("a read runs once") }
            return try pool.read(since: begun, body)
        }
    }
}
