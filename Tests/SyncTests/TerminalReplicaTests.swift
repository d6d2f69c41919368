import Sync
import Tally
import Testing

@Suite struct TerminalReplicaTests {
    private let hub: TestHub
    private let one: TestTerminal
    private let other: TestTerminal

    init() throws {
        hub = try TestHub()
        one = try TestTerminal(seed: 2, at: hub)
        other = try TestTerminal(seed: 3, at: hub)
    }

    private func expectEqual(_ location: SourceLocation = #_sourceLocation) throws {
        for terminal in [one, other] {
            #expect(try terminal.digest() == hub.digest(), sourceLocation: location)
            #expect(terminal.cells() == hub.cells(), sourceLocation: location)
        }
    }

    private func syncAll() throws {
        try one.push(to: hub)
        try other.sync(with: hub)
        try one.pull(from: hub)
    }

    // MARK: - Recording

    @Test func `what was recorded is shown at once and unsent until the hub has it`() throws {
        try one.record(Carton.seen("40"), Carton.label("A"), Carton.move("close"))
        var record = try one.record(of: Carton.key())
        #expect(record.facts.map(\.payload) == [Array("40".utf8)])
        #expect(record.fields["carton.label"]?.map(\.text) == ["A"])
        #expect(record.stage == "closed")
        #expect(record.facts.first?.evidence.position == nil)
        #expect(try one.pushRequest()?.operations.count == 3)
        let backlog = try one.store.read { try $0.backlog(of: one.terminal.replica.id) }
        #expect(backlog.count == 3)
        #expect(backlog.since == one.wall)
        try one.sync(with: hub)
        record = try one.record(of: Carton.key())
        #expect(record.facts.first?.evidence.position == 1)
        #expect(try one.pushRequest() == nil)
    }

    @Test func `operations of one start form a chain, and the next start goes on from it`() throws {
        let first = try one.record(Carton.seen("1"), Carton.seen("2"))
        try one.restart()
        let second = try one.record(Carton.seen("3"))
        #expect(first.map(\.id.sequence) == [1, 2])
        #expect(second.map(\.id.sequence) == [1])
        #expect(first[0].previous == Replica.genesis(of: one.terminal.replica.id, .safety))
        #expect(first[1].previous == first[0].hash)
        #expect(second[0].previous == first[1].hash)
        #expect(second[0].id.incarnation != first[0].id.incarnation)
        #expect(first[0].stamp < first[1].stamp && first[1].stamp < second[0].stamp)
    }

    @Test func `an operation carries what its terminal had seen`() throws {
        try other.record(Carton.seen("1"))
        try other.sync(with: hub)
        let blind = try one.record(Carton.seen("2"))
        #expect(blind[0].seen == 0)
        try one.sync(with: hub)
        let informed = try one.record(Carton.seen("3"))
        #expect(informed[0].seen == 4)
        try syncAll()
        let facts = try one.record(of: Carton.key()).facts.map(\.evidence)
        let first = try #require(facts.first { $0.operation.replica != blind[0].id.replica })
        let second = try #require(facts.first { $0.operation == blind[0].id })
        let third = try #require(facts.first { $0.operation == informed[0].id })
        #expect(second.isConcurrent(with: first))
        #expect(!third.isConcurrent(with: first))
    }

    @Test func `a batch stays within its bytes`() throws {
        let long = String(repeating: "x", count: 900_000)
        for _ in 0..<6 { try one.record(Carton.seen(long)) }
        #expect(try one.pushRequest()?.operations.count == 4)
        try one.sync(with: hub)
        #expect(try one.pushRequest() == nil)
        try other.pull(from: hub)
        try expectEqual()
    }

    // MARK: - Meeting

    @Test func `two terminals that recorded apart hold the same when both have synced`() throws {
        try one.record(Carton.seen("40"), Carton.label("A"), Carton.move("close"))
        try other.record(Carton.seen("40"), Carton.label("B"), Carton.move("stop"))
        try syncAll()
        try expectEqual()
        let record = try one.record(of: Carton.key())
        #expect(record == (try other.record(of: Carton.key())))
        #expect(record.facts.count == 2)
        #expect(record.fields["carton.label"]?.count == 2)
        #expect(record.stage == "stopped")
    }

    @Test func `a move that the hub refuses is shown as refused from the answer on`() throws {
        try other.record(Carton.move("close"))
        try other.sync(with: hub)
        try one.record(Carton.move("close"))
        #expect(try one.record(of: Carton.key()).moves.map(\.stands) == [true])
        let items = try one.push(to: hub)
        #expect(items.map(\.reason) == ["sync.move_not_possible"])
        #expect(try one.record(of: Carton.key()).moves.map(\.stands) == [false])
        try one.pull(from: hub)
        let moves = try one.record(of: Carton.key()).moves
        #expect(Set(moves.map(\.stands)) == [true, false])
        #expect(moves.first { !$0.stands }?.from == "closed")
    }

    @Test func `answers that come late or twice change nothing`() throws {
        try one.record(Carton.seen("1"))
        let request = try #require(try one.pushRequest())
        let response = try hub.push(request)
        #expect(try one.apply(response, to: request) == .applied(more: false))
        #expect(try one.apply(response, to: request) == .applied(more: false))
        let page = try hub.pull(try one.pullRequest())
        #expect(try one.apply(page) == .applied(more: false))
        let cells = one.cells()
        #expect(try one.apply(page) == .stale)
        #expect(one.cells() == cells)
        try other.pull(from: hub)
        try expectEqual()
    }

