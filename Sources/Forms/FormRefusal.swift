import Tally

/// What can be wrong with a place in a definition.
public enum FormFault: String, Sendable, CaseIterable {
    /// A key that must be there is not.
    case missing
    case unknownKey = "unknown_key"
    /// A list where a text should be, and so on.
    case wrongKind = "wrong_kind"
    /// Not in snake_case.
    case badName = "bad_name"
    case duplicate
    /// Not one of the values that are known here.
    case unknownValue = "unknown_value"
    case badUnit = "bad_unit"
    case badNumber = "bad_number"
    /// Limits that no answer or every answer meets, or that the type cannot have.
    case badLimits = "bad_limits"
    /// An expression that cannot be read.
    case badCondition = "bad_condition"
    /// An expression that is read, and cannot stand there.
    case badPlace = "bad_place"
    /// An expression that names a question which does not come earlier.
    case unknownQuestion = "unknown_question"
    /// A key that means nothing for this type of question.
    case notForType = "not_for_type"
}

/// Why a definition or an answer is refused; nothing was changed.
public enum FormRefusal: Refusal, Equatable {
    /// A definition is wrong at a path; `read` is what stands there, `expected` what could.
    case definition(FormFault, path: String, read: String, expected: String)
    /// Bytes are not the message that they should be.
    case malformed(String)
    /// The version was published before, with another content.
    case versionTaken(form: String, version: Int)
    /// A later version is in force.
    case versionNotNewer(form: String, version: Int, current: Int)
    /// The form, or this version of it, was never published; `known` are those that were.
    case unknownVersion(form: String, version: Int, known: String)
    case unknownQuestion(form: String, question: String)
    /// The question is not asked, given the other answers.
    case notRelevant(question: String)
    /// The question takes another type of answer.
    case wrongType(question: String, expected: String)
    case wrongUnit(question: String, expected: String, read: String)
    /// The question takes whole numbers.
    case notWhole(question: String, read: String)
    case unknownChoice(question: String, expected: String, read: String)
    case emptyText(question: String)
    /// Not a day of the calendar.
    case notADay(question: String, read: String)
    /// The answer does not meet the question's constraint.
    case constraint(question: String, expected: String, read: String)

    public var code: ProblemCode {
        switch self {
        case .definition(let fault, _, _, _): ProblemCode("forms.definition_\(fault.rawValue)")
        case .malformed: "forms.malformed"
        case .versionTaken: "forms.version_taken"
        case .versionNotNewer: "forms.version_not_newer"
        case .unknownVersion: "forms.version_unknown"
        case .unknownQuestion: "forms.question_unknown"
        case .notRelevant: "forms.question_not_relevant"
        case .wrongType: "forms.answer_wrong_type"
        case .wrongUnit: "forms.answer_wrong_unit"
        case .notWhole: "forms.answer_not_whole"
        case .unknownChoice: "forms.answer_unknown_choice"
        case .emptyText: "forms.answer_empty"
        case .notADay: "forms.answer_not_a_day"
        case .constraint: "forms.answer_against_constraint"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .definition(_, let path, let read, let expected):
            ["path": path, "read": read, "expected": expected]
        case .malformed(let message): ["message": message]
        case .versionTaken(let form, let version): ["form": form, "version": String(version)]
        case .versionNotNewer(let form, let version, let current):
            ["form": form, "version": String(version), "current": String(current)]
        case .unknownVersion(let form, let version, let known):
            ["form": form, "version": String(version), "expected": known]
        case .unknownQuestion(let form, let question): ["form": form, "question": question]
        case .notRelevant(let question), .emptyText(let question): ["question": question]
        case .wrongType(let question, let expected): ["question": question, "expected": expected]
        case .wrongUnit(let question, let expected, let read),
            .unknownChoice(let question, let expected, let read),
            .constraint(let question, let expected, let read):
            ["question": question, "expected": expected, "read": read]
        case .notWhole(let question, let read), .notADay(let question, let read):
            ["question": question, "read": read]
        }
    }
}
