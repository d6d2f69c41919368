import Agent
import Hub
import NodePlant
import Receiving
import Sync
import Tally
import Testing

/// From the dock to the arrival order, through real sync.
@Suite struct ReceivingReactionTests {
    /// Opens the note's receipt at a terminal that has the note by sync.
    private func open(
        _ plant: NodePlant,
        _ number: String = "DN-1",
        on index: Int
    ) throws
        -> EntityKey
    {
        try plant.run(.openNote(supplier: "S-1", number: number), on: index).entity
    }

    private func count(
        _ plant: NodePlant,
        _ receipt: EntityKey,
        _ pieces: Int,
        on index: Int
    ) throws -> OperationID {
        let command = FloorCommand.countLine(
            receipt: receipt.id.description,
            line: 2,
            quantity: String(pieces)
        )
        let saved = try plant.run(command, by: "W\(index + 1)", on: index)
        return try #require(saved.operations.first)
    }

    private func close(_ plant: NodePlant, _ receipt: EntityKey, on index: Int = 0) throws {
        try plant.run(.closeReceipt(receipt: receipt.id.description), on: index)
    }

    private func order(_ plant: NodePlant, _ receipt: EntityKey) throws -> ArrivalOrder? {
        try plant.read { reader in
            ArrivalOrder(try reader.record(of: ReceivingRoom.arrivalOrderKey(of: receipt)))
        }
    }

    /// A plant whose terminals have the note, cut off from now on.
    private func plantWithNote() throws -> NodePlant {
        let plant = try NodePlant()
        _ = try plant.makeNote(plant.note())
        try plant.sync(0)
        try plant.sync(1)
        return plant
    }

    @Test func `two terminals that type the same 40 offline make one held order`() throws {
        let plant = try plantWithNote()
        let receipt = try open(plant, on: 0)
        #expect(try open(plant, on: 1) == receipt, "both meet in one receipt")
        let one = try count(plant, receipt, 40, on: 0)
        let other = try count(plant, receipt, 40, on: 1)
        try close(plant, receipt)
        try plant.sync(0)
        try plant.sync(1)

        let held = try #require(try order(plant, receipt))
        #expect(held.number == "AO-SZ1-000001")
        #expect(held.lines.last?.counted.amount == 80, "the sum is kept")
        guard case .countedTwice(2, "", let first, let second)? = held.doubts.first else {
            Issue.record("not held for a double count: \(held.doubts)")
            return
        }
        #expect([first, second] == [one, other])
        // The order of terminal 0 alone was in nobody's doubt, and was told before the other came.
        #expect(try plant.outbox().count == 1)

        try plant.settle(receipt, one, other, .sameGoods)
        let released = try #require(try order(plant, receipt))
        #expect(!released.isHeldForReview)
        #expect(released.number == held.number)
        #expect(released.lines.last?.counted.amount == 40)
        let messages = try plant.outbox()
        #expect(messages.map(\.topic) == ["arrival_order", "arrival_order"])
        #expect(try ArrivalOrder(payload: messages[1].payload) == released)

        for index in 0...1 {
            try plant.sync(index)
            #expect(try plant.agrees(index))
            let known = try plant.terminals[index].read { reader in
                ArrivalOrder(try reader.record(of: ReceivingRoom.arrivalOrderKey(of: receipt)))
            }
            #expect(known == released)
        }
    }

    @Test func `an order that is held from the start is told once, when it is released`() throws {
        let plant = try plantWithNote()
        let receipt = try open(plant, on: 0)
        _ = try open(plant, on: 1)
        let one = try count(plant, receipt, 40, on: 0)
        let other = try count(plant, receipt, 40, on: 1)
        try plant.sync(0)
        try plant.sync(1)
        try plant.sync(0)
        try close(plant, receipt)
        try plant.sync(0)
        #expect(try order(plant, receipt)?.isHeldForReview == true)
        #expect(try plant.outbox().isEmpty)

        try plant.settle(receipt, one, other, .bothReal)
        #expect(try order(plant, receipt)?.lines.last?.counted.amount == 80)
        #expect(try plant.outbox().count == 1)
        try plant.settle(receipt, one, other, .bothReal)
        #expect(try plant.outbox().count == 1, "said again, nothing new follows")
    }

