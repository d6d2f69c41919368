import Tally

/// The print queue of a terminal, durable: what a call says is on the disk when it returns.
///
/// A port; `Ledger` keeps it in the terminal's database. Every change names the state that it
/// expects, so that two hands on one job cannot both have it.
public protocol PrintQueue: Sendable {
    // MARK: Printers

    /// Sorted by name.
    func printers() async throws -> [LabelPrinter]
    /// Adds a printer, or changes the one of that name.
    func save(_ printer: LabelPrinter) async throws
    /// - Throws: ``PrintRefusal/unknownPrinter(_:known:)``, ``PrintRefusal/printerBusy(_:jobs:)``.
    func removePrinter(_ name: String) async throws
    /// Whether the last thing that went to the printer was cut off, so that half a label may lie in
    /// its memory.
    func wasCutOff(_ printer: String) async throws -> Bool
    func setCutOff(_ printer: String, _ isCutOff: Bool) async throws

    // MARK: Jobs

    /// Puts a label into the queue.
    ///
    /// - Throws: ``PrintRefusal/unknownPrinter(_:known:)``, ``PrintRefusal/badCopies(_:)``,
    ///   ``PrintRefusal/queueFull(_:)``.
    func add(
        _ pages: [LabelSheet],
        title: String,
        to printer: String,
        copies: Int,
        now: Moment
    ) async throws -> PrintJob
    /// The newest first; those that are not over, and at most `limit` others.
    func jobs(limit: Int) async throws -> [PrintJob]
    func job(_ id: Int64) async throws -> PrintJob?
    /// What the job prints.
    func pages(of id: Int64) async throws -> [LabelSheet]
    /// Jobs in these states, oldest first.
    func jobs(in states: Set<PrintState>) async throws -> [PrintJob]

    // MARK: What a person does

    /// Gives a job to another printer: one that is queued, failed, unknown or cancelled.
    func move(_ id: Int64, to printer: String, now: Moment) async throws -> PrintJob
    /// Prints a job that is over, once more.
    func retry(_ id: Int64, now: Moment) async throws -> PrintJob
    /// Takes back a job that waits; one at a print server is asked back.
    func cancel(_ id: Int64, now: Moment) async throws -> PrintJob
    /// Says that the label of a sent or unknown job is there.
    func confirm(_ id: Int64, now: Moment) async throws -> PrintJob

    // MARK: What the spooler does

    /// Changes a job, if it still is in one of these states and at this printer.
    ///
    /// - Returns: whether it did.
    func change(
        _ id: Int64,
        at printer: String,
        from: Set<PrintState>,
        _ change: PrintChange
    )
        async throws -> Bool
}

/// What the spooler found out about a job.
public struct PrintChange: Hashable, Sendable {
    public var state: PrintState
    public var note: PrintNote
    public var detail: String
    public var moment: Moment
    /// Counts one more attempt.
    public var isAttempt = false
    /// Nil: as it was.
    public var isArmed: Bool?
    public var ticket: String?
    /// Nil: as it was; else whether the printer may hold half a label.
    public var isCutOff: Bool?

    public init(
        _ state: PrintState,
        _ note: PrintNote = .none,
        detail: String = "",
        at moment: Moment
    ) {
        self.state = state
        self.note = note
        self.detail = detail
        self.moment = moment
    }
}

/// What may follow what, when a person asks.
public enum PrintRules {
    /// Jobs that wait, all printers together.
    public static let waitingMax = 10_000
    public static let copiesMax = 1_000
    /// States from which a job may go to another printer.
    public static let movable: Set<PrintState> = [.queued, .failed, .unknown, .cancelled]
    /// States from which a job may be printed once more.
    public static let retryable: Set<PrintState> = [
        .sent, .printed, .failed, .unknown, .confirmed, .cancelled,
    ]
    public static let cancellable: Set<PrintState> = [.queued, .failed, .unknown]
    public static let confirmable: Set<PrintState> = [.sent, .unknown]

    /// Refuses what the job's state does not allow.
    public static func check(
        _ job: PrintJob,
        in states: Set<PrintState>
    ) throws(PrintRefusal) {
        guard states.contains(job.state) else {
            throw .wrongState(
                job.id,
                state: job.state,
                wanted: states.map(\.rawValue).sorted().joined(separator: ", ")
            )
        }
    }
}
