import Codes
import Receiving
import Tally
import Testing

@Suite struct ReceiptTests {
    @Test func `what nobody opened is no receipt`() {
        #expect(Receipt(EntityRecord(key: Dock.key)) == nil)
    }

    @Test func `counted starts at nothing and is the sum of observations`() throws {
        var dock = try Dock.opened()
        #expect(try dock.receipt().totals.map(\.counted.amount) == [0, 0])
        try dock.count(30, on: 1)
        try dock.count(12, on: 1)
        try dock.record(
            .damaged(line: 2, quantity: Quantity(count: 2), remark: "wet", photo: []),
            on: 1
        )
        let total = try #require(try dock.receipt().totals.last)
        #expect(total.counted.amount == 42)
        #expect(total.damaged?.amount == 2, "damage is part of what was counted")
        #expect(total.isShort)
        #expect(!total.isOver)
        #expect(total.difference?.amount == -58)
    }

    @Test func `lots of one line are added up apart`() throws {
        var dock = try Dock.opened()
        try dock.count(10, lot: "B", on: 1)
        try dock.count(5, lot: "A", on: 1)
        try dock.count(7, lot: "B", on: 1)
        let lots = try #require(try dock.receipt().totals.last).lots
        #expect(lots.map(\.lot) == ["A", "B"])
        #expect(lots.map(\.quantity.amount) == [5, 17])
    }

    @Test func `the paper that was scanned stands before a note without paper`() throws {
        var dock = Dock()
        try dock.record(.opened(note: Dock.note, text: "", ordinal: 1), on: 1)
        try dock.record(.opened(note: Dock.note, text: "TMN1:X", ordinal: 1), on: 2)
        let receipt = try dock.receipt()
        #expect(receipt.text == "TMN1:X")
        #expect(receipt.opened.author == "W1", "opened by whoever came first")
    }

    // MARK: - Corrections

    @Test func `a corrected count stands no more and stays visible`() throws {
        var dock = try Dock.opened()
        let wrong = try dock.count(400, on: 1)
        try dock.count(40, on: 1)
        try dock.record(.corrected(operation: wrong, reason: "typed wrong"), on: 1)
        #expect(try dock.counted() == 40)
        #expect(try dock.receipt().counts.map(\.isVoid) == [true, false])
    }

    @Test func `a corrected correction lets the count stand again`() throws {
        var dock = try Dock.opened()
        let count = try dock.count(40, on: 1)
        let first = try dock.record(.corrected(operation: count, reason: ""), on: 1)
        #expect(try dock.counted() == 0)
        let second = try dock.record(.corrected(operation: first, reason: ""), on: 1)
        #expect(try dock.counted() == 40)
        try dock.record(.corrected(operation: second, reason: ""), on: 1)
        #expect(try dock.counted() == 0)
    }

    @Test func `two corrections of one count void it, until both are corrected`() throws {
        var dock = try Dock.opened()
        let count = try dock.count(40, on: 1)
        let one = try dock.record(.corrected(operation: count, reason: ""), on: 1)
        let other = try dock.record(.corrected(operation: count, reason: ""), on: 2)
        try dock.record(.corrected(operation: one, reason: ""), on: 1)
        #expect(try dock.counted() == 0)
        try dock.record(.corrected(operation: other, reason: ""), on: 2)
        #expect(try dock.counted() == 40)
    }

    @Test func `a corrected sighting lets the carton be seen anew`() throws {
        var dock = try Dock.opened()
        let carton = Dock.note.lines[0].cartons[0]
        let seen = try dock.record(.cartonSeen(sscc: carton), on: 1)
        #expect(throws: ReceivingRefusal.self) { try dock.receipt().see(carton: carton) }
        try dock.record(.corrected(operation: seen, reason: ""), on: 1)
        #expect(try dock.counted(line: 1) == 0)
        #expect(try dock.receipt().see(carton: carton).count == 1)
    }

    // MARK: - Cartons

    @Test func `a carton seen twice counts once, whoever saw it`() throws {
        var dock = try Dock.opened()
        let cartons = Dock.note.lines[0].cartons
        try dock.record(.cartonSeen(sscc: cartons[0]), on: 1)
        try dock.record(.cartonSeen(sscc: cartons[0]), on: 2)
        try dock.record(.cartonSeen(sscc: cartons[1]), on: 2)
        let receipt = try dock.receipt()
        #expect(receipt.cartons.map(\.sscc) == [cartons[0], cartons[1]])
        #expect(receipt.cartons.first?.evidence.author == "W1")
        #expect(try dock.counted(line: 1) == 40, "60 in three cartons")
        #expect(receipt.doubleCounts.isEmpty)
    }

    @Test func `a carton of no line adds nothing`() throws {
        var dock = try Dock.opened()
        try dock.record(.cartonSeen(sscc: "340123450000000017"), on: 1)
        #expect(try dock.receipt().cartons.isEmpty)
    }

    // MARK: - Order of arrival

    @Test func `the same facts in any order read as the same receipt`() throws {
        for seed in seedBase..<seedBase + 50 {
            var dice = SeededDice(seed: seed)
            var dock = try Dock.opened()
            let cartons = Dock.note.lines[0].cartons
            var names: [OperationID] = []
            for step in 1...20 {
                let terminal = dice.next() % 3 + 1
                let seen = dice.next() % 5
                switch dice.next() % 4 {
                case 0:
                    let carton = cartons[Int(dice.next() % 3)]
                    names.append(
                        try dock.record(.cartonSeen(sscc: carton), on: terminal, seen: seen)
                    )
                case 1 where !names.isEmpty:
                    let target = names[Int(dice.next() % UInt64(names.count))]
                    let fact = ReceiptFact.corrected(operation: target, reason: "")
                    names.append(try dock.record(fact, on: terminal, seen: seen))
                default:
                    let pieces = Int64(dice.next() % 3 + 1) * 10
                    let name = try dock.count(
                        pieces,
                        on: terminal,
                        seen: seen,
                        at: UInt64(step + 1)
                    )
                    names.append(name)
                }
            }
            let receipt = try dock.receipt()
            var record = dock.record
            for _ in 1...5 {
                record.facts.shuffle(using: &dice)
                #expect(Receipt(record) == receipt, "seed \(seed)")
            }
        }
    }

    @Test func `facts that cannot be read lead to nothing and are listed`() throws {
        var dock = try Dock.opened()
        try dock.count(10, on: 1)
        let broken = try #require(dock.facts.last)
        dock.facts.append(
            Recorded(
                evidence: broken.evidence,
                type: "receipt.weighed_by_eye",
                payload: [1, 2, 3]
            )
        )
        let receipt = try dock.receipt()
        #expect(receipt.strays == [broken.evidence])
        #expect(try dock.counted() == 10)
    }
}