    @Test func `whatever comes first, the counts or the close, the end is the same`() throws {
        var ends: [ArrivalOrder] = []
        for isLateFirst in [false, true] {
            let plant = try plantWithNote()
            let receipt = try open(plant, on: 0)
            _ = try open(plant, on: 1)
            let one = try count(plant, receipt, 40, on: 0)
            let other = try count(plant, receipt, 40, on: 1)
            try close(plant, receipt)
            for index in isLateFirst ? [1, 0] : [0, 1] { try plant.sync(index) }
            #expect(try order(plant, receipt)?.isHeldForReview == true)
            try plant.settle(receipt, one, other, .sameGoods)
            ends.append(try #require(try order(plant, receipt)))
        }
        #expect(ends[0].lines == ends[1].lines)
        #expect(ends[0].doubts == ends[1].doubts)
        #expect(ends[0].number == ends[1].number)
    }

    @Test func `a late count is a revision that the outside hears of`() throws {
        let plant = try plantWithNote()
        let receipt = try open(plant, on: 0)
        _ = try count(plant, receipt, 40, on: 0)
        try plant.sync(0)
        try plant.sync(1)
        // Terminal 1 has seen the 40 and adds to them; meanwhile terminal 0 closes.
        _ = try count(plant, receipt, 40, on: 1)
        try close(plant, receipt)
        try plant.sync(0)
        try plant.sync(1)
        let late = try #require(try order(plant, receipt))
        #expect(late.revision == 2)
        #expect(!late.isHeldForReview)
        #expect(late.lines.last?.counted.amount == 80)
        let messages = try plant.outbox()
        #expect(messages.count == 2)
        #expect(Set(messages.map(\.key)).count == 2)
        #expect(Set(messages.map(\.entity)).count == 1)
    }

    @Test func `over-delivery is judged by the material's tolerance`() throws {
        for (pieces, isHeld) in [(105, false), (106, true)] {
            let plant = try plantWithNote()
            let receipt = try open(plant, on: 0)
            _ = try count(plant, receipt, pieces, on: 0)
            try close(plant, receipt)
            try plant.sync(0)
            #expect(try order(plant, receipt)?.isHeldForReview == isHeld, "\(pieces)")
        }
    }

    @Test func `numbers are unique and increasing`() throws {
        let plant = try NodePlant()
        for number in ["DN-1", "DN-2", "DN-3"] { _ = try plant.makeNote(plant.note(number)) }
        try plant.sync(0)
        try plant.sync(1)
        var numbers: [String] = []
        for (place, number) in ["DN-3", "DN-1", "DN-2"].enumerated() {
            let receipt = try open(plant, number, on: place % 2)
            _ = try count(plant, receipt, 10, on: place % 2)
            try close(plant, receipt, on: place % 2)
            try plant.sync(place % 2)
            numbers.append(try #require(try order(plant, receipt)).number)
        }
        #expect(numbers == ["AO-SZ1-000001", "AO-SZ1-000002", "AO-SZ1-000003"])
    }

    @Test func `a second arrival of a note has an order of its own`() throws {
        let plant = try plantWithNote()
        let first = try open(plant, on: 0)
        try close(plant, first)
        let second = try open(plant, on: 0)
        #expect(second != first)
        _ = try count(plant, second, 10, on: 0)
        try close(plant, second)
        try plant.sync(0)
        let orders = [try order(plant, first), try order(plant, second)].compactMap(\.self)
        #expect(Set(orders.map(\.number)) == ["AO-SZ1-000001", "AO-SZ1-000002"])
        #expect(orders.map { $0.lines.last?.counted.amount } == [0, 10])
    }

    @Test func `a restored hub gets everything back and queues the same keys`() throws {
        let plant = try plantWithNote()
        let receipt = try open(plant, on: 0)
        _ = try count(plant, receipt, 40, on: 0)
        try close(plant, receipt)
        try plant.sync(0)
        try plant.sync(1)
        let before = try plant.outbox()
        #expect(before.count == 1)
        let order = try #require(try self.order(plant, receipt))

        try plant.restoreHub()
        #expect(try self.order(plant, receipt) == nil, "the backup knew nothing of it")
        for index in [0, 1, 0] { try plant.sync(index) }
        let again = try #require(try self.order(plant, receipt))
        #expect(again.number == order.number)
        #expect(again.lines == order.lines)
        #expect(try plant.outbox().map(\.key) == before.map(\.key))
        for index in 0...1 {
            try plant.sync(index)
            #expect(try plant.agrees(index))
        }
    }

    @Test func `a message that was delivered is not queued again`() throws {
        let plant = try plantWithNote()
        let receipt = try open(plant, on: 0)
        _ = try count(plant, receipt, 40, on: 0)
        try close(plant, receipt)
        try plant.sync(0)
        let message = try #require(try plant.outbox().first)
        try plant.store.write { transaction in
            try transaction.delivered(message.key)
            try transaction.enqueue(message)
        }
        #expect(try plant.outbox().isEmpty)
    }
}
