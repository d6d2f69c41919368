import Codes
import Receiving
import Tally
import Testing

@Suite struct ArrivalOrderDeciderTests {
    /// Decides as the hub does, and gives out numbers one by one.
    private struct Decider {
        var order: ArrivalOrder?
        var percent = 0
        private(set) var numbers = 0

        init(percent: Int = 0) { self.percent = percent }

        /// The order that follows now; nil when nothing does.
        mutating func decide(_ dock: Dock) throws -> ArrivalOrder? {
            var numbers = numbers
            let percent = percent
            let decided = try ArrivalOrderDecider.decide(
                dock.receipt(),
                previous: order,
                overDeliveryPercent: { _ in percent },
                nextNumber: {
                    numbers += 1
                    return "AO-\(numbers)"
                }
            )
            self.numbers = numbers
            guard let (next, draft) = decided else { return nil }
            // What the hub reads back from its log is what it decided.
            #expect(try ArrivalOrder(payload: draft.payload) == next)
            #expect(draft.entity == ReceivingRoom.arrivalOrderKey(of: Dock.key))
            order = next
            return next
        }
    }

    private func overDelivery(line: Int) -> [ArrivalOrder.Doubt] { [.overDelivery(line: line)] }

    // MARK: - One order a receipt

    @Test func `nothing follows while the receipt is open`() throws {
        var dock = try Dock.opened()
        try dock.count(40, on: 1)
        var decider = Decider()
        #expect(try decider.decide(dock) == nil)
        #expect(decider.numbers == 0)
    }

    @Test func `a closed receipt has one order, with what was noted and counted`() throws {
        var dock = try Dock.opened()
        try dock.record(.cartonSeen(sscc: Dock.note.lines[0].cartons[0]), on: 1)
        try dock.count(95, on: 1)
        try dock.close()
        var decider = Decider()
        let order = try #require(try decider.decide(dock))
        #expect(order.number == "AO-1")
        #expect(order.revision == 1)
        #expect(order.supplier == "S-1")
        #expect(order.note == "DN-1")
        #expect(order.arrived == Moment(milliseconds: 60_000))
        #expect(order.lines.map(\.counted.amount) == [20, 95])
        #expect(order.lines.map(\.expected.amount) == [60, 100])
        #expect(order.lines.first?.lots.map(\.lot) == ["L1"])
        #expect(!order.isHeldForReview)
        #expect(try decider.decide(dock) == nil, "asked again, nothing follows")
        #expect(decider.numbers == 1)
    }

    @Test func `a late fact is a revision with the same number`() throws {
        var dock = try Dock.opened()
        try dock.count(40, on: 1, at: 2)
        try dock.close()
        var decider = Decider()
        _ = try decider.decide(dock)
        try dock.count(10, on: 2, at: 9)
        let late = try #require(try decider.decide(dock))
        #expect(late.number == "AO-1")
        #expect(late.revision == 2)
        #expect(late.lines.last?.counted.amount == 50)
        #expect(decider.numbers == 1)
    }

    @Test func `a late fact that changes nothing that is told makes no revision`() throws {
        var dock = try Dock.opened()
        try dock.count(40, on: 1)
        try dock.close()
        var decider = Decider()
        _ = try decider.decide(dock)
        try dock.record(.partDone, on: 2)
        #expect(try decider.decide(dock) == nil)
    }

    // MARK: - Held for review

