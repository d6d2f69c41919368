import Agent
import Codes
import Hub
import Inspection
import NodePlant
import Sync
import Tally
import Testing

/// What a crew does about a maintenance order, without the hub.
@Suite struct OrderWorkTests {
    private let plant: NodePlant

    init() throws { plant = try NodePlant() }

    /// An order on the lathe's oil pressure, known at both terminals.
    private func order() throws -> MaintenanceOrder {
        let begun = try plant.run(.beginInspection(equipment: "LAT-01", plateScanned: true))
        let inspection = begun.entity.id.description
        for (question, answer) in [("guard", "yes"), ("pressure", "0.12")] {
            try plant.run(
                .answerCheck(inspection: inspection, question: question, answer: answer)
            )
        }
        for index in [0, 1, 0] { try plant.sync(index) }
        let orders = try plant.terminals[0].read { reader in
            try reader.ordersToWorkOn(site: NodePlant.site)
        }
        return try #require(orders.first)
    }

    private func order(_ key: EntityKey, on index: Int = 0) throws -> MaintenanceOrder {
        try #require(
            try plant.terminals[index].read { MaintenanceOrder(try $0.record(of: key)) }
        )
    }

    @Test func `time, parts and words of several people add up, offline`() throws {
        let key = try order().key
        let id = key.id.description
        try plant.run(.takeOrder(order: id))
        plant.wait(minutes: 10)
        try plant.run(.noteOrder(order: id, text: "filter was blocked"))
        try plant.run(
            .noteOrder(order: id, text: "", material: "bolt-m8", quantity: "4")
        )
        try plant.run(.pauseOrder(order: id, note: "waits for a seal"))
        let paused = try order(key)
        #expect(paused.stage == .paused)
        let worked = paused.worked(until: plant.now)
        #expect(worked >= 10 * 60_000 && worked < 15 * 60_000)
        plant.wait(minutes: 300)
        #expect(try order(key).worked(until: plant.now) == worked, "a pause counts nothing")
        try plant.run(.resumeOrder(order: id))
        try plant.run(.handOverOrder(order: id, to: "w2", note: "end of shift"))
        #expect(try order(key).stage == .open)
        #expect(try order(key).steps.last?.to == "W2")
        try plant.run(.takeOrder(order: id), by: "W2")
        try plant.run(
            .noteOrder(order: id, text: "", material: "BOLT-M8", quantity: "2"),
            by: "W2"
        )
        try plant.run(.finishOrder(order: id, note: "runs"), by: "W2")
        for index in [0, 1, 0] { try plant.sync(index) }
        let done = try order(key, on: 1)
        #expect(done.stage == .done)
        #expect(done.steps.map(\.kind) == [.take, .pause, .resume, .handOver, .take, .finish])
        #expect(done.parts == [WorkNote.Part(material: "BOLT-M8", quantity: Quantity(count: 6))])
        #expect(done.notes.map(\.text) == ["filter was blocked", "", ""])
        for index in 0...1 { #expect(try plant.agrees(index)) }
    }

    @Test func `what does not fit the order is refused`() throws {
        let key = try order().key
        let id = key.id.description
        let refused: [FloorCommand] = [
            .pauseOrder(order: id), .resumeOrder(order: id), .handOverOrder(order: id),
            .finishOrder(order: id), .noteOrder(order: id, text: " "),
            .noteOrder(order: id, text: "", material: "NO-SUCH"),
            .noteOrder(order: id, text: "", material: "BOLT-M8", quantity: "0"),
        ]
        let before = plant.terminals[0].store.operationCount
        for command in refused {
            #expect(throws: (any Error).self, "\(command)") { try plant.run(command) }
        }
        try plant.run(.takeOrder(order: id))
        #expect(throws: AgentRefusal.unknownWorker("W99")) {
            try plant.run(.handOverOrder(order: id, to: "W99"))
        }
        #expect(plant.terminals[0].store.operationCount == before + 1)
    }

    @Test func `an order is worked on by scans alone`() throws {
        let key = try order().key
        var session = KioskSession(language: .english)
        func scan(_ texts: [String]) throws -> [String] {
            try texts.map { text in
                let feedback = try plant.scan(text, &session)
                return "\(feedback.tone.rawValue) \(feedback.message)"
            }
        }
        let answers = try scan([
            "TM:W:W1", "TM:C:CHOICE:1", "TM:C:OK", "TM:C:QTY:3", "BOLT-M8", "cleaned the filter",
            "TM:C:CHOICE:1", "TM:C:OK", "TM:C:SIGN",
        ])
        #expect(
            answers == [
                "good kiosk.signed_in", "good kiosk.order_opened", "good kiosk.order_taken",
                "attention kiosk.part_count", "good kiosk.part_used", "good kiosk.order_noted",
                "attention kiosk.order_paused", "good kiosk.order_resumed",
                "good kiosk.order_finished",
            ]
        )
        #expect(session.place == .home)
        let done = try order(key)
        #expect(done.stage == .done)
        #expect(done.parts.map(\.quantity.number) == ["3"])
    }
}
