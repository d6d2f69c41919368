import Sync
import Tally

/// Cells in memory with a digest, and a journal by which the last changes are taken back.
final class Space: CellSpace {
    struct Name: Hashable {
        let entity: EntityKey
        let key: CellKey
    }

    private(set) var cells: [Name: [UInt8]] = [:]
    private(set) var digest = ScopeDigest()
    private var journal: [(Name, [UInt8]?, ScopeDigest)] = []

    func cell(_ key: CellKey, of entity: EntityKey) -> [UInt8]? {
        cells[Name(entity: entity, key: key)]
    }

    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) {
        let name = Name(entity: entity, key: key)
        let old = cells[name]
        guard old != value else { return }
        journal.append((name, old, digest))
        digest.replace(key, of: entity, from: old, to: value)
        cells[name] = value
    }

    /// Where the journal stands, for ``undo(to:)``.
    var mark: Int { journal.count }

    /// Takes back what was changed since `mark`, as a transaction that failed.
    func undo(to mark: Int) {
        while journal.count > mark {
            guard let (name, old, digest) = journal.popLast() else { return }
            cells[name] = old
            self.digest = digest
        }
    }

    /// The digest of the cells as they are, computed from nothing.
    var recomputedDigest: ScopeDigest {
        cells.reduce(into: ScopeDigest()) { digest, cell in
            digest.replace(cell.key.key, of: cell.key.entity, from: nil, to: cell.value)
        }
    }
}

/// What up to six terminals and a hub recorded about a few entities, in the hub's order.
struct History {
    struct Step {
        let operation: Operation
        let judgement: Judgement
        /// Whether its place among others of its kind matters: moves and decisions.
        var isOrdered: Bool {
            operation.kind == .transition || operation.kind == .decision
        }
    }

    private(set) var steps: [Step] = []
    /// The fact, field, decision and move names that occur.
    var names: Set<String> { Set(steps.map(\.operation.type)) }
    private(set) var replicaCount = 0
}

/// The names of a vocabulary, by entity kind: what can be said of each.
struct Sayings {
    struct Saying {
        let kind: OperationKind
        let name: String
    }

    let entityKinds: [String]
    let sayings: [String: [Saying]]
    let names: Set<String>

    init(_ vocabulary: Vocabulary) {
        var sayings: [String: [Saying]] = [:]
        func add(_ kind: OperationKind, _ names: Set<String>) {
            for name in names.sorted() {
                let entityKind = String(name.prefix { $0 != "." })
                sayings[entityKind, default: []].append(Saying(kind: kind, name: name))
            }
        }
        add(.fact, vocabulary.facts)
        add(.edit, vocabulary.fields)
        add(.decision, vocabulary.decisions)
        for (entityKind, lifecycle) in vocabulary.lifecycles {
            for move in lifecycle.moves {
                sayings[entityKind, default: []]
                    .append(Saying(kind: .transition, name: move.name))
            }
        }
        self.sayings = sayings
        entityKinds = sayings.keys.sorted()
        names = Set(sayings.values.joined().map(\.name))
    }
}

extension History {
    /// A random history.
    ///
    /// - Parameters:
    ///   - reducer: the hub's.
    ///   - sayings: what can be said.
    ///   - count: how many operations.
    ///   - dice: seeded.
    /// - Throws: when an operation cannot be written: a fault of the generator.
    init(
        _ reducer: Reducer,
        _ sayings: Sayings,
        count: Int,
        dice: inout SeededDice
    ) throws {
        let space = Space()
        var authors = (0..<1 + dice.roll(6)).map { _ in Author(dice: &dice) }
        var hub = Author(dice: &dice)
        replicaCount = authors.count
        let entities = (0..<1 + dice.roll(2)).map { _ in
            EntityKey(
                scope: Scope(site: "SZ1", area: "DOCK"),
                kind: sayings.entityKinds[dice.roll(sayings.entityKinds.count)],
                id: Identifier(high: 0, low: dice.next() % 4)
            )
        }
        // Few things to say in one history, so that they meet; over many histories, all.
        var spoken: [String: [Sayings.Saying]] = [:]
        for kind in Set(entities.map(\.kind)).sorted() {
            let all = sayings.sayings[kind] ?? []
            let few = (0..<3).map { _ in all[dice.roll(all.count)] }
            spoken[kind] = dice.once(in: 2) ? all : few
        }
        var head: UInt64 = 0
        while steps.count < count {
            let entity = entities[dice.roll(entities.count)]
            let choices = spoken[entity.kind] ?? []
            let saying = choices[dice.roll(choices.count)]
            let index = dice.roll(authors.count)
            if dice.once(in: 2) { authors[index].seen = head }
            // The hub sees all that it has placed; a terminal sees what it fetched, and its own.
            hub.seen = head
            let operation =
                saying.kind == .decision
                ? try hub.say(saying, of: entity, in: self, dice: &dice)
                : try authors[index].say(saying, of: entity, in: self, dice: &dice)
            head += 1 + UInt64(dice.roll(2))
            let judgement = try Self.judge(operation, reducer, space, head, dice: &dice)
            try reducer.apply(operation, judgement, to: space)
            steps.append(Step(operation: operation, judgement: judgement))
        }
    }

