import Sync
import Tally
import Testing

@Suite struct HubReplicaTests {
    private let hub: TestHub
    private let terminal: TestTerminal

    init() throws {
        hub = try TestHub(flaw: { $0.payload == Array("bad".utf8) ? "carton.bad" : nil })
        terminal = try TestTerminal(seed: 2, at: hub)
    }

    private func request(_ operations: [[UInt8]], epoch: UInt64? = nil) throws -> PushRequest {
        try PushRequest(operations, epoch: try epoch ?? hub.epoch, by: terminal.terminal.replica)
    }

    @Test func `operations are accepted, and known when they come again`() throws {
        let operations = try terminal.record(Carton.seen(), Carton.label("A"))
        let bytes = operations.map(\.bytes)
        let first = try hub.push(try request(bytes))
        #expect(first.items.map(\.verdict) == [.accepted, .accepted])
        #expect(first.items.allSatisfy { $0.stored && !$0.known })
        let digest = try hub.digest()
        let again = try hub.push(try request(bytes + bytes))
        #expect(again.items.count == 4)
        #expect(again.items.allSatisfy { $0.stored && $0.known && $0.verdict == .accepted })
        #expect(try hub.digest() == digest)
        #expect(try hub.store.read { try $0.head(of: Carton.dock) } == 3)
    }

