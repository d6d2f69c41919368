import Forms
import Inspection
import RoomPlant
import Tally
import Testing

/// What becomes of a record while its form changes, and of what the form calculates.
@Suite struct FormVersionTests {
    private static func node(version: String, high: String, extra: [FormNode] = []) -> FormNode {
        .map([
            "code": .text("compressor"), "version": .number(version),
            "title": .map(["en": .text("Compressor")]),
            "questions": .list(
                [
                    .map([
                        "name": .text("pressure"), "type": .text("decimal"), "unit": .text("MPA"),
                        "label": .map(["en": .text("Pressure")]), "required": .bool(true),
                        "limits": .map(["high": .number(high)]),
                    ])
                ] + extra
            ),
        ])
    }

    private static let oil: FormNode = .map([
        "name": .text("oil"), "type": .text("yes_no"), "required": .bool(true),
        "label": .map(["en": .text("Oil?")]),
    ])

    @Test func `a record keeps the version that it was begun with`() throws {
        var floor = try Floor()
        let open = try floor.begin(on: 0, by: "W1")
        let two = try FormDefinition(node: Self.node(version: "2", high: "0.3", extra: [Self.oil]))
        try floor.plant.decide(try two.publish(over: floor.form))
        try floor.plant.sync(0)
        try floor.plant.sync(1)
        let latest = FormDefinition(
            try floor.plant.terminals[0].record(of: FormsRoom.key("compressor"))
        )
        #expect(latest == two)
        let kept = FormDefinition(
            try floor.plant.terminals[0].record(of: FormsRoom.key("compressor", version: 1))
        )
        #expect(kept == floor.form)

        // 0.5 is good by the first version and bad by the second; the second asks for oil.
        try floor.answer("pressure", try floor.pressure("0.5"), in: open, on: 0, by: "W1")
        let inspection = try floor.inspection(open, on: 0)
        #expect(inspection.answers.map(\.assessment) == [.good])
        #expect(throws: InspectionRefusal.self) { try inspection.sign(form: two) }
        try floor.plant.record(try inspection.sign(form: floor.form), by: "W1", on: 0)

        let next = try floor.begin(on: 0, by: "W1")
        let begun = try floor.inspection(next, on: 0)
        #expect(begun.beginning.formVersion == 2)
        let drafts = try begun.answer("pressure", floor.pressure("0.5"), form: two)
        try floor.plant.record(drafts, by: "W1", on: 0)
        #expect(try floor.inspection(next, on: 0).findings.count == 1)
        #expect(
            throws: InspectionRefusal.answersMissing(tag: "AC-07", questions: ["oil"])
        ) { try floor.inspection(next, on: 0).sign(form: two) }
        try floor.plant.sync(0)
        #expect(try floor.orders().count == 1)
    }

    @Test func `rolling back gives an earlier version a new number`() throws {
        let floor = try Floor()
        let two = try FormDefinition(node: Self.node(version: "2", high: "0.3"))
        try floor.plant.decide(try two.publish(over: floor.form))
        let three = floor.form.numbered(3)
        try floor.plant.decide(try three.publish(over: two))
        try floor.plant.sync(0)
        let latest = FormDefinition(
            try floor.plant.terminals[0].record(of: FormsRoom.key("compressor"))
        )
        #expect(latest == three)
        #expect(latest?.questions == floor.form.questions)
        let older = FormRefusal.versionNotNewer(form: "compressor", version: 2, current: 3)
        #expect(throws: older) { try two.publish(over: three) }
    }

    // MARK: - Calculations

    private func form() throws -> FormDefinition {
        func number(_ name: String) -> FormNode {
            .map([
                "name": .text(name), "type": .text("decimal"), "unit": .text("CEL"),
                "label": .map(["en": .text(name)]),
            ])
        }
        let rise: FormNode = .map([
            "name": .text("rise"), "type": .text("calculate"), "unit": .text("CEL"),
            "label": .map(["en": .text("Rise")]), "calculation": .text("${outlet} - ${inlet}"),
            "limits": .map(["high": .number("40")]),
        ])
        return try FormDefinition(
            node: .map([
                "code": .text("compressor"), "version": .number("2"),
                "title": .map(["en": .text("Compressor")]),
                "questions": .list([number("inlet"), number("outlet"), rise]),
            ])
        )
    }

    @Test func `a calculation is recorded like an answer, and becomes a finding`() throws {
        var floor = try Floor()
        let form = try form()
        try floor.plant.decide(try form.publish(over: floor.form))
        try floor.plant.sync(0)
        let key = try floor.begin(on: 0, by: "W1")
        func answer(_ question: String, _ text: String) throws {
            let quantity = try #require(Unit("CEL").flatMap { Quantity(text: text, unit: $0) })
            let drafts = try floor.inspection(key, on: 0)
                .answer(question, .quantity(quantity), form: form)
            try floor.plant.record(drafts, by: "W1", on: 0)
        }
        try answer("inlet", "20")
        #expect(try floor.inspection(key, on: 0).latest["rise"] == nil)
        try answer("outlet", "75")
        var inspection = try floor.inspection(key, on: 0)
        #expect(inspection.latest["rise"]?.plainText == "55 CEL")
        #expect(inspection.findings.map(\.question) == ["rise"])
        try floor.plant.sync(0)
        #expect(try floor.orders(check: "rise").count == 1)

        // The outlet was read wrongly: the calculation follows, and stays visible as it was.
        try answer("outlet", "55")
        inspection = try floor.inspection(key, on: 0)
        #expect(inspection.latest["rise"]?.plainText == "35 CEL")
        #expect(inspection.findings.isEmpty)
        #expect(
            inspection.answers.filter { $0.question == "rise" }.map(\.isCorrected) == [true, false]
        )

        // Taking an answer back takes back what came of it, when the record is signed.
        let given = try #require(inspection.inForce["outlet"]?.last)
        try floor.plant.record(
            try inspection.correct(given.evidence.operation),
            by: "W1",
            on: 0
        )
        try floor.plant.record(
            try floor.inspection(key, on: 0).sign(form: form),
            by: "W1",
            on: 0
        )
        #expect(try floor.inspection(key, on: 0).latest["rise"] == nil)
        #expect(try floor.inspection(key, on: 0).isSigned)
    }
}
