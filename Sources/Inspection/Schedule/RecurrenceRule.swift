import Foundation
import Tally

/// A recurrence rule of RFC 5545, section 3.3.10: when something is due again.
///
/// The subset: `FREQ` (HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY), `INTERVAL`, `COUNT` or `UNTIL`,
/// `BYMONTH`, `BYMONTHDAY` (from the end with a minus), `BYDAY` (numbered, as in `1MO` and `-1FR`,
/// with MONTHLY and YEARLY), `BYHOUR`, `BYMINUTE`, `BYSETPOS` (with MONTHLY and YEARLY) and `WKST`.
/// Anything else is refused rather than passed over.
public struct RecurrenceRule: Hashable, Sendable {
    /// How often the rule begins a period anew.
    public enum Frequency: String, Hashable, Sendable, CaseIterable {
        case hourly = "HOURLY"
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    /// A day of the week, and which one of the month or year; nil is each.
    struct Weekday: Hashable, Sendable {
        let ordinal: Int?
        /// 0 for Monday to 6 for Sunday.
        let day: Int
    }

    /// When the rule ends.
    enum End: Hashable, Sendable {
        case count(Int)
        /// Local to the rule's zone.
        case localTime(LocalTime)
        case moment(Moment)
    }

    /// As it was written.
    public let source: String
    public let frequency: Frequency
    let interval: Int
    let end: End?
    let months: [Int]
    let monthDays: [Int]
    let weekdays: [Weekday]
    let hours: [Int]
    let minutes: [Int]
    let positions: [Int]
    let weekStart: Int

    /// Reads a rule such as `FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=8`.
    ///
    /// - Throws: ``InspectionRefusal/badRule(read:part:)`` naming the part that cannot be used.
    public init(_ text: String) throws(InspectionRefusal) {
        let parts = try RecurrenceParts(text)
        source = text
        frequency = parts.frequency
        interval = try parts.number("INTERVAL", 1...1000) ?? 1
        months = try parts.numbers("BYMONTH", 1...12)
        monthDays = try parts.numbers("BYMONTHDAY", -31...31)
        hours = try parts.numbers("BYHOUR", 0...23)
        minutes = try parts.numbers("BYMINUTE", 0...59)
        positions = try parts.numbers("BYSETPOS", -366...366)
        weekdays = try parts.weekdays()
        weekStart = try parts.weekStart()
        end = try parts.end()
        let isLong = frequency == .monthly || frequency == .yearly
        guard weekdays.allSatisfy({ $0.ordinal == nil }) || isLong else {
            throw parts.refusal("BYDAY")
        }
        guard Set(weekdays.map { $0.ordinal == nil }).count < 2 else {
            throw parts.refusal("BYDAY")
        }
        guard positions.isEmpty || isLong else { throw parts.refusal("BYSETPOS") }
        guard monthDays.isEmpty || frequency != .weekly else { throw parts.refusal("BYMONTHDAY") }
    }

    // MARK: - When

    /// Periods without anything due after which a rule is taken to have ended: 28 years of days or
    /// hours, in which every date meets every weekday.
    private var emptyPeriodsMax: Int { frequency == .hourly ? 28 * 8_784 : 28 * 366 }

    /// When something is due, from the first time on.
    ///
    /// - Parameters:
    ///   - start: the first time that the rule can give, and what it takes the parts from that it
    ///     does not state itself.
    ///   - zone: where the times are those on the wall.
    ///   - body: is given one time after another with its moment, and says whether to go on.
    public func each(
        from start: LocalTime,
        in zone: TimeZone,
        _ body: (LocalTime, Moment) throws -> Bool
    ) rethrows {
        var periods = RecurrencePeriods(self, from: start)
        var left = if case .count(let count)? = end { count } else { Int.max }
        var empty = 0
        while empty < emptyPeriodsMax, let times = periods.next() {
            empty = times.isEmpty ? empty + 1 : 0
            for time in times where time >= start {
                let moment = time.moment(in: zone)
                guard left > 0, !hasEnded(time, moment), try body(time, moment) else { return }
                left -= 1
            }
        }
    }

    /// When something is due at or after a moment.
    ///
    /// - Parameters:
    ///   - start: as ``each(from:in:_:)`` takes it.
    ///   - begin: nothing before this is given.
    ///   - zone: where the times are those on the wall.
    ///   - body: as ``each(from:in:_:)`` takes it.
    public func each(
        from start: LocalTime,
        after begin: Moment,
        in zone: TimeZone,
        _ body: (LocalTime, Moment) throws -> Bool
    ) rethrows {
        try each(from: nearStart(begin, from: start, in: zone), in: zone) { time, moment in
            try moment.milliseconds < begin.milliseconds || body(time, moment)
        }
    }

    /// The first times that something is due, at most `count`.
    public func times(from start: LocalTime, in zone: TimeZone, count: Int) -> [LocalTime] {
        var times: [LocalTime] = []
        each(from: start, in: zone) { time, _ in
            if times.count < count { times.append(time) }
            return times.count < count
        }
        return times
    }

    /// The last moment at or before `now` at which something was due, and the next one after it.
    public func around(
        _ now: Moment,
        from start: LocalTime,
        in zone: TimeZone
    ) -> (last: Moment?, next: Moment?) {
        var last: Moment?
        var next: Moment?
        let begin = nearStart(now, from: start, in: zone)
        each(from: begin, in: zone) { _, moment in
            if moment.milliseconds <= now.milliseconds { last = moment } else { next = moment }
            return next == nil
        }
        return (last, next)
    }

    /// A later start that gives the same times from shortly before `now` on, so that a rule that
    /// began years ago costs no more than a new one.
    private func nearStart(_ now: Moment, from start: LocalTime, in zone: TimeZone) -> LocalTime {
        if case .count? = end { return start }
        let days = LocalTime(now, in: zone).day - start.day
        let period =
            switch frequency {
            case .hourly: 0
            case .daily: interval
            case .weekly: interval * 7
            case .monthly, .yearly: 0
            }
        // Eight years and two periods before, for what is due seldom.
        let before = 2 * period + 8 * 366
        guard period > 0, days > before else { return start }
        let skipped = (days - before) / period * period
        return LocalTime(day: start.day + skipped, second: start.second)
    }

    private func hasEnded(_ time: LocalTime, _ moment: Moment) -> Bool {
        switch end {
        case .localTime(let last)?: time > last
        case .moment(let last)?: moment.milliseconds > last.milliseconds
        case .count?, nil: false
        }
    }
}
