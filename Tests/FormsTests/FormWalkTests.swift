import Forms
import Tally
import Testing

/// Calculations, repeats, and the types that people answer by more than a line.
@Suite struct FormWalkTests {
    private static let wheels: [[String: FormNode]] = [
        ["name": "axles", "type": "integer", "label": ["en": "Axles"], "unit": "H87"],
        [
            "name": "wheels", "type": "repeat", "label": ["en": "Wheel", "zh-CN": "轮子"],
            "repeat_count": "${axles} * 2",
            "questions": [
                [
                    "name": "tread", "type": "decimal", "label": ["en": "Tread", "zh-CN": "花纹"],
                    "unit": "MMT", "limits": ["low": "1.6"], "required": true,
                ],
                [
                    "name": "why", "type": "text", "label": ["en": "Why?"],
                    "relevant": "${tread} < 1.6",
                ],
            ],
        ],
        [
            "name": "least", "type": "calculate", "label": ["en": "Least tread"], "unit": "MMT",
            "calculation": "min(${tread})", "limits": ["low": "2"],
        ],
        [
            "name": "worn", "type": "note", "label": ["en": "Change them"],
            "relevant": "count(${wheels}) > 0 and ${least} < 2",
        ],
    ]

    private func form(_ questions: [[String: FormNode]]) throws -> FormDefinition {
        var sample = SampleForm()
        sample.questions = questions
        return try sample.form()
    }

