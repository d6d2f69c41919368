import Sync
import Tally
import Testing

/// Nothing that a terminal sends is dropped, and nothing holds up what is behind it.
@Suite struct QuarantineTests {
    private let hub: TestHub
    private let terminal: TestTerminal

    init() throws {
        hub = try TestHub(flaw: { $0.payload == Array("bad".utf8) ? "carton.bad" : nil })
        terminal = try TestTerminal(seed: 2, at: hub)
    }

    private func push(_ operations: [[UInt8]]) throws -> PushResponse {
        try hub.push(
            try PushRequest(operations, epoch: try hub.epoch, by: terminal.terminal.replica)
        )
    }

    /// Operations of one chain, some of whose bytes another program has altered.
    private func chain(_ count: Int, altering: [Int: [UInt8]] = [:]) throws -> [[UInt8]] {
        var chain: [[UInt8]] = []
        var previous: Identifier? = Replica.genesis(of: terminal.terminal.replica.id, .safety)
        for index in 0..<count {
            let operation = try Operation(
                Carton.seen("\(index)"),
                id: OperationID(
                    replica: terminal.terminal.replica.id,
                    incarnation: 7,
                    sequence: UInt64(index + 1)
                ),
                previous: previous,
                stamp: HybridStamp(bits: UInt64(index + 1)),
                author: "W1",
                reading: terminal.reading,
                seen: 0
            )
            chain.append(altering[index] ?? operation.bytes)
            previous = ContentHash(of: chain[index]).identifier
        }
        return chain
    }

