import Tally

/// Bytes that a terminal sent and that could not take effect, kept whole for a person.
///
/// Nothing that was sent is ever dropped: what cannot be read, is another's, leaves the chain or is
/// not permitted lies here, whatever else the hub makes of it.
public struct QuarantinedRecord: Hashable, Sendable {
    /// What became of it.
    public enum State: UInt8, Sendable, CaseIterable {
        /// Waits: for a person, or for what comes before it.
        case held = 1
        /// A person released it; it was judged again and took effect.
        case released = 2
        /// A person said why it shall not count.
        case dismissed = 3
        /// What it waited for came, and it took its place by itself.
        case placed = 4
        /// Its terminal took a new identity and recorded it again.
        case recordedAgain = 5
    }

    /// From 1 up, in the order in which they came.
    public let ticket: UInt64
    /// Who sent it.
    public let sender: Identifier
    /// The first 128 bits of SHA-256 over the bytes.
    public let hash: Identifier
    public let bytes: [UInt8]
    public let verdict: Verdict
    /// A problem code.
    public let reason: String
    public let received: Moment
    public var state: State
    public var settled: Moment?
    /// Who settled it; empty when no person did.
    public var person: String
    /// Why, in that person's words.
    public var remark: String

    public init(
        ticket: UInt64,
        sender: Identifier,
        hash: Identifier,
        bytes: [UInt8],
        verdict: Verdict,
        reason: String,
        received: Moment,
        state: State = .held,
        settled: Moment? = nil,
        person: String = "",
        remark: String = ""
    ) {
        self.ticket = ticket
        self.sender = sender
        self.hash = hash
        self.bytes = bytes
        self.verdict = verdict
        self.reason = reason
        self.received = received
        self.state = state
        self.settled = settled
        self.person = person
        self.remark = remark
    }

    /// The operation, when the bytes are one.
    public var operation: Operation? { try? Operation(bytes: bytes) }  // nil: that is the finding

    /// Whether it stands beside the chain, so that what follows it is no part of the chain either.
    var isBranch: Bool { reason == Reason.fork || reason == Reason.chainBroken }

    /// Whether it waits for what its chain lacks.
    var isGap: Bool { reason == Reason.predecessorMissing }

    /// Why bytes lie here, as far as sync itself says so.
    enum Reason {
        static let fork = "sync.fork"
        static let chainBroken = "sync.chain_broken"
        static let predecessorMissing = "sync.predecessor_missing"
        static let foreign = "sync.foreign_operation"
        static let revoked = "sync.revoked"
        static let scope = "sync.scope_not_permitted"
    }
}

/// Where a chain of a terminal stands at the hub, and how it began.
public struct ChainState: Hashable, Sendable {
    public let replica: Identifier
    public let incarnation: UInt64
    /// What its first operation links to; nil when that is not known.
    public let first: Identifier?
    /// The last operation that belongs to it, kept aside or not.
    public var sequence: UInt64
    public var hash: Identifier
    /// The operation from which a later incarnation goes on; 0 when none does.
    public var endedAt: UInt64
    /// Whether it goes on from where another chain went on: a copy of the terminal.
    public var isForked: Bool

    public init(
        replica: Identifier,
        incarnation: UInt64,
        first: Identifier?,
        sequence: UInt64,
        hash: Identifier,
        endedAt: UInt64 = 0,
        isForked: Bool = false
    ) {
        self.replica = replica
        self.incarnation = incarnation
        self.first = first
        self.sequence = sequence
        self.hash = hash
        self.endedAt = endedAt
        self.isForked = isForked
    }
}

/// What a hub's store can be asked of chains and of what is kept aside.
public protocol IntakeReading: AnyObject {
    func quarantined(_ ticket: UInt64) throws -> QuarantinedRecord?
    /// What a terminal sent with this hash and the hub kept aside.
    func quarantined(_ hash: Identifier, from sender: Identifier) throws -> QuarantinedRecord?
    /// Records past a ticket, in the order in which they came; those that wait alone with `held`.
    func quarantine(after ticket: UInt64, held: Bool, limit: Int) throws -> [QuarantinedRecord]
    /// What waits of a sender, in the order in which it came.
    func heldRecords(from sender: Identifier) throws -> [QuarantinedRecord]
    func chain(_ replica: Identifier, _ incarnation: UInt64) throws -> ChainState?
    /// The chains of a replica, sorted by incarnation.
    func chains(of replica: Identifier) throws -> [ChainState]
    /// The operation of a replica with this hash; looks through all of that replica's.
    func operation(hashed hash: Identifier, of replica: Identifier) throws -> OperationID?
    /// The settings whose keys begin with `prefix`, sorted by key.
    func settings(under prefix: String) throws -> [(key: SettingKey, value: [UInt8])]
}

/// What can be changed of chains and of what is kept aside.
public protocol IntakeTransaction: IntakeReading {
    /// Adds a record under the next ticket, or changes the one with its ticket.
    func keep(_ record: QuarantinedRecord) throws
    func nextTicket() throws -> UInt64
    func set(_ chain: ChainState) throws
}
