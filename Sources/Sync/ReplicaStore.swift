import Tally

/// An operation in a replica's log.
public struct LoggedOperation: Hashable, Sendable {
    public let operation: Operation
    /// The hub's word; nil while a terminal's own operation waits for it.
    public var judgement: Judgement?
    /// The hub's answer to this terminal's push: a promise that it is on the hub's disk.
    public var acknowledged: Verdict?
    /// A problem code beside ``acknowledged``; empty when accepted.
    public var answer: String
    /// How soon it is sent, at the terminal that recorded it.
    public let lane: Lane

    public init(
        operation: Operation,
        judgement: Judgement?,
        acknowledged: Verdict? = nil,
        answer: String = "",
        lane: Lane = .edits
    ) {
        self.operation = operation
        self.judgement = judgement
        self.acknowledged = acknowledged
        self.answer = answer
        self.lane = lane
    }

    /// The hub's latest word, and why; nil before it said any.
    public var word: (verdict: Verdict, reason: String)? {
        if let judgement { return (judgement.verdict, judgement.reason) }
        return acknowledged.map { ($0, answer) }
    }

    /// Whether this is the hub's operation that ends a group, and not one that only says so.
    public var endsGroup: Bool { operation.isAcceptance && judgement?.verdict == .accepted }
}

/// The last operation of an incarnation.
public struct ChainHead: Hashable, Sendable {
    public let id: OperationID
    public let hash: Identifier

    public init(id: OperationID, hash: Identifier) {
        self.id = id
        self.hash = hash
    }
}

/// Names a value that a replica keeps beside its log: identity, clock, cursors, numbers.
public struct SettingKey: Hashable, Sendable {
    public let text: String

    public init(_ text: String) { self.text = text }
}

/// A message to the world outside, written in the transaction of the decision that it tells of.
public struct OutboxMessage: Hashable, Sendable {
    /// The idempotency key: derived from what the message is about, so that a hub which was
    /// restored and decides again makes the same one.
    public let key: Identifier
    /// What is told: `arrival_order`, `maintenance_order`.
    public let topic: String
    public let entity: EntityKey
    public let payload: [UInt8]

    public init(key: Identifier, topic: String, entity: EntityKey, payload: [UInt8]) {
        self.key = key
        self.topic = topic
        self.entity = entity
        self.payload = payload
    }
}

/// What can be asked of a replica's store inside a transaction.
public protocol ReplicaReading: IntakeReading {
    func setting(_ key: SettingKey) throws -> [UInt8]?

    func operation(_ id: OperationID) throws -> LoggedOperation?
    /// The one in the log that has this operation's id; a store that finds the same bytes need not
    /// read them again.
    func logged(_ operation: Operation) throws -> LoggedOperation?
    /// The last operation of one incarnation of a replica; nil when there is none.
    func chainHead(_ replica: Identifier, _ incarnation: UInt64) throws -> ChainHead?
    /// Operations of `replica` that the hub has not acknowledged, by lane, in each in the order
    /// recorded.
    func unsent(of replica: Identifier, limit: Int) throws -> [LoggedOperation]
    /// Operations of `replica` on which the hub's word is not plainly "accepted", latest first.
    func troubled(of replica: Identifier, limit: Int) throws -> [LoggedOperation]
    /// Operations about `entity` without a judgement, in the order recorded.
    func unjudged(about entity: EntityKey) throws -> [LoggedOperation]
    /// How many operations of `replica` the hub has not acknowledged, and what the wall clock said
    /// when the oldest of them was recorded.
    func backlog(of replica: Identifier) throws -> (count: Int, since: Moment?)
    /// Operations of a scope past a position, in the hub's order, at most `limit`.
    func stream(_ scope: Scope, after position: UInt64, limit: Int) throws -> [LoggedOperation]
    /// The last position of a scope; 0 when it has none.
    func head(of scope: Scope) throws -> UInt64
    /// Operations that the hub holds as waiting, in the order of their positions.
    func waiting(limit: Int) throws -> [LoggedOperation]
    /// Every operation of the log in the order stored, a page at a time: those stored after the
    /// `offset` first ones, where what was let go since counts too.
    func log(offset: Int, limit: Int) throws -> [LoggedOperation]

    func cell(_ key: CellKey, of entity: EntityKey) throws -> [UInt8]?
    func cells(of entity: EntityKey) throws -> [CellKey: [UInt8]]
    /// Entities of a kind about which anything is known, sorted; nil for all scopes.
    func entities(kind: String, in scope: Scope?) throws -> [EntityKey]
    /// Every scope of which an operation or a cell is here, sorted.
    func scopes() throws -> [Scope]
    func digest(of scope: Scope) throws -> ScopeDigest
    /// The stored sums of the leaves of a scope, bucket by bucket for each kind.
    func eachLeaf(
        of scope: Scope,
        in buckets: ClosedRange<UInt16>,
        _ visit: (UInt16, ScopeDigest) throws -> Void
    ) throws
    /// The entities that have cells in a bucket of a scope, sorted, each with the sum over its
    /// cells, computed from them.
    func entityDigests(of scope: Scope, in bucket: UInt16) throws -> [EntityDigest]
    /// Computes the sums of leaves from their cells, from behind `leaf` on (nil: from the start),
    /// until `cellCount` cells were read, and holds them against the stored ones.
    func scrub(_ scope: Scope, after leaf: DigestLeaf?, cellCount: Int) throws -> ScrubSlice
    /// The operations about the entities of a leaf; a look at the whole log.
    func operations(in leaf: DigestLeaf) throws -> [OperationID]
    /// The acceptances of a scope past a position, in the hub's order, at most `limit`.
    func groupEnds(
        of scope: Scope,
        after position: UInt64,
        limit: Int
    ) throws -> [LoggedOperation]

