import SwiftProtobuf
import Tally

/// Who deals with a report and by when: a decision of the hub, or what a terminal makes of the
/// rules that it has until the hub's word is there.
public struct Routing: Hashable, Sendable {
    static let type = "exception_report.routed"

    /// What led to a routing.
    public enum Reason: Hashable, Sendable {
        /// `rule` names the rule that gave the team; empty for the category's own.
        case category(String, version: Int, rule: String)
        /// Nobody published the report's category.
        case noRule
    }

    /// When a level of escalation is reached.
    public struct Due: Hashable, Sendable {
        public let role: String
        public let moment: Moment
    }

    /// Empty when there is no rule.
    public let team: String
    /// When each section is due.
    public let deadlines: [Section: Moment]
    /// When each level hears that a section is late, in order.
    public let levels: [Section: [Due]]
    public let reason: Reason

    /// What a category makes of a report.
    ///
    /// - Parameters:
    ///   - category: nil: there is no rule.
    ///   - equipment: the machine's tag; empty for a station.
    ///   - process: what the machine belongs to; empty for none.
    ///   - captured: when the report was captured, however late it reached the hub.
    public init(
        _ category: ExceptionCategory?,
        equipment: String,
        process: String,
        captured: Moment
    ) {
        guard let category else {
            (team, deadlines, levels, reason) = ("", [:], [:], .noRule)
            return
        }
        let rule = category.rules.first { $0.fits(equipment: equipment, process: process) }
        team = rule?.team ?? category.team
        reason = .category(category.code, version: category.version, rule: rule?.name ?? "")
        let due = { (minutes: Int, moment: Moment) -> Moment in
            category.calendar?.adding(minutes: minutes, to: moment)
                ?? moment.adding(milliseconds: Int64(minutes) * 60_000)
        }
        var deadlines: [Section: Moment] = [:]
        var levels: [Section: [Due]] = [:]
        for (section, minutes) in category.deadlines {
            let deadline = due(minutes, captured)
            deadlines[section] = deadline
            let reached = category.levels.map {
                Due(role: $0.role, moment: due($0.afterMinutes, deadline))
            }
            if !reached.isEmpty { levels[section] = reached }
        }
        self.deadlines = deadlines
        self.levels = levels
    }

    /// What the hub records after a report was raised, or its category published.
    ///
    /// A report that was routed by a category keeps its routing when a later version comes; one
    /// without a rule is routed once there is one, and one whose first capture turns out to be
    /// earlier has its deadlines set anew.
    ///
    /// - Parameters:
    ///   - report: as the hub knows it.
    ///   - category: the report's; nil when it was not published.
    ///   - process: what the machine belongs to; empty for none.
    /// - Returns: the decision; nil when the report is routed already.
    /// - Throws: when the decision cannot be written as bytes.
    public static func decide(
        _ report: ExceptionReport,
        _ category: ExceptionCategory?,
        process: String = ""
    ) throws -> Draft? {
        let routing = Routing(
            category,
            equipment: report.raising.equipment,
            process: process,
            captured: report.captured
        )
        switch report.routing?.reason {
        case .category(_, let version, _):
            guard version == category?.version, routing.deadlines != report.routing?.deadlines
            else { return nil }
        case .noRule where routing.reason == .noRule: return nil
        case .noRule, nil: break
        }
        return Draft(.decision, of: report.key, type: type, payload: try routing.payload())
    }

    /// Reads the routing of a report's entity; nil when it was not routed.
    init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let routing = try? Routing(payload: payload)
        else { return nil }  // best effort: only the hub writes these
        self = routing
    }

    init(payload: [UInt8]) throws(ExceptionRefusal) {
        let wire: WireRouted
        do {
            wire = try WireRouted(serializedBytes: payload)
        } catch {
            throw .badPayload(type: Self.type)
        }
        var deadlines: [Section: Moment] = [:]
        var levels: [Section: [Due]] = [:]
        for deadline in wire.deadlines {
            guard let section = Section(rawValue: deadline.section) else {
                throw .badPayload(type: Self.type)
            }
            deadlines[section] = Moment(milliseconds: deadline.moment)
            if deadline.levels.isEmpty { continue }
            levels[section] = deadline.levels.map {
                Due(role: $0.role, moment: Moment(milliseconds: $0.moment))
            }
        }
        team = wire.team
        self.deadlines = deadlines
        self.levels = levels
        reason =
            wire.category.isEmpty
            ? .noRule
            : .category(wire.category, version: Int(wire.categoryVersion), rule: wire.rule)
    }

    private func payload() throws -> [UInt8] {
        var wire = WireRouted()
        wire.team = team
        wire.deadlines = deadlines.sorted { $0.key < $1.key }.map { section, moment in
            var deadline = WireDeadline()
            deadline.section = section.rawValue
            deadline.moment = moment.milliseconds
            deadline.levels = (levels[section] ?? []).map { due in
                var level = WireLevelDue()
                level.role = due.role
                level.moment = due.moment.milliseconds
                return level
            }
            return deadline
        }
        if case .category(let code, let version, let rule) = reason {
            wire.category = code
            wire.categoryVersion = UInt32(clamping: version)
            wire.rule = rule
        }
        return try wire.serializedBytes()
    }
}
