import Inspection
import Sync
import Tally

/// A machine that was missed twice in a row, as the office sees it: what a team leader is reminded
/// of, once.
public struct MissedInspectionView: Codable, Hashable, Sendable {
    /// Names the reminder; the same at every terminal, so that whoever tells it tells it once.
    public let id: String
    public let site: String
    public let route: String
    public let equipment: String
    public let team: String
    /// The times that went by, earliest first.
    public let missed: [String]
    /// Who looks after it, and since when; nil while nobody does.
    public let answeredBy: String?
    public let answered: String?

    init(_ stop: RouteStop) {
        id = stop.run.id.description
        site = stop.route.scope.site
        route = stop.route.code
        equipment = stop.machine.tag
        team = stop.machine.registration.team
        missed = stop.run.missed.map(\.description)
        answeredBy = stop.run.answered?.evidence.author
        answered = stop.run.answered?.evidence.moment.description
    }
}

extension HubNode {
    /// What team leaders of all sites are to be reminded of, and what somebody answered for while
    /// it goes on.
    ///
    /// - Parameters:
    ///   - now: the moment to tell it for.
    ///   - reading: the hub's store.
    /// - Returns: by site and route, in the order of the walk.
    /// - Throws: what the store throws.
    public func missedInspections(
        now: Moment,
        in reading: any ReplicaReading
    ) throws -> [MissedInspectionView] {
        let reader = reader(reading)
        let routes = try reader.records(kind: InspectionRoom.EntityKind.route)
        return try Dictionary(grouping: routes, by: \.key.scope)
            .sorted { $0.key < $1.key }
            .flatMap { scope, routes in
                let inspections = try reader.records(
                    kind: InspectionRoom.EntityKind.inspection,
                    in: scope
                )
                return try RouteBook(routes: routes, inspections: inspections)
                    .stops(at: now, record: reader.record)
                    .filter(\.run.isReminded).map(MissedInspectionView.init)
            }
    }
}
