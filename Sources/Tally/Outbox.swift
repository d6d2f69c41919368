/// A message of the outbox on its way to one target: an ERP, a robot, a mail box.
public struct OutboxDelivery: Hashable, Sendable {
    /// How far it is.
    public enum State: String, Hashable, Sendable, CaseIterable {
        case waiting, sending, delivered, dead

        /// Whether something is still to be done.
        public var isOpen: Bool { self == .waiting || self == .sending }
    }

    /// The message's idempotency key: the same to every target, in every attempt.
    public let key: Identifier
    public let target: String
    public let site: String
    /// What is told: `arrival_order`, `maintenance_order`.
    public let topic: String
    /// What the message is about: deliveries about one entity go out in their order.
    public let entity: Identifier
    public let payload: [UInt8]
    /// When it was given to this target.
    public let added: Moment
    public var state: State
    /// Attempts that were begun, the one that is going on included.
    public var attempts: Int
    /// Whether an earlier life of this hub may have sent it: a backup does not know what followed.
    public var isDoubted: Bool
    /// When it goes next; while it is being sent, when its sender is given up.
    public var due: Moment
    /// Names the attempt; nil when none is going on.
    public var lease: Identifier?
    /// A problem code of the last failure; empty for none.
    public var error: String
    /// What the target said then.
    public var detail: String
    public var delivered: Moment?
    /// What the target calls it; empty when it said nothing.
    public var number: String
    /// What the target made of it since; nil before it said so.
    public var word: OutboxWord.State?
    public var wordMoment: Moment?

    public init(
        key: Identifier,
        target: String,
        site: String,
        topic: String,
        entity: Identifier,
        payload: [UInt8],
        added: Moment,
        state: State,
        attempts: Int = 0,
        isDoubted: Bool = false,
        due: Moment,
        lease: Identifier? = nil,
        error: String = "",
        detail: String = "",
        delivered: Moment? = nil,
        number: String = "",
        word: OutboxWord.State? = nil,
        wordMoment: Moment? = nil
    ) {
        self.key = key
        self.target = target
        self.site = site
        self.topic = topic
        self.entity = entity
        self.payload = payload
        self.added = added
        self.state = state
        self.attempts = attempts
        self.isDoubted = isDoubted
        self.due = due
        self.lease = lease
        self.error = error
        self.detail = detail
        self.delivered = delivered
        self.number = number
        self.word = word
        self.wordMoment = wordMoment
    }

    /// Whether the target may have it already.
    public var mayBeThere: Bool { attempts > 1 || isDoubted }
}

/// How many messages a target takes in a period, whichever process sends them.
///
/// Half of them may go at once, the others one by one: so no period of that length, wherever it
/// begins, sees more than the limit. What is left is told by one number that stores can keep: the
/// moment, in microseconds, until which the allowance is used up (the generic cell rate algorithm,
/// ITU-T I.371).
public struct RateLimit: Hashable, Sendable {
    public let count: Int
    public let periodMilliseconds: Int64

    /// A limit; counts and periods of less than 1 are taken as 1.
    public init(count: Int, periodMilliseconds: Int64) {
        self.count = max(1, count)
        self.periodMilliseconds = max(1, periodMilliseconds)
    }

    /// How many may go at once.
    public var burst: Int { max(1, count / 2) }

    /// Microseconds after which one more may go.
    private var interval: Int64 {
        let steady = Int64(max(1, count - burst))
        return (periodMilliseconds * 1_000 + steady - 1) / steady
    }

    /// How many may go now.
    public func left(usedUntil: Int64, now: Moment) -> Int {
        let ahead = max(0, usedUntil - now.milliseconds * 1_000)
        let room = Int64(burst) * interval - ahead
        return room <= 0 ? 0 : Int(min(Int64(burst), room / interval))
    }

    /// The stored number once some more have gone.
    public func spent(_ messages: Int, usedUntil: Int64, now: Moment) -> Int64 {
        max(usedUntil, now.milliseconds * 1_000) + Int64(messages) * interval
    }
}

/// On what terms deliveries are taken from the queue.
public struct LeaseTerms: Hashable, Sendable {
    /// What is taken now: so many deliveries, in so many messages.
    public struct Grant: Hashable, Sendable {
        public let deliveries: Int
        public let messages: Int
    }

    public let target: String
    public let rate: RateLimit?
    /// How many deliveries one message may tell of when the limit is near; 1 for a target that
    /// takes each alone.
    public let digestMax: Int
    /// How long the sender has; after that another may send it again.
    public let holdMilliseconds: Int64

    public init(
        target: String,
        rate: RateLimit? = nil,
        digestMax: Int = 1,
        holdMilliseconds: Int64 = 35_000
    ) {
        self.target = target
        self.rate = rate
        self.digestMax = max(1, digestMax)
        self.holdMilliseconds = holdMilliseconds
    }

