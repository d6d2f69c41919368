import Tally

/// Why inspection refuses something; nothing was changed.
public enum InspectionRefusal: Refusal, Equatable {
    /// A payload is not the message that its type says.
    case badPayload(type: String)
    case unknownEquipment(tag: String)
    /// The machine has no such form, or the terminal does not have that version yet.
    case unknownForm(form: String, tag: String)
    case unknownInspection(String)
    case alreadySigned(tag: String)
    /// The inspection was begun with another version of the form.
    case otherForm(expected: String, read: String)
    /// Required questions have no answer.
    case answersMissing(tag: String, questions: [String])
    /// No such answer is in force in this inspection.
    case unknownAnswer(String)
    case notStopped(tag: String)
    case unknownOrder(String)
    /// The order is not in a stage from which this can be done.
    case orderStage(number: String, stage: String, expected: String)
    case emptyText
    /// The worker's role does not allow it; `what` is a word of the permission table.
    case notPermitted(what: String, worker: String)
    /// Nobody is to be reminded of this machine on this route, or somebody has answered.
    case nothingMissed(route: String, tag: String)
    /// A part of a recurrence rule that cannot be read, or is no part of the subset.
    case badRule(read: String, part: String)
    /// Master data have a value that their field cannot have.
    case badValue(field: String, value: String)

    public var code: ProblemCode {
        switch self {
        case .badPayload: "inspection.bad_payload"
        case .unknownEquipment: "inspection.unknown_equipment"
        case .unknownForm: "inspection.unknown_form"
        case .unknownInspection: "inspection.unknown_inspection"
        case .alreadySigned: "inspection.already_signed"
        case .otherForm: "inspection.other_form"
        case .answersMissing: "inspection.answers_missing"
        case .unknownAnswer: "inspection.unknown_answer"
        case .notStopped: "inspection.not_stopped"
        case .unknownOrder: "inspection.unknown_order"
        case .orderStage: "inspection.order_stage"
        case .emptyText: "inspection.empty_text"
        case .notPermitted: "inspection.not_permitted"
        case .nothingMissed: "inspection.nothing_missed"
        case .badRule: "inspection.bad_rule"
        case .badValue: "inspection.bad_value"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .badPayload(let type): ["type": type]
        case .unknownEquipment(let tag), .alreadySigned(let tag), .notStopped(let tag):
            ["equipment": tag]
        case .unknownForm(let form, let tag): ["form": form, "equipment": tag]
        case .unknownInspection(let id): ["inspection": id]
        case .otherForm(let expected, let read): ["expected": expected, "read": read]
        case .answersMissing(let tag, let questions):
            ["equipment": tag, "questions": questions.joined(separator: ", ")]
        case .unknownAnswer(let operation): ["answer": operation]
        case .unknownOrder(let order): ["order": order]
        case .orderStage(let number, let stage, let expected):
            ["order": number, "stage": stage, "expected": expected]
        case .emptyText: [:]
        case .notPermitted(let what, let worker): ["section": what, "worker": worker]
        case .nothingMissed(let route, let tag): ["route": route, "equipment": tag]
        case .badRule(let read, let part): ["read": read, "part": part]
        case .badValue(let field, let value): ["field": field, "read": value]
        }
    }
}
