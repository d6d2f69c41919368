/// How long the spooler waits for printers, in milliseconds.
public struct SpoolerSettings: Hashable, Sendable {
    /// For a connection, 100 to 60,000.
    public var connect = 5_000
    /// For an answer to a question.
    public var answer = 1_500
    /// For a printer that takes no byte at all.
    public var stall = 15_000
    /// For the printer to say that a label is done; a copy adds a tenth.
    public var confirm = 20_000
    /// For a person to mend what keeps it from being done, before the job is left as sent.
    public var mend = 600_000
    /// Between two questions.
    public var poll = 200
    /// Before the first new attempt at a printer that is off; doubles from time to time.
    public var retryFirst = 1_000
    public var retryMax = 30_000
    /// For a printer that starts anew after it was cleared.
    public var restart = 20_000

    public init() {}
}
