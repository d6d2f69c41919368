/// What can be done about a machine: the rows of the permission table that are about them.
///
/// | | who may |
/// |---|---|
/// | `inspect`, `stop` | everyone |
/// | `work` (take an order, lay it down, hand it over, finish it) | crew, team leader, supervisor |
/// | `release` | team leader, supervisor |
/// | `answer` (for what was missed) | team leader, supervisor |
public enum MachineDuty: String, Hashable, Sendable, CaseIterable {
    case inspect
    case stop
    case work
    case release
    case answer
}

extension Worker {
    /// Whether a person may do something about a machine, as the table of ``MachineDuty`` says.
    public func may(_ duty: MachineDuty) -> Bool {
        let leads = !roles.isDisjoint(with: [.teamLeader, .supervisor])
        switch duty {
        case .inspect, .stop: return true
        case .work: return leads || roles.contains(.crew)
        case .release, .answer: return leads
        }
    }
}
