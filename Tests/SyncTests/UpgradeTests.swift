import Sync
import Tally
import Testing

/// Old and new programs side by side: what one does not know passes through it whole, and takes
/// effect once it does.
@Suite struct UpgradeTests {
    /// Everything that the older program does not know, among what it knows.
    private func recordAll(_ terminal: TestTerminal) throws {
        let first = try terminal.record(
            Carton.seen("1"),
            Carton.weighed("2"),
            Carton.label("A"),
            Draft(.edit, of: Carton.key(), type: "carton.bin", payload: [7]),
            Carton.move("close")
        )
        try terminal.record(
            Carton.label("B", bases: [first[2].id]),
            Draft(
                .edit,
                of: Carton.key(),
                type: "carton.bin",
                payload: [8],
                bases: [first[3].id]
            ),
            Carton.weighed("3", Carton.key("B")),
            Carton.move("reopen"),
            Carton.move("reopen")
        )
    }

    @Test func `an older terminal holds what it does not know and applies it once upgraded`() throws
    {
        let hub = try TestHub()
        let writer = try TestTerminal(seed: 2, at: hub)
        let old = try TestTerminal(seed: 3, at: hub, vocabulary: Carton.olderVocabulary)
        try recordAll(writer)
        try writer.sync(with: hub)
        try old.record(Carton.seen("9"))
        try old.sync(with: hub)
        try writer.pull(from: hub)
        #expect(try old.record(of: Carton.key()).facts.count == 2)
        #expect(try old.digest() != hub.digest())
        try old.restart()
        #expect(try old.digest() == hub.digest())
        #expect(old.cells() == hub.cells())
        #expect(try old.record(of: Carton.key()) == writer.record(of: Carton.key()))
        #expect(try old.record(of: Carton.key()).facts.count == 3)
    }

    @Test func `an older hub lets what it does not know wait and judges it once upgraded`() throws {
        let hub = try TestHub(vocabulary: Carton.olderVocabulary)
        let writer = try TestTerminal(seed: 2, at: hub)
        let reader = try TestTerminal(seed: 3, at: hub)
        let fresh = try TestTerminal(seed: 4, at: hub)
        try recordAll(writer)
        let items = try writer.push(to: hub)
        #expect(items.filter { $0.verdict == .waiting }.count == 7)
        #expect(items.allSatisfy { $0.stored })
        try writer.pull(from: hub)
        try reader.pull(from: hub)
        #expect(try reader.record(of: Carton.key()).facts.count == 1)
        try hub.restart()
        // The one that knew all along, and one that comes for the first time.
        for terminal in [writer, reader, fresh] {
            try terminal.pull(from: hub)
            #expect(try terminal.digest() == hub.digest())
            #expect(terminal.cells() == hub.cells())
            let record = try terminal.record(of: Carton.key())
            #expect(record.facts.count == 2)
            #expect(record.fields["carton.bin"]?.map(\.value) == [[8]])
            #expect(record.stage == "open")
            #expect(record.moves.filter(\.stands).count == 2)
        }
        try hub.restart()
        #expect(try hub.store.read { try $0.waiting(limit: 10) }.isEmpty)
        #expect(try hub.digest() == fresh.digest())
    }

