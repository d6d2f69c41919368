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

    /// The questions that a person or a calculation answers, those in repeats once.
    public var allQuestions: [Question] {
        questions.flatMap { [$0] + ($0.rounds?.questions ?? []) }
    }

    /// The question of this name; of a repeat also as it is asked in a round.
    public func question(_ name: String) throws(FormRefusal) -> Question {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let question = questions.first(where: { $0.name == parts[0] }) else {
            throw .unknownQuestion(form: code, question: name)
        }
        if parts.count == 1 { return question }
        guard let rounds = question.rounds, parts.count <= 3, let round = Int(parts[1]),
            String(round) == parts[1], (1...Question.Rounds.countMax).contains(round)
        else { throw .unknownQuestion(form: code, question: name) }
        if parts.count == 2 { return question.asking(round: round) }
        guard let inner = rounds.questions.first(where: { $0.name == parts[2] }) else {
            throw .unknownQuestion(form: code, question: name)
        }
        return inner.asked(in: question, round: round)
    }

    /// What is asked, given the answers so far: notes and calculations stand at their places, a
    /// repeat is its questions in each of its rounds.
    ///
    /// An answer to a question that is itself not asked counts for nothing.
    ///
    /// - Parameters:
    ///   - answers: by question.
    ///   - now: the local date and time at which the record was begun, in ISO 8601: what `today()`
    ///     and `now()` stand for. The record keeps it, so that all replicas judge alike.
    /// - Returns: the questions in the order of the form.
    public func relevantQuestions(
        _ answers: [String: Answer],
        now: String = ""
    ) -> [Question] {
        FormWalk(self, answers, now: now).asked.map(\.question)
    }

    /// What the calculations come to, given the answers so far; those that come to nothing are
    /// left out.
    public func calculated(_ answers: [String: Answer], now: String = "") -> [String: Answer] {
        let walk = FormWalk(self, answers, now: now)
        let names = walk.asked.map(\.question).filter { $0.kind == .calculate }.map(\.name)
        return walk.scope.answers.filter { names.contains($0.key) }
    }

    /// The questions that must have an answer and have none.
    ///
    /// One of a type that only a newer program knows is among them: a record is not whole without.
    public func missing(_ answers: [String: Answer], now: String = "") -> [Question] {
        relevantQuestions(answers, now: now).filter { $0.isRequired && answers[$0.name] == nil }
    }

    /// Takes an answer: refuses one that the question cannot have, and says whether it is good.
    ///
    /// - Parameters:
    ///   - answer: what the person said.
    ///   - name: the question's.
    ///   - others: the answers so far.
    ///   - now: as ``relevantQuestions(_:now:)`` takes it.
    /// - Returns: how the answer stands to the limits.
    /// - Throws: ``FormRefusal``, for an answer that is not taken.
    public func assess(
        _ answer: Answer,
        to name: String,
        beside others: [String: Answer] = [:],
        now: String = ""
    ) throws(FormRefusal) -> Assessment {
        _ = try question(name)
        let walk = FormWalk(self, others, now: now)
        guard let asked = walk.asked.first(where: { $0.question.name == name }) else {
            throw .notRelevant(question: name)
        }
        try asked.question.check(answer)
        var scope = walk.scope
        scope.answer = answer
        scope.round = asked.round
        if let constraint = asked.question.constraint, !constraint.holds(scope) {
            throw .constraint(
                question: name,
                expected: constraint.source,
                read: answer.plainText
            )
        }
        return asked.question.assess(answer)
    }
}
