import Tally

/// Why this room refuses something; nothing was changed.
public enum ExceptionRefusal: Refusal, Equatable {
    /// A payload is not the message that its type says.
    case badPayload(type: String)
    case unknownReport(String)
    /// A report must say what it is about: a machine or a station.
    case placeMissing
    case emptyText(Section)
    /// The section's words are another person's.
    case notYours(Section, owner: String)
    /// The permission table does not give this to the person: the section or move, and the team
    /// that the report went to.
    case notPermitted(what: String, worker: String)
    /// Nothing that is late waits for a person's word in this section.
    case notEscalated(Section)
    /// No such value of the section is in force.
    case unknownValue(Section)
    /// The report is not in a stage from which this can be done.
    case stage(ExceptionReport.Stage, expected: [ExceptionReport.Stage])
    /// The category demands sections that are empty.
    case sectionsMissing([Section])
    /// Sections have several values in force, of people who could not see each other's.
    case sectionsInConflict([Section])
    /// The version was published before, with another content.
    case versionTaken(category: String, version: Int)
    /// A later version is in force.
    case versionNotNewer(category: String, version: Int, current: Int)

    public var code: ProblemCode {
        switch self {
        case .badPayload: "exceptions.bad_payload"
        case .unknownReport: "exceptions.unknown_report"
        case .placeMissing: "exceptions.place_missing"
        case .emptyText: "exceptions.empty_text"
        case .notYours: "exceptions.not_yours"
        case .notPermitted: "exceptions.not_permitted"
        case .notEscalated: "exceptions.not_escalated"
        case .unknownValue: "exceptions.unknown_value"
        case .stage: "exceptions.stage"
        case .sectionsMissing: "exceptions.sections_missing"
        case .sectionsInConflict: "exceptions.sections_in_conflict"
        case .versionTaken: "exceptions.version_taken"
        case .versionNotNewer: "exceptions.version_not_newer"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .badPayload(let type): ["type": type]
        case .unknownReport(let report): ["report": report]
        case .placeMissing: [:]
        case .emptyText(let section), .unknownValue(let section), .notEscalated(let section):
            ["section": section.rawValue]
        case .notPermitted(let what, let worker): ["section": what, "worker": worker]
        case .notYours(let section, let owner): ["section": section.rawValue, "owner": owner]
        case .stage(let stage, let expected):
            [
                "stage": stage.rawValue,
                "expected": expected.map(\.rawValue).joined(separator: ", "),
            ]
        case .sectionsMissing(let sections), .sectionsInConflict(let sections):
            ["sections": sections.map(\.rawValue).joined(separator: ", ")]
        case .versionTaken(let category, let version):
            ["category": category, "version": String(version)]
        case .versionNotNewer(let category, let version, let current):
            ["category": category, "version": String(version), "current": String(current)]
        }
    }
}
