import Sync
import Tally

/// A hub and terminals with one entity, which can be put back to where they were.
final class SmallPlant {
    /// The replicas are not what the model says.
    struct Difference: Error {
        let text: String
    }

    /// Where everything stood.
    struct Mark {
        fileprivate let stores: [StoreImage]
        fileprivate let hub: HubReplica
        fileprivate let terminals: [TerminalReplica]
        fileprivate let ids: [OperationID]
        fileprivate let clock: Int64
    }

    private static let scope = Scope(site: "S", area: "A")
    private static let entity = EntityKey(
        scope: scope,
        kind: "thing",
        id: Identifier(high: 1, low: 1)
    )
    private static let vocabulary = Vocabulary(
        facts: ["thing.seen"],
        fields: ["thing.name"],
        decisions: ["thing.ruled"],
        lifecycles: [
            "thing": Lifecycle(
                initial: "open",
                moves: [
                    Lifecycle.Move("thing.close", from: ["open"], to: "closed"),
                    Lifecycle.Move("thing.reopen", from: ["closed", "stopped"], to: "open"),
                    Lifecycle.Move("thing.stop", from: [], to: "stopped", alwaysStands: true),
                ]
            )
        ]
    )

    private let reducer: Reducer
    private let stores: [MemoryStore]
    private var hub: HubReplica
    private var terminals: [TerminalReplica] = []
    private var dice = SeededDice(seed: 1)
    /// The operation of each record of the model.
    private var ids: [OperationID] = []
    private var clock: Int64 = 1_793_577_600_000

    init(terminals count: Int, defects: Set<Defect>) throws {
        let reducer = Reducer(Self.vocabulary, defects: defects)
        self.reducer = reducer
        let stores = (0...count).map { _ in MemoryStore() }
        self.stores = stores
        let rules = HubRules(flaw: { _ in nil }, react: { _, _ in [] })
        var dice = SeededDice(seed: 1)
        let hub = try stores[0].write { transaction in
            _ = try HubReplica.epoch(in: transaction, dice: &dice)
            let replica = try Replica.open(transaction, dice: &dice)
            return HubReplica(replica, reducer, rules, defects: defects)
        }
        self.hub = hub
        for index in 1...count {
            let replica = try stores[index].write {
                try Replica.open($0, dice: &dice)
            }
            let now = Moment(milliseconds: clock)
            let enrolment = try stores[0].write { transaction in
                let code = try HubReplica.offerEnrolment(
                    name: "terminal \(index)",
                    scopes: [Self.scope],
                    now: now,
                    dice: &dice,
                    in: transaction
                )
                let request = EnrollRequest(code: code, publicKey: replica.publicKey)
                return try hub.enroll(request, now: now, in: transaction)
            }
            try stores[index].write { try TerminalReplica.enroll(enrolment, in: $0) }
            terminals.append(TerminalReplica(replica, reducer, defects: defects))
        }
        self.dice = dice
    }

    func mark() -> Mark {
        Mark(
            stores: stores.map(\.image),
            hub: hub,
            terminals: terminals,
            ids: ids,
            clock: clock
        )
    }

    func goBack(to mark: Mark) {
        for (store, image) in zip(stores, mark.stores) { store.restore(image) }
        hub = mark.hub
        terminals = mark.terminals
        ids = mark.ids
        clock = mark.clock
    }

    private func reading() -> ClockReading {
        clock += 1
        let wall = Moment(milliseconds: clock)
        return ClockReading(wall: wall, boot: 1, monotonicMilliseconds: UInt64(clock))
    }

    // MARK: - Steps

    private func draft(_ word: SmallModel.Word, at replica: Int) throws -> Draft {
        let entity = Self.entity
        let name = "thing.name"
        switch word {
        case .fact: return Draft(.fact, of: entity, type: "thing.seen", payload: [7])
        case .edit:
            let bases = try record(of: replica).bases(of: name)
            let value = "value \(ids.count)"
            return Draft(.edit, of: entity, type: name, payload: Array(value.utf8), bases: bases)
        case .close: return Draft(.transition, of: entity, type: "thing.close")
        case .reopen: return Draft(.transition, of: entity, type: "thing.reopen")
        case .stop: return Draft(.transition, of: entity, type: "thing.stop")
        case .decide: return Draft(.decision, of: entity, type: "thing.ruled", payload: [9])
        }
    }

