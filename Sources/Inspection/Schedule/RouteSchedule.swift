import Forms
import Foundation
import Tally

/// When the stops of a route are due: by the calendar, by how much a machine ran, or both.
public struct RouteSchedule: Hashable, Sendable {
    /// A stretch of the day in which people work, in seconds from midnight; one that ends before it
    /// begins goes over midnight.
    public struct Shift: Hashable, Sendable {
        public let name: String
        public let start: Int
        public let end: Int

        public init(name: String, start: Int, end: Int) {
            self.name = name
            self.start = start
            self.end = end
        }

        func contains(_ second: Int) -> Bool {
            start < end ? (start..<end).contains(second) : second >= start || second < end
        }
    }

    /// After how much running a machine is due: one that runs more is inspected more often.
    public struct RunningHours: Hashable, Sendable {
        /// The question of the machine's form that reads the meter.
        public let meter: String
        public let every: Quantity

        public init(meter: String, every: Quantity) {
            self.meter = meter
            self.every = every
        }
    }

    /// By the calendar; nil when only running counts.
    public let rule: RecurrenceRule?
    /// The first time that the rule can give.
    public let start: LocalTime
    public let zone: TimeZone
    /// Days on which nothing is due: what falls on one is due at the same hour of the next day that
    /// is none.
    public let holidays: Set<Int>
    /// When people work; with none, always.
    public let shifts: [Shift]
    public let running: RunningHours?

    public init(
        rule: RecurrenceRule?,
        start: LocalTime,
        zone: TimeZone,
        holidays: Set<Int> = [],
        shifts: [Shift] = [],
        running: RunningHours? = nil
    ) {
        self.rule = rule
        self.start = start
        self.zone = zone
        self.holidays = holidays
        self.shifts = shifts
        self.running = running
    }

    // MARK: - The calendar

    /// More holidays in a row than this are none.
    static let holidaysInARowMax = 60

    /// A time that falls on a holiday or between shifts, moved on to when people work again.
    func working(_ time: LocalTime) -> LocalTime {
        var time = time
        for _ in 0..<Self.holidaysInARowMax where holidays.contains(time.day) {
            time = LocalTime(day: time.day + 1, second: time.second)
        }
        guard !shifts.isEmpty, shift(at: time) == nil else { return time }
        let later = shifts.map { shift in
            LocalTime(
                day: time.day + (shift.start < time.second ? 1 : 0),
                second: shift.start
            )
        }
        let next = later.min() ?? time
        return holidays.contains(next.day) ? working(next) : next
    }

    /// The shift of a time.
    func shift(at time: LocalTime) -> Shift? { shifts.first { $0.contains(time.second) } }

    /// The last time at or before `now` at which the route was due by its rule, and the next one.
    public func around(_ now: Moment) -> (last: Moment?, next: Moment?) {
        guard let rule else { return (nil, nil) }
        var last: Moment?
        var next: Moment?
        // What was moved on from before may only now be due, so the search begins earlier.
        let back = Int64(Self.holidaysInARowMax) * 86_400_000
        let early = Moment(milliseconds: now.milliseconds - back)
        let begin = rule.around(early, from: start, in: zone).last ?? start.moment(in: zone)
        rule.each(from: start, after: begin, in: zone) { time, _ in
            let moment = working(time).moment(in: zone)
            if moment.milliseconds <= now.milliseconds { last = moment } else { next = moment }
            return next == nil
        }
        return (last, next)
    }
}

/// Why a stop of a route is due.
public enum DueReason: Hashable, Sendable {
    /// Nobody has inspected it on this route.
    case never
    /// It was due by the calendar, in a shift of this name, and nobody has inspected it since.
    case calendar(Moment, shift: String)
    /// It ran so much since it was inspected.
    case ran(Quantity, every: Quantity, since: Moment)
    /// Its meter was not read since, but at the rate of late it has run as much.
    case expected(Quantity, every: Quantity, since: Moment)
}

