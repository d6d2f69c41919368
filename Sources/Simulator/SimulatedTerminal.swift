import Agent
import Codes
import Hub
import Sync
import Tally

/// Requests of one terminal that failed one after the other.
struct FailureStreak {
    let since: UInt64
    var count: UInt64 = 0
}

/// A terminal of the simulated plant: the real node and peer on a machine of the simulator's.
final class SimulatedTerminal {
    /// What was saved: an operation, and the hash of its bytes when it was.
    struct Saved {
        let id: OperationID
        let hash: Identifier
    }

    let index: Int
    /// Where it stands, as it knows.
    private(set) var site: String
    /// What it shares with the hub, as it knows.
    private(set) var scopes: [Scope]
    /// The site that the hub has given it to.
    var assigned: String
    let machine: Machine
    var node: TerminalNode
    var peer: TerminalPeer
    /// What waits for an answer; nil when nothing does.
    var outstanding: Exchange?
    /// The timer that is set, so that one which was replaced does nothing.
    var timer: UInt64 = 0
    /// Requests that failed since the last that did not; nil when the last did not.
    var failures: FailureStreak?
    var link = Link()
    /// What waits while the process stands still; nil when it does not.
    var deferred: [World.Event]?
    /// Whether an older program runs, which does not know everything.
    private(set) var isOld = false
    /// The versions of the protocol that its program speaks, from its next start on.
    var speaks: ProtocolVersions
    var session = KioskSession(language: .chinese)
    private(set) var saved: [Saved] = []
    /// By lane, the hash of what was saved last.
    var lastHashes: [Lane: Identifier] = [:]
    /// Scopes in which the disk changed a cell that was not repaired yet.
    var broken: Set<Scope> = []
    /// The place in the hub's order up to which pages were applied, as the simulator counts.
    var reached: [Scope: UInt64] = [:]
    /// It learned from a page that the hub was restored, and gives back before it goes on.
    var isReturning = false
    var photos: TerminalPhotos
    /// Scopes whose snapshots were of no use, until the next start.
    var refusedSnapshots: Set<Scope> = []
    /// The place in the hub's order at which a snapshot was taken over.
    var based: [Scope: UInt64] = [:]
    /// The place in the hub's order at which it packed a scope's state, and what it let go since.
    var folded: [Scope: UInt64] = [:]
    var gone: Set<OperationID> = []
    /// Since when it is revoked.
    var isRevoked = false
    /// What the hub answered last to a push and to a pull, for a proxy that mixes answers up.
    var lastAnswers: [Bool: [UInt8]] = [:]
    private let settings: PeerSettings
    private let defects: Set<Defect>

    init(
        _ index: Int,
        site: String,
        settings: PeerSettings,
        defects: Set<Defect>,
        dice: SeededDice
    ) throws {
        self.index = index
        self.site = site
        assigned = site
        speaks = .spoken
        self.settings = settings
        self.defects = defects
        scopes = HubNode.scopes(of: site)
        machine = Machine(dice: dice)
        node = try Self.open(machine, PlantVocabulary.all, speaks, defects)
        peer = TerminalPeer(scopes: scopes.sorted(), settings: settings, defects: defects)
        photos = try TerminalPhotos()
    }

    /// Another machine with a copy of a terminal's disk.
    init(copyOf original: SimulatedTerminal, _ index: Int, dice: SeededDice) throws {
        self.index = index
        site = original.site
        assigned = original.assigned
        speaks = original.speaks
        settings = original.settings
        defects = original.defects
        scopes = original.scopes
        machine = Machine(dice: dice)
        machine.store.restore(original.machine.store.image)
        node = try Self.open(machine, PlantVocabulary.all, speaks, defects)
        peer = TerminalPeer(scopes: scopes.sorted(), settings: settings, defects: defects)
        photos = try TerminalPhotos()
        based = original.based
        folded = original.folded
        gone = original.gone
        saved = original.saved
        lastHashes = original.lastHashes
        broken = original.broken
        reached = original.reached
    }

    private static func open(
        _ machine: Machine,
        _ vocabulary: Vocabulary,
        _ speaks: ProtocolVersions,
        _ defects: Set<Defect>
    ) throws -> TerminalNode {
        var dice = machine.dice
        let node = try machine.store.write { transaction in
            try TerminalNode(
                opening: transaction,
                vocabulary: vocabulary,
                compressor: IdentityCompressor(),
                rules: try Plant.codeRules(),
                dice: &dice,
                speaks: speaks,
                defects: defects
            )
        }
        machine.dice = dice
        return node
    }

    /// Starts the process again on the same disk: what was in memory is gone.
    ///
    /// - Parameter isOld: whether it is an older program.
    /// - Throws: what the disk does.
    func restart(isOld: Bool) throws {
        machine.process += 1
        machine.isReadOnly = false
        let vocabulary = isOld ? Plant.olderVocabulary : PlantVocabulary.all
        node = try Self.open(machine, vocabulary, speaks, defects)
        self.isOld = isOld
        peer = TerminalPeer(scopes: scopes.sorted(), settings: settings, defects: defects)
        outstanding = nil
        failures = nil
        deferred = nil
        session = KioskSession(language: .chinese)
        try photos.restart()
        refusedSnapshots = []
        machine.isUp = true
    }

    func stop() {
        machine.isUp = false
        outstanding = nil
        failures = nil
        deferred = nil
    }

    /// Goes on with the scopes that the hub has given it since.
    func follow(_ scopes: [Scope]) {
        for left in self.scopes where !scopes.contains(left) {
            reached[left] = nil
            based[left] = nil
            folded[left] = nil
            broken.remove(left)
        }
        self.scopes = scopes
        site = scopes.first { $0 != .company }?.site ?? site
        peer.follow(scopes.sorted())
    }

    func note(_ operations: [LoggedOperation]) {
        saved += operations.map { Saved(id: $0.operation.id, hash: $0.operation.hash) }
    }

    /// Reads entities as the terminal's pages do.
    func read<Result>(_ body: (EntityReader) throws -> Result) throws -> Result {
        try machine.store.read { try body(node.reader($0)) }
    }
}

/// What is wrong with a terminal's way to the hub, and until when.
struct Link {
    /// Nothing comes through, and nobody says so.
    var silentUntil: UInt64 = 0
    /// Answers do not come through.
    var deafUntil: UInt64 = 0
    /// Connections are refused at once.
    var refusedUntil: UInt64 = 0
    /// Messages are held up until then.
    var cloggedUntil: UInt64 = 0
    /// 9.6 kbit/s.
    var thinUntil: UInt64 = 0
    /// Long messages vanish.
    var blackHoleUntil: UInt64 = 0
}

/// A request on its way, and what it was.
final class Exchange {
    enum Request {
        case up(UpRequest)
        case pull(PullRequest)
        case snapshot(SnapshotRequest)
    }

    let number: UInt64
    let terminal: Int
    /// The process that asked.
    let process: Int
    let request: Request

    init(number: UInt64, terminal: Int, process: Int, request: Request) {
        self.number = number
        self.terminal = terminal
        self.process = process
        self.request = request
    }

    var isPush: Bool { if case .up = request { true } else { false } }
}
