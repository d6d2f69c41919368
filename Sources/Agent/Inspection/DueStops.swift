import Forms
import Inspection
import Sync
import Tally

extension EntityReader {
    /// The stops of a site's routes, due or not, in the order of the walk.
    ///
    /// - Parameters:
    ///   - site: the terminal's.
    ///   - now: the moment to tell it for.
    /// - Returns: each machine once a route.
    /// - Throws: what the store throws.
    public func routeStops(site: String, now: Moment) throws -> [RouteStop] {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        let routes = try records(kind: InspectionRoom.EntityKind.route, in: scope)
        guard !routes.isEmpty else { return [] }
        let inspections = try records(kind: InspectionRoom.EntityKind.inspection, in: scope)
        return try RouteBook(routes: routes, inspections: inspections)
            .stops(at: now, record: record)
    }

    /// Whether a site has a route that things are due by.
    func hasRoutes(site: String) throws -> Bool {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        let routes = try records(kind: InspectionRoom.EntityKind.route, in: scope)
        return !RouteBook(routes: routes, inspections: []).isEmpty
    }
}

extension Sequence where Element == RouteStop {
    /// What a team leader is reminded of: missed twice in a row, and nobody has answered yet.
    public var reminders: [MissedRun] {
        map(\.run).filter { $0.isReminded && $0.answered == nil }
    }
}