    private func quantity(_ text: String, _ unit: String) throws -> Answer {
        .quantity(try #require(Quantity.of(text, unit)))
    }

    // MARK: - Repeats

    @Test func `a repeat asks its questions once a round`() throws {
        let form = try form(Self.wheels)
        #expect(form.relevantQuestions([:]).map(\.name) == ["axles", "least"])
        var answers = ["axles": try quantity("1", "H87")]
        #expect(
            form.relevantQuestions(answers).map(\.name) == [
                "axles", "wheels.1.tread", "wheels.2.tread", "least",
            ]
        )
        #expect(form.missing(answers).map(\.name) == ["wheels.1.tread", "wheels.2.tread"])
        answers["wheels.2.tread"] = try quantity("1.5", "MMT")
        let asked = form.relevantQuestions(answers)
        #expect(asked.map(\.name).contains("wheels.2.why"))
        #expect(!asked.map(\.name).contains("wheels.1.why"))
        let label = try form.question("wheels.2.tread").label
        #expect(label.text(in: "zh-CN") == "轮子 2 · 花纹")
        let bad = try form.assess(
            try quantity("1.5", "MMT"),
            to: "wheels.2.tread",
            beside: answers
        )
        #expect(bad == .bad(limits: "≥ 1.6 MMT", severe: false))
        #expect(throws: FormRefusal.notRelevant(question: "wheels.3.tread")) {
            try form.assess(try quantity("3", "MMT"), to: "wheels.3.tread", beside: answers)
        }
        for name in ["wheels.0.tread", "wheels.01.tread", "wheels.1.none", "axles.1", "wheels.51"] {
            #expect(throws: FormRefusal.unknownQuestion(form: "sample", question: name)) {
                try form.question(name)
            }
        }
    }

    @Test func `without a count the person says whether there is a round`() throws {
        var questions = Self.wheels
        questions[1]["repeat_count"] = nil
        let form = try form(questions)
        var answers: [String: Answer] = [:]
        #expect(form.missing(answers).map(\.name) == ["wheels.1"])
        answers["wheels.1"] = .yesNo(true)
        answers["wheels.1.tread"] = try quantity("3", "MMT")
        #expect(form.missing(answers).map(\.name) == ["wheels.2"])
        #expect(try form.assess(.yesNo(false), to: "wheels.2", beside: answers) == .noted)
        answers["wheels.2"] = .yesNo(false)
        #expect(form.missing(answers).isEmpty)
        #expect(try form.question("wheels.2").label.text(in: "zh-CN") == "轮子 2？")
        // A round beyond the last counts for nothing.
        answers["wheels.3.tread"] = try quantity("0.1", "MMT")
        #expect(form.calculated(answers) == ["least": try quantity("3", "MMT")])
    }

    @Test func `no count makes too many rounds`() throws {
        let form = try form(Self.wheels)
        for (axles, rounds) in [("-3", 0), ("0", 0), ("25", 50), ("9000000000", 50)] {
            let asked = form.relevantQuestions(["axles": try quantity(axles, "H87")])
            #expect(asked.count == rounds + 2, "\(axles)")
        }
    }

    // MARK: - Calculations

    @Test func `a calculation follows its answers and is judged`() throws {
        let form = try form(Self.wheels)
        var answers = ["axles": try quantity("1", "H87")]
        #expect(form.calculated(answers).isEmpty)
        answers["wheels.1.tread"] = try quantity("3", "MMT")
        #expect(form.calculated(answers) == ["least": try quantity("3", "MMT")])
        answers["wheels.2.tread"] = try quantity("1.9", "MMT")
        let least = try #require(form.calculated(answers)["least"])
        #expect(try quantity("1.9", "MMT") == least)
        #expect(try form.question("least").assess(least).isBad)
        #expect(form.relevantQuestions(answers).last?.name == "worn")
        // What is asked nobody is not answered by anybody.
        #expect(throws: FormRefusal.wrongType(question: "least", expected: "calculate")) {
            try form.assess(least, to: "least", beside: answers)
        }
    }

    @Test func `a calculation without a unit is a text`() throws {
        let form = try form([
            ["name": "lot", "type": "scan", "label": ["en": "Lot"]],
            [
                "name": "short", "type": "calculate", "label": ["en": "Short"],
                "calculation": "substr(${lot}, 2)",
            ],
        ])
        #expect(form.calculated(["lot": .text("L-2048")]) == ["short": .text("2048")])
        #expect(form.calculated([:]).isEmpty)
    }

    // MARK: - Other types

    @Test func `codes, days, signatures and meters are taken as what they are`() throws {
        let form = try form([
            ["name": "code", "type": "scan", "label": ["en": "Code"]],
            [
                "name": "made", "type": "date", "label": ["en": "Made"],
                "constraint": ". <= today()",
            ],
            ["name": "who", "type": "signature", "label": ["en": "Who"], "required": true],
            [
                "name": "hours", "type": "meter", "label": ["en": "Hours"], "unit": "HUR",
                "limits": ["high": "9000"], "rolls_over_at": "100000", "per_day_max": "24",
            ],
        ])
        let now = "2026-11-28T08:15:00+08:00"
        func assess(_ answer: Answer, _ name: String) throws -> Assessment {
            try form.assess(answer, to: name, now: now)
        }
        #expect(try assess(.text("\u{1D}10L1"), "code") == .noted)
        #expect(try assess(.text("2026-11-28"), "made") == .noted)
        #expect(throws: FormRefusal.notADay(question: "made", read: "2026-02-29")) {
            try assess(.text("2026-02-29"), "made")
        }
        #expect(throws: FormRefusal.self) { try assess(.text("2026-11-29"), "made") }
        #expect(try assess(.signature("W-1"), "who") == .noted)
        let hours = try #require(Quantity.of("9000.5", "HUR"))
        #expect(try assess(.meter(MeterReading(hours)), "hours").isBad)
        #expect(throws: FormRefusal.wrongType(question: "hours", expected: "meter")) {
            try assess(.quantity(hours), "hours")
        }
        #expect(form.missing([:]).map(\.name) == ["who"])
        #expect(try FormDefinition(payload: form.payload()) == form)
        for answer in [
            Answer.signature("W-1"), .meter(MeterReading(hours)),
            .meter(MeterReading(hours, event: .swap)),
        ] {
            #expect(try Answer(payload: answer.payload()) == answer)
        }
    }

    // MARK: - What a newer program has

    @Test func `a question of an unknown type is kept, and the form stays of use`() throws {
        // Type "hologram" (field 2) in the second of two questions.
        let known = try form([["name": "on", "type": "yes_no", "label": ["en": "On?"]]])
        let question: [UInt8] =
            [0x0A, 4] + "glow".utf8 + [0x12, 8] + "hologram".utf8 + [0x50, 1]
            + [0x62, 7] + "warp(.)".utf8
        let payload = try known.payload() + [0x22, UInt8(question.count)] + question
        let form = try FormDefinition(payload: payload)
        #expect(form.questions.map(\.kind) == [.yesNo, .unknown])
        #expect(FormsRoom.flaw(.decision, "form.published", payload) == nil)
        #expect(try form.assess(.yesNo(true), to: "on") == .noted)
        #expect(form.missing([:]).map(\.name) == ["glow"])
        #expect(throws: FormRefusal.self) { try form.assess(.text("x"), to: "glow") }
    }

    @Test func `an answer of an unknown kind is kept byte for byte`() throws {
        let payload: [UInt8] = [0xFA, 1, 2, 7, 7]
        let answer = try Answer(payload: payload)
        #expect(answer == .opaque(payload))
        #expect(try answer.payload() == payload)
    }

    @Test func `an expression of a newer program bounds nothing`() throws {
        let questions: [[String: FormNode]] = [
            ["name": "on", "type": "yes_no", "label": ["en": "On?"]],
            [
                "name": "heat", "type": "integer", "label": ["en": "Heat"], "unit": "CEL",
                "relevant": "${on} = 'yes'", "constraint": ". > 0 or false()",
            ],
        ]
        var payload = try form(questions).payload()
        for word in ["${on} = 'yes'", ". > 0 or false()"] {
            let bytes = Array(word.utf8)
            let place = try #require(payload.indices.first { payload[$0...].starts(with: bytes) })
            payload.replaceSubrange(place..<place + bytes.count, with: bytes.map { _ in 0x40 })
        }
        let form = try FormDefinition(payload: payload)
        #expect(form.relevantQuestions([:]).map(\.name) == ["on", "heat"])
        #expect(try form.assess(try quantity("-3", "CEL"), to: "heat") == .noted)
    }

    // MARK: - Faults

    @Test(arguments: [
        (1, "repeat_count", "${tread}", FormFault.unknownQuestion),
        (2, "calculation", "${tread} + 1", .badPlace),
        (2, "calculation", "sum(${wheels})", nil),
        (2, "calculation", "${wheels} + 1", .badPlace),
        (2, "calculation", ". + 1", .badCondition),
        (3, "relevant", "${least}", .badCondition),
        (3, "required", "yes", .notForType),
        (0, "calculation", "1", .notForType),
        (0, "rolls_over_at", "9", .notForType),
    ])
    func `a fault in what calculates is found`(
        _ index: Int,
        _ key: String,
        _ value: String,
        _ fault: FormFault?
    ) throws {
        var questions = Self.wheels
        questions[index][key] = .text(value)
        guard let fault else {
            _ = try form(questions)
            return
        }
        let refusal = try #require(throws: FormRefusal.self) { try form(questions) }
        guard case .definition(fault, path: "questions[\(index)].\(key)", _, _) = refusal else {
            Issue.record("expected \(fault), got \(refusal)")
            return
        }
    }

    @Test func `a repeat in a repeat is refused`() throws {
        var questions = Self.wheels
        questions[1]["questions"] = .list([.map(Self.wheels[1])])
        let refusal = try #require(throws: FormRefusal.self) { try form(questions) }
        #expect(refusal.facts["path"] == "questions[1].questions[0].type")
    }

    @Test func `all faults of a form are told, one a question`() {
        var sample = SampleForm()
        sample.questions[0]["typ"] = "x"
        sample.questions[1]["unit"] = "bar"
        sample.questions[6]["name"] = "Remark"
        sample.version = "0"
        let (form, faults) = FormDefinition.read(sample.node)
        #expect(form == nil)
        #expect(
            faults.compactMap { $0.facts["path"] } == [
                "version", "questions[0].typ", "questions[1].unit", "questions[6].name",
            ]
        )
    }
}
