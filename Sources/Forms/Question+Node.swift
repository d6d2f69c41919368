import Tally

extension Question {
    private static let keys: Set<String> = [
        "name", "type", "label", "hint", "unit", "limits", "choices", "required", "relevant",
        "constraint", "severe", "calculation", "repeat_count", "questions", "rolls_over_at",
        "per_day_max",
    ]

    /// Which keys mean something for a type, besides those that mean something for all.
    private static func keys(of kind: Kind) -> Set<String> {
        let answered: Set<String> = ["required", "constraint"]
        return switch kind {
        case .integer, .decimal: answered.union(["unit", "limits", "severe"])
        case .meter: answered.union(["unit", "limits", "severe", "rolls_over_at", "per_day_max"])
        case .yesNo: answered.union(["limits", "severe"])
        case .selectOne: answered.union(["choices", "limits", "severe"])
        case .text, .date, .photo, .scan, .signature: answered
        case .calculate: ["calculation", "unit", "limits", "severe"]
        case .repeated: ["repeat_count", "questions"]
        case .note, .unknown: []
        }
    }

    /// Reads a question, and notes it among those that later ones may name.
    ///
    /// - Parameters:
    ///   - reader: the question's place in the file.
    ///   - seen: the questions before it.
    ///   - group: the repeat that it belongs to.
    /// - Throws: ``FormRefusal/definition(_:path:read:expected:)`` with the path of what is wrong.
    init(
        _ reader: FormNodeReader,
        after seen: inout QuestionsSeen,
        group: String?
    ) throws(FormRefusal) {
        let (kind, name) = try Self.head(reader, after: seen, group: group)
        // A later question may name one that has another fault: that is one fault, not two.
        let before = seen
        seen.note(name, kind, in: group)
        let label = try reader.required("label").label()
        let hint = try reader.optional("hint")?.label()
        let unit = try Self.unit(reader, kind)
        let choices = try Self.choices(reader, kind)
        let limits = try reader.optional("limits").map { limits throws(FormRefusal) in
            try Limits(limits, kind, unit, choices)
        }
        let isSevere = try reader.optional("severe")?.bool() ?? false
        if isSevere, limits == nil { throw reader.refusal(.notForType, at: "severe") }
        self.init(
            name: name,
            kind: kind,
            label: label,
            hint: hint,
            unit: unit,
            limits: limits,
            choices: choices,
            isRequired: try reader.optional("required")?.bool() ?? false,
            relevant: try Self.condition(reader, "relevant", group, before),
            constraint: try Self.condition(reader, "constraint", group, before),
            isSevere: isSevere,
            calculation: kind == .calculate
                ? try reader.required("calculation").expression(group, before) : nil,
            rounds: kind == .repeated ? try Self.rounds(reader, name, &seen) : nil,
            meter: kind == .meter ? try Meter(reader, unit) : nil
        )
    }

    /// Type and name, and no key that means nothing for the type.
    private static func head(
        _ reader: FormNodeReader,
        after seen: QuestionsSeen,
        group: String?
    ) throws(FormRefusal) -> (Kind, String) {
        try reader.checkKeys(keys)
        let type = try reader.required("type")
        guard let kind = Kind(rawValue: try type.text()), kind != .unknown else {
            let known = Kind.known.map(\.rawValue).joined(separator: ", ")
            throw type.refusal(.unknownValue, expected: known)
        }
        // One level of rounds: a round is named by one number.
        if kind == .repeated, group != nil { throw type.refusal(.notForType) }
        let allowed = keys(of: kind).union(["name", "type", "label", "hint", "relevant"])
        for (key, value) in try reader.entries() where !allowed.contains(key) {
            throw value.refusal(.notForType, expected: allowed.sorted().joined(separator: ", "))
        }
        let name = try reader.required("name").name()
        if seen.kinds[name] != nil { throw reader.refusal(.duplicate, at: "name") }
        return (kind, name)
    }

    private static func unit(_ reader: FormNodeReader, _ kind: Kind) throws(FormRefusal) -> Unit? {
        let code = try reader.optional("unit")
        guard let code else {
            if kind.isMeasured { throw reader.refusal(.missing, at: "unit") }
            return nil
        }
        guard let unit = Unit(try code.text()) else {
            throw code.refusal(.badUnit, expected: "UN/ECE Rec 20")
        }
        return unit
    }

