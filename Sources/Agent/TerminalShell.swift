import Codes
import Receiving
import Sync
import Synchronization
import Tally

/// The terminal as its daemon runs it: the node, its store, clock and dice in one place.
///
/// The node is a value; a transaction that fails leaves the node as it was before.
public final class TerminalShell: Sendable {
    /// What the page, `/healthz` and `/metrics` tell about a terminal.
    public struct Status: Hashable, Sendable {
        /// Nil before the terminal was enrolled.
        public var name: String?
        public var site: String?
        /// Operations that the hub has not acknowledged.
        public var unsynced = 0
        /// What the wall clock said when the oldest of them was recorded.
        public var unsyncedSince: Moment?
        /// Operations of the last twelve hours that the hub let have no effect.
        public var withoutEffect = 0
        public var scopes: [ScopeStatus] = []
        /// How the store under it stands: room, damage.
        public var store = StoreCondition()
    }

    /// How a scope stands.
    public struct ScopeStatus: Hashable, Sendable {
        public let scope: Scope
        /// The position in the hub's order up to which this terminal has seen it.
        public let position: UInt64
        public let digest: ScopeDigest
        /// The last position that the hub told of.
        public let head: UInt64
        /// What was found damaged here, and mended.
        public let repair: RepairRecord
        public let health: ScopeHealth
    }

    /// As far back as the strip counts what had no effect.
    private static let shiftMilliseconds: Int64 = 12 * 3_600_000
    /// More than this is not counted.
    private static let troubledCountMax = 100

    private struct State {
        var node: TerminalNode
        var dice: any Dice
    }

    /// What the operator is told of the state as it happens.
    public enum StateEvent: Hashable, Sendable {
        /// Cells are not what they were: so many leaves of the digest tree.
        case damaged(Scope, leaves: Int)
        /// The state is the hub's again.
        case repaired(Scope, RepairRecord)
        /// The state differs from the hub's, and nothing helped.
        case differs(Scope)
        /// The state was begun with a snapshot of so many cells.
        case snapshot(Scope, cells: Int)
        /// So many old operations were let go; what came of them stays.
        case letGo(Scope, operations: Int)
    }

    let store: any AsyncReplicaStore
    let clock: any Clock
    private let watch: (any StoreWatch)?
    /// Changed only inside the store's transactions, which run one after another; the lock is for
    /// the readers beside them.
    private let state: Mutex<State>
    let scrubber = Mutex(Scrubber())
    let compressor: any Compressor
    /// The hub gave this terminal other scopes, and whoever moves bytes was not told yet.
    private let moved = Mutex(false)
    let report: @Sendable (StateEvent) -> Void
    /// Tells that something was recorded, so that the sync pump need not wait for its turn.
    public let recorded: AsyncStream<Void>
    private let tellRecorded: AsyncStream<Void>.Continuation
    /// Tells that records were made here or came from the hub, for one who acts on what they say.
    public let changed: AsyncStream<Void>
    let tellChanged: AsyncStream<Void>.Continuation

