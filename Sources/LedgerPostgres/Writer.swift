import Foundation
import Sync
import Tally

/// Writes groups of requests, each in one transaction, over a connection of its own.
///
/// A transaction that the server undid is run again from the start. One whose commit was not
/// answered is looked for first: each writes its number into this process's own row, and the next
/// transaction, which has to wait until the last one is over, reads it there.
///
/// `@unchecked`: used on the write queue's thread alone.
final class Writer: @unchecked Sendable {
    /// How long a write may take, its turn included, before who waits is told to ask again.
    static let patience = Duration.seconds(10)
    /// The channel on which other processes are told.
    static let channel = "tallyman"

    private let address: DatabaseAddress
    /// Names this process among the hub's.
    let process: Identifier
    private var connection: Connection?
    /// The number of the last transaction.
    private var turn: UInt64 = 0
    /// Called with the number of a try, before its commit, and after it; for tests.
    var beforeCommit: (@Sendable (Int) throws -> Void)?

    init(_ address: DatabaseAddress, process: Identifier) {
        self.address = address
        self.process = process
    }

    /// Forgets this process's row and ends the connection.
    func close() {
        // Best effort: a row that stays is taken away by a later start.
        _ = try? connection?.run("DELETE FROM process WHERE site = '' AND id = $1", [.id(process)])
        connection = nil
    }

    /// The statements that were prepared on the connection, by name.
    var statements: [String: String] { connection?.statements ?? [:] }

    /// How many statements the connection was given.
    var statementCount: Int { connection?.statementCount ?? 0 }

    // MARK: - Groups

    /// What a request threw after it had written: the others run again without it.
    private struct Spoilt: Error {
        let request: any Write
        let error: any Error
    }

    /// The commit was sent and not answered.
    private struct Unanswered: Error {
        let requests: [any Write]
        let error: ServerError
    }

