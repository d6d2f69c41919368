import Forms
import Tally
import Testing

@Suite struct AssessmentTests {
    private let running: [String: Answer] = ["running": .yesNo(true)]

    // MARK: - Limits

    @Test(arguments: [
        ("0.40", true), ("0.4", true), ("0.399999999", false), ("0.8", true),
        ("0.800000001", false), ("0.6", true), ("0", false), ("9000000000", false),
        ("9223372036854775807", false),
    ])
    func `a number is held against its limits exactly`(_ text: String, isGood: Bool) throws {
        let quantity = try #require(Quantity.of(text, "MPA"))
        let assessment = try SampleForm().form()
            .assess(.quantity(quantity), to: "pressure", beside: running)
        let bad = Assessment.bad(limits: "0.4 … 0.8 MPA", severe: false)
        #expect(assessment == (isGood ? .good : bad))
    }

    @Test func `yes and no and choices are good by name`() throws {
        let form = try SampleForm().form()
        #expect(try form.assess(.yesNo(false), to: "leak") == .good)
        #expect(try form.assess(.yesNo(true), to: "leak") == .bad(limits: "no", severe: true))
        #expect(try form.assess(.choice("worn"), to: "belt") == .good)
        let torn = try form.assess(.choice("torn"), to: "belt")
        #expect(torn == .bad(limits: "good, worn", severe: false))
    }

    @Test func `a question without limits is noted`() throws {
        let form = try SampleForm().form()
        let hours = try #require(Quantity.of("1200", "HUR"))
        #expect(try form.assess(.quantity(hours), to: "hours") == .noted)
        #expect(try form.assess(.text("漏油"), to: "remark") == .noted)
    }

    // MARK: - Refusals

    @Test func `an answer that the question cannot have is refused`() throws {
        let form = try SampleForm().form()
        let bar = try #require(Quantity.of("5", "BAR"))
        let below = try #require(Quantity.of("-0.1", "MPA"))
        let half = try #require(Quantity.of("0.5", "HUR"))
        let cases: [(Answer, String, FormRefusal)] = [
            (
                .quantity(bar), "pressure",
                .wrongUnit(question: "pressure", expected: "MPA", read: "BAR")
            ),
            (
                .quantity(below), "pressure",
                .constraint(question: "pressure", expected: ". >= 0", read: "-0.1 MPA")
            ),
            (.quantity(half), "hours", .notWhole(question: "hours", read: "0.5")),
            (.text("0.5"), "pressure", .wrongType(question: "pressure", expected: "decimal")),
            (
                .choice("fine"), "belt",
                .unknownChoice(question: "belt", expected: "good, worn, torn", read: "fine")
            ),
            (.text(" \n"), "remark", .emptyText(question: "remark")),
            (.text("x"), "thanks", .wrongType(question: "thanks", expected: "note")),
            (.text("x"), "colour", .unknownQuestion(form: "sample", question: "colour")),
        ]
        for (answer, question, refusal) in cases {
            #expect(throws: refusal) {
                try form.assess(answer, to: question, beside: running)
            }
        }
    }

    // MARK: - Relevance

    @Test func `a question is asked when its expression holds`() throws {
        let form = try SampleForm().form()
        #expect(throws: FormRefusal.notRelevant(question: "leak_photo")) {
            try form.assess(.photo(Array(repeating: 7, count: 32)), to: "leak_photo")
        }
        let leaking: [String: Answer] = ["leak": .yesNo(true), "belt": .choice("good")]
        let photo = Answer.photo(Array(repeating: 7, count: 32))
        #expect(try form.assess(photo, to: "leak_photo", beside: leaking) == .noted)
    }

    @Test func `an answer to a question that is not asked counts for nothing`() throws {
        var sample = SampleForm()
        sample.questions[2]["relevant"] = "${pressure} > 0.5"
        let form = try sample.form()
        let pressure = Answer.quantity(try #require(Quantity.of("0.6", "MPA")))
        let asked = form.relevantQuestions(["running": .yesNo(false), "pressure": pressure])
        #expect(!asked.contains { $0.name == "pressure" || $0.name == "hours" })
        let all = form.relevantQuestions(["running": .yesNo(true), "pressure": pressure])
        #expect(all.map(\.name).prefix(3) == ["running", "pressure", "hours"])
    }

    @Test func `missing answers are those that are required and asked`() throws {
        let form = try SampleForm().form()
        #expect(form.missing([:]).map(\.name) == ["running"])
        #expect(form.missing(running).map(\.name) == ["pressure"])
        #expect(form.missing(["running": .yesNo(false)]).isEmpty)
    }

    // MARK: - Bytes

    @Test func `answers survive their bytes`() throws {
        let answers: [Answer] = [
            .quantity(try #require(Quantity.of("-0.42", "MPA"))), .yesNo(false), .yesNo(true),
            .choice("worn"), .text("漏油"), .photo(Array(0..<32)),
        ]
        for answer in answers {
            #expect(try Answer(payload: answer.payload()) == answer)
        }
        #expect(throws: FormRefusal.malformed("Answer")) { try Answer(payload: []) }
        let short = try Answer.photo([1, 2, 3]).payload()
        #expect(throws: FormRefusal.malformed("Answer.photo")) { try Answer(payload: short) }
    }
}
