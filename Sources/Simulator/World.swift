import Hub
import Receiving
import Sync
import Tally

/// A plant in virtual time: a hub, terminals, an ERP, the network between them, and people.
///
/// One thread, one queue of events, dice from the seed: the same seed plays the same way. Each
/// concern has its own extension; this file has the state and the loop.
final class World {
    /// What happens at a time.
    enum Event {
        /// People at a terminal do something.
        case act(Int)
        case office
        case courier
        /// Something may go wrong with a machine.
        case disturb
        case wake(terminal: Int, timer: UInt64)
        case request(Exchange, [UInt8])
        case answer(Exchange, Answer)
        case timeout(Exchange)
        /// A terminal may go on with its photos; a round of it comes again.
        case photos(terminal: Int)
        case photoRound(terminal: Int)
        case photoRequest(PhotoExchange, [UInt8])
        case photoAnswer(PhotoExchange, [UInt8]?)
        case stop(terminal: Int)
        case restart(terminal: Int)
        case restartHub
        /// A process that stood still goes on; nil is the hub's.
        case resume(terminal: Int?)
        /// A full disk has room again; nil is the hub's.
        case makeRoom(terminal: Int?)
        /// A machine gets the present program; nil is the hub's.
        case upgrade(terminal: Int?)
        /// The faults end, and so does people's work.
        case calm
        case checkQuiet
    }

    enum Answer {
        case body([UInt8])
        /// Anything that is not 200, or no connection.
        case failure
        /// The hub takes no such request.
        case refused(SyncRefusal)
    }

    static let minute: UInt64 = 60_000
    static let hour = 60 * minute
    static let day = 24 * hour

    let settings: SimulationSettings
    let hub: SimulatedHub
    var terminals: [SimulatedTerminal] = []
    var erp = ERP()
    var plan: FaultPlan
    var watch = HubWatch()
    var memory = FloorMemory()
    var queue = EventQueue<Event>()
    var now: UInt64 = 0
    var step = 0
    /// What people recorded.
    var operations = 0
    /// When each operation was recorded, in virtual time.
    var recordedAt: [OperationID: UInt64] = [:]
    var times = TimeCount()
    var exchanges: UInt64 = 0
    var isCalm = false
    /// What a push was answered as stored, in order.
    var promised: [(id: OperationID, hash: Identifier)] = []
    /// What the hub can be restored from, the latest last.
    var backups: [Backup] = []
    /// What answers in the place of the hub until then: another site's.
    var foreignHub: SimulatedHub?
    var foreignUntil: UInt64 = 0
    /// Who has not fetched again since the hub was restored, in which scope.
    var behind: [Int: Set<Scope>] = [:]
    /// Identities that two machines have had.
    var copied: Set<Identifier> = []
    let peerSettings: PeerSettings
    let defects: Set<Defect>
    /// What people took photos of.
    var photos: [Photo] = []
    /// How far behind a terminal starts from a snapshot; nil when none does.
    let snapshotDistance: UInt64?
    /// How often a terminal started from one.
    var snapshots = 0
    /// By which two runs are compared.
    private(set) var trace: UInt64 = 0xCBF2_9CE4_8422_2325
    var floorDice: SeededDice
    var networkDice: SeededDice
    var faultDice: SeededDice
    var photoDice: SeededDice
    /// For what came to the swarm last, so that more can come without changing what seeds play.
    var changeDice: SeededDice
    /// For what terminals let go.
    var retentionDice: SeededDice
    /// Whether terminals let go of old history.
    let letsGo: Bool
    /// How many operations they let go.
    var letGoCount = 0
    /// What terminals had not sent of a scope when the hub took it from them.
    var unsentAtMoves: [(id: OperationID, hash: Identifier)] = []

    init(seed: UInt64, _ settings: SimulationSettings) throws {
        var dice = SeededDice(seed: seed)
        func fork() -> SeededDice { SeededDice(seed: dice.next()) }
        self.settings = settings
        floorDice = fork()
        networkDice = fork()
        faultDice = fork()
        var planDice = fork()
        plan = FaultPlan(settings.faults, dice: &planDice)
        defects = Set(settings.defect.map { [$0] } ?? [])
        hub = try SimulatedHub(defects: defects, dice: fork())
        var peer = PeerSettings()
        peer.pollMilliseconds = [5, 10, 20][Int(dice.next() % 3)] * Self.minute
        peerSettings = peer
        // A second site in some runs, to see that nothing of one reaches the other.
        let isLarge = dice.next() % 3 == 0 || plan.isChosen(.terminalMoved)
        let sites = settings.terminals > 2 && isLarge ? Plant.sites : [Plant.sites[0]]
        for index in 0..<settings.terminals {
            let site = index == settings.terminals - 1 ? sites[sites.count - 1] : sites[0]
            terminals.append(
                try SimulatedTerminal(
                    index,
                    site: site,
                    settings: peer,
                    defects: defects,
                    dice: fork()
                )
            )
        }
        photoDice = fork()
        changeDice = fork()
        retentionDice = fork()
        letsGo = retentionDice.happens(40)
        // What a terminal did not follow it cannot give back to a hub that lost it.
        let distances = plan.isChosen(.hubRestored) ? [nil] : [nil, 5, 50] as [UInt64?]
        snapshotDistance = distances[photoDice.below(distances.count)]
        try startOlder()
        try open(sites)
    }