    /// Opens the terminal of a store.
    ///
    /// - Parameters:
    ///   - store: the terminal's.
    ///   - vocabulary: every operation that this program knows.
    ///   - compressor: what delivery notes are packed with.
    ///   - rules: how suppliers' own codes are read.
    ///   - utcOffset: how many seconds the clock on the wall is ahead of UTC at a moment.
    ///   - clock: the machine's.
    ///   - dice: the operating system's.
    ///   - report: told when the state was found damaged or was mended.
    ///   - watch: who knows how the store stands; nil for a store that is always well.
    /// - Throws: what the store throws.
    public init(
        store: any AsyncReplicaStore,
        vocabulary: Vocabulary,
        compressor: any Compressor,
        rules: CodeRules = .none,
        utcOffset: @escaping @Sendable (Moment) -> Int = { _ in 0 },
        clock: any Clock,
        dice: some Dice,
        report: @escaping @Sendable (StateEvent) -> Void = { _ in },
        watch: (any StoreWatch)? = nil
    ) async throws {
        let opened = try await store.write { transaction in
            var dice = dice
            let node = try TerminalNode(
                opening: transaction,
                vocabulary: vocabulary,
                compressor: compressor,
                rules: rules,
                utcOffset: utcOffset,
                dice: &dice
            )
            return State(node: node, dice: dice)
        }
        self.store = store
        self.watch = watch
        self.clock = clock
        self.report = report
        self.compressor = compressor
        state = Mutex(opened)
        (recorded, tellRecorded) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (changed, tellChanged) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads suppliers' own codes by other rules from the next scan on.
    ///
    /// - Throws: what the store throws.
    public func use(_ rules: CodeRules) async throws {
        // In a turn of its own, so that no transaction that is under way puts back the old ones.
        try await store.write { _ in self.state.withLock { $0.node.rules = rules } }
    }

    /// The terminal's side of sync, as it is now.
    var terminal: TerminalReplica { state.withLock(\.node.terminal) }

    /// Asks what this terminal knows.
    public func read<Result: Sendable>(
        _ body: @Sendable (EntityReader, any ReplicaReading) throws -> Result
    ) async throws -> Result {
        let node = state.withLock(\.node)
        return try await store.read { reading in try body(node.reader(reading), reading) }
    }

    /// Runs the node in a transaction.
    ///
    /// What it answers is durable when this returns.
    func transact<Result: Sendable>(
        tells: Bool = true,
        _ body:
            @Sendable (
                inout TerminalNode, inout any Dice, ClockReading, any ReplicaTransaction
            ) throws -> Result
    ) async throws -> Result {
        let reading = clock.reading()
        defer {
            if tells { tellRecorded.yield() }
            tellChanged.yield()
        }
        return try await store.write { transaction in
            // The lock is not held while the disk works: transactions run one after another, so
            // nobody else changes the state between these two.
            var now = self.state.withLock { $0 }
            let result = try body(&now.node, &now.dice, reading, transaction)
            let after = now
            self.state.withLock { $0 = after }
            return result
        }
    }

    /// Records what a worker did.
    ///
    /// When this returns it is saved.
    public func run(
        _ command: FloorCommand,
        by worker: String
    ) async throws -> TerminalNode.Saved {
        try await transact { node, dice, reading, transaction in
            try Self.run(command, worker, &node, &dice, reading, transaction)
        }
    }

    private static func run(
        _ command: FloorCommand,
        _ worker: String,
        _ node: inout TerminalNode,
        _ dice: inout any Dice,
        _ reading: ClockReading,
        _ transaction: any ReplicaTransaction
    ) throws -> TerminalNode.Saved {
        var box = AnyDice(dice)
        defer { dice = box.dice }
        return try node.run(command, by: worker, reading: reading, dice: &box, in: transaction)
    }

    /// Takes a scan on a page.
    ///
    /// When this returns, what the feedback says is saved; a refusal is a feedback too, and changes
    /// neither page nor records.
    public func scan(
        _ text: String,
        on session: KioskSession
    ) async throws -> (session: KioskSession, feedback: KioskSession.Feedback) {
        do {
            return try await transact { node, dice, reading, transaction in
                var session = session
                var box = AnyDice(dice)
                defer { dice = box.dice }
                let feedback = try session.scan(
                    text,
                    &node,
                    reading: reading,
                    dice: &box,
                    in: transaction
                )
                return (session, feedback)
            }
        } catch let refusal as any Refusal {
            return (session, KioskSession.Feedback(refusal))
        }
    }

    /// How the terminal stands.
    public func status() async throws -> Status {
        let terminal = state.withLock(\.node.terminal)
        let shift = clock.reading().wall.adding(milliseconds: -Self.shiftMilliseconds)
        return try await store.read { reading in
            var status = Status()
            if let watch { status.store = watch.condition }
            let identities = try terminal.identities(in: reading)
            let backlogs = try identities.map(reading.backlog)
            status.withoutEffect = try identities.reduce(0) { count, replica in
                let troubled = try reading.troubled(of: replica, limit: Self.troubledCountMax)
                return count
                    + troubled.count { logged in
                        let verdict = logged.word?.verdict
                        return logged.operation.reading.wall >= shift
                            && (verdict == .rejected || verdict == .quarantined)
                    }
            }
            status.unsynced = backlogs.reduce(0) { $0 + $1.count }
            status.unsyncedSince = backlogs.compactMap(\.since).min()
            guard let enrolment = try TerminalReplica.enrolment(in: reading) else { return status }
            status.name = enrolment.name
            status.site = enrolment.scopes.first { $0 != .company }?.site
            status.scopes = try enrolment.scopes.map { scope in
                ScopeStatus(
                    scope: scope,
                    position: try terminal.cursor(of: scope, in: reading),
                    digest: try reading.digest(of: scope),
                    head: try TerminalReplica.hubHead(of: scope, in: reading),
                    repair: try RepairRecord.of(scope, in: reading),
                    health: try TerminalReplica.health(of: scope, in: reading)
                )
            }
            return status
        }
    }

    // MARK: - Blobs

    /// Who this terminal is, to sign requests about blobs.
    public var replica: Replica { state.withLock(\.node.terminal.replica) }

    /// Signs a request that only asks; see ``RequestProof``.
    public func prove(
        _ question: RequestProof.Question,
        _ request: [UInt8]
    ) throws -> [UInt8] {
        try RequestProof.sign(question, request, by: replica)
    }

    /// The epoch of the hub that this terminal knows; nil before it was enrolled.
    public func epoch() async throws -> UInt64? {
        try await store.read { reading in
            try TerminalReplica.enrolment(in: reading) == nil
                ? nil : try TerminalReplica.epoch(in: reading)
        }
    }

    // MARK: - Sync

    /// Enrols the terminal with a code that the hub gave out; nothing when it is enrolled already.
    public func enroll(code: String, at link: some HubLink) async throws {
        let publicKey = state.withLock(\.node.terminal.replica.publicKey)
        if try await store.read({ try TerminalReplica.enrolment(in: $0) }) != nil { return }
        let request = try EnrollRequest(code: code, publicKey: publicKey).bytes()
        let answer = try Enrolment(bytes: try await link.enroll(request))
        try answer.check(for: publicKey)
        try await store.write { try TerminalReplica.enroll(answer, in: $0) }
    }

    /// The scopes that this terminal shares; none before it was enrolled.
    public func scopes() async throws -> [Scope] {
        try await store.read { try TerminalReplica.enrolment(in: $0)?.scopes ?? [] }
    }

    /// The scopes, if they have changed since this was asked last; nil if not.
    public func newScopes() async throws -> [Scope]? {
        let isMoved = moved.withLock { value in
            defer { value = false }
            return value
        }
        return isMoved ? try await scopes() : nil
    }

    /// Sends the next batch.
    ///
    /// - Returns: whether more is unsent; nil when nothing was, and nobody was asked.
    public func push(over link: some HubLink) async throws -> Bool? {
        let terminal = state.withLock(\.node.terminal)
        let clocks = clock.reading()
        let next = try await store.read { try terminal.upRequest(in: $0, at: clocks) }
        guard let request = next else { return nil }
        let answer: [UInt8]
        do {
            answer = try await Self.send(request, over: link)
        } catch let refusal as SyncRefusal {
            // A hub that was restored from before the enrolment: the next request reminds it.
            try await store.write { try terminal.noteRefused(refusal, of: request, in: $0) }
            throw refusal
        }
        let outcome = try await transact(tells: false) { node, dice, clocks, transaction in
            var box = AnyDice(dice)
            defer { dice = box.dice }
            return try node.take(answer, to: request, at: clocks, dice: &box, in: transaction)
        }
        switch outcome {
        case .applied(let more): return more
        case .stale, .newEpoch, .renewed: return true
        case .moved:
            moved.withLock { $0 = true }
            return true
        case .stalled: throw AgentRefusal.hubStoredNothing
        }
    }

    private static func send(
        _ request: UpRequest,
        over link: some HubLink
    ) async throws -> [UInt8] {
        let bytes = try request.bytes()
        return switch request {
        case .enroll: try await link.enroll(bytes)
        case .giveBack: try await link.giveBack(bytes)
        case .push: try await link.push(bytes)
        }
    }
}
