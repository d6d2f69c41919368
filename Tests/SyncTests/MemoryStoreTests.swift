import Sync
import Tally
import Testing

@Suite struct MemoryStoreTests {
    private struct Crash: Error {}

    /// Everything that can be asked of a store.
    private struct Snapshot: Equatable {
        var log: [LoggedOperation] = []
        var cells: [EntityKey: [CellKey: [UInt8]]] = [:]
        var entities: [EntityKey] = []
        var scopes: [Scope] = []
        var digests: [ScopeDigest] = []
        var heads: [UInt64] = []
        var streams: [[LoggedOperation]] = []
        var settings: [[UInt8]?] = []
        var repairs: [UInt64] = []
        var unsent: [LoggedOperation] = []
        var unjudged: [LoggedOperation] = []
        var waiting: [LoggedOperation] = []
        var chains: [ChainHead?] = []
        var outbox: [OutboxMessage] = []

        init(_ reading: any ReplicaReading, replicas: [Identifier]) throws {
            log = try reading.log(offset: 0, limit: .max)
            scopes = try reading.scopes()
            for kind in ["carton", "sync"] {
                entities += try reading.entities(kind: kind, in: nil)
            }
            for entity in entities {
                cells[entity] = try reading.cells(of: entity)
                unjudged += try reading.unjudged(about: entity)
            }
            for scope in [Carton.dock, Carton.floor] {
                digests.append(try reading.digest(of: scope))
                heads.append(try reading.head(of: scope))
                streams.append(try reading.stream(scope, after: 0, limit: .max))
                settings.append(try reading.setting(Setting.cursor(scope)))
                repairs.append(try TerminalReplica.repairs(of: scope, in: reading))
            }
            let keys = ["replica.stamp", "replica.last_hash.0", "sync.epoch"]
            settings += try keys.map { try reading.setting(SettingKey($0)) }
            for replica in replicas {
                unsent += try reading.unsent(of: replica, limit: .max)
            }
            for logged in log {
                let id = logged.operation.id
                chains.append(try reading.chainHead(id.replica, id.incarnation))
            }
            waiting = try reading.waiting(limit: .max)
            outbox = try reading.outbox(limit: .max)
        }
    }

    /// Runs `work` with a crash at its first write, its second, and so on until it succeeds; each
    /// crash must leave the store as it was.
    private func crashAtEveryWrite(
        _ node: TestNode,
        _ replicas: [Identifier],
        _ work: () throws -> Void
    ) throws {
        let before = try node.store.read { try Snapshot($0, replicas: replicas) }
        var crashes = 0
        while true {
            node.store.beforeWrite = { if $0 > crashes { throw Crash() } }
            defer { node.store.beforeWrite = nil }
            do {
                try work()
                break
            } catch is Crash {
                let after = try node.store.read { try Snapshot($0, replicas: replicas) }
                #expect(after == before, "after a crash at write \(crashes + 1)")
                crashes += 1
            }
        }
        #expect(crashes > 1)
    }

    @Test func `a crash at any write of any step leaves what was before`() throws {
        let hub = try TestHub(
            react: { changed, _ in
                changed.sorted().filter { $0.id == Carton.key().id }
                    .map { Carton.ruled("B", Carton.key("B", in: $0.scope)) }
            }
        )
        let one = try TestTerminal(seed: 2, at: hub)
        let other = try TestTerminal(seed: 3, at: hub, vocabulary: Carton.olderVocabulary)
        let ids = [one, other].map(\.terminal.replica.id)
        try crashAtEveryWrite(one, ids) {
            try one.record(Carton.seen("1"), Carton.label("A"), Carton.move("close"))
        }
        let request = try #require(try one.pushRequest())
        var response = PushResponse(hub: request.batch, epoch: 0, batch: request.batch)
        try crashAtEveryWrite(hub, ids) { response = try hub.push(request) }
        try crashAtEveryWrite(one, ids) { try one.apply(response, to: request) }
        for terminal in [one, other] {
            let page = try hub.pull(try terminal.pullRequest())
            try crashAtEveryWrite(terminal, ids) { try terminal.apply(page) }
        }
        #expect(one.cells() == hub.cells())
        // Upgrade, repair, and a new epoch.
        try crashAtEveryWrite(other, ids) { try other.restart() }
        #expect(other.cells() == hub.cells())
        try one.store.write { try $0.setCell(.stage, of: Carton.key(), to: [9]) }
        var outcome = TerminalReplica.PullOutcome.applied(more: true)
        while outcome == .applied(more: true) {
            let page = try hub.pull(try one.pullRequest())
            try crashAtEveryWrite(one, ids) { outcome = try one.apply(page) }
        }
        #expect(outcome == .repaired(refetch: false))
        try hub.takeNewEpoch()
        let answer = try hub.pull(try one.pullRequest())
        try crashAtEveryWrite(one, ids) {
            let outcome = try one.apply(answer)
            #expect(outcome == .newEpoch)
        }
        try one.sync(with: hub)
        #expect(one.cells() == hub.cells())
    }

    @Test func `a waiting operation that is judged anew survives crashes`() throws {
        let hub = try TestHub(vocabulary: Carton.olderVocabulary)
        let one = try TestTerminal(seed: 2, at: hub)
        try one.record(Carton.weighed("1"), Carton.move("close"))
        try one.sync(with: hub)
        try crashAtEveryWrite(hub, [one.terminal.replica.id]) { try hub.restart() }
        try one.pull(from: hub)
        #expect(one.cells() == hub.cells())
        #expect(try one.record(of: Carton.key()).stage == "closed")
    }

    @Test func `a message is queued once, also when it was delivered or a transaction failed`()
        throws
    {
        let store = MemoryStore()
        func message(_ key: UInt64) -> OutboxMessage {
            OutboxMessage(
                key: Identifier(high: 0, low: key),
                topic: "arrival_order",
                entity: Carton.key(),
                payload: [1]
            )
        }
        try store.write { transaction in
            for key in [1, 2, 1] as [UInt64] { try transaction.enqueue(message(key)) }
        }
        #expect(throws: Crash.self) {
            try store.write { transaction in
                try transaction.delivered(message(1).key)
                try transaction.enqueue(message(3))
                throw Crash()
            }
        }
        #expect(try store.read { try $0.outbox(limit: 9) } == [message(1), message(2)])
        try store.write { try $0.delivered(message(1).key) }
        try store.write { try $0.enqueue(message(1)) }
        #expect(try store.read { try $0.outbox(limit: 9) } == [message(2)])
    }
}
