import Agent
import ExceptionReports
import Hub
import Inspection
import NodePlant
import Sync
import Tally
import Testing

/// From the machine to the maintenance order, and from the report to the team.
@Suite struct FloorReactionTests {
    /// Inspects the lathe at a terminal, with an oil pressure.
    private func inspect(_ plant: NodePlant, pressure: String, on index: Int) throws {
        let begun = try plant.run(
            .beginInspection(equipment: "LAT-01", plateScanned: true),
            on: index
        )
        let inspection = begun.entity.id.description
        for (question, answer) in [("guard", "yes"), ("pressure", pressure)] {
            try plant.run(
                .answerCheck(inspection: inspection, question: question, answer: answer),
                on: index
            )
        }
        try plant.run(.signInspection(inspection: inspection), on: index)
    }

    private func orders(_ plant: NodePlant) throws -> [MaintenanceOrder] {
        try plant.read { reader in
            try reader.records(kind: InspectionRoom.EntityKind.maintenanceOrder)
                .compactMap(MaintenanceOrder.init)
        }
    }

    @Test func `a good inspection leads to nothing`() throws {
        let plant = try NodePlant()
        try inspect(plant, pressure: "0.55", on: 0)
        try plant.sync(0)
        #expect(try orders(plant).isEmpty)
        #expect(try plant.outbox().isEmpty)
    }

    @Test func `two offline inspections of one fault make one order with two findings`() throws {
        let plant = try NodePlant()
        try inspect(plant, pressure: "0.12", on: 0)
        try inspect(plant, pressure: "0.15", on: 1)
        try plant.sync(0)
        try plant.sync(1)
        let found = try orders(plant)
        #expect(found.count == 1)
        let order = try #require(found.first)
        #expect(order.number == "MO-SZ1-000001")
        #expect(order.issue.tag == "LAT-01")
        #expect(order.issue.check == "pressure")
        #expect(order.issue.team == "maintenance")
        #expect(order.issue.findings.count == 2)
        #expect(Set(order.issue.findings.map(\.inspection)).count == 2)

        let messages = try plant.outbox()
        #expect(messages.allSatisfy { $0.topic == "maintenance_order" && $0.entity == order.key })
        #expect(messages.count == 2, "the order, and its revision")
        for index in 0...1 {
            try plant.sync(index)
            #expect(try plant.agrees(index))
        }
    }

    @Test func `both inspections in one upload still make one order`() throws {
        let plant = try NodePlant()
        try inspect(plant, pressure: "0.12", on: 0)
        try inspect(plant, pressure: "0.15", on: 0)
        try plant.sync(0)
        let found = try orders(plant)
        #expect(found.count == 1)
        #expect(found.first?.issue.findings.count == 2)
    }

    @Test func `a bad answer that was replaced before the upload leads to nothing`() throws {
        let plant = try NodePlant()
        let begun = try plant.run(.beginInspection(equipment: "LAT-01", plateScanned: true))
        let inspection = begun.entity.id.description
        for (question, answer) in [("guard", "yes"), ("pressure", "0.12"), ("pressure", "0.55")] {
            try plant.run(
                .answerCheck(inspection: inspection, question: question, answer: answer)
            )
        }
        try plant.sync(0)
        #expect(try orders(plant).isEmpty)
    }

    @Test func `a fault after its order was finished has a new order`() throws {
        let plant = try NodePlant()
        try inspect(plant, pressure: "0.12", on: 0)
        try plant.sync(0)
        let first = try #require(try orders(plant).first)
        try plant.run(.takeOrder(order: first.key.id.description))
        try plant.run(.finishOrder(order: first.key.id.description))
        try plant.sync(0)
        try inspect(plant, pressure: "0.15", on: 0)
        try plant.sync(0)
        let numbers = try orders(plant).map(\.number).sorted()
        #expect(numbers == ["MO-SZ1-000001", "MO-SZ1-000002"])
    }

    @Test func `a report goes to the team of its category, with its deadline`() throws {
        let plant = try NodePlant()
        let raised = try plant.run(
            .raiseException(category: "quality", equipment: "LAT-01", text: "burrs")
        )
        try plant.sync(0)
        let found = try plant.read { ExceptionReport(try $0.record(of: raised.entity)) }
        let report = try #require(found)
        #expect(report.raising.text == "burrs")
        let routing = try #require(report.routing)
        #expect(routing.team == "inspectors")
        #expect(
            routing.deadlines[.containment]
                == report.raised.moment.adding(milliseconds: 60 * 60_000)
        )
        let known = try plant.terminals[0].read {
            ExceptionReport(try $0.record(of: raised.entity))
        }
        #expect(known?.routing == routing)
        try plant.sync(0)
        #expect(try plant.agrees(0))
    }
}