/// How a stop of a route stands.
public struct StopStanding: Hashable, Sendable {
    public let tag: String
    /// All that make it due; empty when it is not.
    public let reasons: [DueReason]
    /// When it is due next; nil when nothing tells, or when it is due now.
    public let next: Moment?

    public var isDue: Bool { !reasons.isEmpty }
}

extension RouteSchedule {
    /// Readings of so many days tell how much a machine runs of late.
    private static let rateDays: Int64 = 30

    /// How a stop stands.
    ///
    /// - Parameters:
    ///   - tag: the machine's.
    ///   - inspected: when it was last inspected on this route; nil for never.
    ///   - history: its meter, where the route goes by running hours.
    ///   - now: the moment to tell it for.
    /// - Returns: whether it is due, why, and when it is next.
    public func standing(
        of tag: String,
        inspected: Moment?,
        history: MeterHistory?,
        now: Moment
    ) -> StopStanding {
        guard let inspected else {
            return StopStanding(tag: tag, reasons: [.never], next: nil)
        }
        var reasons: [DueReason] = []
        let (last, next) = around(now)
        if let last, last.milliseconds > inspected.milliseconds {
            let shift = shift(at: LocalTime(last, in: zone))?.name ?? ""
            reasons.append(.calendar(last, shift: shift))
        }
        var soonest = next
        if let running, let history {
            let (reason, expected) = ran(running, history, inspected, now)
            if let reason { reasons.append(reason) }
            if let expected, soonest.map({ expected.milliseconds < $0.milliseconds }) ?? true {
                soonest = expected
            }
        }
        return StopStanding(tag: tag, reasons: reasons, next: reasons.isEmpty ? soonest : nil)
    }

    /// Whether a machine ran enough since it was inspected; else when it will have, at its rate of
    /// late.
    private func ran(
        _ running: RunningHours,
        _ history: MeterHistory,
        _ inspected: Moment,
        _ now: Moment
    ) -> (DueReason?, Moment?) {
        guard let latest = history.readings.last, let total = latest.total,
            total.unit == running.every.unit,
            let base = history.readings.last(where: {
                $0.evidence.moment.milliseconds <= inspected.milliseconds
            })?.total ?? history.readings.first?.total,
            let run = total.subtracting(base)
        else { return (nil, nil) }
        if run.isLess(than: running.every) == false {
            return (.ran(run, every: running.every, since: inspected), nil)
        }
        guard let rate = Self.rate(history, until: latest), rate > 0,
            let missing = running.every.subtracting(run)
        else { return (nil, nil) }
        // Only an estimate, for when to look: a reading decides.
        let wait = Self.number(missing) / rate
        let due = latest.evidence.moment.milliseconds + Int64(min(wait, 1e14).rounded())
        guard due <= now.milliseconds else { return (nil, Moment(milliseconds: due)) }
        let elapsed = Double(now.milliseconds - latest.evidence.moment.milliseconds)
        let expected = Quantity(
            amount: Int64(min(Self.number(run) + elapsed * rate, 1e15).rounded()),
            unit: running.every.unit
        )
        return (expected.map { .expected($0, every: running.every, since: inspected) }, nil)
    }

    /// How much it ran in a millisecond, over the last days that were read; nil when too little
    /// was.
    private static func rate(_ history: MeterHistory, until latest: MeterHistory.Reading) -> Double?
    {
        let end = latest.evidence.moment.milliseconds
        let first = history.readings.first {
            $0.total != nil && $0.evidence.moment.milliseconds >= end - rateDays * 86_400_000
        }
        guard let first, let from = first.total, let to = latest.total,
            let run = to.subtracting(from)
        else { return nil }
        let elapsed = end - first.evidence.moment.milliseconds
        return elapsed < 3_600_000 ? nil : number(run) / Double(elapsed)
    }

    private static func number(_ quantity: Quantity) -> Double {
        (0..<quantity.scale).reduce(Double(quantity.amount)) { number, _ in number / 10 }
    }
}
