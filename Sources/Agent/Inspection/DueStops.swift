import Forms
import Inspection
import Sync
import Tally

/// A stop of a route that is due, and why.
public struct DueStop: Hashable, Sendable {
    public let route: Route
    public let machine: Equipment
    public let standing: StopStanding
}

extension EntityReader {
    /// The stops of a site's routes that are due, in the order of the walk.
    ///
    /// Any signed inspection of a machine counts, whether somebody came by the route or not.
    ///
    /// - Parameters:
    ///   - site: the terminal's.
    ///   - now: the moment to tell it for.
    /// - Returns: each machine once a route.
    /// - Throws: what the store throws.
    public func dueStops(site: String, now: Moment) throws -> [DueStop] {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        let routes = try records(kind: InspectionRoom.EntityKind.route, in: scope)
            .compactMap(Route.init).filter { $0.schedule != nil }
            .sorted { $0.code < $1.code }
        guard !routes.isEmpty else { return [] }
        let signed = try lastSigned(in: scope)
        return try routes.flatMap { route in
            try route.stops.compactMap { tag in
                try dueStop(tag, of: route, inspected: signed[tag], scope, now)
            }
        }
    }

    private func dueStop(
        _ tag: String,
        of route: Route,
        inspected: Moment?,
        _ scope: Scope,
        _ now: Moment
    ) throws -> DueStop? {
        let record = try record(of: InspectionRoom.equipmentKey(tag, in: scope))
        guard let schedule = route.schedule, let machine = Equipment(record) else { return nil }
        let history = try schedule.running.flatMap { running in
            try meter(running.meter, of: machine).map { MeterHistory(record, question: $0) }
        }
        let standing = schedule.standing(
            of: tag,
            inspected: inspected,
            history: history,
            now: now
        )
        return standing.isDue ? DueStop(route: route, machine: machine, standing: standing) : nil
    }

    /// The question of a machine's forms that reads a meter.
    private func meter(_ name: String, of machine: Equipment) throws -> Question? {
        for code in machine.registration.forms {
            let form = FormDefinition(try record(of: FormsRoom.key(code)))
            if let question = try? form?.question(name) { return question }
        }
        return nil
    }

    /// When each machine was last inspected to the end, by its tag.
    private func lastSigned(in scope: Scope) throws -> [String: Moment] {
        var last: [String: Moment] = [:]
        for record in try records(kind: InspectionRoom.EntityKind.inspection, in: scope) {
            guard let inspection = MachineInspection(record), let signed = inspection.signed,
                last[inspection.tag].map({ $0.milliseconds < signed.moment.milliseconds }) ?? true
            else { continue }
            last[inspection.tag] = signed.moment
        }
        return last
    }
}