    private static func choices(
        _ reader: FormNodeReader,
        _ kind: Kind
    ) throws(FormRefusal) -> [Choice] {
        guard kind == .selectOne else { return [] }
        let list = try reader.required("choices")
        var choices: [Choice] = []
        for item in try list.list() {
            try item.checkKeys(["name", "label"])
            let name = try item.required("name").name()
            if choices.contains(where: { $0.name == name }) {
                throw item.refusal(.duplicate, at: "name")
            }
            choices.append(Choice(name: name, label: try item.required("label").label()))
        }
        guard choices.count >= 2 else { throw list.refusal(.missing) }
        return choices
    }

    /// An expression that is true or false; only that of a constraint may be about the answer.
    private static func condition(
        _ reader: FormNodeReader,
        _ key: String,
        _ group: String?,
        _ seen: QuestionsSeen
    ) throws(FormRefusal) -> Expression? {
        guard let place = try reader.optional(key) else { return nil }
        let isConstraint = key == "constraint"
        let condition = try place.expression(group, seen, aboutAnswer: isConstraint)
        // When a question is asked there is no answer yet; a constraint without one bounds nothing.
        guard condition.isCondition, condition.usesAnswer == isConstraint else {
            throw place.refusal(
                .badCondition,
                expected: isConstraint ? ". > 0" : "${name} = 'text'"
            )
        }
        return condition
    }

    private static func rounds(
        _ reader: FormNodeReader,
        _ name: String,
        _ seen: inout QuestionsSeen
    ) throws(FormRefusal) -> Rounds {
        let count = try reader.optional("repeat_count").map { place throws(FormRefusal) in
            try place.expression(nil, seen)
        }
        let list = try reader.required("questions")
        var questions: [Question] = []
        for item in try list.list() {
            questions.append(try Question(item, after: &seen, group: name))
        }
        guard !questions.isEmpty else { throw list.refusal(.missing) }
        return Rounds(count: count, questions: questions)
    }
}

extension Question.Meter {
    fileprivate init(_ reader: FormNodeReader, _ unit: Unit?) throws(FormRefusal) {
        func positive(_ key: String) throws(FormRefusal) -> Quantity? {
            guard let place = try reader.optional(key) else { return nil }
            let quantity = try place.quantity(unit)
            guard quantity.amount > 0 else { throw place.refusal(.badNumber, expected: "> 0") }
            return quantity
        }
        self.init(
            rollsOverAt: try positive("rolls_over_at"),
            perDayMax: try positive("per_day_max")
        )
    }
}

extension Question.Limits {
    fileprivate init(
        _ reader: FormNodeReader,
        _ kind: Question.Kind,
        _ unit: Unit?,
        _ choices: [Question.Choice]
    ) throws(FormRefusal) {
        switch kind {
        case .integer, .decimal, .meter, .calculate:
            try reader.checkKeys(["low", "high"])
            let low = try reader.optional("low")?.quantity(unit)
            let high = try reader.optional("high")?.quantity(unit)
            guard low != nil || high != nil else { throw reader.refusal(.badLimits) }
            if let low, let high, high.isLess(than: low) != false {
                throw reader.refusal(.badLimits, at: "high")
            }
            self = .range(low: low, high: high)
        case .yesNo, .selectOne:
            try reader.checkKeys(["good"])
            let list = try reader.required("good")
            let known = kind == .yesNo ? ["yes", "no"] : choices.map(\.name)
            var names: Set<String> = []
            for item in try list.list() {
                let name = item.node.plainText
                guard known.contains(name) else {
                    throw item.refusal(
                        .unknownValue,
                        expected: known.joined(separator: ", ")
                    )
                }
                names.insert(name)
            }
            guard !names.isEmpty, names.count < known.count else { throw list.refusal(.badLimits) }
            self = .good(names)
        default:
            throw reader.refusal(.notForType)
        }
    }
}

extension FormNodeReader {
    fileprivate func quantity(_ unit: Unit?) throws(FormRefusal) -> Quantity {
        guard let unit, let quantity = Quantity(text: try text(), unit: unit) else {
            throw refusal(.badNumber, expected: "0.42")
        }
        return quantity
    }

    /// An expression over earlier questions.
    fileprivate func expression(
        _ group: String?,
        _ seen: QuestionsSeen,
        aboutAnswer: Bool = false
    ) throws(FormRefusal) -> Expression {
        guard let expression = Expression(try text()) else {
            throw refusal(.badCondition, expected: "${name} = 'text'")
        }
        guard aboutAnswer || !expression.usesAnswer else {
            throw refusal(.badCondition, expected: "${name} = 'text'")
        }
        try seen.check(expression, in: group, self)
        return expression
    }
}
