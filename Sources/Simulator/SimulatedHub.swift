import Agent
import Hub
import Sync
import Tally

/// The hub of the simulated plant: the real node on a machine of the simulator's.
final class SimulatedHub {
    let machine: Machine
    var node: HubNode
    /// Another process on the same store; nil until it is needed.
    private var other: HubNode?
    /// What waits while the process stands still; nil when it does not.
    var deferred: [World.Event]?
    /// Until then a commit takes five seconds.
    var slowUntil: UInt64 = 0
    /// Up to where some terminal holds each scope's order, as far as this process knows.
    private(set) var held: [Scope: UInt64] = [:]
    let defects: Set<Defect>
    /// The versions of the protocol that its program speaks, from its next start on.
    var speaks = ProtocolVersions.spoken
    /// The photos that it has, on a disk of their own.
    private var photos = MemoryBlobStore()
    private(set) var shelf: BlobShelf
    /// Those that this process has made.
    var snapshots: [Scope: Snapshot] = [:]

    init(defects: Set<Defect>, dice: SeededDice) throws {
        self.defects = defects
        machine = Machine(dice: dice)
        shelf = try BlobShelf(photos)
        node = try Self.open(machine, speaks, defects, now: 0)
    }

    private static func open(
        _ machine: Machine,
        _ speaks: ProtocolVersions,
        _ defects: Set<Defect>,
        now: UInt64
    ) throws -> HubNode {
        var dice = machine.dice
        let reading = machine.clock.reading(now)
        let node = try machine.store.write { transaction in
            try HubNode(
                opening: transaction,
                compressor: IdentityCompressor(),
                reading: reading,
                dice: &dice,
                speaks: speaks,
                defects: defects
            )
        }
        machine.dice = dice
        return node
    }

    func restart(now: UInt64) throws {
        machine.process += 1
        node = try Self.open(machine, speaks, defects, now: now)
        shelf = try BlobShelf(photos)
        snapshots = [:]
        other = nil
        deferred = nil
        held = [:]
        machine.isUp = true
    }

    /// The epoch of its order.
    var epoch: UInt64 {
        get throws { try machine.store.read { try HubReplica.epoch(in: $0) } }
    }

    /// Puts an older state of the disk in the place of what is lost, as `tallyman restore` does;
    /// the photos are lost altogether.
    func restore(_ image: StoreImage, now: UInt64) throws {
        machine.disarm()
        machine.store.restore(image)
        photos = MemoryBlobStore()
        var dice = machine.dice
        try machine.store.write { transaction in
            _ = try HubReplica.takeNewEpoch(in: transaction, dice: &dice)
        }
        machine.dice = dice
        try restart(now: now)
    }

    /// Knows a terminal as if it had been enrolled here.
    func take(in terminal: SimulatedTerminal, now: UInt64) throws {
        let wall = machine.clock.reading(now).wall
        let publicKey = terminal.node.terminal.replica.publicKey
        try machine.transact(&node) { node, dice, transaction in
            let code = try HubReplica.offerEnrolment(
                name: "terminal \(terminal.index)",
                scopes: terminal.scopes,
                now: wall,
                dice: &dice,
                in: transaction
            )
            let request = EnrollRequest(code: code, publicKey: publicKey)
            _ = try node.replica.enroll(request, now: wall, in: transaction)
        }
    }

    /// Messages that may be told the world.
    func tellable(limit: Int) throws -> [OutboxMessage] {
        try machine.store.read { try node.tellable(held, limit: limit, in: $0) }
    }

    func stop() {
        photos.losePower()
        machine.isUp = false
        deferred = nil
    }

    /// Lets the other process answer next.
    func takeTurns(now: UInt64) throws {
        let next = try other ?? Self.open(machine, speaks, defects, now: now)
        other = node
        node = next
    }

    /// The process dies, and another one is there at once.
    func failOver(now: UInt64) throws {
        node = try Self.open(machine, speaks, defects, now: now)
    }

    /// The other process stops, and the next one in its place is of the present program.
    func dropOther() { other = nil }

    /// What the hub answers to a request's bytes.
    func answer(_ request: Exchange.Request, _ bytes: [UInt8], now: UInt64) throws -> [UInt8] {
        switch request {
        case .up(.enroll):
            let request = try EnrollRequest(bytes: bytes)
            let wall = machine.clock.reading(now).wall
            return try machine.transact(&node) { node, _, transaction in
                try node.replica.enroll(request, now: wall, in: transaction).bytes()
            }
        case .up(.giveBack):
            let request = try ReturnRequest(bytes: bytes)
            let reading = machine.clock.reading(now)
            return try machine.transact(&node) { node, dice, transaction in
                try node.giveBack(request, reading: reading, dice: &dice, in: transaction).bytes()
            }
        case .up(.push):
            let request = try PushRequest(bytes: bytes)
            let reading = machine.clock.reading(now)
            return try machine.transact(&node) { node, dice, transaction in
                try node.push(request, reading: reading, dice: &dice, in: transaction).bytes()
            }
        case .pull:
            return try page(bytes, now: now)
        case .snapshot(let request):
            let piece = request.piece
            return try answer(
                piece == nil
                    ? SnapshotRequest(manifestRequest: bytes)
                    : SnapshotRequest(pieceRequest: bytes)
            )
        }
    }

    private func page(_ bytes: [UInt8], now: UInt64) throws -> [UInt8] {
        let request = try PullRequest(bytes: bytes)
        let reading = machine.clock.reading(now)
        let (page, isNews) = try machine.store.read { transaction in
            var page = try node.replica.pull(request, in: transaction)
            page.request = PullRequest.name(of: bytes)
            return (page, try node.replica.isAwaited(request, in: transaction))
        }
        if isNews {
            try machine.transact(&node) { node, dice, transaction in
                let terminal = request.replica
                try node.noteHeard(terminal, reading: reading, dice: &dice, in: transaction)
            }
        }
        if request.epoch == page.epoch {
            held[request.scope] = max(held[request.scope] ?? 0, min(request.after, page.head))
        }
        return try page.bytes()
    }

    /// The defect `lost-acknowledgement`: answers, and dies before its transaction is on disk.
    func answerTooEarly(_ bytes: [UInt8], now: UInt64) throws -> [UInt8]? {
        var answer: [UInt8]?
        let request = try PushRequest(bytes: bytes)
        let reading = machine.clock.reading(now)
        do {
            try machine.transact(&node) { node, dice, transaction in
                answer = try node.push(request, reading: reading, dice: &dice, in: transaction)
                    .bytes()
                throw Machine.Crash()
            }
        } catch is Machine.Crash {
            // As intended.
        }
        return answer
    }

    /// Reads entities as the hub's pages do.
    func read<Result>(_ body: (EntityReader) throws -> Result) throws -> Result {
        try machine.store.read { try body(node.reader($0)) }
    }
}
