import Sync
import Tally

extension ReplicaStoreSuite {
    static let order: [Behaviour] = [
        Behaviour("the stream of a scope comes in the hub's order, a page at a time") { store in
            let drafts = (1...6).map { number in
                Workbench.counted(
                    Workbench.receipt(number, in: number == 6 ? Workbench.hall : Workbench.dock)
                )
            }
            let operations = try Workbench.foreign(seed: 2, drafts)
            // Stored in another order than judged, with a hole at 3.
            let positions: [UInt64] = [5, 1, 4, 2, 6, 1]
            try store.write { transaction in
                for (operation, position) in zip(operations, positions) {
                    try transaction.append(
                        LoggedOperation(
                            operation: operation,
                            judgement: Workbench.judgement(position)
                        )
                    )
                }
            }
            let dock = Workbench.dock
            let all = try store.read { try $0.stream(dock, after: 0, limit: 100) }
            try expect(all.compactMap(\.judgement?.position), [1, 2, 4, 5, 6], "positions")
            try expect(all.first?.operation, operations[1], "the first")
            try expect(
                all.map(\.judgement),
                [1, 2, 4, 5, 6].map { Workbench.judgement($0) },
                "judgements whole"
            )
            let page = try store.read { try $0.stream(dock, after: 2, limit: 2) }
            try expect(page.compactMap(\.judgement?.position), [4, 5], "a page")
            try expect(try store.read { try $0.stream(dock, after: 6, limit: 2) }, [], "the end")
            try expect(try store.read { try $0.head(of: dock) }, 6, "head")
            try expect(try store.read { try $0.head(of: Workbench.hall) }, 1, "another head")
            try expect(try store.read { try $0.head(of: .company) }, 0, "no head")
        },
        Behaviour("waiting operations come in the order of their positions") { store in
            let drafts = (1...4).map { Workbench.counted(Workbench.receipt($0)) }
            let operations = try Workbench.foreign(seed: 2, drafts)
            let verdicts: [(UInt64, Verdict)] = [
                (4, .waiting), (2, .accepted), (3, .quarantined), (1, .waiting),
            ]
            try store.write { transaction in
                for (operation, (position, verdict)) in zip(operations, verdicts) {
                    let judgement = Workbench.judgement(position, verdict, reason: "sync.why")
                    try transaction.append(
                        LoggedOperation(operation: operation, judgement: judgement)
                    )
                }
            }
            let waiting = try store.read { try $0.waiting(limit: 10) }
            try expect(waiting.map(\.operation), [operations[3], operations[0]], "waiting")
            try expect(waiting.first?.judgement?.reason, "sync.why", "reason")
            try expect(try store.read { try $0.waiting(limit: 1) }.count, 1, "at most one")
            try store.write { try $0.judge(operations[3].id, Workbench.judgement(1)) }
            let left = try store.read { try $0.waiting(limit: 10) }
            try expect(left.map(\.operation), [operations[0]], "judged again")
        },
        Behaviour("forgetting judgements keeps operations, and answers unless told") { store in
            var bench = try Workbench(seed: 1, at: store)
            let dock = Workbench.counted(Workbench.receipt(1))
            let hall = Workbench.counted(Workbench.receipt(1, in: Workbench.hall))
            let own = try bench.record([dock, hall], in: store)
            try store.write { transaction in
                for operation in own {
                    try transaction.judge(operation.id, Workbench.judgement(1))
                    try transaction.acknowledge(operation.id, .accepted)
                }
                try transaction.forgetJudgements(of: Workbench.dock, acknowledgements: false)
            }
            let kept = try store.read { try $0.log(offset: 0, limit: 9) }
            try expect(kept.map(\.judgement), [nil, Workbench.judgement(1)], "judgements")
            try expect(kept.map(\.acknowledged), [.accepted, .accepted], "answers")
            try expect(try store.read { try $0.head(of: Workbench.dock) }, 0, "head")
            let stream = try store.read { try $0.stream(Workbench.dock, after: 0, limit: 9) }
            try expect(stream, [], "stream")
            try expect(try store.read { try $0.unsent(of: bench.id, limit: 9) }, [], "unsent")
            try store.write {
                try $0.forgetJudgements(of: Workbench.dock, acknowledgements: true)
            }
            let unsent = try store.read { try $0.unsent(of: bench.id, limit: 9) }
            try expect(unsent.map(\.operation), [own[0]], "to be sent again")
            // The same position may now be another operation's.
            try store.write { try $0.judge(own[0].id, Workbench.judgement(1, .conflict)) }
            try expect(try store.read { try $0.head(of: Workbench.dock) }, 1, "head again")
        },
    ]