    @Test func `bytes that are no operation are kept and the chain goes on behind them`() throws {
        let operations = try chain(5, altering: [1: [0xFF, 1, 2], 2: [0xFF, 3]])
        let response = try push(operations)
        #expect(
            response.items.map(\.verdict) == [
                .accepted, .quarantined, .quarantined, .accepted, .accepted,
            ]
        )
        #expect(response.items.allSatisfy { $0.stored })
        #expect(try hub.aside.map(\.bytes) == [operations[1], operations[2]])
        #expect(try hub.aside.map(\.reason) == ["sync.malformed", "sync.malformed"])
        let again = try push(operations)
        #expect(again.items.allSatisfy { $0.known && $0.stored })
        #expect(try hub.aside.count == 2)
    }

    @Test func `what comes before its predecessor waits, and is placed when that comes`() throws {
        let operations = try chain(4)
        let early = try push([operations[2], operations[3]])
        #expect(early.items.map(\.verdict) == [.waiting, .waiting])
        #expect(
            early.items.map(\.reason) == ["sync.predecessor_missing", "sync.predecessor_missing"]
        )
        #expect(early.items.allSatisfy { $0.stored })
        #expect(early.gaps == [PushResponse.Gap(incarnation: 7, after: 0, before: 3)])
        #expect(try hub.store.read { try $0.head(of: Carton.dock) } == 0)
        let late = try push([operations[0], operations[1]])
        #expect(late.items.map(\.verdict) == [.accepted, .accepted])
        #expect(try hub.store.read { try $0.head(of: Carton.dock) } == 5)
        #expect(try hub.aside.map(\.state) == [.placed, .placed])
        let all = try push(operations)
        #expect(all.items.allSatisfy { $0.known && $0.verdict == .accepted })
    }

    @Test func `one chain that waits does not hold up another`() throws {
        let operations = try chain(3)
        _ = try push([operations[2]])
        try terminal.record(Carton.seen("other chain"))
        #expect(try terminal.push(to: hub).map(\.verdict) == [.accepted])
    }

    @Test func `a terminal sends again what the hub misses`() throws {
        let recorded = try terminal.record(Carton.seen("1"), Carton.seen("2"), Carton.seen("3"))
        // The first two were answered, and the hub has lost them.
        try terminal.store.write { transaction in
            for operation in recorded.prefix(2) {
                try transaction.acknowledge(operation.id, .accepted)
            }
        }
        try terminal.push(to: hub)
        try terminal.pull(from: hub)
        #expect(try hub.store.read { try $0.head(of: Carton.dock) } == 4)
        #expect(try terminal.record(of: Carton.key()).facts.count == 3)
        #expect(try terminal.digest() == hub.digest())
    }

    @Test func `what lies aside for a missing predecessor that never comes asks no end`() throws {
        let recorded = try terminal.record(Carton.seen("1"), Carton.seen("2"))
        let request = try PushRequest(
            [recorded[1].bytes],
            epoch: try hub.epoch,
            by: terminal.terminal.replica
        )
        let stranger = try TestTerminal(seed: 9, at: hub)
        var answer = try hub.push(request)
        answer.gaps = [PushResponse.Gap(incarnation: 99, after: 0, before: 5)]
        _ = stranger
        #expect(try terminal.apply(answer, to: request) == .applied(more: true))
        // The first is unsent still, and goes next; nothing is asked of chains that are not here.
        #expect(try terminal.pushRequest()?.operations == [recorded[0].bytes])
    }

    @Test func `another's operation, and one of a scope that is not shared, lie aside`() throws {
        let other = try TestTerminal(seed: 3, at: hub)
        let foreign = try other.record(Carton.seen())[0]
        let elsewhere = Carton.key(in: Carton.floor)
        let own = try terminal.record(Carton.seen("1", elsewhere), Carton.seen("2"))
        let response = try push([foreign.bytes] + own.map(\.bytes))
        #expect(
            response.items.map(\.reason) == [
                "sync.foreign_operation", "sync.scope_not_permitted", "",
            ]
        )
        #expect(response.items.allSatisfy { $0.stored })
        #expect(try hub.aside.map(\.bytes) == [foreign.bytes, own[0].bytes])
        // Nothing of the foreign scope came into being.
        #expect(try hub.store.read { try $0.head(of: Carton.floor) } == 0)
    }

    @Test func `a person releases what was not permitted, and it takes effect once`() throws {
        let elsewhere = Carton.key(in: Carton.floor)
        let own = try terminal.record(Carton.seen("1", elsewhere))
        try terminal.push(to: hub)
        let ticket = try #require(try hub.aside.first).ticket
        #expect(try hub.release(ticket) == .accepted)
        let placed = try hub.store.read { try $0.operation(own[0].id)?.judgement }
        #expect(placed?.verdict == .accepted)
        let record = try #require(try hub.aside.first)
        #expect(record.state == .released && record.person == "L1" && record.settled != nil)
        #expect(throws: SyncRefusal.settled(ticket)) { try hub.release(ticket) }
        let again = try push(own.map(\.bytes))
        #expect(again.items.map(\.verdict) == [.accepted])
        #expect(try hub.store.read { try $0.head(of: Carton.floor) } == 2)
    }

    @Test func `what is bad stays bad when it is released, and nothing changes`() throws {
        try terminal.record(Carton.seen("bad"))
        try terminal.push(to: hub)
        let digest = try hub.digest()
        #expect(throws: SyncRefusal.quarantinedAgain("carton.bad")) { try hub.release(1) }
        #expect(try hub.digest() == digest)
        _ = try push([[0xFF]])
        #expect(throws: SyncRefusal.unreadable(2)) { try hub.release(2) }
        #expect(throws: SyncRefusal.noSuchTicket(3)) { try hub.release(3) }
        #expect(try hub.aside.allSatisfy { $0.state == .held })
    }

    @Test func `what is dismissed says who and why, and stays`() throws {
        _ = try push([[0xFF]])
        #expect(throws: SyncRefusal.dismissalWithoutReason) { try hub.dismiss(1, because: " ") }
        try hub.dismiss(1, because: "a test of the scanner")
        let record = try #require(try hub.aside.first)
        #expect(record.state == .dismissed)
        #expect(record.remark == "a test of the scanner")
        #expect(record.bytes == [0xFF])
        #expect(throws: SyncRefusal.settled(1)) { try hub.dismiss(1, because: "again") }
    }

    @Test func `what a revoked terminal sends lies aside until a person looks`() throws {
        let own = try terminal.record(Carton.seen("1"), Carton.seen("2"))
        try hub.store.write {
            try HubReplica.revoke(terminal.terminal.replica.id, now: hub.wall, in: $0)
        }
        let items = try terminal.push(to: hub)
        #expect(items.map(\.reason) == ["sync.revoked", "sync.revoked"])
        #expect(items.allSatisfy { $0.stored })
        #expect(try hub.store.read { try $0.head(of: Carton.dock) } == 0)
        #expect(try hub.aside.map(\.bytes) == own.map(\.bytes))
        #expect(try hub.release(1) == .accepted)
        #expect(try hub.store.read { try $0.operation(own[0].id) } != nil)
    }

    @Test func `what was taken before a terminal was revoked keeps its word`() throws {
        try terminal.record(Carton.seen("1"))
        let sent = try #require(try terminal.upRequest(limit: 500))
        _ = try hub.answer(sent)  // the answer is lost
        try hub.store.write {
            try HubReplica.revoke(terminal.terminal.replica.id, now: hub.wall, in: $0)
        }
        let items = try PushResponse(bytes: try hub.answer(sent)).items
        #expect(items.map(\.verdict) == [.accepted])
        #expect(items.allSatisfy { $0.known })
        #expect(try hub.aside.map(\.bytes) == [])
    }

    @Test func `its author sees the word on every operation, and why`() throws {
        let elsewhere = Carton.key(in: Carton.floor)
        try terminal.record(
            Carton.seen("good"),
            Carton.seen("bad"),
            Carton.seen("1", elsewhere),
            Carton.move("reopen")
        )
        try terminal.push(to: hub)
        func words() throws -> [String] {
            let id = terminal.terminal.replica.id
            let troubled = try terminal.store.read { try $0.troubled(of: id, limit: 9) }
            return troubled.compactMap(\.word).map { "\($0.verdict) \($0.reason)" }.sorted()
        }
        let expected = [
            "quarantined carton.bad", "quarantined sync.scope_not_permitted",
            "rejected sync.move_not_possible",
        ]
        #expect(try words() == expected)
        try terminal.pull(from: hub)
        #expect(try words() == expected)
    }
}