    @Test func `what cannot take effect is quarantined with the reason and blocks nothing`() throws
    {
        let elsewhere = Carton.key(in: Carton.floor)
        try terminal.record(
            Carton.seen("bad"),
            Carton.seen("1", elsewhere),
            Carton.ruled("mine"),
            Carton.seen("good")
        )
        let items = try terminal.push(to: hub)
        #expect(items.map(\.verdict) == [.quarantined, .quarantined, .quarantined, .accepted])
        #expect(
            items.map(\.reason) == [
                "carton.bad", "sync.scope_not_permitted", "sync.decision_by_terminal", "",
            ]
        )
        #expect(items.allSatisfy { $0.stored })
        #expect(try terminal.pushRequest() == nil)
        try terminal.pull(from: hub)
        #expect(try terminal.digest() == hub.digest())
        let record = try terminal.record(of: Carton.key())
        #expect(record.facts.map(\.payload) == [Array("good".utf8)])
        #expect(record.decisions.isEmpty)
        // Its scope never comes down, but the hub's answer is known.
        #expect(try terminal.record(of: elsewhere).isEmpty)
    }

    @Test func `an operation that says it ends a group is quarantined and ends none`() throws {
        let key = EntityKey(scope: Carton.dock, kind: "sync", id: Carton.key().id)
        try terminal.record(
            Draft(.decision, of: key, type: Acceptance.type, payload: [0xFF]),
            Carton.seen()
        )
        let items = try terminal.push(to: hub)
        #expect(Set(items.map(\.verdict)) == [.quarantined, .accepted])
        let other = try TestTerminal(seed: 3, at: hub)
        #expect(try other.pull(from: hub, limit: 1) == .applied(more: false))
        #expect(try other.digest() == hub.digest())
        try terminal.pull(from: hub)
        #expect(try terminal.digest() == hub.digest())
    }

    @Test func `a batch that its terminal did not sign is refused whole`() throws {
        let other = try TestTerminal(seed: 3, at: hub)
        let operation = try terminal.record(Carton.seen())[0]
        let signed = try request([operation.bytes])
        let bytes = try signed.bytes()
        var refused = 0
        for index in bytes.indices {
            var altered = bytes
            altered[index] ^= 1
            guard let request = try? PushRequest(bytes: altered), request != signed,
                request.version == signed.version, request.newest == signed.newest
            else {
                continue  // not a request any more, the same one, or one that says another version
            }
            #expect(throws: SyncRefusal.self) { try hub.push(request) }
            refused += 1
        }
        #expect(refused > 100)
        let stranger = try PushRequest(
            [operation.bytes],
            epoch: 1,
            by: Replica(privateKey: seed(9))
        )
        #expect(throws: SyncRefusal.unknownTerminal(stranger.replica)) { try hub.push(stranger) }
        let borrowed = try PushRequest([], epoch: try hub.epoch, by: other.terminal.replica)
        #expect(try hub.push(borrowed).items.isEmpty)
        #expect(try hub.store.read { try $0.head(of: Carton.dock) } == 0)
    }

    private func seed(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

    @Test func `a batch of another epoch is not taken and the hub's epoch is told`() throws {
        let operation = try terminal.record(Carton.seen())[0]
        let request = try request([operation.bytes], epoch: 5)
        let response = try hub.push(request)
        var told = PushResponse(hub: response.hub, epoch: try hub.epoch, batch: request.batch)
        told.now = hub.wall
        told.version = request.version
        told.picked = request.newest
        told.scopes = response.scopes
        #expect(response == told)
        #expect(try hub.store.read { try $0.operation(operation.id) } == nil)
    }

    @Test func `a batch with more operations than one may hold is refused`() throws {
        let operation = try terminal.record(Carton.seen())[0]
        let count = PushRequest.operationCountMax + 1
        let batch = try request(Array(repeating: operation.bytes, count: count))
        #expect(throws: SyncRefusal.tooMany(count)) { try hub.push(batch) }
    }

    @Test func `a wrong clock is clamped and flagged, never refused`() throws {
        let late = Moment(milliseconds: hub.wall.milliseconds + 3_600_000)
        terminal.wall = late
        try terminal.record(Carton.seen("late"))
        terminal.wall = Moment(milliseconds: 0)
        try terminal.record(Carton.seen("early"))
        terminal.wall = Moment(milliseconds: hub.wall.milliseconds - 60_000)
        try terminal.record(Carton.seen("right"))
        let items = try terminal.push(to: hub)
        #expect(items.allSatisfy { $0.verdict == .accepted })
        try terminal.pull(from: hub)
        let evidence = try terminal.record(of: Carton.key()).facts.map(\.evidence)
        // Nobody can say that the last one is right: this terminal derives no times.
        #expect(evidence.map(\.timeUnsure) == [true, true, true])
        #expect(evidence.map(\.moment) == [hub.wall, hub.wall, terminal.wall])
    }

    @Test func `reactions follow in the same group, and reactions to them too`() throws {
        let chain = try TestHub(
            seed: 4,
            react: { changed, _ in
                changed.sorted().compactMap { entity in
                    switch entity.id {
                    case Carton.key("A").id: Carton.ruled("B", Carton.key("B"))
                    case Carton.key("B").id: Carton.ruled("C", Carton.key("C"))
                    default: nil
                    }
                }
            }
        )
        let writer = try TestTerminal(seed: 5, at: chain)
        try writer.record(Carton.seen("1", Carton.key("A")))
        try writer.push(to: chain)
        let page = try chain.pull(try writer.pullRequest(limit: 1))
        #expect(page.operations.count == 4)
        #expect(page.head == 4)
        try writer.pull(from: chain)
        #expect(try writer.record(of: Carton.key("C")).decisions.keys.sorted() == ["carton.ruled"])
    }

    @Test func `a page ends with a group and the pages make the whole`() throws {
        for count in [1, 4, 2, 7, 3] {
            for index in 0..<count { try terminal.record(Carton.seen("\(index)")) }
            try terminal.push(to: hub)
        }
        for limit in [1, 2, 5, 9, 100] {
            let reader = try TestTerminal(seed: UInt64(10 + limit), at: hub)
            #expect(try reader.pull(from: hub, limit: limit) == .applied(more: false))
            #expect(try reader.digest() == hub.digest())
            #expect(reader.cells() == hub.cells())
        }
    }

    @Test func `more work at the hub than fits one acceptance goes in groups`() throws {
        let drafts = (0..<2_500).map { Carton.ruled("\($0)", Carton.key("\($0)")) }
        try hub.store.write {
            var replica = hub.hub
            try replica.record(drafts, by: "", reading: hub.reading, dice: &hub.dice, in: $0)
        }
        #expect(try hub.store.read { try $0.head(of: Carton.dock) } == 2_503)
        try terminal.pull(from: hub)
        #expect(try terminal.digest() == hub.digest())
    }

    @Test func `a terminal sees its own scopes only`() throws {
        let refusal = SyncRefusal.scopeNotPermitted(Carton.floor)
        #expect(throws: refusal) { try hub.pull(try terminal.pullRequest(Carton.floor)) }
    }
}