    /// Decides how many go: one by one while there is room, together when it gets scarce.
    ///
    /// - Parameters:
    ///   - waiting: how many are due, counted up to ``digestMax``.
    ///   - usedUntil: see ``RateLimit``.
    ///   - now: the moment.
    /// - Returns: nil when nothing may go.
    public func grant(waiting: Int, usedUntil: Int64, now: Moment) -> Grant? {
        guard waiting > 0 else { return nil }
        guard let rate else { return Grant(deliveries: 1, messages: 1) }
        let left = rate.left(usedUntil: usedUntil, now: now)
        guard left > 0 else { return nil }
        let isScarce = left <= max(1, rate.burst / 2)
        return Grant(deliveries: isScarce ? min(waiting, digestMax) : 1, messages: 1)
    }
}

/// What came of an attempt.
public struct OutboxOutcome: Hashable, Sendable {
    /// How it ended, or when it is made again.
    public enum Result: Hashable, Sendable {
        case delivered(number: String)
        case again(due: Moment, error: String, detail: String)
        case dead(error: String, detail: String)
    }

    public let delivery: OutboxDelivery
    public let result: Result

    public init(_ delivery: OutboxDelivery, _ result: Result) {
        self.delivery = delivery
        self.result = result
    }
}

/// What a target says by itself of a message that it has: an order was accepted, or closed.
public struct OutboxWord: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        case accepted, closed
    }

    public let key: Identifier
    public let target: String
    public let state: State
    /// What the target calls it; empty when it does not say.
    public let number: String

    public init(key: Identifier, target: String, state: State, number: String) {
        self.key = key
        self.target = target
        self.state = state
        self.number = number
    }
}

/// How many deliveries of a target are in a state.
public struct OutboxCount: Hashable, Sendable {
    public let target: String
    public let state: OutboxDelivery.State
    public let count: Int
    /// When the oldest of them was added.
    public let oldest: Moment

    public init(target: String, state: OutboxDelivery.State, count: Int, oldest: Moment) {
        self.target = target
        self.state = state
        self.count = count
        self.oldest = oldest
    }
}

/// To whom a message of the outbox goes.
public struct OutboxOrder: Hashable, Sendable {
    public let key: Identifier
    /// The site of what it is about.
    public let site: String
    /// By name.
    public let targets: [String]

    public init(key: Identifier, site: String, targets: [String]) {
        self.key = key
        self.site = site
        self.targets = targets
    }
}

/// What is asked of the queue.
public struct OutboxQuestion: Hashable, Sendable {
    public var target: String?
    public var states: Set<OutboxDelivery.State>
    public var limit: Int

    public init(
        target: String? = nil,
        states: Set<OutboxDelivery.State> = Set(OutboxDelivery.State.allCases),
        limit: Int = 100
    ) {
        self.target = target
        self.states = states
        self.limit = limit
    }
}

/// The hub's deliveries, in its store; any number of processes may share it.
///
/// Each call is one transaction, on the disk when it returns. `Tests/PortSuites` holds all
/// implementations to the same promises.
public protocol OutboxQueue: Sendable {
    /// Gives messages of the outbox to targets; where one was given already, nothing changes.
    ///
    /// - Parameters:
    ///   - orders: messages that are in the outbox of the store, and their targets.
    ///   - now: from when on they are due.
    /// - Throws: what the store throws.
    func add(_ orders: [OutboxOrder], now: Moment) async throws

    /// Takes what is due, earliest first: nobody else gets it until its time is up, and it counts
    /// as an attempt from now on. Of several about one entity only the oldest open one is due.
    ///
    /// - Parameters:
    ///   - terms: whose, and how many.
    ///   - lease: names this attempt.
    ///   - now: the moment.
    /// - Returns: deliveries that make one message; empty when nothing is due or may go.
    /// - Throws: what the store throws.
    func lease(
        _ terms: LeaseTerms,
        as lease: Identifier,
        now: Moment
    ) async throws
        -> [OutboxDelivery]

    /// Writes down what came of attempts.
    ///
    /// That a message arrived is believed of whoever says it; that it did not, only of the attempt
    /// that is going on.
    func settle(_ outcomes: [OutboxOutcome], now: Moment) async throws

    /// Sends dead letters again, from now on; their attempts are counted on.
    ///
    /// - Returns: how many.
    func replay(_ key: Identifier?, of target: String?, now: Moment) async throws -> Int

    /// Writes down what a target says of a message: so it has it, whatever is known here.
    ///
    /// What is closed stays closed.
    ///
    /// - Returns: whether the message is known.
    func hear(_ word: OutboxWord, now: Moment) async throws -> Bool

    /// Deliveries, the latest first.
    func deliveries(_ question: OutboxQuestion) async throws -> [OutboxDelivery]

    /// By target and state, sorted.
    func counts() async throws -> [OutboxCount]
}
