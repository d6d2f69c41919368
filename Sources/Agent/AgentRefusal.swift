import Tally

/// Why the terminal refuses what was scanned or asked.
///
/// Nothing was changed.
public enum AgentRefusal: Refusal, Equatable {
    /// The terminal was never enrolled at a hub, so it knows no site and no master data.
    case notEnrolled
    /// Nobody has signed in on this page.
    case nobodySignedIn
    case unknownWorker(String)
    /// An id of a request is not 32 hexadecimal digits.
    case badIdentifier(field: String, value: String)
    case badNumber(String)
    /// No such inspection, order or report is known here.
    case unknownRecord(field: String, id: String)
    /// The scanned code has no meaning where the page stands.
    case unexpectedScan(read: String, expected: String)
    case unknownCategory(String)
    case nothingToUndo
    /// A photo was taken where the page asks for none.
    case photoHasNoPlace
    /// The hub answered, but could store nothing of what was sent.
    case hubStoredNothing

    public var code: ProblemCode {
        switch self {
        case .notEnrolled: "agent.not_enrolled"
        case .nobodySignedIn: "agent.nobody_signed_in"
        case .unknownWorker: "agent.unknown_worker"
        case .badIdentifier: "agent.bad_identifier"
        case .badNumber: "agent.bad_number"
        case .unknownRecord: "agent.unknown_record"
        case .unexpectedScan: "agent.unexpected_scan"
        case .unknownCategory: "agent.unknown_category"
        case .nothingToUndo: "agent.nothing_to_undo"
        case .photoHasNoPlace: "agent.photo_has_no_place"
        case .hubStoredNothing: "agent.hub_stored_nothing"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .notEnrolled, .nobodySignedIn, .nothingToUndo, .photoHasNoPlace, .hubStoredNothing: [:]
        case .unknownWorker(let badge): ["worker": badge]
        case .badIdentifier(let field, let value): ["field": field, "value": value]
        case .badNumber(let read): ["read": read]
        case .unknownRecord(let field, let id): ["field": field, "id": id]
        case .unexpectedScan(let read, let expected): ["read": read, "expected": expected]
        case .unknownCategory(let category): ["category": category]
        }
    }
}
