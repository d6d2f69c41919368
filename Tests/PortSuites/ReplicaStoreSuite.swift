import Sync
import Tally

/// What every ``Sync/ReplicaStore`` does.
///
/// Each behaviour wants a new, empty store.
public enum ReplicaStoreSuite {
    public typealias Behaviour = PortBehaviour<any ReplicaStore>

    public static let behaviours: [Behaviour] = transactions + log + order + state + outbox

    /// A wilful end of a transaction.
    struct Stop: Error {}

    /// Runs a transaction that is undone at its end.
    static func undone(
        _ store: any ReplicaStore,
        _ body: (any ReplicaTransaction) throws -> Void
    ) throws {
        do {
            try store.write {
                try body($0)
                throw Stop()
            }
        } catch is Stop {
            return
        }
        throw PortFailure(description: "an error in a transaction did not come out of it")
    }

    private static let transactions: [Behaviour] = [
        Behaviour("a transaction that throws changes nothing") { store in
            var bench = try Workbench(seed: 1, at: store)
            let receipt = Workbench.receipt(1)
            let drafts = [Workbench.counted(receipt)]
            let key = SettingKey("place")
            let operation = try bench.record(drafts, in: store)[0]
            let stranger = try Workbench.foreign(
                seed: 2,
                [Workbench.counted(Workbench.receipt(2, in: Workbench.hall))]
            )[0]
            try store.write {
                try $0.set(key, to: [1])
                try $0.setCell(.stage, of: receipt, to: [2])
            }
            let before = try store.read(PortAnswers.init)
            try undone(store) {
                try $0.set(key, to: nil)
                try $0.append(
                    LoggedOperation(operation: stranger, judgement: Workbench.judgement(9))
                )
                try $0.judge(operation.id, Workbench.judgement(1))
                try $0.setCell(.stage, of: receipt, to: nil)
                try $0.setCell(.field("receipt.remark"), of: receipt, to: [3])
                try $0.enqueue(message(1))
                try $0.clearCells(of: Workbench.dock)
            }
            try expect(try store.read(PortAnswers.init).difference(from: before), nil, "undone")
            try store.write { try $0.set(key, to: [4]) }
            try expect(try store.read { try $0.setting(key) }, [4], "the next transaction")
        },
        Behaviour("a transaction reads what it has written") { store in
            let receipt = Workbench.receipt(1)
            let key = SettingKey("place")
            try store.write {
                try $0.set(key, to: [1])
                try expect(try $0.setting(key), [1], "setting")
                try $0.setCell(.stage, of: receipt, to: [2])
                try expect(try $0.cells(of: receipt), [.stage: [2]], "cells")
                try expect(try $0.digest(of: receipt.scope) == ScopeDigest(), false, "digest")
                try expect(try $0.scopes(), [receipt.scope], "scopes")
                try $0.set(key, to: nil)
                try expect(try $0.setting(key), nil, "removed setting")
            }
        },
        Behaviour("a setting is set, replaced, emptied and removed") { store in
            let key = SettingKey("place")
            try expect(try store.read { try $0.setting(key) }, nil, "new")
            for value in [[1, 2], [], [3], nil] as [[UInt8]?] {
                try store.write { try $0.set(key, to: value) }
                try expect(try store.read { try $0.setting(key) }, value, "set")
            }
        },
    ]