    private static func judge(
        _ operation: Operation,
        _ reducer: Reducer,
        _ space: Space,
        _ position: UInt64,
        dice: inout SeededDice
    ) throws -> Judgement {
        var (verdict, reason) = try reducer.verdict(on: operation, in: space)
        if dice.once(in: 20) { (verdict, reason) = (.quarantined, "sync.flaw") }
        // A newer hub takes what this reducer does not know.
        if verdict == .waiting, dice.once(in: 2) { (verdict, reason) = (.accepted, "") }
        return Judgement(
            position: position,
            verdict: verdict,
            reason: reason,
            effective: operation.reading.wall,
            // Few values, so that stamps tie.
            effectiveStamp: HybridStamp(bits: operation.stamp.bits % 5),
            timeUnsure: dice.once(in: 4)
        )
    }

    /// One replica on its way through a history.
    private struct Author {
        let replica: Identifier
        let incarnation: UInt64
        var sequence: UInt64 = 0
        var seen: UInt64 = 0
        var previous: Identifier?

        init(dice: inout SeededDice) {
            replica = .random(&dice)
            incarnation = dice.next() | 1
        }

        mutating func say(
            _ saying: Sayings.Saying,
            of entity: EntityKey,
            in history: History,
            dice: inout SeededDice
        ) throws -> Operation {
            var bases: [OperationID] = []
            if saying.kind == .edit { bases = self.bases(saying.name, of: entity, in: history) }
            sequence += 1
            let wall = Moment(milliseconds: 1_795_248_000_000 + Int64(dice.roll(1000)))
            let reading = ClockReading(
                wall: wall,
                boot: 1,
                monotonicMilliseconds: dice.next() >> 20
            )
            let draft = Draft(
                saying.kind,
                of: entity,
                type: saying.name,
                payload: saying.kind == .edit ? [UInt8(dice.roll(3))] : dice.garbage(countMax: 9),
                bases: bases
            )
            var operation = try Operation(
                draft,
                id: OperationID(replica: replica, incarnation: incarnation, sequence: sequence),
                previous: previous,
                stamp: HybridStamp(bits: dice.next() >> 1),
                author: "W\(dice.roll(3))",
                reading: reading,
                seen: seen
            )
            // Now and then a newer program speaks: a kind or a layout that nobody here knows, or a
            // field more. In protobuf a field that comes twice has its last value.
            switch dice.roll(30) {
            case 0: operation = try Operation(bytes: operation.bytes + [0x70, 9])
            case 1: operation = try Operation(bytes: operation.bytes + [0x08, 2])
            case 2: operation = try Operation(bytes: operation.bytes + [0xA0, 0x1F, 7])
            default: break
            }
            previous = operation.hash
            return operation
        }

        /// The values that this author sees in the field.
        private func bases(
            _ field: String,
            of entity: EntityKey,
            in history: History
        ) -> [OperationID] {
            var register = Register()
            for step in history.steps
            where step.operation.type == field && step.operation.entity == entity
                && step.operation.kind == .edit
                && (step.judgement.position <= seen || step.operation.id.replica == replica)
            {
                let evidence = Evidence(
                    operation: step.operation.id,
                    author: "",
                    moment: step.judgement.effective,
                    timeUnsure: false,
                    seen: 0,
                    position: nil
                )
                let value = FieldValue(evidence: evidence, value: step.operation.payload)
                register.apply(
                    Register.Head(stamp: step.judgement.effectiveStamp, value: value),
                    bases: step.operation.bases
                )
            }
            return register.values.map(\.evidence.operation)
        }
    }
}
