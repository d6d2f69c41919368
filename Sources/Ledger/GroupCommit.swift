import GRDB
import Sync
import Tally

/// One synced commit for all requests of a group.
///
/// Each request runs in a savepoint: one that throws takes back its own changes and nobody else's.
/// The second journal is brought to the disk while SQLite commits, so both copies cost one wait.
/// Nobody is answered before both are there.
struct GroupCommit {
    private let ledger: OpenLedger
    /// Says errors in the words of this room.
    private let translate: (any Error) -> any Error

    init(_ ledger: OpenLedger, _ translate: @escaping (any Error) -> any Error) {
        self.ledger = ledger
        self.translate = translate
    }

    /// Runs and commits a group.
    ///
    /// - Returns: what came of each request: nil once the disk has it.
    /// - Throws: what hit the group as a whole; no request was told anything then, and nothing is
    ///   written.
    func run(_ group: [any Committing]) throws -> [CommitOutcome] {
        var failures: [(any Committing, any Error)] = []
        try ledger.pool.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            do {
                let transaction = LedgerTransaction(database, journals: ledger.journal != nil)
                for request in group {
                    do {
                        try Self.run(request, transaction, database)
                    } catch {
                        guard database.isInsideTransaction, LedgerTrouble(error) == nil,
                            !Self.isFull(error)
                        else { throw error }
                        failures.append((request, error))
                    }
                }
                try transaction.flush()
                if failures.count == group.count {
                    try database.execute(sql: "ROLLBACK")
                } else {
                    try commit(transaction.entries, database)
                }
            } catch {
                if database.isInsideTransaction { try? database.execute(sql: "ROLLBACK") }
                throw error
            }
        }
        return failures.map { CommitOutcome(request: $0.0, error: translate($0.1)) }
            + group.map { CommitOutcome(request: $0, error: nil) }
    }

    private static func run(
        _ request: any Committing,
        _ transaction: LedgerTransaction,
        _ database: Database
    ) throws {
        let mark = transaction.mark
        try database.run("SAVEPOINT request")
        do {
            try request.run(transaction)
            try database.run("RELEASE request")
        } catch {
            if database.isInsideTransaction {
                try database.run("ROLLBACK TO request")
                try database.run("RELEASE request")
                transaction.mark = mark
            }
            throw error
        }
    }

    private static func isFull(_ error: any Error) -> Bool {
        if case LedgerError.diskFull = error { return true }
        return (error as? DatabaseError)?.resultCode.primaryResultCode == .SQLITE_FULL
    }

    private func commit(_ entries: [JournalEntry], _ database: Database) throws {
        let sync = try ledger.journal?.begin(entries)
        do {
            try database.execute(sql: "COMMIT")
        } catch {
            try? sync?.wait()  // its outcome does not matter any more
            ledger.journal?.abandon()
            throw error
        }
        do {
            try sync?.wait()
        } catch {
            // The database has it, durably, so it is saved; the second copy is made anew.
            ledger.journalFailed(error, database)
        }
    }
}
