import Tally

/// Where a print job stands: no more is said than is known.
public enum PrintState: String, Hashable, Sendable, CaseIterable {
    /// Nothing has gone to a printer, or nothing that could print.
    case queued
    /// On its way to the printer, or in the hands of a print server.
    case sending
    /// The printer, or its print server, took all of it and has not said that it printed.
    case sent
    /// The printer itself said that it printed.
    case printed
    /// It cannot be printed so; the detail says why.
    case failed
    /// It may have printed and may not: a person looks and decides.
    case unknown
    /// A person found the label.
    case confirmed
    /// A person took it back before it printed.
    case cancelled

    /// Whether something of it may be on paper.
    public var mayHavePrinted: Bool {
        switch self {
        case .queued, .failed, .cancelled: false
        case .sending, .sent, .printed, .unknown, .confirmed: true
        }
    }

    /// Whether nothing happens to it any more unless a person asks.
    public var isOver: Bool { self != .queued && self != .sending && self != .sent }
}

/// One label to be printed on one printer.
public struct PrintJob: Hashable, Sendable {
    /// Newer jobs have larger numbers; never given twice.
    public let id: Int64
    /// What people see in the queue.
    public let title: String
    public let printer: String
    public let copies: Int
    public let queued: Moment
    public let state: PrintState
    /// Why it is where it is, as a code of ``PrintNote``; empty when there is nothing to say.
    public let note: String
    /// The printer's or the system's own words.
    public let detail: String
    /// When it came into its state, or was last tried.
    public let changed: Moment
    /// How often a printer was asked to print it.
    public let attempts: Int
    /// How often a person asked for it again although it may have printed.
    public let reprints: Int
    /// Which asking this is: each time a person asks again or elsewhere, one more.
    public let run: Int
    /// The job's number at a print server; empty when there is none.
    public let ticket: String
    /// Whether the last bytes, those that make a printer print, may have gone out.
    public let isArmed: Bool
    /// Whether a person wants it back from the print server.
    public let isRecalled: Bool

    public init(
        id: Int64,
        title: String,
        printer: String,
        copies: Int,
        queued: Moment,
        state: PrintState,
        note: String,
        detail: String,
        changed: Moment,
        attempts: Int,
        reprints: Int,
        run: Int,
        ticket: String,
        isArmed: Bool,
        isRecalled: Bool
    ) {
        self.id = id
        self.title = title
        self.printer = printer
        self.copies = copies
        self.queued = queued
        self.state = state
        self.note = note
        self.detail = detail
        self.changed = changed
        self.attempts = attempts
        self.reprints = reprints
        self.run = run
        self.ticket = ticket
        self.isArmed = isArmed
        self.isRecalled = isRecalled
    }

    /// What the job is called at a print server: tells this run of it from all others.
    ///
    /// - Parameter plant: the terminal's own name, since several may share a print server.
    /// - Returns: a name in ASCII.
    public func serverName(plant: String) -> String { "tallyman-\(plant)-\(id)-\(run)" }
}

/// Why a job is where it is, in a word that the string table has a text for.
public enum PrintNote: String, Hashable, Sendable, CaseIterable {
    case none = ""
    /// The printer does not answer the connection.
    case off
    case paperOut = "paper_out"
    case ribbonOut = "ribbon_out"
    case headOpen = "head_open"
    case paused
    case jammed
    /// Another trouble, in the detail.
    case trouble
    /// It was cut off before anything could print, and is tried again.
    case cutOff = "cut_off"
    /// It was cut off when it may have begun to print.
    case cutOffLate = "cut_off_late"
    /// The program ended while the job was on its way.
    case interrupted
    /// Nothing that can be asked says whether it printed.
    case unconfirmed
    /// A print server has it and has not printed it.
    case atServer = "at_server"
    /// The print server says that it is done, which is no word of the printer's.
    case serverDone = "server_done"
    /// The print server gave it up.
    case serverRefused = "server_refused"
    /// The label cannot be drawn or is too large for the printer.
    case notDrawn = "not_drawn"
    /// The printer could not be opened as the daemon started, and its profile says that it is then
    /// left alone until the next start.
    case disabled
    /// The printer is not in the list any more.
    case noPrinter = "no_printer"
}
