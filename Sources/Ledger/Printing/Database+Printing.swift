import GRDB
import Labels
import Tally

extension Database {
    func printers() throws -> [LabelPrinter] {
        try all("SELECT name, connection, language, resolution, width FROM printer ORDER BY name") {
            row in
            guard let language = LabelPrinter.Language(rawValue: row[2]) else {
                throw DamagedRow(what: "a printer with an unknown language")
            }
            let (name, connection): (String, String) = (row[0], row[1])
            let (resolution, width): (Int, Int) = (row[3], row[4])
            do throws(PrintRefusal) {
                return try LabelPrinter(
                    name: name,
                    connection: connection,
                    language: language,
                    resolution: resolution,
                    width: width
                )
            } catch {
                throw DamagedRow(what: "a printer: \(error.plainText)")
            }
        }
    }

    func checkPrinter(_ name: String) throws {
        let known = try printers().map(\.name)
        guard known.contains(name) else {
            throw PrintRefusal.unknownPrinter(name, known: known.joined(separator: ", "))
        }
    }

    func job(_ id: Int64) throws -> PrintJob? {
        try first(
            "SELECT \(PrintJob.columns) FROM print_job WHERE id = ?",
            [id],
            PrintJob.init(row:)
        )
    }

    func requiredJob(_ id: Int64) throws -> PrintJob {
        guard let job = try job(id) else { throw PrintRefusal.unknownJob(String(id)) }
        return job
    }

    /// Queues a job anew, and counts a reprint where it may have printed before.
    func ask(again job: PrintJob, at printer: String, _ now: Moment) throws {
        try run(
            """
            UPDATE print_job SET
                state = 'queued', note = '', detail = '', changed = ?, printer = ?, run = run + 1,
                reprints = reprints + ?, attempts = 0, ticket = '', armed = 0, recalled = 0
            WHERE id = ?
            """,
            [now.milliseconds, printer, job.state.mayHavePrinted ? 1 : 0, job.id]
        )
    }

    /// Leaves to a person what waited when a backup was made: it may have printed since.
    ///
    /// What was on its way to other systems may have arrived.
    func doubtOpenJobs() throws {
        // An older backup has no such tables.
        if try tableExists("outbox_delivery") {
            try execute(
                sql: """
                    UPDATE outbox_delivery SET doubted = 1 WHERE state IN ('waiting', 'sending')
                    """
            )
        }
        guard try tableExists("print_job") else { return }
        try execute(
            sql: """
                UPDATE print_job SET state = 'unknown', note = 'interrupted', ticket = ''
                WHERE state IN ('queued', 'sending')
                """
        )
    }

    /// Ends a job by a person's word.
    func settle(_ id: Int64, _ state: PrintState, _ now: Moment) throws {
        try run(
            "UPDATE print_job SET state = ?, note = '', detail = '', changed = ? WHERE id = ?",
            [state.rawValue, now.milliseconds, id]
        )
    }
}

extension PrintJob {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns = """
        id, title, printer, copies, queued, state, note, detail, changed, attempts, reprints, run, \
        ticket, armed, recalled
        """

    init(row: Row) throws {
        guard let state = PrintState(rawValue: row[5]) else {
            throw DamagedRow(what: "a print job with an unknown state")
        }
        self.init(
            id: row[0],
            title: row[1],
            printer: row[2],
            copies: row[3],
            queued: Moment(milliseconds: row[4]),
            state: state,
            note: row[6],
            detail: row[7],
            changed: Moment(milliseconds: row[8]),
            attempts: row[9],
            reprints: row[10],
            run: row[11],
            ticket: row[12],
            isArmed: row[13],
            isRecalled: row[14]
        )
    }
}
