import Tally

/// A form: what to ask about a thing, and which answers are good.
///
/// A version that was published never changes; a record names the version that it was begun with
/// and keeps it.
public struct FormDefinition: Hashable, Sendable {
    /// In snake_case.
    public let code: String
    /// From 1 up.
    public let version: Int
    public let title: Label
    /// In the order in which they are asked.
    public let questions: [Question]

    init(code: String, version: Int, title: Label, questions: [Question]) {
        self.code = code
        self.version = version
        self.title = title
        self.questions = questions
    }

    /// The question of this name.
    public func question(_ name: String) throws(FormRefusal) -> Question {
        guard let question = questions.first(where: { $0.name == name }) else {
            throw .unknownQuestion(form: code, question: name)
        }
        return question
    }

    /// The questions that are asked, given the answers so far.
    ///
    /// An answer to a question that is itself not asked counts for nothing.
    public func relevantQuestions(_ answers: [String: Answer]) -> [Question] {
        var asked: [Question] = []
        var counted: [String: Answer] = [:]
        for question in questions {
            guard question.relevant?.holds(beside: counted) ?? true else { continue }
            asked.append(question)
            counted[question.name] = answers[question.name]
        }
        return asked
    }

    /// The questions that must have an answer and have none.
    public func missing(_ answers: [String: Answer]) -> [Question] {
        relevantQuestions(answers).filter { $0.isRequired && answers[$0.name] == nil }
    }

    /// Takes an answer: refuses one that the question cannot have, and says whether it is good.
    ///
    /// - Parameters:
    ///   - answer: what the person said.
    ///   - name: the question's.
    ///   - others: the answers so far.
    /// - Returns: how the answer stands to the limits.
    /// - Throws: ``FormRefusal``, for an answer that is not taken.
    public func assess(
        _ answer: Answer,
        to name: String,
        beside others: [String: Answer] = [:]
    ) throws(FormRefusal) -> Assessment {
        let question = try question(name)
        guard relevantQuestions(others).contains(where: { $0.name == name }) else {
            throw .notRelevant(question: name)
        }
        try question.check(answer, beside: others)
        return question.assess(answer)
    }
}
