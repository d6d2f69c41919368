import Foundation
import Tally

/// A date and time on a wall, without a zone.
///
/// Days are counted from 1970-01-01 in the Gregorian calendar: all sums are of whole numbers.
public struct LocalTime: Hashable, Comparable, Sendable {
    /// Days from 1970-01-01.
    public let day: Int
    /// Seconds of the day, 0 to 86,399.
    public let second: Int

    public init(day: Int, second: Int) {
        self.day = day + (second >= 0 ? second / 86_400 : (second - 86_399) / 86_400)
        let rest = second % 86_400
        self.second = rest < 0 ? rest + 86_400 : rest
    }

    /// Reads RFC 5545's `20261128T081500`, or `20261128` for its midnight; nil for what is no time.
    public init?(_ text: String) {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        guard let date = Self.number(parts[0], 8), parts.count <= 2 else { return nil }
        let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100)
        guard year > 0, (1...12).contains(month),
            (1...Self.dayCount(year: year, month: month)).contains(day)
        else { return nil }
        var second = 0
        if parts.count == 2 {
            guard let time = Self.number(parts[1], 6), time / 10_000 < 24,
                time / 100 % 100 < 60, time % 100 < 60
            else { return nil }
            second = time / 10_000 * 3600 + time / 100 % 100 * 60 + time % 100
        }
        self.init(day: Self.day(year: year, month: month, day: day), second: second)
    }

    private static func number(_ text: Substring, _ digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    public static func < (one: LocalTime, other: LocalTime) -> Bool {
        (one.day, one.second) < (other.day, other.second)
    }

    /// As `20261128T081500`.
    public var text: String {
        let (year, month, day) = date
        let time = second / 3600 * 10_000 + second / 60 % 60 * 100 + second % 60
        return Self.padded(year * 10_000 + month * 100 + day, 8) + "T" + Self.padded(time, 6)
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    // MARK: - Calendar

    /// Year, month and day of the month.
    public var date: (year: Int, month: Int, day: Int) {
        // Years are counted from March, so that the leap day ends one.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let leap = dayOfEra / 1_460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leap) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (
            yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    /// 0 for Monday to 6 for Sunday.
    public var weekday: Int { Self.weekday(day) }

    static func weekday(_ day: Int) -> Int {
        // 1970-01-01 was a Thursday.
        let rest = (day + 3) % 7
        return rest < 0 ? rest + 7 : rest
    }

    static func day(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    static func dayCount(year: Int, month: Int) -> Int {
        let next = month == 12 ? (year + 1, 1) : (year, month + 1)
        return day(year: next.0, month: next.1, day: 1) - day(year: year, month: month, day: 1)
    }

    // MARK: - Zones

    /// The moment of this time in a zone.
    ///
    /// By RFC 5545, section 3.3.5: a time that the clocks leap over is taken with the offset from
    /// before the leap, and one that they show twice is the first of the two.
    public func moment(in zone: TimeZone) -> Moment {
        let wall = Int64(day) * 86_400 + Int64(second)
        // Around a change the offset of a day before is the old one, and that of a day after the
        // new one; clocks are not changed twice in two days.
        let before = Self.offset(at: wall - 86_400 - 43_200, zone)
        let after = Self.offset(at: wall + 86_400 + 43_200, zone)
        for offset in [before, after] where Self.offset(at: wall - offset, zone) == offset {
            return Moment(milliseconds: (wall - offset) * 1000)
        }
        return Moment(milliseconds: (wall - before) * 1000)
    }

    /// The time on the wall at a moment.
    public init(_ moment: Moment, in zone: TimeZone) {
        let seconds = Int(moment.milliseconds / 1000)
        self.init(day: 0, second: seconds + Int(Self.offset(at: Int64(seconds), zone)))
    }

    private static func offset(at seconds: Int64, _ zone: TimeZone) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
    }
}
