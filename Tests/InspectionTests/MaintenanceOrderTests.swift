import Forms
import Inspection
import RoomPlant
import Tally
import Testing

@Suite struct MaintenanceOrderTests {
    @Test func `two findings from two offline terminals make one order`() throws {
        var floor = try Floor()
        let one = try floor.read("0.31", on: 0, by: "W1")
        let other = try floor.read("0.29", on: 1, by: "W2")
        for index in [0, 1, 0] { try floor.plant.sync(index) }
        let orders = try floor.orders()
        #expect(orders.count == 1)
        let issue = try #require(orders.first).issue
        #expect(issue.number == "MO-1")
        #expect(issue.revision == 2)
        #expect(issue.tag == "AC-07")
        #expect(issue.check == "pressure")
        #expect(issue.team == "maintenance")
        #expect(issue.findings.map(\.evidence.operation) == [one, other])
        #expect(issue.findings.map(\.evidence.author) == ["W1", "W2"])
        #expect(issue.findings.map(\.limits) == ["0.4 … 0.8 MPA", "0.4 … 0.8 MPA"])
        #expect(issue.opened == issue.findings[0].evidence.moment)
        #expect(!issue.isSevere && !issue.isDoubtful)
        #expect(try floor.order(1, on: 0).issue == issue)
    }

