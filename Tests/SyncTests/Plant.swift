import Sync
import Tally

/// A small vocabulary, and what can be said in it about one carton.
enum Carton {
    static let vocabulary = Vocabulary(
        facts: ["carton.seen", "carton.weighed"],
        fields: ["carton.label", "carton.bin"],
        decisions: ["carton.ruled"],
        lifecycles: [
            "carton": Lifecycle(
                initial: "open",
                moves: [
                    Lifecycle.Move("carton.close", from: ["open"], to: "closed"),
                    Lifecycle.Move("carton.reopen", from: ["closed"], to: "open"),
                    Lifecycle.Move("carton.stop", from: [], to: "stopped", alwaysStands: true),
                ]
            )
        ]
    )

    /// The same without the fact `carton.weighed`, the field `carton.bin` and the lifecycle.
    static let olderVocabulary = Vocabulary(
        facts: ["carton.seen"],
        fields: ["carton.label"],
        decisions: ["carton.ruled"]
    )

    static let dock = Scope(site: "SZ1", area: "DOCK")
    static let floor = Scope(site: "SZ1", area: "FLOOR")

    static func key(_ name: String = "A", in scope: Scope = dock) -> EntityKey {
        EntityKey(scope: scope, kind: "carton", id: .derived("carton", name))
    }

    static func seen(_ note: String = "", _ key: EntityKey = key()) -> Draft {
        Draft(.fact, of: key, type: "carton.seen", payload: Array(note.utf8))
    }

    static func weighed(_ note: String = "", _ key: EntityKey = key()) -> Draft {
        Draft(.fact, of: key, type: "carton.weighed", payload: Array(note.utf8))
    }

    static func label(
        _ text: String,
        bases: [OperationID] = [],
        _ key: EntityKey = key()
    ) -> Draft {
        Draft(.edit, of: key, type: "carton.label", payload: Array(text.utf8), bases: bases)
    }

    static func move(_ name: String, _ key: EntityKey = key()) -> Draft {
        Draft(.transition, of: key, type: "carton.\(name)")
    }

    static func ruled(_ text: String, _ key: EntityKey = key()) -> Draft {
        Draft(.decision, of: key, type: "carton.ruled", payload: Array(text.utf8))
    }
}

/// A replica's store with dice and a clock that a test sets.
class TestNode {
    let store: MemoryStore
    var dice: SeededDice
    var wall = Moment(milliseconds: 1_795_248_000_000)
    var monotonic: UInt64 = 1

    init(seed: UInt64, store: MemoryStore = MemoryStore()) {
        dice = SeededDice(seed: seed)
        self.store = store
    }

    var reading: ClockReading {
        ClockReading(wall: wall, boot: 1, monotonicMilliseconds: monotonic)
    }

    func digest(_ scope: Scope = Carton.dock) throws -> ScopeDigest {
        try store.read { try $0.digest(of: scope) }
    }

    /// Every cell of a scope.
    func cells(_ scope: Scope = Carton.dock) -> [EntityKey: [CellKey: [UInt8]]] {
        store.cells(in: scope)
    }
}

final class TestHub: TestNode {
    private(set) var hub: HubReplica
    private let rules: HubRules
    /// The versions of the protocol that it speaks, from its next start on.
    var speaks = ProtocolVersions.spoken

    init(
        seed: UInt64 = 1,
        vocabulary: Vocabulary = Carton.vocabulary,
        flaw: @escaping @Sendable (Operation) -> String? = { _ in nil },
        react: @escaping @Sendable (Set<EntityKey>, any ReplicaTransaction) throws -> [Draft] = {
            _,
            _ in []
        }
    ) throws {
        var dice = SeededDice(seed: seed &* 7919)
        let key = (0..<4).flatMap { _ in dice.next().bigEndianBytes }
        rules = HubRules(flaw: flaw, react: react)
        hub = HubReplica(try Replica(privateKey: key), Reducer(vocabulary), rules)
        super.init(seed: seed)
        try store.write { transaction in
            let replica = try Replica.open(transaction, dice: &self.dice)
            hub = HubReplica(replica, Reducer(vocabulary), rules)
            try hub.reducer.upgradeIfNeeded(in: transaction)
            _ = try HubReplica.epoch(in: transaction, dice: &self.dice)
        }
    }

    private init(copy hub: TestHub) {
        rules = hub.rules
        self.hub = hub.hub
        super.init(seed: hub.dice.next(), store: hub.store.copied())
        wall = hub.wall
        monotonic = hub.monotonic
    }

