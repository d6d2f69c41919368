import Forms
import Tally

/// Times in a row at which a route was due and a machine of it was not inspected.
public struct MissedRun: Hashable, Sendable {
    /// So many misses in a row remind the team leader, once.
    public static let reminding = 2

    /// The machine's entity.
    public let machine: EntityKey
    public let tag: String
    /// The route's code.
    public let route: String
    /// The times that went by, earliest first: of each the next one came before anybody inspected.
    public let missed: [Moment]
    /// The first answer of somebody who looks after it.
    public let answered: MissedAnswer?

    /// Whether the team leader is to be reminded, or was.
    public var isReminded: Bool { missed.count >= Self.reminding }

    /// Names the reminder; the same at every terminal and at the hub, so that whoever tells it
    /// tells it once.
    public var id: Identifier {
        let first = missed.first.map { String($0.milliseconds) } ?? ""
        return .derived("missed_run", machine.scope.site, route, tag, first)
    }
}

/// A stop of a route: a machine, whether it is due and why, and what was missed.
public struct RouteStop: Hashable, Sendable {
    public let route: Route
    public let machine: Equipment
    public let standing: StopStanding
    /// The last inspection that somebody signed: who, and when.
    public let inspected: Evidence?
    public let run: MissedRun

    public var isDue: Bool { standing.isDue }
}

/// The routes of a site and who inspected what: how each stop stands follows from it, the same at
/// every terminal and at the hub.
public struct RouteBook: Sendable {
    private let routes: [(route: Route, published: Moment)]
    private let inspected: [String: Evidence]

    /// Reads routes and inspections; a route without a schedule has nothing that could be due.
    public init(routes: [EntityRecord], inspections: [EntityRecord]) {
        self.routes = routes.compactMap { record in
            Route(record).flatMap { route in
                guard route.schedule != nil else { return nil }
                let published = record.decisions[Route.type]?.evidence.moment
                return (route, published ?? Moment(milliseconds: 0))
            }
        }
        .sorted { $0.route.code < $1.route.code }
        var inspected: [String: Evidence] = [:]
        for record in inspections {
            guard let inspection = MachineInspection(record), let signed = inspection.signed,
                inspected[inspection.tag].map({ $0.isRecordedBefore(signed) }) ?? true
            else { continue }
            inspected[inspection.tag] = signed
        }
        self.inspected = inspected
    }

    /// Whether there is any route that things can be due by.
    public var isEmpty: Bool { routes.isEmpty }

    /// The stops in the order of the walk, each machine once a route.
    ///
    /// Any signed inspection of a machine counts, whether somebody came by the route or not.
    ///
    /// - Parameters:
    ///   - now: the moment to tell it for.
    ///   - record: reads an entity.
    /// - Returns: all stops, due or not.
    /// - Throws: what `record` throws.
    public func stops(
        at now: Moment,
        record: (EntityKey) throws -> EntityRecord
    ) throws -> [RouteStop] {
        try routes.flatMap { route, published in
            try route.stops.compactMap { try stop($0, of: route, published, now, record) }
        }
    }

    private func stop(
        _ tag: String,
        of route: Route,
        _ published: Moment,
        _ now: Moment,
        _ record: (EntityKey) throws -> EntityRecord
    ) throws -> RouteStop? {
        let entity = try record(InspectionRoom.equipmentKey(tag, in: route.scope))
        guard let schedule = route.schedule, let machine = Equipment(entity) else { return nil }
        let history = try schedule.running.flatMap { running in
            try meter(running.meter, of: machine, record).map {
                MeterHistory(entity, question: $0)
            }
        }
        let last = inspected[tag]
        let base = last?.moment ?? published
        let missed = Array(schedule.times(after: base, until: now).dropLast())
        return RouteStop(
            route: route,
            machine: machine,
            standing: schedule.standing(
                of: tag,
                inspected: last?.moment,
                history: history,
                now: now
            ),
            inspected: last,
            run: MissedRun(
                machine: entity.key,
                tag: machine.tag,
                route: route.code,
                missed: missed,
                answered: machine.missedAnswers.first {
                    $0.route == route.code && $0.first > base
                }
            )
        )
    }

    /// The question of a machine's forms that reads a meter.
    private func meter(
        _ name: String,
        of machine: Equipment,
        _ record: (EntityKey) throws -> EntityRecord
    ) throws -> Question? {
        for code in machine.registration.forms {
            let form = FormDefinition(try record(FormsRoom.key(code)))
            if let question = try? form?.question(name) { return question }
        }
        return nil
    }
}

extension RouteSchedule {
    /// Misses that lie further back are not told of.
    private static let missedDays: Int64 = 60

    /// The times at which the route was due by its rule after one moment, up to another.
    ///
    /// - Parameters:
    ///   - base: not included.
    ///   - now: included.
    /// - Returns: each time once, earliest first; the last one is still to be inspected for. Of
    ///   what lies more than 60 days back only the first is told.
    public func times(after base: Moment, until now: Moment) -> [Moment] {
        let late = now.adding(milliseconds: -Self.missedDays * MeterHistory.dayMilliseconds)
        guard base < late else { return times(after: base, until: now, countMax: .max) }
        return times(after: base, until: late, countMax: 1)
            + times(after: late, until: now, countMax: .max)
    }

    private func times(after base: Moment, until now: Moment, countMax: Int) -> [Moment] {
        guard let rule else { return [] }
        // What was moved on from before may only then have been due.
        let days = holidays.isEmpty && shifts.isEmpty ? 0 : Int64(Self.holidaysInARowMax)
        let begin = base.adding(milliseconds: -days * MeterHistory.dayMilliseconds)
        var times: [Moment] = []
        rule.each(from: start, after: begin, in: zone) { time, _ in
            let moment = working(time).moment(in: zone)
            if moment > now { return false }
            if moment > base, times.last.map({ moment > $0 }) ?? true { times.append(moment) }
            return times.count < countMax
        }
        return times
    }
}