    /// Writes a group and tells each request what came of it.
    func write(_ group: [any Write]) {
        let begun = group.map(\.begun).min() ?? ContinuousClock.now
        let deadline = begun + Self.patience
        var pending = group
        /// Who waits for a commit that was not answered.
        var doubtful: [any Write] = []
        var attempt = 0
        while !pending.isEmpty {
            attempt += 1
            do {
                if try settle(&doubtful, &pending) { continue }
                try attemptOnce(&pending, attempt)
            } catch let spoilt as Spoilt {
                pending.removeAll { $0 === spoilt.request }
                spoilt.request.finish(told(spoilt.error))
            } catch let unanswered as Unanswered {
                doubtful = unanswered.requests
                connection = nil
                if !mayGoOn(deadline, attempt) { return fail(pending, unanswered.error) }
            } catch let error as ServerError where error.mayTryAgain {
                if error.isLost || connection?.isIdle != true { connection = nil }
                if !mayGoOn(deadline, attempt) { return fail(pending, error) }
            } catch {
                connection = nil
                return fail(pending, error)
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

    private func fail(_ requests: [any Write], _ error: any Error) {
        for request in requests { request.finish(told(error)) }
    }

    /// Waits a little, longer with each try; false when there is no time left.
    private func mayGoOn(_ deadline: ContinuousClock.Instant, _ attempt: Int) -> Bool {
        guard ContinuousClock.now < deadline else { return false }
        // By chance, so that processes which met do not meet again.
        usleep(UInt32.random(in: 1_000...(10_000 << UInt32(min(attempt, 5)))))
        return true
    }

    /// Finds out what came of a commit that was not answered.
    ///
    /// - Returns: whether it had happened; those who waited for it are told.
    private func settle(_ doubtful: inout [any Write], _ pending: inout [any Write]) throws -> Bool
    {
        guard !doubtful.isEmpty else { return false }
        let connection = try ready()
        _ = try begin(connection)
        let last = try connection.run(
            "SELECT turn FROM process WHERE site = '' AND id = $1",
            [.id(process)]
        ).first { try $0.unsigned(0) }
        try connection.script("ROLLBACK")
        let isThere = last == turn
        if isThere {
            for request in doubtful { request.finish(nil) }
            pending.removeAll { $0.isDone }
        }
        doubtful = []
        return isThere
    }

    private func ready() throws -> Connection {
        if let connection, connection.isSound { return connection }
        let fresh = try Connection(address)
        connection = fresh
        return fresh
    }

    /// Begins a transaction and takes the hub's row: whoever writes waits here for the one before.
    private func begin(_ connection: Connection) throws -> HubCounters {
        // Each statement sees what was committed before it began; what matters is locked first, so
        // nothing changes between two of them.
        try connection.script("BEGIN ISOLATION LEVEL READ COMMITTED")
        let row = try connection.run(
            "SELECT schema, ordinal, queued FROM hub WHERE site = '' FOR UPDATE"
        ).first { row in
            (
                schema: Int(try row.requiredInteger(0)),
                counters: HubCounters(ordinal: try row.unsigned(1), queued: try row.unsigned(2))
            )
        }
        guard let row else {
            try connection.script("ROLLBACK")
            throw PostgresRefusal.foreign(address.name, detail: "hub")
        }
        guard row.schema == Migration.known else {
            try connection.script("ROLLBACK")
            throw PostgresRefusal.newer(
                address.name,
                version: row.schema,
                known: Migration.known
            )
        }
        return row.counters
    }

    /// Runs the bodies and commits; requests that are done are no longer pending.
    private func attemptOnce(_ pending: inout [any Write], _ attempt: Int) throws {
        let connection = try ready()
        let transaction = PostgresTransaction(connection, try begin(connection), address.name)
        let failures = try run(pending, transaction, connection)
        let rest = pending.filter { request in !failures.contains { $0.0 === request } }
        if rest.isEmpty {
            try connection.script("ROLLBACK")
        } else {
            turn += 1
            try transaction.finish([known, notice])
            try beforeCommit?(attempt)
            try commit(connection, rest)
        }
        for (request, error) in failures { request.finish(told(error)) }
        for request in rest { request.finish(nil) }
        pending = []
    }

    private func run(
        _ requests: [any Write],
        _ transaction: PostgresTransaction,
        _ connection: Connection
    ) throws -> [(any Write, any Error)] {
        var failures: [(any Write, any Error)] = []
        for request in requests {
            let mark = requests.count > 1 ? transaction.held : nil
            let writeCount = transaction.writeCount
            do {
                try request.run(transaction)
            } catch {
                if let error = error as? ServerError, error.mayTryAgain { throw error }
                if let mark, transaction.writeCount == writeCount, !(error is ServerError) {
                    transaction.goBack(to: mark)
                    failures.append((request, error))
                } else {
                    try connection.script("ROLLBACK")
                    throw Spoilt(request: request, error: error)
                }
            }
        }
        return failures
    }

    private func commit(_ connection: Connection, _ requests: [any Write]) throws {
        let answer: Rows
        do {
            answer = try connection.script("COMMIT")
        } catch let error as ServerError where error.isLost || !connection.isSound {
            throw Unanswered(requests: requests, error: error)
        }
        // The server answers so when a statement had failed that a body kept to itself.
        guard answer.command == "COMMIT" else {
            throw ServerError(state: "25P02", message: "the transaction was undone", isLost: false)
        }
    }

    // MARK: - The end of a transaction

    private var known: Statement {
        Statement(
            """
            INSERT INTO process (site, id, turn) VALUES ('', $1, $2)
            ON CONFLICT (site, id) DO UPDATE SET turn = excluded.turn, seen = now()
            """,
            [.id(process), .unsigned(turn)]
        )
    }

    /// Told to all that listen when the transaction is committed, and not otherwise.
    private var notice: Statement {
        Statement("SELECT pg_notify('\(Self.channel)', $1)", [.text(process.description)])
    }
}
