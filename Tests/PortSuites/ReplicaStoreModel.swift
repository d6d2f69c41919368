import Sync
import Tally

/// Runs random transactions on two stores and asks both everything after each.
///
/// With ``Sync/MemoryStore`` as the reference, another store that gives the same answers has the
/// same semantics. Some transactions end in an error, so that undoing is compared too.
public struct ReplicaStoreModel {
    private let reference: any ReplicaStore
    private let subject: any ReplicaStore
    private let pool: [Operation]
    private var dice: SeededDice

    /// A run on two stores.
    ///
    /// - Parameters:
    ///   - seed: names the run.
    ///   - reference: a new store whose answers are right.
    ///   - subject: a new store.
    /// - Throws: when no operations could be made.
    public init(
        seed: UInt64,
        reference: any ReplicaStore,
        subject: any ReplicaStore
    ) throws {
        self.reference = reference
        self.subject = subject
        var dice = SeededDice(seed: seed)
        var pool: [Operation] = []
        for replica in 0..<3 {
            var drafts: [Draft] = []
            for _ in 0..<8 {
                let entity = Self.entity(&dice)
                drafts.append(Draft(.fact, of: entity, type: "receipt.counted", payload: [1]))
            }
            pool += try Workbench.foreign(seed: seed &* 31 &+ UInt64(replica), drafts)
        }
        self.dice = dice
        self.pool = pool
    }

    /// Runs `count` transactions.
    ///
    /// - Throws: ``PortFailure`` with the transaction's number at the first difference.
    public mutating func run(transactions count: Int) throws {
        for number in 1...count {
            let fails = roll(5) == 0
            let seed = dice.next()
            let calls = 1 + roll(8)
            for store in [reference, subject] {
                if fails {
                    try ReplicaStoreSuite.undone(store) { try play(calls, seed, $0) }
                } else {
                    try store.write { try play(calls, seed, $0) }
                }
            }
            let expected = try reference.read(PortAnswers.init)
            if let difference = try subject.read(PortAnswers.init).difference(from: expected) {
                throw PortFailure(description: "after transaction \(number): \(difference)")
            }
        }
    }

    private mutating func roll(_ end: Int) -> Int { dice.roll(end) }

    private static func entity(_ dice: inout SeededDice) -> EntityKey {
        EntityKey(
            scope: Workbench.scopes[dice.roll(Workbench.scopes.count)],
            kind: Workbench.kinds[dice.roll(Workbench.kinds.count)],
            id: .derived("model", String(dice.roll(3)))
        )
    }

    /// Some random changes, the same for both stores.
    private func play(
        _ calls: Int,
        _ seed: UInt64,
        _ transaction: any ReplicaTransaction
    ) throws {
        var dice = SeededDice(seed: seed)
        for _ in 0..<calls { try call(transaction, &dice) }
    }

    /// One random change.
    ///
    /// What it looks at is the same in both stores, so it rolls the same.
    private func call(
        _ transaction: any ReplicaTransaction,
        _ dice: inout SeededDice
    ) throws {
        let operation = pool[dice.roll(pool.count)]
        let scope = Workbench.scopes[dice.roll(Workbench.scopes.count)]
        let key = SettingKey(["place", "stamp", "name"][dice.roll(3)])
        switch dice.roll(21) {
        case 0...7: try append(operation, transaction, &dice)
        case 8...9: try transaction.acknowledge(operation.id, Self.verdict(&dice))
        case 10...14: try setCell(transaction, &dice)
        case 15: try transaction.set(key, to: dice.roll(3) == 0 ? nil : [UInt8(dice.roll(9))])
        case 16...17:
            let message = ReplicaStoreSuite.message(dice.roll(6))
            if dice.roll(2) == 0 {
                try transaction.enqueue(message)
            } else {
                try transaction.delivered(message.key)
            }
        case 18 where dice.roll(3) == 0:
            let acknowledgements = dice.roll(2) == 0
            try transaction.forgetJudgements(of: scope, acknowledgements: acknowledgements)
        case 19 where dice.roll(3) == 0: try transaction.clearCells(of: scope)
        case 20:
            // The newest stays: whether its place is given out again is a store's own affair.
            let newest = try transaction.log(offset: 0, limit: .max).last?.operation.id
            if try operation.id != newest && transaction.operation(operation.id) != nil {
                try transaction.letGo(operation.id)
            }
        default: break
        }
    }

    /// Appends the operation, or judges it when it is there.
    private func append(
        _ operation: Operation,
        _ transaction: any ReplicaTransaction,
        _ dice: inout SeededDice
    ) throws {
        let next = try transaction.head(of: operation.scope) + 1 + UInt64(dice.roll(2))
        let present = try transaction.operation(operation.id)
        let verdict = Self.verdict(&dice)
        // A second judgement keeps the place, as the hub's do.
        let judgement = verdict.map {
            Workbench.judgement(present?.judgement?.position ?? next, $0, reason: "sync.why")
        }
        if present == nil {
            try transaction.append(
                LoggedOperation(
                    operation: operation,
                    judgement: judgement,
                    acknowledged: Self.verdict(&dice)
                )
            )
        } else {
            try transaction.judge(operation.id, judgement)
        }
    }

    private func setCell(
        _ transaction: any ReplicaTransaction,
        _ dice: inout SeededDice
    ) throws {
        let id = pool[dice.roll(4)].id
        let keys: [CellKey] = [.fact(id), .stage, .field("receipt.remark"), .held(id)]
        let key = keys[dice.roll(keys.count)]
        let values: [[UInt8]?] = [nil, [], [1], Array(repeating: 7, count: 5_000)]
        let value = values[dice.roll(values.count)]
        try transaction.setCell(key, of: Self.entity(&dice), to: value)
    }

    private static func verdict(_ dice: inout SeededDice) -> Verdict? {
        dice.roll(3) == 0 ? nil : Verdict(rawValue: UInt8(1 + dice.roll(5)))
    }
}

extension SeededDice {
    /// A number from 0 up to, not including, `end`.
    fileprivate mutating func roll(_ end: Int) -> Int { Int(next() % UInt64(end)) }
}