    @Test func `checks of one machine have orders of their own`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        try floor.answer("pressure", try floor.pressure("0.1"), in: key, on: 0, by: "W1")
        try floor.answer("leak", .yesNo(true), in: key, on: 0, by: "W1")
        try floor.plant.sync(0)
        let numbers = try [floor.orders(), floor.orders(check: "leak")].joined().map(\.number)
        #expect(numbers == ["MO-2", "MO-1"])
        #expect(try floor.orders(check: "leak").first?.issue.isSevere == true)
    }

    @Test func `deciding again decides nothing`() throws {
        var floor = try Floor()
        try floor.read("0.31", on: 0, by: "W1")
        let key = try floor.begin(on: 0, by: "W1")
        try floor.answer("pressure", try floor.pressure("0.2"), in: key, on: 0, by: "W1")
        try floor.plant.sync(0)
        let inspection = try #require(MachineInspection(try floor.plant.record(of: key)))
        let again = try MaintenanceOrderDecider.decide(
            inspection,
            equipment: nil,
            orders: try floor.orders(),
            nextNumber: { "unused" }
        )
        #expect(again.isEmpty)
        let after = try MaintenanceOrderDecider.decide(
            after: try #require(try floor.orders().first),
            equipment: nil,
            orders: try floor.orders(),
            nextNumber: { "unused" }
        )
        #expect(after.isEmpty)
    }

    @Test func `a finding after the repair opens the next order`() throws {
        var floor = try Floor()
        try floor.read("0.31", on: 0, by: "W1")
        try floor.plant.sync(0)
        try floor.repair(1, on: 0)
        for index in [0, 1] { try floor.plant.sync(index) }
        let late = try floor.read("0.2", on: 1, by: "W2")
        try floor.plant.sync(1)
        let orders = try floor.orders()
        #expect(orders.map(\.stage) == [.done, .open])
        #expect(orders.map(\.number) == ["MO-1", "MO-2"])
        #expect(orders[0].issue.revision == 1)
        #expect(orders[1].issue.findings.map(\.evidence.operation) == [late])
        #expect(orders[1].issue.previousNumber == "MO-1")
        #expect(!orders[1].issue.isDoubtful)
        #expect(orders[0].ending?.note == "换滤芯")
        #expect(orders[0].ended?.author == "crew")
    }

    @Test(arguments: [true, false])
    func `a finding that the crew could not see opens a doubtful order, whichever comes first`(
        _ repairFirst: Bool
    ) throws {
        var floor = try Floor()
        let first = try floor.read("0.31", on: 0, by: "W1")
        for index in [0, 1] { try floor.plant.sync(index) }
        try floor.repair(1, on: 0)
        let unseen = try floor.read("0.2", on: 1, by: "W2")
        for index in repairFirst ? [0, 1, 0] : [1, 0, 1] { try floor.plant.sync(index) }
        let orders = try floor.orders()
        #expect(orders.map(\.stage) == [.done, .open])
        #expect(orders[1].issue.findings.map(\.evidence.operation) == [unseen])
        #expect(orders[1].issue.isDoubtful)
        #expect(orders[1].issue.previousNumber == "MO-1")
        #expect(orders[0].issue.findings.first?.evidence.operation == first)
        #expect(orders[0].ending?.findings == [first])
    }

    @Test func `a finding that the crew knew of joins the order that is done`() throws {
        var floor = try Floor()
        try floor.read("0.31", on: 0, by: "W1")
        try floor.plant.sync(0)
        let known = try floor.read("0.2", on: 0, by: "W1")
        try floor.repair(1, on: 0, others: [known])
        try floor.plant.sync(0)
        let orders = try floor.orders()
        #expect(orders.map(\.stage) == [.done])
        #expect(orders[0].issue.findings.count == 2)
        #expect(orders[0].issue.revision == 2)
    }

    @Test func `a finding that is taken back stays in the order, marked`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        let typo = try floor.answer("pressure", try floor.pressure("5"), in: key, on: 0, by: "W1")
        try floor.plant.sync(0)
        try floor.plant.record(
            try floor.inspection(key, on: 0).correct(typo),
            by: "W1",
            on: 0
        )
        try floor.plant.sync(0)
        let issue = try #require(try floor.orders().first).issue
        #expect(issue.revision == 2)
        #expect(issue.findings.map(\.isWithdrawn) == [true])
    }

    @Test func `a finding that was taken back before the hub saw it opens nothing`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        try floor.answer("pressure", try floor.pressure("5"), in: key, on: 0, by: "W1")
        try floor.answer("pressure", try floor.pressure("0.5"), in: key, on: 0, by: "W1")
        try floor.plant.sync(0)
        #expect(try floor.orders().isEmpty)
    }

    @Test func `two crews who take one order apart see who has it`() throws {
        var floor = try Floor()
        try floor.read("0.31", on: 0, by: "W1")
        for index in [0, 1] { try floor.plant.sync(index) }
        try floor.plant.record(try floor.order(1, on: 0).take(), by: "C1", on: 0)
        try floor.plant.record(try floor.order(1, on: 1).take(), by: "C2", on: 1)
        #expect(try floor.order(1, on: 1).taken?.author == "C2")
        for index in [0, 1] { try floor.plant.sync(index) }
        #expect(try floor.order(1, on: 1).taken?.author == "C1")
        let note = try floor.order(1, on: 1).note("滤芯已到")
        try floor.plant.record(note, by: "C2", on: 1)
        #expect(try floor.order(1, on: 1).notes.map(\.text) == ["滤芯已到"])
    }

    @Test func `moves are refused from a wrong stage`() throws {
        var floor = try Floor()
        try floor.read("0.31", on: 0, by: "W1")
        try floor.plant.sync(0)
        let open = try floor.order(1, on: 0)
        #expect(
            throws: InspectionRefusal.orderStage(number: "MO-1", stage: "open", expected: "taken")
        ) { try open.finish() }
        try floor.plant.record(try open.cancel(note: "误报"), by: "C1", on: 0)
        let cancelled = try floor.order(1, on: 0)
        #expect(cancelled.stage == .cancelled)
        #expect(throws: InspectionRefusal.self) { try cancelled.take() }
        #expect(throws: InspectionRefusal.self) { try cancelled.cancel() }
        #expect(throws: InspectionRefusal.emptyText) { try cancelled.note(" ") }
    }

    /// Whatever the order in which readings, repairs and syncs come, no finding is lost: each is in
    /// an order that is open, or that was ended by somebody who named it.
    @Test func `no finding is lost in an order that is done`() throws {
        for seed in 1...40 as ClosedRange<UInt64> {
            var dice = SeededDice(seed: seed)
            var floor = try Floor()
            var findings: Set<OperationID> = []
            for _ in 0..<14 {
                let terminal = Int(dice.next() % 2)
                switch dice.next() % 5 {
                case 0, 1:
                    findings.insert(try floor.read("0.1", on: terminal, by: "W\(terminal)"))
                case 2:
                    let ordinal = try floor.orders().count
                    guard try floor.isOpen(ordinal, on: terminal) else { continue }
                    try floor.repair(ordinal, on: terminal)
                default: try floor.plant.sync(terminal)
                }
            }
            for index in [0, 1, 0] { try floor.plant.sync(index) }
            let orders = try floor.orders()
            let open = orders.dropLast().filter { !$0.stage.isEnded }
            #expect(open.isEmpty, "seed \(seed)")
            for finding in findings {
                let isKept = orders.contains { order in
                    order.issue.findings.contains { $0.evidence.operation == finding }
                        && (order.ending?.findings.contains(finding) ?? true)
                }
                #expect(isKept, "seed \(seed)")
            }
        }
    }
}
