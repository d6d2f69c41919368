import Tally

/// A form held against answers: what is asked, from the first question to the last.
struct FormWalk {
    /// A question that is asked, and the round that it is asked in.
    struct Asked {
        let question: Question
        let round: (group: String, number: Int)?
    }

    private(set) var asked: [Asked] = []
    /// The answers that count, calculations included.
    private(set) var scope: ExpressionScope
    private let given: [String: Answer]

    init(_ form: FormDefinition, _ answers: [String: Answer], now: String) {
        given = answers
        scope = ExpressionScope(answers: [:], now: now)
        for group in form.questions where group.rounds != nil {
            scope.rounds[group.name] = 0
            for inner in group.rounds?.questions ?? [] { scope.repeats[inner.name] = group.name }
        }
        for question in form.questions { take(question) }
    }

    private mutating func take(_ question: Question) {
        guard question.relevant?.holds(scope) ?? true else { return }
        guard let rounds = question.rounds else {
            return ask(question, calculation: question.calculation)
        }
        if let count = rounds.count {
            let wanted = count.root.value(scope).number?.truncated.whole ?? 0
            for number in (1...Question.Rounds.countMax).prefix(max(0, wanted)) {
                ask(rounds, of: question, number)
            }
        } else {
            for number in 1...Question.Rounds.countMax {
                let whether = question.asking(round: number)
                ask(whether, calculation: nil)
                guard given[whether.name] == .yesNo(true) else { break }
                ask(rounds, of: question, number)
            }
        }
    }

    private mutating func ask(_ rounds: Question.Rounds, of group: Question, _ number: Int) {
        scope.rounds[group.name] = number
        scope.round = (group.name, number)
        for inner in rounds.questions where inner.relevant?.holds(scope) ?? true {
            ask(inner.asked(in: group, round: number), calculation: inner.calculation)
        }
        scope.round = nil
    }

    private mutating func ask(_ question: Question, calculation: Expression?) {
        asked.append(Asked(question: question, round: scope.round))
        scope.answers[question.name] =
            calculation.map { question.answer(calculated: $0.root.value(scope)) }
            ?? given[question.name]
    }
}

extension Question {
    /// What a calculation comes to: a number in the question's unit, or a text.
    fileprivate func answer(calculated value: ExpressionValue) -> Answer? {
        guard !value.isEmpty else { return nil }
        guard let unit else { return .text(value.text) }
        return value.number?.quantity(unit).map(Answer.quantity)
    }
}