    func record(_ word: SmallModel.Word, at replica: Int) throws {
        let draft = try draft(word, at: replica)
        let reading = reading()
        if replica == SmallModel.hub {
            let before = stores[0].operationCount
            try stores[0].write {
                try hub.record([draft], by: "", reading: reading, dice: &dice, in: $0)
            }
            let made = try stores[0].read { try $0.log(offset: before, limit: 1) }
            ids += made.map(\.operation.id)
        } else {
            let made = try stores[replica].write {
                try terminals[replica - 1].record(
                    [draft],
                    by: "",
                    reading: reading,
                    dice: &dice,
                    in: $0
                )
            }
            ids += made.map(\.id)
        }
    }

    /// A terminal sends its next record, twice.
    func push(_ terminal: Int, expecting: (record: Int, isIn: Bool)) throws {
        let node = terminals[terminal - 1]
        let request = try stores[terminal].read { try node.pushRequest(in: $0, limit: 1) }
        guard let request else { throw Difference(text: "terminal \(terminal) sends nothing") }
        let reading = reading()
        var answers: [PushResponse] = []
        for _ in 0..<2 {
            answers.append(
                try stores[0].write {
                    try hub.push(request, reading: reading, dice: &dice, in: $0)
                }
            )
        }
        guard answers[0].items.map(\.verdict) == answers[1].items.map(\.verdict),
            answers[1].items.allSatisfy(\.known), answers[0].items.count == 1,
            let item = answers[0].items.first, item.stored
        else { throw Difference(text: "a push that comes again is answered otherwise") }
        guard item.verdict.inEffect == expecting.isIn else {
            throw Difference(text: "record \(expecting.record) was \(item.verdict)")
        }
        for answer in answers {
            _ = try stores[terminal].write { try node.apply(answer, to: request, in: $0) }
        }
    }

    /// A terminal fetches all, and every page comes twice.
    func pull(_ terminal: Int) throws {
        let node = terminals[terminal - 1]
        var more = true
        while more {
            let request = try stores[terminal].read {
                try node.pullRequest(Self.scope, in: $0, limit: 1)
            }
            let page = try stores[0].read { try hub.pull(request, in: $0) }
            let now = Moment(milliseconds: clock)
            let outcome = try stores[terminal].write { try node.apply(page, now: now, in: $0) }
            guard case .applied(let next) = outcome else {
                throw Difference(text: "terminal \(terminal): a page was \(outcome)")
            }
            more = next
            guard !page.operations.isEmpty else { continue }
            let again = try stores[terminal].write { try node.apply(page, now: now, in: $0) }
            guard again == .stale else {
                throw Difference(text: "terminal \(terminal): a page was taken twice")
            }
        }
    }

    // MARK: - Comparing

    private func record(of replica: Int) throws -> EntityRecord {
        try stores[replica].read {
            try EntityReader($0, reducer).record(of: Self.entity)
        }
    }

    /// Holds what a replica shows against the model.
    func compare(_ replica: Int, _ expected: SmallModel.View) throws {
        let record = try record(of: replica)
        let names = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        var view = SmallModel.View()
        view.facts = Set(record.facts.compactMap { names[$0.evidence.operation] })
        let values = record.fields["thing.name"] ?? []
        view.heads = Set(values.compactMap { names[$0.evidence.operation] })
        view.stage = record.stage ?? ""
        for move in record.moves {
            if let name = names[move.recorded.evidence.operation] { view.moves[name] = move.stands }
        }
        view.decision = record.decisions["thing.ruled"].flatMap { names[$0.evidence.operation] }
        guard view == expected else {
            throw Difference(text: "replica \(replica) shows \(view), and should \(expected)")
        }
        // Clocks are right here, so the value shown is the one recorded last.
        guard values.first.flatMap({ names[$0.evidence.operation] }) == expected.heads.max() else {
            throw Difference(text: "replica \(replica) shows a value that is not the latest")
        }
    }

    /// All replicas hold the same cells, and their digests say so.
    func compareCells() throws {
        let cells = stores[0].cells(in: Self.scope)
        let digest = try stores[0].read { try $0.digest(of: Self.scope) }
        for store in stores.dropFirst() {
            let own = try store.read { try $0.digest(of: Self.scope) }
            guard store.cells(in: Self.scope) == cells, own == digest else {
                throw Difference(text: "a terminal's cells are not the hub's")
            }
        }
    }
}
