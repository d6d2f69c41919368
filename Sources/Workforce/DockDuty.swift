/// What can be done at the dock: the rows of the permission table that are about goods.
///
/// | | who may |
/// |---|---|
/// | `receive` (open, count, correct, close) and `hold` a lot | everyone |
/// | `free` a lot that is held | team leader, supervisor |
/// | `settle` what was counted twice, and notes that differ | team leader, supervisor |
/// | `accept` more than the tolerance | team leader, supervisor |
public enum DockDuty: String, Hashable, Sendable, CaseIterable {
    case receive
    case hold
    case free
    case settle
    case accept
}

extension Worker {
    /// Whether a person may do something about goods, as the table of ``DockDuty`` says.
    public func may(_ duty: DockDuty) -> Bool {
        switch duty {
        case .receive, .hold: true
        case .free, .settle, .accept:
            !roles.isDisjoint(with: [.teamLeader, .supervisor])
        }
    }
}
