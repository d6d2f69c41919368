import SwiftProtobuf
import Tally

/// Who deals with a report and by when: a decision of the hub.
public struct Routing: Hashable, Sendable {
    static let type = "exception_report.routed"

    /// What led to a routing.
    public enum Reason: Hashable, Sendable {
        case category(String, version: Int)
        /// Nobody published the report's category.
        case noRule
    }

    /// Empty when there is no rule.
    public let team: String
    /// When each section is due.
    public let deadlines: [Section: Moment]
    public let reason: Reason

    /// The routing that a category gives; nil: there is no rule.
    private init(_ report: ExceptionReport, _ category: ExceptionCategory?) {
        let captured = report.raised.moment
        team = category?.team ?? ""
        deadlines = (category?.deadlines ?? [:]).mapValues { minutes in
            captured.adding(milliseconds: Int64(minutes) * 60_000)
        }
        reason = category.map { .category($0.code, version: $0.version) } ?? .noRule
    }

    /// What the hub records after a report was raised, or its category published.
    ///
    /// Deadlines count from the capture, however late the report reached the hub. A report that was
    /// routed by a category keeps its routing when a later version comes; one without a rule is
    /// routed once there is one.
    ///
    /// - Parameters:
    ///   - report: as the hub knows it.
    ///   - category: the report's; nil when it was not published.
    /// - Returns: the decision; nil when the report is routed already.
    /// - Throws: when the decision cannot be written as bytes.
    public static func decide(
        _ report: ExceptionReport,
        _ category: ExceptionCategory?
    ) throws -> Draft? {
        let routing = Routing(report, category)
        switch report.routing?.reason {
        case .category: return nil
        case .noRule where routing.reason == .noRule: return nil
        case .noRule, nil:
            return Draft(.decision, of: report.key, type: type, payload: try routing.payload())
        }
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
        for deadline in wire.deadlines {
            guard let section = Section(rawValue: deadline.section) else {
                throw .badPayload(type: Self.type)
            }
            deadlines[section] = Moment(milliseconds: deadline.moment)
        }
        team = wire.team
        self.deadlines = deadlines
        reason =
            wire.category.isEmpty
            ? .noRule : .category(wire.category, version: Int(wire.categoryVersion))
    }

    private func payload() throws -> [UInt8] {
        var wire = WireRouted()
        wire.team = team
        wire.deadlines = deadlines.sorted { $0.key < $1.key }.map { section, moment in
            var deadline = WireDeadline()
            deadline.section = section.rawValue
            deadline.moment = moment.milliseconds
            return deadline
        }
        if case .category(let code, let version) = reason {
            wire.category = code
            wire.categoryVersion = UInt32(clamping: version)
        }
        return try wire.serializedBytes()
    }
}
