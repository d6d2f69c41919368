import Foundation
import GRDB
import Labels
import Tally

/// The print queue in the terminal's database.
///
/// Each call is one transaction, on the disk when it returns, as everything of ``LedgerStore``.
public struct LedgerPrintQueue: PrintQueue {
    /// Jobs that are over and are kept; older ones go.
    static let keptMax = 2_000

    private let store: LedgerStore

    public init(_ store: LedgerStore) { self.store = store }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await store.rows(read: body)
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await store.rows(write: body)
    }

    // MARK: - Printers

    public func printers() async throws -> [LabelPrinter] {
        try await read { try $0.printers() }
    }

    public func save(_ printer: LabelPrinter) async throws {
        try await write { database in
            try database.run(
                """
                INSERT INTO printer (name, connection, language, resolution, width)
                VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET
                    connection = excluded.connection, language = excluded.language,
                    resolution = excluded.resolution, width = excluded.width
                """,
                [
                    printer.name, printer.connection, printer.language.rawValue,
                    printer.resolution, printer.width,
                ]
            )
        }
    }

    public func removePrinter(_ name: String) async throws {
        try await write { database in
            try database.checkPrinter(name)
            let jobs = try database.first(
                """
                SELECT count(*) FROM print_job
                WHERE printer = ? AND state IN ('queued', 'sending')
                """,
                [name]
            ) { $0[0] as Int }
            guard jobs == 0 || jobs == nil else {
                throw PrintRefusal.printerBusy(name, jobs: jobs ?? 0)
            }
            try database.run("DELETE FROM printer WHERE name = ?", [name])
        }
    }

    public func wasCutOff(_ printer: String) async throws -> Bool {
        try await read { database in
            try database.first("SELECT cut_off FROM printer WHERE name = ?", [printer]) {
                $0[0] as Bool
            } ?? false
        }
    }

    public func setCutOff(_ printer: String, _ isCutOff: Bool) async throws {
        try await write { database in
            try database.run("UPDATE printer SET cut_off = ? WHERE name = ?", [isCutOff, printer])
        }
    }

    // MARK: - Jobs

    public func add(
        _ pages: [LabelSheet],
        title: String,
        to printer: String,
        copies: Int,
        now: Moment
    ) async throws -> PrintJob {
        guard (1...PrintRules.copiesMax).contains(copies) else {
            throw PrintRefusal.badCopies(copies)
        }
        return try await write { database in
            try database.checkPrinter(printer)
            let waiting = try database.first(
                "SELECT count(*) FROM print_job WHERE state IN ('queued', 'sending')"
            ) { $0[0] as Int }
            guard waiting ?? 0 < PrintRules.waitingMax else {
                throw PrintRefusal.queueFull(PrintRules.waitingMax)
            }
            try database.run(
                """
                INSERT INTO print_job
                    (title, printer, copies, queued, state, note, detail, changed, pages)
                VALUES (?, ?, ?, ?, 'queued', '', '', ?, ?)
                """,
                [
                    PrintableText.clean(title), printer, copies, now.milliseconds,
                    now.milliseconds, Data(LabelSheet.encoded(pages)),
                ]
            )
            let id = database.lastInsertedRowID
            try database.run(
                """
                DELETE FROM print_job
                WHERE state NOT IN ('queued', 'sending') AND id <= ?
                """,
                [id - Int64(Self.keptMax)]
            )
            return try database.requiredJob(id)
        }
    }

    public func jobs(limit: Int) async throws -> [PrintJob] {
        try await read { database in
            try database.all(
                """
                SELECT \(PrintJob.columns) FROM print_job
                WHERE state IN ('queued', 'sending') OR id IN (
                    SELECT id FROM print_job WHERE state NOT IN ('queued', 'sending')
                    ORDER BY id DESC LIMIT ?
                )
                ORDER BY id DESC
                """,
                [limit],
                PrintJob.init(row:)
            )
        }
    }

    public func job(_ id: Int64) async throws -> PrintJob? {
        try await read { try $0.job(id) }
    }

    public func pages(of id: Int64) async throws -> [LabelSheet] {
        try await read { database in
            let bytes = try database.first("SELECT pages FROM print_job WHERE id = ?", [id]) {
                try $0.requiredBytes(0)
            }
            guard let bytes else { throw PrintRefusal.unknownJob(String(id)) }
            do {
                return try LabelSheet.decoded(bytes)
            } catch {
                throw DamagedRow(what: "the pages of print job \(id)")
            }
        }
    }

    public func jobs(in states: Set<PrintState>) async throws -> [PrintJob] {
        // Written out, so that the index on open jobs is used.
        let list = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        let open =
            states.isSubset(of: [.queued, .sending])
            ? "state IN ('queued', 'sending') AND " : ""
        return try await read { database in
            try database.all(
                """
                SELECT \(PrintJob.columns) FROM print_job
                WHERE \(open)state IN (\(list)) ORDER BY id
                """,
                [],
                PrintJob.init(row:)
            )
        }
    }

    // MARK: - What a person does

    public func move(_ id: Int64, to printer: String, now: Moment) async throws -> PrintJob {
        try await write { database in
            let job = try database.requiredJob(id)
            try PrintRules.check(job, in: PrintRules.movable)
            try database.checkPrinter(printer)
            try database.ask(again: job, at: printer, now)
            return try database.requiredJob(id)
        }
    }

    public func retry(_ id: Int64, now: Moment) async throws -> PrintJob {
        try await write { database in
            let job = try database.requiredJob(id)
            try PrintRules.check(job, in: PrintRules.retryable)
            try database.checkPrinter(job.printer)
            try database.ask(again: job, at: job.printer, now)
            return try database.requiredJob(id)
        }
    }

    public func cancel(_ id: Int64, now: Moment) async throws -> PrintJob {
        try await write { database in
            let job = try database.requiredJob(id)
            if job.state == .sending, !job.ticket.isEmpty {
                try database.run("UPDATE print_job SET recalled = 1 WHERE id = ?", [id])
            } else {
                try PrintRules.check(job, in: PrintRules.cancellable)
                try database.settle(id, .cancelled, now)
            }
            return try database.requiredJob(id)
        }
    }

    public func confirm(_ id: Int64, now: Moment) async throws -> PrintJob {
        try await write { database in
            try PrintRules.check(try database.requiredJob(id), in: PrintRules.confirmable)
            try database.settle(id, .confirmed, now)
            return try database.requiredJob(id)
        }
    }

    // MARK: - What the spooler does

    public func change(
        _ id: Int64,
        at printer: String,
        from: Set<PrintState>,
        _ change: PrintChange
    ) async throws -> Bool {
        try await write { database in
            guard let job = try database.job(id), job.printer == printer, from.contains(job.state)
            else { return false }
            try database.run(
                """
                UPDATE print_job SET
                    state = ?, note = ?, detail = ?, changed = ?, attempts = attempts + ?,
                    armed = coalesce(?, armed), ticket = coalesce(?, ticket)
                WHERE id = ?
                """,
                [
                    change.state.rawValue, change.note.rawValue,
                    String(PrintableText.clean(change.detail).prefix(300)),
                    change.moment.milliseconds, change.isAttempt ? 1 : 0, change.isArmed,
                    change.ticket, id,
                ]
            )
            if let isCutOff = change.isCutOff {
                try database.run(
                    "UPDATE printer SET cut_off = ? WHERE name = ?",
                    [isCutOff, printer]
                )
            }
            return true
        }
    }
}
