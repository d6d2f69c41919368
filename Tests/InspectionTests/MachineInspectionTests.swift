import Forms
import Inspection
import RoomPlant
import Tally
import Testing

@Suite struct MachineInspectionTests {
    @Test func `an inspection is begun, answered and signed`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        try floor.answer("pressure", try floor.pressure("0.5"), in: key, on: 0, by: "W1")
        let drafts = try floor.inspection(key, on: 0).sign(form: floor.form)
        try floor.plant.record(drafts, by: "W1", on: 0)
        try floor.plant.sync(0)
        try floor.plant.sync(1)
        let inspection = try floor.inspection(key, on: 1)
        #expect(inspection.tag == "AC-07")
        #expect(inspection.beginning.form == "compressor")
        #expect(inspection.beginning.formVersion == 1)
        #expect(inspection.beginning.plateScanned)
        #expect(inspection.begun.author == "W1")
        #expect(inspection.signed?.author == "W1")
        #expect(inspection.answers.map(\.assessment) == [.good])
        #expect(inspection.findings.isEmpty)
        #expect(inspection.strays.isEmpty)
        #expect(try floor.orders().isEmpty)
    }

    @Test func `a machine or form that the terminal does not know is refused`() throws {
        let floor = try Floor()
        let id = Identifier(high: 1, low: 1)
        #expect(throws: InspectionRefusal.unknownEquipment(tag: "X-1")) {
            try MachineInspection.begin(
                id,
                tag: "X-1",
                equipment: nil,
                form: floor.form,
                plateScanned: true
            )
        }
        let machine = try floor.equipment(on: 0)
        #expect(throws: InspectionRefusal.unknownForm(form: "compressor", tag: "AC-07")) {
            try MachineInspection.begin(
                id,
                tag: "AC-07",
                equipment: machine,
                form: nil,
                plateScanned: true
            )
        }
    }

    @Test func `an answer that the question cannot have changes nothing`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        let bar = try #require(Unit("BAR").flatMap { Quantity(text: "5", unit: $0) })
        let wrong = FormRefusal.wrongUnit(question: "pressure", expected: "MPA", read: "BAR")
        #expect(throws: wrong) {
            try floor.answer("pressure", .quantity(bar), in: key, on: 0, by: "W1")
        }
        #expect(throws: FormRefusal.unknownQuestion(form: "compressor", question: "x")) {
            try floor.answer("x", .yesNo(true), in: key, on: 0, by: "W1")
        }
        #expect(try floor.inspection(key, on: 0).answers.isEmpty)
    }

    @Test func `signing needs the required answers and the inspection's own form`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        let missing = InspectionRefusal.answersMissing(tag: "AC-07", questions: ["pressure"])
        #expect(throws: missing) { try floor.inspection(key, on: 0).sign(form: floor.form) }
        let other = FormNode.map([
            "code": .text("lathe"), "version": .number("3"), "title": .map(["en": .text("L")]),
            "questions": .list([
                .map([
                    "name": .text("a"), "type": .text("text"), "label": .map(["en": .text("A")]),
                ])
            ]),
        ])
        let refusal = InspectionRefusal.otherForm(expected: "compressor 1", read: "lathe 3")
        #expect(throws: refusal) {
            try floor.inspection(key, on: 0).sign(form: FormDefinition(node: other))
        }
    }

    @Test func `a signed inspection takes no more answers`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        let operation = try floor.answer(
            "pressure",
            try floor.pressure("0.5"),
            in: key,
            on: 0,
            by: "W1"
        )
        let drafts = try floor.inspection(key, on: 0).sign(form: floor.form)
        try floor.plant.record(drafts, by: "W1", on: 0)
        let signed = InspectionRefusal.alreadySigned(tag: "AC-07")
        #expect(throws: signed) {
            try floor.answer("leak", .yesNo(true), in: key, on: 0, by: "W1")
        }
        #expect(throws: signed) { try floor.inspection(key, on: 0).correct(operation) }
        #expect(throws: signed) { try floor.inspection(key, on: 0).sign(form: floor.form) }
    }

    @Test func `answering again takes the earlier answer back and keeps it visible`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        let typo = try floor.answer("pressure", try floor.pressure("5"), in: key, on: 0, by: "W1")
        try floor.answer("pressure", try floor.pressure("0.5"), in: key, on: 0, by: "W1")
        let inspection = try floor.inspection(key, on: 0)
        #expect(inspection.answers.count == 2)
        #expect(inspection.answers.first { $0.evidence.operation == typo }?.isCorrected == true)
        #expect(inspection.latest["pressure"] == (try floor.pressure("0.5")))
        #expect(inspection.findings.isEmpty)
        #expect(throws: InspectionRefusal.unknownAnswer(typo.description)) {
            try inspection.correct(typo)
        }
    }

    @Test func `two workers who answer apart are both heard`() throws {
        var floor = try Floor()
        let key = try floor.begin(on: 0, by: "W1")
        try floor.plant.sync(0)
        try floor.plant.sync(1)
        try floor.answer("pressure", try floor.pressure("0.5"), in: key, on: 0, by: "W1")
        try floor.answer("pressure", try floor.pressure("0.1"), in: key, on: 1, by: "W2")
        for index in [0, 1, 0] { try floor.plant.sync(index) }
        for index in [0, 1] {
            let inspection = try floor.inspection(key, on: index)
            #expect(inspection.inForce["pressure"]?.map(\.evidence.author) == ["W1", "W2"])
            #expect(inspection.findings.map(\.evidence.author) == ["W2"])
        }
        #expect(try floor.orders().count == 1)
    }

    @Test func `payloads that are not what their type says are found out`() {
        for type in InspectionRoom.vocabulary.facts {
            #expect(InspectionRoom.flaw(.fact, type, [0xFF, 1]) == "inspection.bad_payload")
        }
        for type in InspectionRoom.vocabulary.decisions {
            #expect(InspectionRoom.flaw(.decision, type, [0xFF, 1]) == "inspection.bad_payload")
        }
        for move in ["equipment.stop", "equipment.release", "maintenance_order.finish"] {
            #expect(InspectionRoom.flaw(.transition, move, [0xFF, 1]) != nil)
        }
        #expect(InspectionRoom.flaw(.edit, "equipment.location", [0xFF]) != nil)
        #expect(InspectionRoom.flaw(.edit, "equipment.location", Array("二号线".utf8)) == nil)
        #expect(InspectionRoom.flaw(.fact, "receipt.counted", [0xFF]) == nil)
    }
}
