import Agent
import Codes
import Deflate
import ExceptionReports
import Forms
import Hub
import Inspection
import Receiving
import Sync
import Tally
import Workforce

/// A hub and terminals in memory, with the nodes that decide in the daemons: what the suites of the
/// nodes work with.
public final class NodePlant {
    /// One terminal: its store and its node.
    public final class Terminal {
        public let store = MemoryStore()
        public internal(set) var node: TerminalNode

        init(_ dice: inout SeededDice) throws {
            node = try store.write { transaction in
                try TerminalNode(
                    opening: transaction,
                    vocabulary: PlantVocabulary.all,
                    compressor: NodePlant.compressor,
                    rules: try NodePlant.codeRules(),
                    dice: &dice
                )
            }
        }

        /// Reads as this terminal knows it.
        public func read<Value>(_ body: (EntityReader) throws -> Value) throws -> Value {
            try store.read { try body(node.reader($0)) }
        }
    }

    public static let compressor = DeflateCompressor(format: .raw)
    public static let site = "SZ1"
    public static let floor = Scope(site: site, area: HubNode.floorArea)
    public static let dock = Scope(site: site, area: ReceivingRoom.area)

    public let terminals: [Terminal]
    public private(set) var store = MemoryStore()
    public private(set) var hub: HubNode
    public var dice = SeededDice(seed: 7)
    public private(set) var now = Moment(milliseconds: 1_795_248_000_000)

    /// A plant with its master data, and terminals that are enrolled and know them.
    public init(terminals count: Int = 2) throws {
        hub = try Self.open(store, ClockReading(wall: now, boot: 1, monotonicMilliseconds: 0))
        var dice = SeededDice(seed: 8)
        terminals = try (0..<count).map { _ in try Terminal(&dice) }
        try prepare()
        for index in terminals.indices { try sync(index) }
    }

    private static func open(_ store: MemoryStore, _ reading: ClockReading) throws -> HubNode {
        var dice = SeededDice(seed: 9)
        return try store.write { transaction in
            let node = try HubNode(
                opening: transaction,
                compressor: compressor,
                reading: reading,
                dice: &dice
            )
            try HubNode.addSite(site, in: transaction)
            return node
        }
    }

    /// Gives a hub its master data, and takes the terminals in.
    private func prepare() throws {
        try register(try masterData())
        for terminal in terminals {
            let answer = try store.write { transaction in
                let code = try HubNode.offerEnrolment(
                    site: Self.site,
                    name: "T",
                    now: now,
                    dice: &dice,
                    in: transaction
                )
                let key = terminal.node.terminal.replica.publicKey
                let request = EnrollRequest(code: code, publicKey: key)
                return try hub.replica.enroll(request, now: now, in: transaction)
            }
            try terminal.store.write { transaction in
                if try TerminalReplica.enrolment(in: transaction) == nil {
                    try TerminalReplica.enroll(answer, in: transaction)
                }
            }
        }
    }

    /// A hub that was restored from a backup which had the master data, and nothing that the floor
    /// recorded since: the same key, another epoch, another run of dice.
    public func restoreHub() throws {
        store = MemoryStore()
        hub = try Self.open(store, tick())
        dice = SeededDice(seed: 77)
        try prepare()
        try store.write { transaction in
            _ = try HubReplica.takeNewEpoch(in: transaction, dice: &dice)
        }
    }

    // MARK: - Master data

    private func masterData() throws -> [Draft] {
        let seed = try store.write { try hub.signingSeed(of: "S-1", dice: &dice, in: $0) }
        let key = SupplierKey(supplier: "S-1", publicKey: try NoteSigner(seed: seed).publicKey)
        var drafts = [
            try SupplierRegistration(code: "S-1", name: "Sun", keys: [key].compactMap(\.self))
                .draft()
        ]
        for (code, isLotTracked, percent) in [("BRG-6204", true, 0), ("BOLT-M8", false, 5)] {
            let material = MaterialRegistration(
                code: code,
                name: code,
                unit: .piece,
                isLotTracked: isLotTracked,
                overDeliveryPercent: percent
            )
            drafts.append(try material.draft())
        }
        for (badge, name) in [("W1", "王芳"), ("W2", "李强"), ("W3", "赵敏")] {
            let worker = Worker(
                badge: badge,
                name: name,
                roles: [.clerk, .crew],
                team: "warehouse"
            )
            drafts.append(try worker.draft())
        }
        drafts += try FormDefinition(node: Self.form).publish(over: nil)
        let machine = try EquipmentRegistration(
            tag: "LAT-01",
            name: Label(["zh-CN": "车床", "en": "Lathe"]),
            model: "CK6150",
            scope: Self.floor,
            forms: ["machine"],
            team: "maintenance"
        )
        drafts += try [machine.draft()].compactMap(\.self)
        drafts += try ExceptionCategory.list(node: Self.categories)
            .compactMap { try $0.publish(over: nil) }
        return drafts
    }

