import Forms
import Tally
import Testing

@Suite struct FormDefinitionTests {
    // MARK: - Reading

    @Test func `a form is read with every type of question`() throws {
        let form = try SampleForm().form()
        #expect(form.code == "sample")
        #expect(
            form.questions.map(\.kind.rawValue).sorted() == [
                "decimal", "integer", "note", "photo", "select_one", "text", "yes_no", "yes_no",
            ]
        )
        #expect(form.questions[1].label.text(in: "zh-CN") == "压力")
        #expect(form.questions[0].label.text(in: "zh-CN") == "Running?")
        #expect(form.questions[1].limits?.description == "0.4 … 0.8 MPA")
    }

    @Test func `a form survives its bytes, and equal forms have equal bytes`() throws {
        let form = try SampleForm().form()
        let bytes = try form.payload()
        #expect(try FormDefinition(payload: bytes) == form)
        #expect(try SampleForm().form().payload() == bytes)
    }

    @Test func `bytes that are no form are refused`() {
        #expect(throws: FormRefusal.malformed("Form")) { try FormDefinition(payload: [0xFF, 1]) }
        #expect(throws: FormRefusal.malformed("Form")) { try FormDefinition(payload: []) }
        #expect(FormsRoom.flaw(.decision, "form.published", [0xFF, 1]) == "forms.malformed")
        #expect(FormsRoom.flaw(.fact, "form.published", [0xFF, 1]) == nil)
    }

    // MARK: - Refusals

    private static let faults: [(Int, String, FormNode?, FormFault, String)] = [
        (0, "type", "yesno", .unknownValue, "questions[0].type"),
        (0, "name", nil, .missing, "questions[0].name"),
        (0, "name", "Running", .badName, "questions[0].name"),
        (0, "label", [:], .missing, "questions[0].label"),
        (0, "relevent", "x", .unknownKey, "questions[0].relevent"),
        (0, "required", "perhaps", .wrongKind, "questions[0].required"),
        (0, "severe", true, .notForType, "questions[0].severe"),
        (0, "unit", "MPA", .notForType, "questions[0].unit"),
        (0, "relevant", "${pressure} = 1", .unknownQuestion, "questions[0].relevant"),
        (1, "name", "running", .duplicate, "questions[1].name"),
        (1, "unit", "bar", .badUnit, "questions[1].unit"),
        (1, "unit", nil, .missing, "questions[1].unit"),
        (1, "limits", ["low": "0,4"], .badNumber, "questions[1].limits.low"),
        (1, "limits", ["low": "2", "high": "1"], .badLimits, "questions[1].limits.high"),
        (1, "limits", [:], .badLimits, "questions[1].limits"),
        (1, "limits", ["good": ["yes"]], .unknownKey, "questions[1].limits.good"),
        (1, "constraint", ". >", .badCondition, "questions[1].constraint"),
        (1, "constraint", "${running} = 'yes'", .badCondition, "questions[1].constraint"),
        (1, "relevant", ". = 'yes'", .badCondition, "questions[1].relevant"),
        (1, "choices", [], .notForType, "questions[1].choices"),
        (3, "limits", ["good": ["maybe"]], .unknownValue, "questions[3].limits.good[0]"),
        (3, "limits", ["good": [true, false]], .badLimits, "questions[3].limits.good"),
        (4, "choices", ["good"], .wrongKind, "questions[4].choices[0]"),
        (4, "choices", nil, .missing, "questions[4].choices"),
        (4, "limits", ["good": ["fine"]], .unknownValue, "questions[4].limits.good[0]"),
        (6, "limits", ["low": "1"], .notForType, "questions[6].limits"),
        (7, "required", true, .notForType, "questions[7].required"),
    ]

    @Test(arguments: faults.indices)
    func `a fault in a definition is refused with its path`(_ index: Int) throws {
        let (question, key, value, fault, path) = Self.faults[index]
        var sample = SampleForm()
        sample.questions[question][key] = value
        let refusal = try #require(throws: FormRefusal.self) { try sample.form() }
        guard case .definition(fault, path: path, _, _) = refusal else {
            Issue.record("expected \(fault) at \(path), got \(refusal.plainText)")
            return
        }
        #expect(refusal.code.text == "forms.definition_\(fault.rawValue)")
        #expect(refusal.facts["path"] == path)
    }

    @Test func `a choice that is named twice is refused`() throws {
        var sample = SampleForm()
        let choice: FormNode = ["name": "good", "label": ["en": "Good"]]
        sample.questions[4]["choices"] = [choice, choice]
        let refusal = try #require(throws: FormRefusal.self) { try sample.form() }
        #expect(refusal.facts["path"] == "questions[4].choices[1].name")
    }

    @Test func `a file that is no form at all is refused`() {
        #expect(throws: FormRefusal.self) { try FormDefinition(node: "hello") }
        #expect(throws: FormRefusal.self) { try FormDefinition(node: ["code": "x"]) }
        var empty = SampleForm()
        empty.questions = []
        #expect(throws: FormRefusal.self) { try empty.form() }
        var zero = SampleForm()
        zero.version = "0"
        #expect(throws: FormRefusal.self) { try zero.form() }
    }

    // MARK: - Publishing

    @Test func `publishing writes the form and its version, and once only`() throws {
        let form = try SampleForm().form()
        let drafts = try form.publish(over: nil)
        let keys = [FormsRoom.key("sample", version: 1), FormsRoom.key("sample")]
        #expect(drafts.map(\.entity) == keys)
        for draft in drafts {
            var record = EntityRecord(key: draft.entity)
            record.decisions[draft.type] = Self.recorded(draft)
            #expect(FormDefinition(record) == form)
            #expect(FormsRoom.flaw(draft.kind, draft.type, draft.payload) == nil)
            #expect(FormsRoom.vocabulary.knows(draft.kind, draft.type, of: draft.entity.kind))
        }
        #expect(try form.publish(over: form).isEmpty)
    }

    @Test func `a published version never changes and never goes back`() throws {
        let one = try SampleForm().form()
        var changed = SampleForm()
        changed.questions.removeLast()
        let taken = FormRefusal.versionTaken(form: "sample", version: 1)
        #expect(throws: taken) { try changed.form().publish(over: one) }
        changed.version = "2"
        let two = try changed.form()
        #expect(try two.publish(over: one).count == 2)
        let older = FormRefusal.versionNotNewer(form: "sample", version: 1, current: 2)
        #expect(throws: older) { try one.publish(over: two) }
    }

    private static func recorded(_ draft: Draft) -> Recorded {
        let evidence = Evidence(
            operation: OperationID(
                replica: Identifier(high: 0, low: 1),
                incarnation: 1,
                sequence: 1
            ),
            author: "office",
            moment: Moment(milliseconds: 0),
            timeUnsure: false,
            seen: 0,
            position: 1
        )
        return Recorded(evidence: evidence, type: draft.type, payload: draft.payload)
    }
}