    private static let log: [Behaviour] = [
        Behaviour("the log keeps operations, their bytes and their order") { store in
            var bench = try Workbench(seed: 1, at: store)
            var operations: [Operation] = []
            for number in 1...5 {
                let draft = Workbench.counted(Workbench.receipt(number % 2))
                operations += try bench.record([draft], in: store)
            }
            let all = try store.read { try $0.log(offset: 0, limit: 100) }
            try expect(all.map(\.operation), operations, "all of it")
            try expect(all.map(\.operation.bytes), operations.map(\.bytes), "bytes")
            let page = try store.read { try $0.log(offset: 2, limit: 2) }
            try expect(page.map(\.operation), Array(operations[2...3]), "a page")
            try expect(try store.read { try $0.log(offset: 5, limit: 2) }, [], "past the end")
            let one = try store.read { try $0.operation(operations[3].id) }
            try expect(
                one,
                LoggedOperation(operation: operations[3], judgement: nil),
                "by id"
            )
            let strange = OperationID(replica: bench.id, incarnation: 1, sequence: 1)
            try expect(try store.read { try $0.operation(strange) }, nil, "unknown id")
        },
        Behaviour("what was let go is gone, and leaves its place empty") { store in
            var bench = try Workbench(seed: 1, at: store)
            var operations: [Operation] = []
            for number in 1...4 {
                operations += try bench.record(
                    [Workbench.counted(Workbench.receipt(number))],
                    in: store
                )
            }
            let gone = operations[1]
            try undone(store) { try $0.letGo(gone.id) }
            try expect(try store.read { try $0.operation(gone.id) }?.operation, gone, "undone")
            try store.write { try $0.letGo(gone.id) }
            try expect(try store.read { try $0.operation(gone.id) }, nil, "by id")
            let left = [operations[0], operations[2], operations[3]]
            let all = try store.read { try $0.log(offset: 0, limit: 9) }
            try expect(all.map(\.operation), left, "the others")
            let page = try store.read { try $0.log(offset: 2, limit: 9) }
            try expect(page.map(\.operation), Array(left.dropFirst()), "places stay")
            let backlog = try store.read { try $0.backlog(of: bench.id) }
            try expect(backlog.count, 3, "nothing waits that is gone")
            // What comes again comes to the end.
            try store.write { transaction in
                try transaction.append(LoggedOperation(operation: gone, judgement: nil))
            }
            let again = try store.read { try $0.log(offset: 0, limit: 9) }
            try expect(again.map(\.operation), left + [gone], "again")
            let head = try store.read {
                try $0.chainHead(bench.id, operations[3].id.incarnation)
            }
            try expect(head?.id, operations[3].id, "the head of its chain")
        },
        Behaviour("the head of a chain is its incarnation's last operation") { store in
            var bench = try Workbench(seed: 1, at: store)
            let drafts = [1, 2, 3].map { Workbench.counted(Workbench.receipt($0)) }
            let first = try bench.record(drafts, in: store)
            // The same replica after a restart: another incarnation.
            var again = try Workbench(seed: 99, at: store)
            let second = try again.record(drafts, in: store)
            for operation in [first[2], second[2]] {
                let head = try store.read {
                    try $0.chainHead(bench.id, operation.id.incarnation)
                }
                try expect(head, ChainHead(id: operation.id, hash: operation.hash), "head")
            }
            try expect(try store.read { try $0.chainHead(bench.id, 1) }, nil, "no chain")
            try expect(second[0].previous, first[2].hash, "the link between incarnations")
        },
        Behaviour("unsent are the own operations without an answer, in the order recorded") {
            store in
            var bench = try Workbench(seed: 1, at: store)
            let drafts = (1...5).map { Workbench.counted(Workbench.receipt($0)) }
            let own = try bench.record(drafts, in: store)
            let stranger = try Workbench.foreign(seed: 2, drafts)[0]
            try store.write {
                try $0.append(LoggedOperation(operation: stranger, judgement: nil))
                try $0.acknowledge(own[1].id, .accepted)
                try $0.judge(own[2].id, Workbench.judgement(1))
                try $0.acknowledge(OperationID(replica: bench.id, incarnation: 3, sequence: 1), nil)
            }
            let unsent = try store.read { try $0.unsent(of: bench.id, limit: 10) }
            try expect(unsent.map(\.operation), [own[0], own[3], own[4]], "unsent")
            let two = try store.read { try $0.unsent(of: bench.id, limit: 2) }
            try expect(two.map(\.operation), [own[0], own[3]], "at most two")
            let backlog = try store.read { try $0.backlog(of: bench.id) }
            try expect(backlog.count, 3, "backlog")
            try expect(backlog.since, own[0].reading.wall, "since")
            try store.write { transaction in
                for operation in own { try transaction.acknowledge(operation.id, .quarantined) }
            }
            let none = try store.read { try $0.backlog(of: bench.id) }
            try expect(none.count, 0, "nothing unsent")
            try expect(none.since, nil, "nothing since")
        },
        Behaviour("the unjudged operations of an entity come in the order recorded") { store in
            var bench = try Workbench(seed: 1, at: store)
            let one = Workbench.receipt(1)
            let drafts = [one, one, Workbench.receipt(2), one].map { Workbench.counted($0) }
            let own = try bench.record(drafts, in: store)
            try store.write {
                try $0.judge(own[0].id, Workbench.judgement(1))
                try $0.acknowledge(own[1].id, .accepted)
            }
            let unjudged = try store.read { try $0.unjudged(about: one) }
            try expect(unjudged.map(\.operation), [own[1], own[3]], "unjudged")
            try expect(unjudged.map(\.acknowledged), [.accepted, nil], "with their answers")
            try store.write { try $0.judge(own[0].id, nil) }
            let all = try store.read { try $0.unjudged(about: one) }
            try expect(all.map(\.operation), [own[0], own[1], own[3]], "in order again")
        },
    ]
}