    private static let form = FormNode.map([
        "code": .text("machine"), "version": .number("1"), "title": .map(["en": .text("Machine")]),
        "questions": .list([
            .map([
                "name": .text("guard"), "type": .text("yes_no"), "required": .bool(true),
                "label": .map(["en": .text("Does the guard close?")]), "severe": .bool(true),
                "limits": .map(["good": .list([.text("yes")])]),
            ]),
            .map([
                "name": .text("pressure"), "type": .text("decimal"), "unit": .text("MPA"),
                "label": .map(["en": .text("Oil pressure")]), "required": .bool(true),
                "limits": .map(["low": .number("0.40"), "high": .number("0.80")]),
            ]),
        ]),
    ])

    private static let categories = FormNode.map([
        "categories": .list([
            .map([
                "code": .text("quality"), "version": .number("1"), "team": .text("inspectors"),
                "name": .map(["zh-CN": .text("质量"), "en": .text("Quality")]),
                "deadlines": .map(["containment": .number("60")]),
                "needed": .list([.text("problem")]),
            ])
        ])
    ])

    /// How the terminals read what suppliers print themselves: `N:<supplier>:<number>` with lines
    /// as `|<material>*<quantity>`, and JSON of goods.
    static func codeRules() throws -> CodeRules {
        var note = CodeRule.Parts()
        note.name = "note-lines"
        note.pattern =
            #"N:(?<supplier>[^:|]*):(?<number>[^:|]+)(?<lines>(?:\|[^|*]+\*[0-9]+){0,20})"#
        note.lines = #"\|(?<material>[^|*]+)\*(?<quantity>[0-9]+)"#
        var label = CodeRule.Parts()
        label.name = "label-json"
        label.carrier = .label
        label.form = .json
        label.wanted = ["material"]
        label.names = ["qty": "quantity"]
        return try CodeRules([CodeRule(note), CodeRule(label)])
    }

    /// A note of two lines: 60 bearings in three cartons, and 100 bolts.
    public func note(_ number: String = "DN-1", supplier: String = "S-1") -> NoteContent {
        NoteContent(
            supplier: supplier,
            number: number,
            site: Self.site,
            issuedAt: now,
            promisedArrival: now,
            lines: [
                NoteContent.Line(
                    number: 1,
                    material: "BRG-6204",
                    quantity: Quantity(count: 60),
                    lot: "L1",
                    cartons: ["069012340000000016", "069012340000000023", "069012340000000030"]
                ),
                NoteContent.Line(number: 2, material: "BOLT-M8", quantity: Quantity(count: 100)),
            ]
        )
    }

    // MARK: - The hub

    /// The clocks a minute later.
    public func tick() -> ClockReading {
        now = now.adding(milliseconds: 60_000)
        return clocks
    }

    /// The clocks, which are the same at all machines.
    private var clocks: ClockReading {
        ClockReading(
            wall: now,
            boot: 1,
            monotonicMilliseconds: UInt64(now.milliseconds - 1_795_000_000_000)
        )
    }

    @discardableResult
    public func register(_ drafts: [Draft]) throws -> HubNode.Registered {
        let reading = tick()
        return try store.write {
            try hub.register(drafts, by: "office", reading: reading, dice: &dice, in: $0)
        }
    }

    /// The signed text of a note that the hub makes.
    public func makeNote(_ content: NoteContent) throws -> String {
        let reading = tick()
        return try store.write {
            try hub.makeNote(content, by: "office", reading: reading, dice: &dice, in: $0)
        }
    }

    /// The supplier's keys as the hub has registered them.
    public func supplierKeys(_ supplier: String) throws -> [SupplierKey] {
        try store.write { try hub.supplierKeys(of: supplier, in: $0) }
    }

    /// Gives the supplier a new key; its moment is ``now``.
    public func rotateKey(_ supplier: String) throws -> [SupplierKey] {
        let reading = tick()
        return try store.write {
            try hub.rotateKey(of: supplier, reading: reading, dice: &dice, in: $0)
        }
    }

    /// Says whether the supplier's unsigned notes are received.
    public func setTakesUnsigned(_ takesUnsigned: Bool, of supplier: String) throws {
        let reading = tick()
        try store.write {
            try hub.setTakesUnsigned(
                takesUnsigned,
                of: supplier,
                reading: reading,
                dice: &dice,
                in: $0
            )
        }
    }

    /// Says which of the notes of a receipt that differ holds.
    public func settleNotes(_ receipt: EntityKey, keeping opening: OperationID) throws {
        let reading = tick()
        try store.write {
            try hub.settleNotes(
                receipt: receipt,
                keeping: opening,
                by: "office",
                reading: reading,
                dice: &dice,
                in: $0
            )
        }
    }

    /// Revokes a key of the supplier.
    public func revokeKey(_ id: String, _ supplier: String) throws -> [SupplierKey] {
        let reading = tick()
        return try store.write {
            try hub.revokeKey(id, of: supplier, reading: reading, dice: &dice, in: $0)
        }
    }

