import Tally

extension FormDefinition {
    /// Reads a form from the tree of its file.
    ///
    /// - Parameter node: `code`, `version`, `title` and `questions`.
    /// - Throws: ``FormRefusal/definition(_:path:read:expected:)`` with the path of what is wrong.
    public init(node: FormNode) throws(FormRefusal) {
        let reader = FormNodeReader(node)
        try reader.checkKeys(["code", "version", "title", "questions"])
        let list = try reader.required("questions")
        var questions: [Question] = []
        for item in try list.list() {
            let question = try Question(item)
            try question.checkPlace(after: questions, item)
            questions.append(question)
        }
        guard !questions.isEmpty else { throw list.refusal(.missing) }
        self.init(
            code: try reader.required("code").name(),
            version: try reader.required("version").count(),
            title: try reader.required("title").label(),
            questions: questions
        )
    }
}

extension Question {
    fileprivate static let keys: Set<String> = [
        "name", "type", "label", "hint", "unit", "limits", "choices", "required", "relevant",
        "constraint", "severe",
    ]

    fileprivate init(_ reader: FormNodeReader) throws(FormRefusal) {
        try reader.checkKeys(Self.keys)
        let type = try reader.required("type")
        guard let kind = Kind(rawValue: try type.text()) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw type.refusal(.unknownValue, expected: known)
        }
        let unit = try Self.unit(reader, kind)
        let choices = try Self.choices(reader, kind)
        self.init(
            name: try reader.required("name").name(),
            kind: kind,
            label: try reader.required("label").label(),
            hint: try reader.optional("hint")?.label(),
            unit: unit,
            limits: try reader.optional("limits").map { limits throws(FormRefusal) in
                try Limits(limits, kind, unit, choices)
            },
            choices: choices,
            isRequired: try reader.optional("required")?.bool() ?? false,
            relevant: try reader.optional("relevant")?.condition(),
            constraint: try reader.optional("constraint")?.condition(),
            isSevere: try reader.optional("severe")?.bool() ?? false
        )
        if kind == .note, isRequired { throw reader.refusal(.notForType, at: "required") }
        if isSevere, limits == nil { throw reader.refusal(.notForType, at: "severe") }
    }

    private static func unit(_ reader: FormNodeReader, _ kind: Kind) throws(FormRefusal) -> Unit? {
        guard kind.isNumber else {
            if try reader.optional("unit") != nil { throw reader.refusal(.notForType, at: "unit") }
            return nil
        }
        let code = try reader.required("unit")
        guard let unit = Unit(try code.text()) else {
            throw code.refusal(.badUnit, expected: "UN/ECE Rec 20")
        }
        return unit
    }

    private static func choices(
        _ reader: FormNodeReader,
        _ kind: Kind
    ) throws(FormRefusal) -> [Choice] {
        guard kind == .selectOne else {
            if try reader.optional("choices") != nil {
                throw reader.refusal(.notForType, at: "choices")
            }
            return []
        }
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

    /// Holds a question against those before it: expressions look back only, so there is no circle.
    fileprivate func checkPlace(
        after earlier: [Question],
        _ reader: FormNodeReader
    ) throws(FormRefusal) {
        let names = Set(earlier.map(\.name))
        if names.contains(name) { throw reader.refusal(.duplicate, at: "name") }
        let known = names.sorted().joined(separator: ", ")
        for (key, condition) in [("relevant", relevant), ("constraint", constraint)] {
            guard let condition else { continue }
            if !condition.names.isSubset(of: names) {
                throw reader.refusal(.unknownQuestion, at: key, expected: known)
            }
            // "." is what a constraint is about; when a question is asked there is no answer yet.
            if condition.usesAnswer != (key == "constraint") {
                throw reader.refusal(.badCondition, at: key)
            }
        }
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
        case .integer, .decimal:
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
        case .text, .photo, .note:
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

    fileprivate func condition() throws(FormRefusal) -> Condition {
        guard let condition = Condition(try text()) else {
            throw refusal(.badCondition, expected: "${name} = 'text'")
        }
        return condition
    }
}