    /// A hub that starts from a copy of this one's disk: a backup, restored.
    func copied() throws -> TestHub {
        let copy = TestHub(copy: self)
        try copy.restart()
        return copy
    }

    /// Starts the program again, perhaps another version of it.
    func restart(_ vocabulary: Vocabulary = Carton.vocabulary) throws {
        try store.write { transaction in
            let reducer = Reducer(vocabulary)
            try reducer.upgradeIfNeeded(in: transaction)
            let replica = try Replica.open(transaction, dice: &dice)
            hub = HubReplica(replica, reducer, rules, speaks: speaks)
            try hub.judgeWaiting(reading: reading, dice: &dice, in: transaction)
        }
    }

    func push(_ request: PushRequest) throws -> PushResponse {
        try store.write { try hub.push(request, reading: reading, dice: &dice, in: $0) }
    }

    func giveBack(_ request: ReturnRequest) throws -> ReturnResponse {
        try store.write { try hub.giveBack(request, reading: reading, dice: &dice, in: $0) }
    }

    /// Answers whatever a terminal sends up.
    func answer(_ request: UpRequest) throws -> [UInt8] {
        try answer(bytes: try request.bytes(), of: request)
    }

    /// Answers what came of a request on the way.
    func answer(bytes: [UInt8], of request: UpRequest) throws -> [UInt8] {
        switch request {
        case .enroll: try enroll(try EnrollRequest(bytes: bytes)).bytes()
        case .giveBack: try giveBack(try ReturnRequest(bytes: bytes)).bytes()
        case .push: try push(try PushRequest(bytes: bytes)).bytes()
        }
    }

    func release(_ ticket: UInt64, by person: String = "L1") throws -> Verdict {
        try store.write {
            try hub.release(ticket, by: person, reading: reading, dice: &dice, in: $0)
        }
    }

    func dismiss(_ ticket: UInt64, because remark: String) throws {
        try store.write {
            try hub.dismiss(ticket, by: "L1", because: remark, now: wall, in: $0)
        }
    }

    /// What is kept aside.
    var aside: [QuarantinedRecord] {
        get throws { try store.read { try $0.quarantine(after: 0, held: false, limit: .max) } }
    }

    func pull(_ request: PullRequest) throws -> PullResponse {
        let page = try store.read { try hub.pull(request, in: $0) }
        if try store.read({ try hub.isAwaited(request, in: $0) }) {
            try store.write {
                try hub.noteHeard(request.replica, reading: reading, dice: &dice, in: $0)
            }
        }
        return page
    }

    /// A person waits for nobody any more after a restore.
    func resume() throws {
        try store.write { try hub.endRecovery(reading: reading, dice: &dice, in: $0) }
    }

    func record(_ drafts: Draft...) throws {
        try store.write {
            try hub.record(drafts, by: "", reading: reading, dice: &dice, in: $0)
        }
    }

    func takeNewEpoch() throws {
        try store.write { _ = try HubReplica.takeNewEpoch(in: $0, dice: &dice) }
    }

    func offer(_ scopes: [Scope] = [Carton.dock], name: String = "T") throws -> String {
        try store.write {
            try HubReplica.offerEnrolment(
                name: name,
                scopes: scopes,
                now: wall,
                dice: &dice,
                in: $0
            )
        }
    }

    func enroll(_ request: EnrollRequest) throws -> Enrolment {
        try store.write { try hub.enroll(request, now: wall, in: $0) }
    }

    var epoch: UInt64 {
        get throws { try store.write { try HubReplica.epoch(in: $0, dice: &dice) } }
    }
}

final class TestTerminal: TestNode {
    private(set) var terminal: TerminalReplica
    /// The versions of the protocol that it speaks, from its next start on.
    var speaks = ProtocolVersions.spoken

    init(
        seed: UInt64,
        at hub: TestHub,
        scopes: [Scope] = [Carton.dock],
        vocabulary: Vocabulary = Carton.vocabulary
    ) throws {
        var dice = SeededDice(seed: seed &* 104_729)
        let key = (0..<4).flatMap { _ in dice.next().bigEndianBytes }
        terminal = TerminalReplica(try Replica(privateKey: key), Reducer(vocabulary))
        super.init(seed: seed)
        try restart(vocabulary)
        let code = try hub.offer(scopes)
        let request = EnrollRequest(code: code, publicKey: terminal.replica.publicKey)
        let answer = try hub.enroll(request)
        try store.write { try TerminalReplica.enroll(answer, in: $0) }
    }