    /// Rules on two counts at the hub.
    public func settle(
        _ receipt: EntityKey,
        _ one: OperationID,
        _ other: OperationID,
        _ ruling: ReceiptFact.Ruling
    ) throws {
        let reading = tick()
        try store.write {
            try hub.settle(
                receipt: receipt,
                one,
                other,
                ruling,
                by: "office",
                reading: reading,
                dice: &dice,
                in: $0
            )
        }
    }

    /// Reads as the hub knows it.
    public func read<Value>(_ body: (EntityReader) throws -> Value) throws -> Value {
        try store.read { try body(hub.reader($0)) }
    }

    /// What the hub keeps aside for a person.
    public func held() throws -> [QuarantinedRecord] {
        try store.read { try $0.quarantine(after: 0, held: true, limit: 100) }
    }

    /// What waits for the connectors, oldest first.
    public func outbox() throws -> [OutboxMessage] { try store.read { try $0.outbox(limit: 100) } }

    // MARK: - The floor

    /// Runs a command at a terminal; nothing is sent.
    @discardableResult
    public func run(
        _ command: FloorCommand,
        by worker: String = "W1",
        on index: Int = 0
    ) throws -> TerminalNode.Saved {
        let reading = tick()
        let terminal = terminals[index]
        return try terminal.store.write {
            try terminal.node.run(command, by: worker, reading: reading, dice: &dice, in: $0)
        }
    }

    /// Records at a terminal what no rule of its node has judged, as a program of ill will does.
    @discardableResult
    public func record(
        _ drafts: [Draft],
        by worker: String,
        on index: Int = 0
    ) throws -> [OperationID] {
        let reading = tick()
        let terminal = terminals[index]
        return try terminal.store.write {
            try terminal.node.terminal.record(
                drafts,
                by: worker,
                reading: reading,
                dice: &dice,
                in: $0
            )
        }
        .map(\.id)
    }

    /// Lets time pass.
    public func wait(minutes: Int) { now = now.adding(milliseconds: Int64(minutes) * 60_000) }

    /// Scans at a terminal, as the shell does: a refusal undoes the transaction.
    public func scan(
        _ text: String,
        _ session: inout KioskSession,
        on index: Int = 0
    ) throws -> KioskSession.Feedback {
        let reading = tick()
        let terminal = terminals[index]
        return try terminal.store.write {
            try session.scan(text, &terminal.node, reading: reading, dice: &dice, in: $0)
        }
    }

    /// Takes a photo at a terminal, as the shell does.
    public func take(
        photo: ContentHash,
        _ session: inout KioskSession,
        on index: Int = 0
    ) throws -> KioskSession.Feedback {
        let reading = tick()
        let terminal = terminals[index]
        return try terminal.store.write {
            try session.take(photo: photo, &terminal.node, reading: reading, dice: &dice, in: $0)
        }
    }

    /// Sends what a terminal recorded, then fetches what the hub has, over the bytes of the
    /// protocol, until neither has more.
    public func sync(_ index: Int) throws {
        let terminal = terminals[index]
        try sendUp(terminal)
        let peer = terminal.node.terminal
        for scope in HubNode.scopes(of: Self.site) {
            var outcome = TerminalReplica.PullOutcome.stale
            repeat {
                let request = try terminal.store.read { try peer.pullRequest(scope, in: $0) }
                let response = try store.read { try hub.replica.pull(request, in: $0) }
                let page = try PullResponse(bytes: response.bytes())
                outcome = try terminal.store.write { try peer.apply(page, now: now, in: $0) }
                if outcome == .newEpoch { try sendUp(terminal) }
            } while outcome == .applied(more: true) || outcome == .newEpoch
        }
    }

    /// Sends up all that a terminal has to send.
    private func sendUp(_ terminal: Terminal) throws {
        while let request = try terminal.store.read({ [now = tick()] in
            try terminal.node.terminal.upRequest(in: $0, at: now)
        }) {
            let answer = try answer(try request.bytes(), to: request)
            let outcome = try terminal.store.write {
                try terminal.node.take(answer, to: request, at: clocks, dice: &dice, in: $0)
            }
            if outcome == .stalled { break }
        }
    }

    private func answer(_ bytes: [UInt8], to request: UpRequest) throws -> [UInt8] {
        let reading = clocks
        return try store.write {
            switch request {
            case .enroll:
                let request = try EnrollRequest(bytes: bytes)
                return try hub.replica.enroll(request, now: reading.wall, in: $0).bytes()
            case .giveBack:
                let request = try ReturnRequest(bytes: bytes)
                return try hub.giveBack(request, reading: reading, dice: &dice, in: $0).bytes()
            case .push:
                let request = try PushRequest(bytes: bytes)
                return try hub.push(request, reading: reading, dice: &dice, in: $0).bytes()
            }
        }
    }

    /// Whether a terminal and the hub hold the same state of the whole site.
    public func agrees(_ index: Int) throws -> Bool {
        try HubNode.scopes(of: Self.site).allSatisfy { scope in
            let mine = try terminals[index].store.read { try $0.digest(of: scope) }
            return try store.read { try $0.digest(of: scope) } == mine
        }
    }
}
