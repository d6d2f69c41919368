import Sync
import Tally
import Testing

/// What is urgent goes first, and each lane is a chain of its own.
@Suite struct LaneTests {
    private static let vocabulary: Vocabulary = {
        var vocabulary = Carton.vocabulary
        vocabulary.facts.insert("receipt.counted")
        vocabulary.lanes = ["receipt": .receipts]
        return vocabulary
    }()

    private func count(_ index: Int) -> Draft {
        let key = EntityKey(
            scope: Carton.dock,
            kind: "receipt",
            id: .derived("receipt", "\(index / 10)")
        )
        return Draft(.fact, of: key, type: "receipt.counted", payload: Array("\(index)".utf8))
    }

    @Test func `a kind with a safety move is urgent, and one that nobody named is not`() {
        #expect(Self.vocabulary.lane(of: "carton") == .safety)
        #expect(Self.vocabulary.lane(of: "receipt") == .receipts)
        #expect(Self.vocabulary.lane(of: "poem") == .edits)
    }

    @Test func `a stop behind thousands of receipts reaches the hub in the first batch`() throws {
        let hub = try TestHub(vocabulary: Self.vocabulary)
        let terminal = try TestTerminal(seed: 2, at: hub, vocabulary: Self.vocabulary)
        try terminal.store.write { transaction in
            var replica = terminal.terminal
            _ = try replica.record(
                (0..<5_000).map(count),
                by: "W1",
                reading: terminal.reading,
                dice: &terminal.dice,
                in: transaction
            )
        }
        try terminal.restart(Self.vocabulary)
        let stop = try terminal.record(Carton.move("stop"))[0]
        let request = try #require(try terminal.pushRequest())
        #expect(request.operations.first == stop.bytes)
        let response = try hub.push(request)
        #expect(response.items.allSatisfy { $0.verdict == .accepted })
        #expect(try hub.store.read { try $0.operation(stop.id) } != nil)
        try terminal.sync(with: hub)
        #expect(try terminal.digest() == hub.digest())
    }

    @Test func `lanes link each to itself, also over a restart`() throws {
        let hub = try TestHub(vocabulary: Self.vocabulary)
        let terminal = try TestTerminal(seed: 2, at: hub, vocabulary: Self.vocabulary)
        let first = try terminal.record(count(1), Carton.seen("1"), count(2), Carton.seen("2"))
        try terminal.restart(Self.vocabulary)
        let second = try terminal.record(count(3), Carton.seen("3"))
        #expect(first[2].previous == first[0].hash)
        #expect(first[3].previous == first[1].hash)
        #expect(second[0].previous == first[2].hash)
        #expect(second[1].previous == first[3].hash)
        #expect(Set((first + second).map(\.id.incarnation)).count == 4)
        #expect(try terminal.push(to: hub).allSatisfy { $0.verdict == .accepted })
        #expect(try hub.store.read { try HubReplica.terminals(in: $0) }[0].clones.isEmpty)
    }
}
