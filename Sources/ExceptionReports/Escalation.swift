import Tally

/// A section that is late, and how far that has gone.
///
/// Nothing counts down: due moments are kept with the routing, and terminal and hub ask them with
/// the time that it is. So an escalation is the same everywhere, and after any restart.
public struct Escalation: Hashable, Sendable {
    public let section: Section
    /// The level that was reached, from 1 up.
    public let level: Int
    /// Who hears of it.
    public let role: String
    /// When that level was reached.
    public let since: Moment
    /// Who deals with it; nil while nobody says so.
    public let acknowledged: Evidence?
    /// When the next level hears of it; nil when there is none, or when somebody deals with it.
    public let next: Moment?
}

extension ExceptionReport {
    /// The sections that are late and that nobody has written yet, in the order of the sections.
    ///
    /// A person's word stops the way up: levels that would be reached after it are not.
    ///
    /// - Parameters:
    ///   - rules: the hub's routing, or what a terminal makes of its rules.
    ///   - now: the moment to tell it for.
    /// - Returns: of each section the highest level that was reached.
    public func escalations(_ rules: Routing?, now: Moment) -> [Escalation] {
        guard let rules, stage != .closed else { return [] }
        return Section.allCases.compactMap { section in
            guard !isWritten(section), let levels = rules.levels[section] else { return nil }
            let words = acknowledgements.filter { $0.section == section }.map(\.evidence)
            let stop = words.map(\.moment).min()
            let reached = levels.prefix { due in
                due.moment <= now && stop.map { due.moment <= $0 } ?? true
            }
            guard let last = reached.last else { return nil }
            let next = reached.count < levels.count ? levels[reached.count].moment : nil
            return Escalation(
                section: section,
                level: reached.count,
                role: last.role,
                since: last.moment,
                acknowledged: words.first,
                next: words.isEmpty ? next : nil
            )
        }
    }

    /// The sections whose time is over and that nobody has written, in the order of the sections.
    public func late(_ rules: Routing?, now: Moment) -> [Section] {
        guard let rules, stage != .closed else { return [] }
        return Section.allCases.filter { section in
            !isWritten(section) && rules.deadlines[section].map { $0 <= now } ?? false
        }
    }
}