    // MARK: - The loop

    /// Plays the seed to its end.
    ///
    /// - Throws: ``Broken`` at the first invariant that does not hold.
    func run() throws {
        let end = UInt64(settings.days) * Self.day
        for terminal in terminals {
            schedule(.act(terminal.index), in: floorDice.below(10 * Self.minute))
            schedule(.photoRound(terminal: terminal.index), in: Self.minute)
            try pump(terminal)
        }
        schedule(.office, in: Self.minute)
        schedule(.courier, in: Self.minute)
        schedule(.disturb, in: Self.minute)
        queue.put(.calm, at: end)
        while let (time, event) = queue.take() {
            now = time
            step += 1
            note(step, time)
            if try play(event) { return }
        }
        throw Broken(.liveness, "nothing is due any more: a timer was not set")
    }

    /// - Returns: whether all is over.
    private func play(_ event: Event) throws -> Bool {
        if isDeferred(event) { return false }
        switch event {
        case .act(let index): try act(terminals[index])
        case .office: try workInOffice()
        case .courier: try deliver()
        case .disturb: try disturb()
        case .wake(let index, let timer):
            if terminals[index].timer == timer { try pump(terminals[index]) }
        case .request(let exchange, let bytes): try receive(exchange, bytes)
        case .answer(let exchange, let answer): try receive(exchange, answer)
        case .timeout(let exchange): try giveUp(exchange)
        case .photos(let index): try wakePhotos(terminals[index])
        case .photoRound(let index):
            schedule(event, in: 10 * Self.minute)
            try pumpPhotos(terminals[index])
        case .photoRequest(let exchange, let body): try receive(exchange, body)
        case .photoAnswer(let exchange, let answer): try hear(answer, to: exchange)
        case .stop(let index): if terminals[index].machine.isUp { stop(terminals[index]) }
        case .restart(let index): try restart(terminals[index])
        case .restartHub: try restartHub()
        case .resume(let index): resume(index)
        case .makeRoom(let index): machine(index).isFull = false
        case .upgrade(let index): upgrade(index)
        case .calm: try calmDown()
        case .checkQuiet: return try checkQuiet()
        }
        return false
    }

    func schedule(_ event: Event, in milliseconds: UInt64) {
        queue.put(event, at: now + milliseconds)
    }

    /// Takes something that happened into the trace.
    func note(_ values: any FixedWidthInteger...) {
        for value in values {
            trace = (trace ^ UInt64(truncatingIfNeeded: value)) &* 0x100_0000_01B3
        }
    }

    // MARK: - The end

    private func calmDown() throws {
        isCalm = true
        plan.isOn = false
        hub.machine.disarm()
        hub.machine.clock.correct()
        hub.slowUntil = 0
        foreignUntil = 0
        resume(nil)
        endVersions()
        for terminal in terminals {
            terminal.machine.disarm()
            terminal.machine.clock.correct()
            terminal.link = Link()
            resume(terminal.index)
            // Whoever was to start later, or runs an older program, starts now.
            if terminal.isOld { terminal.stop() }
            if !terminal.machine.isUp { schedule(.restart(terminal: terminal.index), in: 1_000) }
        }
        if !hub.machine.isUp { schedule(.restartHub, in: 1_000) }
        // Messages may still be on their way for ten minutes, and peers rest as long.
        schedule(.checkQuiet, in: 25 * Self.minute)
    }

    private func checkQuiet() throws -> Bool {
        if let reason = try unrest() ?? photoUnrest() {
            let end = UInt64(settings.days) * Self.day + Self.hour
            try require(now < end, .liveness) { reason }
            schedule(.checkQuiet, in: Self.minute)
            return false
        }
        try checkEverything()
        return true
    }
}

extension SeededDice {
    /// A number from 0 up to, not including, `end`.
    mutating func below(_ end: UInt64) -> UInt64 { end == 0 ? 0 : next() % end }

    mutating func below(_ end: Int) -> Int { Int(below(UInt64(end))) }

    /// One of `choices`; nil of none.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice? {
        choices.isEmpty ? nil : choices[below(choices.count)]
    }

    /// Whether something happens that does so `percent` times of a hundred.
    mutating func happens(_ percent: UInt64) -> Bool { next() % 100 < percent }
}