    @Test func `an answer with too few words is refused`() throws {
        try one.record(Carton.seen("1"), Carton.seen("2"))
        let request = try #require(try one.pushRequest())
        let response = try hub.push(request)
        let cut = PushResponse(
            hub: response.hub,
            epoch: response.epoch,
            items: Array(response.items.dropLast()),
            batch: request.batch
        )
        #expect(throws: SyncRefusal.malformed) { try one.apply(cut, to: request) }
        #expect(try one.pushRequest() == request)
    }

    @Test func `a hub that can store nothing is a failure, not a reason to hurry`() throws {
        try one.record(Carton.seen("1"))
        let request = try #require(try one.pushRequest())
        let item = PushResponse.Item(
            verdict: .quarantined,
            reason: "sync.malformed",
            known: false,
            stored: false
        )
        let response = PushResponse(
            hub: hub.hub.replica.id,
            epoch: try hub.epoch,
            items: [item],
            batch: request.batch
        )
        #expect(try one.apply(response, to: request) == .stalled)
        #expect(try one.pushRequest() == request)
    }

    @Test func `the answer to another batch is not taken for this one's`() throws {
        try one.record(Carton.seen("1"))
        let first = try #require(try one.pushRequest())
        let old = try hub.push(first)
        try one.apply(old, to: first)
        try one.record(Carton.seen("2"))
        let request = try #require(try one.pushRequest())
        #expect(throws: SyncRefusal.malformed) { try one.apply(old, to: request) }
        #expect(try one.pushRequest() == request)
    }

    @Test func `a page that goes nowhere is refused`() throws {
        try other.record(Carton.seen("1"))
        try other.push(to: hub)
        let page = try hub.pull(try one.pullRequest())
        func altered(_ operations: [[UInt8]], head: UInt64) -> PullResponse {
            PullResponse(
                hub: page.hub,
                epoch: page.epoch,
                scope: page.scope,
                after: page.after,
                operations: operations,
                head: head,
                digest: page.digest,
                reducer: page.reducer
            )
        }
        #expect(throws: SyncRefusal.malformed) { try one.apply(altered([], head: page.head)) }
        #expect(throws: SyncRefusal.malformed) { try one.apply(altered(page.operations, head: 1)) }
        #expect(throws: SyncRefusal.malformed) {
            try one.apply(altered(page.operations.dropLast(), head: page.head))
        }
        #expect(try one.cursor == 0)
        #expect(one.cells().isEmpty)
        #expect(try one.apply(page) == .applied(more: false))
    }

    // MARK: - Repair

    @Test func `a damaged cell is found and its entity fetched again`() throws {
        try one.record(Carton.seen("1"), Carton.label("A"))
        try syncAll()
        let damages: [(CellKey, [UInt8]?)] = one.cells()[Carton.key(), default: [:]].keys
            .flatMap { [($0, nil), ($0, [1, 2, 3])] }
        #expect(damages.count == 4)
        for (count, (key, value)) in damages.enumerated() {
            try one.store.write { try $0.setCell(key, of: Carton.key(), to: value) }
            #expect(try one.digest() != hub.digest())
            #expect(try one.pull(from: hub) == .repaired(refetch: false))
            try expectEqual()
            #expect(try one.repairs() == UInt64(count + 1))
        }
        #expect(try one.pull(from: hub) == .applied(more: false))
    }

    /// Fetches from a hub that gives another digest than that of its cells.
    private func pullWithWrongDigest() throws -> [TerminalReplica.PullOutcome] {
        var outcomes: [TerminalReplica.PullOutcome] = []
        while true {
            let page = try hub.pull(try one.pullRequest())
            let altered = PullResponse(
                hub: page.hub,
                epoch: page.epoch,
                scope: page.scope,
                after: page.after,
                operations: page.operations,
                head: page.head,
                digest: ScopeDigest(bytes: Array(repeating: 9, count: 16)),
                reducer: page.reducer,
                ranges: page.ranges,
                entities: page.entities
            )
            let outcome = try one.apply(altered)
            outcomes.append(outcome)
            switch outcome {
            case .applied(more: true), .repaired(refetch: true): continue
            default: return outcomes
            }
        }
    }

    @Test func `a difference that nothing helps is told and not fetched without end`() throws {
        try one.record(Carton.seen("1"), Carton.seen("2"), Carton.seen("3"))
        try syncAll()
        let outcomes = try pullWithWrongDigest()
        // A search is begun three times, then all is fetched once, and that is told.
        #expect(outcomes.count == 5)
        #expect(outcomes.dropLast().last == .repaired(refetch: true))
        #expect(outcomes.last == .differs)
        // Its own records stay on the screen, and nothing is sent again.
        #expect(try one.record(of: Carton.key()).facts.count == 3)
        #expect(try one.pushRequest() == nil)
        #expect(try pullWithWrongDigest() == [.differs])
        try other.record(Carton.seen("4"))
        try other.push(to: hub)
        #expect(try pullWithWrongDigest() == [.differs])
        #expect(one.cells()[Carton.key()]?.count == 4)
        #expect(try one.pull(from: hub) == .applied(more: false))
        #expect(one.cells() == hub.cells())
    }

    @Test func `digests of reducers that know other operations are not compared`() throws {
        try one.record(Carton.weighed("1"))
        try one.push(to: hub)
        try other.restart(Carton.olderVocabulary)
        #expect(try other.pull(from: hub) == .applied(more: false))
        #expect(try other.digest() != hub.digest())
        #expect(try other.repairs() == 0)
    }
}
