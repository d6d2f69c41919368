/// A point in time: milliseconds UTC since 1970-01-01.
public struct Moment: Hashable, Comparable, Sendable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (one: Moment, other: Moment) -> Bool {
        one.milliseconds < other.milliseconds
    }

    /// The moment `milliseconds` later; stays at the end of the range instead of overflowing.
    public func adding(milliseconds more: Int64) -> Moment {
        let (sum, overflow) = milliseconds.addingReportingOverflow(more)
        if overflow { return Moment(milliseconds: more > 0 ? .max : .min) }
        return Moment(milliseconds: sum)
    }
}

extension Moment: CustomStringConvertible {
    /// ISO 8601 in UTC with milliseconds: `2026-11-21T08:00:00.000Z`.
    public var description: String {
        let (days, rest) = Self.divide(milliseconds, by: 86_400_000)
        let (year, month, day) = Self.date(days: days)
        let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60)
        let (second, millisecond) = (rest / 1000 % 60, rest % 1000)
        return "\(Self.digits(year, 4))-\(Self.digits(month, 2))-\(Self.digits(day, 2))"
            + "T\(Self.digits(hour, 2)):\(Self.digits(minute, 2)):\(Self.digits(second, 2))"
            + ".\(Self.digits(millisecond, 3))Z"
    }

    /// The day `days` after 1970-01-01 in the Gregorian calendar.
    ///
    /// Whole numbers only: Foundation's way through floating point shows many a millisecond as the
    /// one before. Years are counted from March, so that the leap day ends one.
    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = divide(days + 719_468, by: 146_097)
        let leapDays = dayOfEra / 1_460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            year: yearOfEra + era * 400 + (month < 3 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    /// Quotient and remainder, the remainder never negative.
    private static func divide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func digits(_ value: Int64, _ count: Int) -> String {
        let digits = String(value.magnitude)
        let zeros = String(repeating: "0", count: max(0, count - digits.count))
        return (value < 0 ? "-" : "") + zeros + digits
    }
}

/// What a terminal's clocks said when something was recorded.
///
/// The wall clock may be wrong (no battery, 1970, set by hand); the monotonic clock counts within
/// one boot, so that true times can be derived once the wall clock of that boot is known.
public struct ClockReading: Hashable, Sendable {
    /// The wall clock, right or wrong.
    public var wall: Moment
    /// Names the boot in which `monotonicMilliseconds` counts; random per boot.
    public var boot: UInt64
    /// Milliseconds since that boot.
    public var monotonicMilliseconds: UInt64

    public init(wall: Moment, boot: UInt64, monotonicMilliseconds: UInt64) {
        self.wall = wall
        self.boot = boot
        self.monotonicMilliseconds = monotonicMilliseconds
    }
}
