import Sync
import Synchronization
import Tally

/// The hub as its daemon runs it: the node, its store, clock and dice in one place.
///
/// The node is a value; a transaction that fails leaves the node as it was before.
public final class HubShell: Sendable {
    private struct State {
        var node: HubNode
        var dice: any Dice
    }

    /// How the hub stands, for `/healthz` and `/metrics`.
    public struct Status: Hashable, Sendable {
        public var epoch: UInt64 = 0
        public var sites: [String] = []
        public var scopes: [ScopeStatus] = []
        /// Messages that wait for a connector, up to 1,000.
        public var outbox = 0
        /// Operations that wait for a newer program, up to 1,000.
        public var waiting = 0
    }

    /// How a scope stands.
    public struct ScopeStatus: Hashable, Sendable {
        public let scope: Scope
        /// The last position.
        public let head: UInt64
        public let digest: ScopeDigest
        /// What was found damaged here, and mended.
        public let repair: RepairRecord
    }

    let store: any AsyncReplicaStore
    let clock: any Clock
    /// Changed only inside the store's transactions, which run one after another; the lock is for
    /// the readers beside them.
    private let state: Mutex<State>
    let scrubber = Mutex(Scrubber())
    let watchers = Mutex(Watchers())
    let compressor: any Compressor
    let shelf: (any PieceShelf)?
    /// Up to where some terminal was seen to hold each scope's order, by this process.
    let held = Mutex<[Scope: UInt64]>([:])
    /// The snapshots on the shelf, and the making of one that is under way.
    let snapshots = Mutex(Snapshots())

    /// Opens the hub of a store.
    ///
    /// - Parameters:
    ///   - store: the hub's.
    ///   - compressor: what delivery notes are packed with.
    ///   - clock: the machine's.
    ///   - dice: the operating system's.
    ///   - shelf: where snapshots are kept; nil for a hub that gives none.
    /// - Throws: what the store throws.
    public init(
        store: any AsyncReplicaStore,
        compressor: any Compressor,
        clock: any Clock,
        dice: some Dice,
        shelf: (any PieceShelf)? = nil
    ) async throws {
        let reading = clock.reading()
        let opened = try await store.write { transaction in
            var dice = dice
            let node = try HubNode(
                opening: transaction,
                compressor: compressor,
                reading: reading,
                dice: &dice
            )
            return State(node: node, dice: dice)
        }
        self.store = store
        self.clock = clock
        self.compressor = compressor
        self.shelf = shelf
        state = Mutex(opened)
    }

    /// Asks what the hub knows.
    public func read<Result: Sendable>(
        _ body: @Sendable (HubNode, any ReplicaReading) throws -> Result
    ) async throws -> Result {
        let node = state.withLock(\.node)
        return try await store.read { reading in
            try Self.check(node, in: reading)
            return try body(node, reading)
        }
    }

    /// Under which the reducer that made the state is named.
    private static let stateKey = SettingKey("state.reducer")

    /// Where hubs share a store, a newer one may have made the state anew by its own reducer: what
    /// this one would add to it, or say of it, would not be the same.
    private static func check(_ node: HubNode, in reading: any ReplicaReading) throws {
        guard try reading.setting(stateKey) == node.replica.reducer.fingerprint else {
            throw HubRefusal.superseded
        }
    }

    /// Runs the node in a transaction.
    ///
    /// What it answers is durable when this returns.
    public func write<Result: Sendable>(
        _ body:
            @Sendable (
                inout HubNode, inout AnyDice, ClockReading, any ReplicaTransaction
            ) throws -> Result
    ) async throws -> Result {
        let reading = clock.reading()
        defer { watchers.withLock { $0.tell() } }
        return try await store.write { transaction in
            // The lock is not held while the disk works: transactions run one after another, so
            // nobody else changes the state between these two.
            var (node, dice) = self.state.withLock { ($0.node, AnyDice($0.dice)) }
            try Self.check(node, in: transaction)
            let result = try body(&node, &dice, reading, transaction)
            let after = State(node: node, dice: dice.dice)
            self.state.withLock { $0 = after }
            return result
        }
    }

    // MARK: - Sync

    /// Takes a terminal's batch: a `PushRequest`, answered by a `PushResponse`.
    public func push(_ request: [UInt8]) async throws -> [UInt8] {
        let request = try PushRequest(bytes: request)
        return try await write { node, dice, reading, transaction in
            try node.push(request, reading: reading, dice: &dice, in: transaction).bytes()
        }
    }

    /// Takes back what a restore lost: a `ReturnRequest`, answered by a `ReturnResponse`.
    public func giveBack(_ request: [UInt8]) async throws -> [UInt8] {
        let request = try ReturnRequest(bytes: request)
        return try await write { node, dice, reading, transaction in
            try node.giveBack(request, reading: reading, dice: &dice, in: transaction).bytes()
        }
    }

    /// Takes a terminal in: an `EnrollRequest`, answered by an `EnrollResponse`.
    public func enroll(_ request: [UInt8]) async throws -> [UInt8] {
        let request = try EnrollRequest(bytes: request)
        return try await write { node, _, reading, transaction in
            try node.replica.enroll(request, now: reading.wall, in: transaction).bytes()
        }
    }

    // MARK: - Status

    /// How the hub stands.
    public func status() async throws -> Status {
        try await read { node, reading in
            var status = Status()
            status.epoch = try HubReplica.epoch(in: reading)
            status.sites = try HubNode.sites(in: reading)
            status.scopes = try reading.scopes().map { scope in
                ScopeStatus(
                    scope: scope,
                    head: try reading.head(of: scope),
                    digest: try reading.digest(of: scope),
                    repair: try RepairRecord.of(scope, in: reading)
                )
            }
            status.outbox = try reading.outbox(limit: 1_000).count
            status.waiting = try reading.waiting(limit: 1_000).count
            return status
        }
    }
}
