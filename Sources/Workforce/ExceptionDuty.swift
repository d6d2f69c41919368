/// What can be done about an exception: the rows of the permission table that are about them.
///
/// | | who may |
/// |---|---|
/// | `report` | everyone |
/// | `assign` | team leader, supervisor |
/// | `contain`, `find_cause` | crew, inspector, team leader, supervisor, and the team it went to |
/// | `prevent`, `close` | team leader, supervisor |
/// | `acknowledge` | whose level was reached; a supervisor always |
///
/// Adding words of one's own beside a section is for everyone.
public enum ExceptionDuty: String, Hashable, Sendable, CaseIterable {
    case report
    case assign
    case contain
    case findCause = "find_cause"
    case prevent
    case close

    /// The duty of writing a section, by the section's name.
    public init?(section: String) {
        switch section {
        case "problem": self = .report
        case "responsible_team": self = .assign
        case "containment": self = .contain
        case "root_cause": self = .findCause
        case "prevention": self = .prevent
        default: return nil
        }
    }

    /// The duty of a move in a report's life, by its verb: `contain`, `resolve`, `close`, `reopen`.
    public init?(move: String) {
        switch move {
        case "contain": self = .contain
        case "resolve": self = .findCause
        case "close", "reopen": self = .close
        default: return nil
        }
    }
}

extension Worker {
    /// Whether a person may do something about an exception.
    ///
    /// - Parameters:
    ///   - duty: what.
    ///   - team: the team that the report went to; empty while it went to none.
    /// - Returns: what the table of ``ExceptionDuty`` says.
    public func may(_ duty: ExceptionDuty, team: String) -> Bool {
        let leads = !roles.isDisjoint(with: [.teamLeader, .supervisor])
        switch duty {
        case .report: return true
        case .assign, .prevent, .close: return leads
        case .contain, .findCause:
            return leads || !roles.isDisjoint(with: [.crew, .inspector])
                || !team.isEmpty && team == self.team
        }
    }

    /// Whether a person may say that somebody deals with what a level heard.
    public func mayAcknowledge(level role: String) -> Bool {
        roles.contains(.supervisor) || roles.contains { $0.rawValue == role }
    }
}