    @Test func `a double count holds the order until somebody rules`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(40, on: 1, at: 2)
        let other = try dock.count(40, on: 2, at: 3)
        try dock.close()
        var decider = Decider()
        let held = try #require(try decider.decide(dock))
        #expect(held.doubts == [.countedTwice(line: 2, lot: "", one: one, other: other)])
        #expect(held.isHeldForReview)
        try dock.record(.settled(one: one, other: other, ruling: .sameGoods), on: 3, at: 5)
        let released = try #require(try decider.decide(dock))
        #expect(!released.isHeldForReview)
        #expect(released.number == held.number)
        #expect(released.revision == 2)
        #expect(released.lines.last?.counted.amount == 40)
    }

    @Test func `a second count after the order was pushed holds the revision`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(40, on: 1, at: 2)
        try dock.close()
        var decider = Decider()
        #expect(try decider.decide(dock)?.isHeldForReview == false)
        let other = try dock.count(40, on: 2, seen: 1, at: 9)
        let revision = try #require(try decider.decide(dock))
        #expect(revision.revision == 2)
        #expect(revision.doubts == [.countedTwice(line: 2, lot: "", one: one, other: other)])
    }

    @Test func `both orders of events end in the same order`() throws {
        var ends: [[Int64]] = []
        for countsFirst in [true, false] {
            var dock = try Dock.opened()
            var decider = Decider()
            let one = try dock.count(40, on: 1, at: 2)
            var other = one
            if countsFirst { other = try dock.count(40, on: 2, at: 3) }
            try dock.close()
            _ = try decider.decide(dock)
            if !countsFirst {
                other = try dock.count(40, on: 2, at: 3)
                _ = try decider.decide(dock)
            }
            #expect(decider.order?.isHeldForReview == true)
            try dock.record(.settled(one: one, other: other, ruling: .bothReal), on: 3, at: 5)
            _ = try decider.decide(dock)
            let order = try #require(decider.order)
            #expect(!order.isHeldForReview)
            #expect(order.number == "AO-1")
            ends.append(order.lines.map(\.counted.amount))
        }
        #expect(ends[0] == ends[1])
        #expect(ends[0] == [0, 80])
    }

    @Test func `a ruling that is taken back holds the order again`() throws {
        var dock = try Dock.opened()
        let one = try dock.count(80, on: 1, at: 2)
        let other = try dock.count(80, on: 2, at: 3)
        try dock.close()
        var decider = Decider()
        _ = try decider.decide(dock)
        try dock.record(.settled(one: one, other: other, ruling: .bothReal), on: 3, at: 5)
        let real = try #require(try decider.decide(dock))
        #expect(real.lines.last?.counted.amount == 160)
        #expect(!real.isHeldForReview, "more than noted did arrive, and was looked at")
        try dock.record(.settled(one: one, other: other, ruling: .sameGoods), on: 3, at: 6)
        #expect(try decider.decide(dock)?.lines.last?.counted.amount == 80)
        #expect(decider.order?.revision == 3)
    }

    // MARK: - Over-delivery

    @Test func `over-delivery is held from just past the tolerance`() throws {
        for (pieces, percent, isHeld) in [
            (100, 0, false), (101, 0, true), (105, 5, false), (106, 5, true), (99, 0, false),
        ] as [(Int64, Int, Bool)] {
            var dock = try Dock.opened()
            try dock.count(pieces, on: 1)
            try dock.close()
            var decider = Decider(percent: percent)
            let order = try #require(try decider.decide(dock))
            #expect(order.doubts == (isHeld ? overDelivery(line: 2) : []), "\(pieces) \(percent)%")
        }
    }

    @Test func `the tolerance is exact for decimal quantities`() throws {
        let kilogram = try #require(Unit("KGM"))
        let weight = { (text: String) in Quantity(text: text, unit: kilogram) }
        var note = Dock.note
        note.lines[1].quantity = try #require(weight("33.333"))
        // 3 % of 33.333 is 0.99999: the limit is 34.33299.
        for (text, isHeld) in [("34.33299", false), ("34.332991", true)] {
            var dock = Dock()
            try dock.record(.opened(note: note, text: "", ordinal: 1), on: 1)
            let quantity = try #require(weight(text))
            let fact = ReceiptFact.counted(line: 2, lot: "", quantity: quantity, asNoted: false)
            try dock.record(fact, on: 1)
            try dock.close()
            var decider = Decider(percent: 3)
            let order = try #require(try decider.decide(dock))
            #expect(order.isHeldForReview == isHeld, "\(text)")
        }
    }

    @Test func `a quantity so fine that its tolerance has too many digits is held`() throws {
        let kilogram = try #require(Unit("KGM"))
        var note = Dock.note
        note.lines[1].quantity = try #require(Quantity(text: "1.00000001", unit: kilogram))
        var dock = Dock()
        try dock.record(.opened(note: note, text: "", ordinal: 1), on: 1)
        let counted = try #require(Quantity(text: "1.00000002", unit: kilogram))
        try dock.record(
            .counted(line: 2, lot: "", quantity: counted, asNoted: false),
            on: 1
        )
        try dock.close()
        var decider = Decider(percent: 50)
        #expect(try decider.decide(dock)?.doubts == overDelivery(line: 2))
    }
}