    static let state: [Behaviour] = [
        Behaviour("cells are set, replaced, emptied and removed") { store in
            let receipt = Workbench.receipt(1)
            let id = try Workbench.foreign(seed: 2, [Workbench.counted(receipt)])[0].id
            let keys: [CellKey] = [
                .fact(id), .field("receipt.remark"), .stage, .move(id),
                .decision("receipt.noted"), .held(id), .opaque(id),
            ]
            try store.write { transaction in
                for (index, key) in keys.enumerated() {
                    try transaction.setCell(key, of: receipt, to: [UInt8(index)])
                }
                try transaction.setCell(.stage, of: receipt, to: [])
                try transaction.setCell(.move(id), of: receipt, to: nil)
                try transaction.setCell(.field("never set"), of: receipt, to: nil)
            }
            let cells = try store.read { try $0.cells(of: receipt) }
            try expect(
                cells,
                [
                    .fact(id): [0], .field("receipt.remark"): [1], .stage: [],
                    .decision("receipt.noted"): [4], .held(id): [5], .opaque(id): [6],
                ],
                "cells"
            )
            try expect(try store.read { try $0.cell(.stage, of: receipt) }, [], "empty")
            try expect(try store.read { try $0.cell(.move(id), of: receipt) }, nil, "removed")
            try expect(try store.read { try $0.cells(of: Workbench.receipt(2)) }, [:], "another")
        },
        Behaviour("a scope's digest is the sum over its cells, however they came") { store in
            var bench = try Workbench(seed: 3, at: store)
            for _ in 0..<30 {
                try store.write { transaction in
                    for _ in 0..<5 {
                        let scope = Workbench.scopes[bench.roll(3)]
                        let receipt = Workbench.receipt(bench.roll(3), in: scope)
                        let key = CellKey.field("receipt.f\(bench.roll(4))")
                        let value = bench.roll(4) == 0 ? nil : [UInt8(bench.roll(256))]
                        try transaction.setCell(key, of: receipt, to: value)
                    }
                }
            }
            for scope in Workbench.scopes {
                let digest = try store.read { try $0.digest(of: scope) }
                try expect(digest, try store.read { try sum(of: scope, in: $0) }, "\(scope)")
                try expect(digest == ScopeDigest(), false, "the digest of cells")
            }
            try store.write { try $0.clearCells(of: Workbench.dock) }
            try expect(
                try store.read { try $0.digest(of: Workbench.dock) },
                ScopeDigest(),
                "cleared"
            )
            let hall = try store.read { try $0.digest(of: Workbench.hall) }
            try expect(
                hall,
                try store.read { try sum(of: Workbench.hall, in: $0) },
                "not cleared"
            )
        },
        Behaviour("clearing cells leaves the log, and the entities known") { store in
            var bench = try Workbench(seed: 1, at: store)
            let receipt = Workbench.receipt(1)
            let own = try bench.record([Workbench.counted(receipt)], in: store)
            try store.write {
                try $0.setCell(.stage, of: receipt, to: [1])
                try $0.clearCells(of: receipt.scope)
            }
            try expect(try store.read { try $0.cells(of: receipt) }, [:], "cells")
            try expect(
                try store.read { try $0.log(offset: 0, limit: 9) }.map(\.operation),
                own,
                "log"
            )
            let known = try store.read { try $0.entities(kind: "receipt", in: nil) }
            try expect(known, [receipt], "entities")
        },
        Behaviour("entities and scopes come sorted, each once") { store in
            var bench = try Workbench(seed: 1, at: store)
            let keys = (1...4).flatMap { number in
                Workbench.scopes.map { Workbench.receipt(number, in: $0) }
            }
            let report = EntityKey(
                scope: Workbench.hall,
                kind: "exception_report",
                id: Workbench.receipt(1).id
            )
            _ = try bench.record(keys.prefix(7).map { Workbench.counted($0) }, in: store)
            try store.write { transaction in
                for key in keys { try transaction.setCell(.stage, of: key, to: [1]) }
                try transaction.setCell(.stage, of: report, to: [1])
            }
            let all = try store.read { try $0.entities(kind: "receipt", in: nil) }
            try expect(all, keys.sorted(), "of all scopes")
            let dock = try store.read { try $0.entities(kind: "receipt", in: Workbench.dock) }
            try expect(dock, keys.filter { $0.scope == Workbench.dock }.sorted(), "of one scope")
            let reports = try store.read { try $0.entities(kind: "exception_report", in: nil) }
            try expect(reports, [report], "of another kind")
            try expect(try store.read { try $0.scopes() }, Workbench.scopes.sorted(), "scopes")
        },
    ]

    static let outbox: [Behaviour] = [
        Behaviour("a message is queued once for ever, and oldest first") { store in
            try store.write { transaction in
                for number in 1...3 { try transaction.enqueue(message(number)) }
                try transaction.enqueue(message(1, topic: "another"))
            }
            try expect(
                try store.read { try $0.outbox(limit: 9) },
                [1, 2, 3].map { message($0) },
                "queued"
            )
            try expect(try store.read { try $0.outbox(limit: 2) }.count, 2, "at most two")
            try store.write {
                try $0.delivered(message(2).key)
                try $0.delivered(message(7).key)
            }
            try store.write { try $0.enqueue(message(2)) }
            try expect(
                try store.read { try $0.outbox(limit: 9) },
                [message(1), message(3)],
                "a delivered one does not come back"
            )
        }
    ]

    static func message(_ number: Int, topic: String = "arrival_order") -> OutboxMessage {
        OutboxMessage(
            key: .derived("message", String(number)),
            topic: topic,
            entity: Workbench.receipt(number),
            payload: number == 3 ? [] : [UInt8(number)]
        )
    }

    /// The digest computed from every cell that the port shows.
    static func sum(
        of scope: Scope,
        in reading: any ReplicaReading
    ) throws -> ScopeDigest {
        var digest = ScopeDigest()
        for kind in Workbench.kinds {
            for entity in try reading.entities(kind: kind, in: scope) {
                for (key, value) in try reading.cells(of: entity) {
                    digest.replace(key, of: entity, from: nil, to: value)
                }
            }
        }
        return digest
    }
}