    /// Goes through the cells of a scope by entity and key; keys need not be ones that are known.
    func eachCell(
        of scope: Scope,
        _ visit: (EntityKey, [UInt8], [UInt8]) throws -> Void
    ) throws
    /// A piece of a snapshot that is kept for a scope; nil when it is not.
    func piece(_ hash: [UInt8], of scope: Scope) throws -> [UInt8]?
    func hasPiece(_ hash: [UInt8], of scope: Scope) throws -> Bool

    /// Messages not yet delivered, oldest first.
    func outbox(limit: Int) throws -> [OutboxMessage]
}

/// What can be changed inside a transaction.
///
/// All of it happens, or none.
public protocol ReplicaTransaction: ReplicaReading, IntakeTransaction, CellSpace {
    func set(_ key: SettingKey, to value: [UInt8]?) throws
    /// Adds an operation to the log. One that is there is a fault of the caller.
    func append(_ operation: LoggedOperation) throws
    /// Puts another operation in the place of the one that has its name: for a copy of a terminal,
    /// whose own has been recorded again under another name.
    func replace(_ operation: LoggedOperation) throws
    /// Takes an operation out of the log that is not needed here any more.
    ///
    /// Its place in the order stored stays empty. One that is not there is a fault of the caller.
    func letGo(_ id: OperationID) throws
    /// Sets what the hub said of an operation in the log.
    func judge(_ id: OperationID, _ judgement: Judgement?) throws
    /// Notes the hub's answer to a push, with a problem code when it is not plainly "accepted".
    func acknowledge(_ id: OperationID, _ verdict: Verdict?, _ reason: String) throws
    /// Forgets the hub's word on every operation of a scope; with `acknowledgements`, also its
    /// answers to pushes, so that all is sent again. The operations stay.
    func forgetJudgements(of scope: Scope, acknowledgements: Bool) throws
    /// Takes the cells of a leaf as they are: its sum and the scope's are set to what the cells
    /// give, and entities that the list of entities lacks are put there.
    func settle(_ leaf: DigestLeaf) throws
    /// Sets the scope's digest to the sum of its leaves.
    func settleRoot(of scope: Scope) throws
    /// Adds cells to an entity, none of which are there yet.
    func load(_ state: EntityState) throws
    /// Sets the last position of a scope, if it is less.
    func raiseHead(of scope: Scope, to position: UInt64) throws
    func putPiece(_ hash: [UInt8], _ bytes: [UInt8], of scope: Scope) throws
    func dropPieces(of scope: Scope, except kept: Set<[UInt8]>) throws
    /// Forgets every cell of an entity, also those that cannot be read.
    func clearCells(of entity: EntityKey) throws
    /// Forgets every cell of a scope and its digest; the log stays.
    func clearCells(of scope: Scope) throws
    /// Queues a message; one with the same key that was ever queued is not queued again.
    func enqueue(_ message: OutboxMessage) throws
    /// Takes a delivered message out of the queue and remembers its key.
    func delivered(_ key: Identifier) throws
}

extension ReplicaReading {
    /// A setting that is a number; nil when it was never set.
    package func integer(_ key: SettingKey) throws -> UInt64? {
        guard let bytes = try setting(key) else { return nil }
        var decoder = CanonicalDecoder(bytes)
        return try decoder.integer()
    }
}

extension ReplicaTransaction {
    /// Notes an answer without a reason, or forgets the answer.
    package func acknowledge(_ id: OperationID, _ verdict: Verdict?) throws {
        try acknowledge(id, verdict, "")
    }

    /// Sets a setting that is a number.
    package func set(_ key: SettingKey, to integer: UInt64) throws {
        var encoder = CanonicalEncoder()
        encoder.write(integer)
        try set(key, to: encoder.bytes)
    }
}

/// A replica's store.
///
/// `Ledger` is SQLite, `MemoryStore` the simulator's; the suite in `Tests/PortSuites` runs against
/// both.
public protocol ReplicaStore: AnyObject {
    /// Runs `body` on a consistent state.
    func read<Result>(_ body: (any ReplicaReading) throws -> Result) throws -> Result
    /// Runs `body` in a transaction that is durable when this returns, and undone when it throws.
    func write<Result>(_ body: (any ReplicaTransaction) throws -> Result) throws -> Result
}

extension ReplicaReading {
    public func logged(_ operation: Operation) throws -> LoggedOperation? {
        try self.operation(operation.id)
    }
}