    @Test func `facts and edits end up at an upgraded hub as at one that always knew them`() throws
    {
        for seed in seedBase..<seedBase + 40 {
            var digests: [ScopeDigest] = []
            for vocabulary in [Carton.olderVocabulary, Carton.vocabulary] {
                var dice = SeededDice(seed: seed)
                let hub = try TestHub(seed: seed, vocabulary: vocabulary)
                let terminals = try (0..<3).map {
                    try TestTerminal(seed: seed &* 10 + $0, at: hub)
                }
                for _ in 0..<20 {
                    let terminal = terminals[dice.roll(3)]
                    let field = ["carton.label", "carton.bin"][dice.roll(2)]
                    // Bases by dice, not from what is shown: both runs must record the same.
                    let drafts = [
                        Carton.seen("\(dice.roll(9))"), Carton.weighed("\(dice.roll(9))"),
                        Draft(
                            .edit,
                            of: Carton.key("\(dice.roll(2))"),
                            type: field,
                            payload: [UInt8(dice.roll(3))]
                        ),
                    ]
                    try terminal.record(drafts[dice.roll(3)])
                    if dice.once(in: 3) { try terminal.push(to: hub) }
                }
                for terminal in terminals { try terminal.push(to: hub) }
                try hub.restart()
                for terminal in terminals {
                    try terminal.pull(from: hub)
                    #expect(try terminal.digest() == hub.digest(), "seed \(seed)")
                }
                digests.append(try hub.digest())
            }
            #expect(digests[0] == digests[1], "seed \(seed)")
        }
    }

    @Test func `kinds, layouts and fields of a newer program pass through whole`() throws {
        let hub = try TestHub()
        let writer = try TestTerminal(seed: 2, at: hub)
        let reader = try TestTerminal(seed: 3, at: hub)
        let replica = writer.terminal.replica
        var previous: Identifier?
        var batch: [Operation] = []
        for more in [[0x70, 9], [0x08, 2], [0xA0, 0x1F, 7], []] as [[UInt8]] {
            let operation = try Operation(
                Carton.seen("\(more)"),
                id: OperationID(
                    replica: replica.id,
                    incarnation: 5,
                    sequence: UInt64(batch.count + 1)
                ),
                previous: previous,
                stamp: HybridStamp(bits: 1),
                author: "W1",
                reading: writer.reading,
                seen: 0
            )
            batch.append(try Operation(bytes: operation.bytes + more))
            previous = batch.last?.hash
        }
        let request = try PushRequest(batch.map(\.bytes), epoch: try hub.epoch, by: replica)
        let response = try hub.push(try PushRequest(bytes: try request.bytes()))
        #expect(response.items.map(\.verdict) == [.waiting, .waiting, .accepted, .accepted])
        try reader.pull(from: hub)
        for operation in batch {
            let held = try reader.store.read { try $0.operation(operation.id) }
            #expect(held?.operation.bytes == operation.bytes)
        }
        #expect(try reader.digest() == hub.digest())
        try hub.restart()
        try reader.restart()
        #expect(try reader.digest() == hub.digest())
        #expect(try hub.store.read { try $0.waiting(limit: 10) }.count == 2)
        // Its author gets its own back when its disk was lost.
        try writer.pull(from: hub)
        let own = try writer.store.read { try $0.operation(batch[0].id) }
        #expect(own?.operation.bytes == batch[0].bytes)
    }

    @Test func `state is made anew only when the reducer is another`() throws {
        let hub = try TestHub()
        let terminal = try TestTerminal(seed: 2, at: hub)
        try terminal.record(Carton.seen("1"))
        try terminal.sync(with: hub)
        let new = Reducer(Carton.vocabulary)
        let old = Reducer(Carton.olderVocabulary)
        let upgraded = try terminal.store.write { transaction in
            try [new, old, old, new].map { try $0.upgradeIfNeeded(in: transaction) }
        }
        #expect(upgraded == [false, true, false, true])
        #expect(try terminal.digest() == hub.digest())
    }

    @Test func `a decision by a terminal that waited is still not its to make`() throws {
        var fewer = Carton.vocabulary
        fewer.decisions = []
        let hub = try TestHub(vocabulary: fewer)
        let writer = try TestTerminal(seed: 2, at: hub)
        try writer.record(Carton.ruled("mine"))
        #expect(try writer.push(to: hub).map(\.verdict) == [.quarantined])
        try hub.restart()
        #expect(hub.cells()[Carton.key()]?.keys.first.map { "\($0)".hasPrefix("held") } == true)
    }
}