    /// Starts the program again, perhaps another version of it.
    func restart(_ vocabulary: Vocabulary = Carton.vocabulary) throws {
        try store.write { transaction in
            let reducer = Reducer(vocabulary)
            try reducer.upgradeIfNeeded(in: transaction)
            let replica = try Replica.open(transaction, dice: &dice)
            terminal = TerminalReplica(replica, reducer, speaks: speaks)
        }
    }

    private init(copy terminal: TestTerminal, seed: UInt64) {
        self.terminal = terminal.terminal
        super.init(seed: seed, store: terminal.store.copied())
        wall = terminal.wall
    }

    /// A machine with a copy of this one's disk, and with its memory or a fresh start.
    func copied(seed: UInt64, withMemory: Bool = false) throws -> TestTerminal {
        let copy = TestTerminal(copy: self, seed: seed)
        if !withMemory { try copy.restart() }
        return copy
    }

    @discardableResult
    func record(_ drafts: Draft..., at clocks: ClockReading? = nil) throws -> [Operation] {
        try store.write {
            let now = clocks ?? reading
            return try terminal.record(drafts, by: "W1", reading: now, dice: &dice, in: $0)
        }
    }

    func record(of key: EntityKey = Carton.key()) throws -> EntityRecord {
        try store.read { try EntityReader($0, terminal.reducer).record(of: key) }
    }

    func pushRequest(limit: Int = PushRequest.operationCountMax) throws -> PushRequest? {
        try store.read { try terminal.pushRequest(in: $0, limit: limit) }
    }

    func upRequest(limit: Int = PushRequest.operationCountMax) throws -> UpRequest? {
        try store.read { try terminal.upRequest(in: $0, limit: limit) }
    }

    func pullRequest(_ scope: Scope = Carton.dock, limit: Int = 500) throws -> PullRequest {
        try store.read { try terminal.pullRequest(scope, in: $0, limit: limit) }
    }

    @discardableResult
    func apply(
        _ response: PushResponse,
        to request: PushRequest
    ) throws
        -> TerminalReplica.PushOutcome
    {
        try store.write { try terminal.apply(response, to: request, in: $0) }
    }

    @discardableResult
    func apply(
        _ answer: [UInt8],
        to request: UpRequest
    ) throws -> TerminalReplica.PushOutcome {
        let (outcome, after) = try store.write { transaction in
            var next = terminal
            let outcome = try next.apply(answer, to: request, in: transaction)
            try next.prepareSuccession(dice: &dice, in: transaction)
            return (outcome, next)
        }
        terminal = after
        return outcome
    }

    /// Takes note of the hub's refusal of what was sent up.
    func note(_ refusal: SyncRefusal, of request: UpRequest) throws {
        try store.write { try terminal.noteRefused(refusal, of: request, in: $0) }
    }

    @discardableResult
    func apply(_ response: PullResponse) throws -> TerminalReplica.PullOutcome {
        try store.write { try terminal.apply(response, now: wall, in: $0) }
    }

    func repairs(_ scope: Scope = Carton.dock) throws -> UInt64 {
        try store.read { try TerminalReplica.repairs(of: scope, in: $0) }
    }

    var cursor: UInt64 {
        get throws { try store.read { try terminal.cursor(of: Carton.dock, in: $0) } }
    }

    /// Sends up all that is to be sent; gives the hub's words on the last batch.
    @discardableResult
    func push(to hub: TestHub, limit: Int = 500) throws -> [PushResponse.Item] {
        var items: [PushResponse.Item] = []
        while let request = try upRequest(limit: limit) {
            let answer = try hub.answer(request)
            if case .push = request { items = try PushResponse(bytes: answer).items }
            guard try apply(answer, to: request) != .stalled else { break }
        }
        return items
    }

    /// Fetches all of a scope; gives the last outcome.
    @discardableResult
    func pull(
        from hub: TestHub,
        _ scope: Scope = Carton.dock,
        limit: Int = 500
    ) throws -> TerminalReplica.PullOutcome {
        while true {
            let outcome = try apply(try hub.pull(try pullRequest(scope, limit: limit)))
            switch outcome {
            case .newEpoch: try push(to: hub)
            case .applied(more: true), .repaired(refetch: true): continue
            case .applied(more: false), .stale, .repaired(refetch: false), .differs:
                return outcome
            }
        }
    }

    func sync(with hub: TestHub) throws {
        try push(to: hub)
        try pull(from: hub)
    }
}
