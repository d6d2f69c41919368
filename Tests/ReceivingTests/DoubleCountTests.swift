import Receiving
import Tally
import Testing

/// Two clerks count one line: a split delivery, or the same goods twice.
@Suite struct DoubleCountTests {
    @Test func `equal counts of terminals that could not see each other are a doubt`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(40, on: 1, at: 2)
        let other = try dock.count(40, on: 2, at: 3)
        let receipt = try dock.receipt()
        let doubt = try #require(receipt.doubts.first)
        #expect(receipt.doubts.count == 1)
        #expect(
            [doubt.one, doubt.other].map(\.evidence.operation) == [one, other],
            "both observations, side by side"
        )
        #expect(try dock.counted() == 80, "the sum is kept")
    }

    @Test func `counts that make more than noted are a doubt although they differ`() throws {
        var dock = try Dock.opened()
        try dock.count(60, on: 1)
        try dock.count(41, on: 2)
        #expect(try dock.receipt().doubts.count == 1)
    }

    @Test func `different counts that fit the note are known and no doubt`() throws {
        var dock = try Dock.opened()
        try dock.count(60, on: 1)
        try dock.count(40, on: 2)
        let receipt = try dock.receipt()
        #expect(receipt.doubleCounts.count == 1)
        #expect(receipt.doubts.isEmpty)
    }

    @Test func `a terminal that saw the other's count meant to add to it`() throws {
        var dock = try Dock.opened()
        try dock.count(40, on: 1, seen: 1, at: 2)
        try dock.count(40, on: 2, seen: 2, at: 3)
        #expect(try dock.receipt().doubleCounts.isEmpty)
    }

    @Test func `one terminal sees what it counted itself`() throws {
        var dock = try Dock.opened()
        try dock.count(40, on: 1)
        try dock.count(40, on: 1)
        #expect(try dock.receipt().doubleCounts.isEmpty)
    }

    @Test func `counts of different lines or lots are different goods`() throws {
        var dock = try Dock.opened()
        try dock.count(40, lot: "A", on: 1)
        try dock.count(40, lot: "B", on: 2)
        try dock.count(40, line: 1, lot: "A", on: 2)
        #expect(try dock.receipt().doubleCounts.isEmpty)
    }

    @Test func `a corrected count doubles nothing`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(40, on: 1)
        try dock.count(40, on: 2)
        try dock.record(.corrected(operation: one, reason: ""), on: 1)
        #expect(try dock.receipt().doubleCounts.isEmpty)
        #expect(try dock.counted() == 40)
    }

    // MARK: - Rulings

    @Test func `the same goods count once`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(40, on: 1)
        let other = try dock.count(40, on: 2)
        try dock.record(.settled(one: one, other: other, ruling: .sameGoods), on: 3)
        let receipt = try dock.receipt()
        #expect(receipt.doubts.isEmpty)
        #expect(receipt.doubleCounts.map(\.ruling) == [.sameGoods])
        #expect(receipt.counts.map(\.isVoid) == [false, true])
        #expect(try dock.counted() == 40)
    }

    @Test func `a split delivery counts twice`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(40, on: 1)
        let other = try dock.count(40, on: 2)
        try dock.record(.settled(one: one, other: other, ruling: .bothReal), on: 3)
        #expect(try dock.receipt().doubts.isEmpty)
        #expect(try dock.counted() == 80)
    }

    @Test func `a later ruling in the hub's order replaces an earlier one`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(40, on: 1, at: 2)
        let other = try dock.count(40, on: 2, at: 3)
        let same = ReceiptFact.settled(one: one, other: other, ruling: .sameGoods)
        // Told the other way round, by the reviewer who looked again.
        let real = ReceiptFact.settled(one: other, other: one, ruling: .bothReal)
        try dock.record(same, on: 3, at: 5)
        try dock.record(real, on: 4, at: 4)
        #expect(try dock.counted() == 40, "the hub took the first ruling last")
        try dock.record(real, on: 4, at: 6)
        #expect(try dock.counted() == 80)
        #expect(try dock.receipt().doubleCounts.map(\.ruling) == [.bothReal])
    }

    @Test func `of the same goods the count that the reviewer named other goes`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(60, on: 1)
        let other = try dock.count(50, on: 2)
        try dock.record(.settled(one: other, other: one, ruling: .sameGoods), on: 3)
        #expect(try dock.counted() == 50)
    }

    @Test func `rulings that go round in a circle leave the first count`() throws {
        var dock = try Dock.opened()
        let counts = [
            try dock.count(40, on: 1), try dock.count(50, on: 2), try dock.count(60, on: 3),
        ]
        for (one, other) in [(0, 1), (1, 2), (2, 0)] {
            let same = ReceiptFact.settled(
                one: counts[one],
                other: counts[other],
                ruling: .sameGoods
            )
            try dock.record(same, on: 4)
        }
        #expect(try dock.counted() == 40)
        #expect(try dock.receipt().counts.map(\.isVoid) == [false, true, true])
    }

    @Test func `only a pair that is there can be ruled on`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(40, on: 1)
        let other = try dock.count(20, on: 1)
        #expect(throws: ReceivingRefusal.noSuchDoubt) {
            try dock.receipt().settle(one, other, .bothReal)
        }
    }
}
