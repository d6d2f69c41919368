import Forms
import Foundation
import Tally

/// When people work: deadlines of a category count only then.
///
/// All sums are of whole seconds on the wall; the zone's offset is asked at each end, so that a
/// shift in which the clocks change is as long as it was.
public struct ShiftCalendar: Hashable, Sendable {
    /// A stretch of the day, in seconds from midnight; one that ends before it begins goes over
    /// midnight.
    public struct Shift: Hashable, Comparable, Sendable {
        public let start: Int
        public let end: Int

        public init(start: Int, end: Int) {
            self.start = start
            self.end = end
        }

        public static func < (one: Shift, other: Shift) -> Bool {
            (one.start, one.end) < (other.start, other.end)
        }
    }

    private static let daySeconds = 86_400
    /// Ten years: a calendar that has no work for so long has none.
    private static let dayCountMax = 3_660

    public let zone: TimeZone
    /// Sorted; at least one.
    public let shifts: [Shift]
    /// 0 for Monday to 6 for Sunday; empty for every day.
    public let weekdays: Set<Int>
    /// Days from 1970-01-01 on which nobody works.
    public let holidays: Set<Int>

    public init(
        zone: TimeZone,
        shifts: [Shift],
        weekdays: Set<Int> = [],
        holidays: Set<Int> = []
    ) {
        self.zone = zone
        self.shifts = shifts.sorted()
        self.weekdays = weekdays
        self.holidays = holidays
    }

    /// Whether people work on a day; a night shift belongs to the day on which it begins.
    func isWorkday(_ day: Int) -> Bool {
        // 1970-01-01 was a Thursday.
        let rest = (day + 3) % 7
        let weekday = rest < 0 ? rest + 7 : rest
        return !holidays.contains(day) && (weekdays.isEmpty || weekdays.contains(weekday))
    }

    /// The moment at which people have worked so many minutes since another.
    ///
    /// - Parameters:
    ///   - minutes: of work, from 0 up.
    ///   - moment: from when they count.
    /// - Returns: the moment; plain minutes later for a calendar without any work.
    public func adding(minutes: Int, to moment: Moment) -> Moment {
        var left = Int64(minutes) * 60_000
        var cursor = moment.milliseconds
        let first = localDay(moment) - 1  // a night shift of the day before may still go on
        for day in first..<(first + Self.dayCountMax) where isWorkday(day) {
            for shift in shifts {
                let end = shift.end <= shift.start ? shift.end + Self.daySeconds : shift.end
                let begins = max(cursor, instant(day, shift.start))
                let ends = instant(day, end)
                guard ends > begins else { continue }
                if left <= ends - begins { return Moment(milliseconds: begins + left) }
                left -= ends - begins
                cursor = ends
            }
        }
        return moment.adding(milliseconds: Int64(minutes) * 60_000)
    }

    private func localDay(_ moment: Moment) -> Int {
        let seconds = moment.milliseconds / 1000
        let wall = seconds + offset(seconds)
        return Int((Double(wall) / Double(Self.daySeconds)).rounded(.down))
    }

    private func instant(_ day: Int, _ second: Int) -> Int64 {
        let wall = Int64(day) * Int64(Self.daySeconds) + Int64(second)
        return (wall - offset(wall - offset(wall))) * 1000
    }

    private func offset(_ seconds: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
    }

    /// A day as `2026-10-01`; nil for what is none.
    static func day(_ text: String) -> Int? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2],
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? calendar.timeZone
        let asked = DateComponents(year: year, month: month, day: day)
        guard let date = calendar.date(from: asked) else { return nil }
        let found = calendar.dateComponents([.year, .month, .day], from: date)
        guard found.year == year, found.month == month, found.day == day else { return nil }
        return Int((date.timeIntervalSince1970 / Double(daySeconds)).rounded(.down))
    }
}

// MARK: - Files and bytes

extension ShiftCalendar {
    private static let weekdayNames = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

    /// Reads `zone`, `shifts` (as `08:00-17:00`), `weekdays` and `holidays`.
    init(_ reader: FormNodeReader) throws(FormRefusal) {
        try reader.checkKeys(["zone", "shifts", "weekdays", "holidays"])
        let name = try reader.required("zone")
        guard let zone = TimeZone(identifier: try name.text()) else {
            throw name.refusal(.unknownValue, expected: "Asia/Shanghai")
        }
        var shifts: [Shift] = []
        for item in try reader.required("shifts").list() {
            let ends = try item.text().split(separator: "-").compactMap(Self.second)
            guard ends.count == 2, ends[0] != ends[1], ends[0] < Self.daySeconds else {
                throw item.refusal(.unknownValue, expected: "08:00-17:00")
            }
            shifts.append(Shift(start: ends[0], end: ends[1]))
        }
        guard !shifts.isEmpty else { throw reader.refusal(.missing, at: "shifts") }
        var weekdays: Set<Int> = []
        for item in try reader.optional("weekdays")?.list() ?? [] {
            guard let day = Self.weekdayNames.firstIndex(of: try item.text()) else {
                throw item.refusal(
                    .unknownValue,
                    expected: Self.weekdayNames.joined(separator: ", ")
                )
            }
            weekdays.insert(day)
        }
        var holidays: Set<Int> = []
        for item in try reader.optional("holidays")?.list() ?? [] {
            guard let day = Self.day(try item.text()) else {
                throw item.refusal(.unknownValue, expected: "2026-10-01")
            }
            holidays.insert(day)
        }
        self.init(zone: zone, shifts: shifts, weekdays: weekdays, holidays: holidays)
    }

    /// Seconds of `08:00`, up to `24:00`; nil for what is no time of day.
    private static func second(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), (0...59).contains(minute),
            (0...23).contains(hour) || hour == 24 && minute == 0
        else { return nil }
        return hour * 3600 + minute * 60
    }

    init?(_ wire: WireCalendar) {
        guard let zone = TimeZone(identifier: wire.zone), !wire.shifts.isEmpty else { return nil }
        self.init(
            zone: zone,
            shifts: wire.shifts.map { Shift(start: Int($0.start), end: Int($0.end)) },
            weekdays: Set(wire.weekdays.map(Int.init)),
            holidays: Set(wire.holidays.map(Int.init))
        )
    }

    var wire: WireCalendar {
        var wire = WireCalendar()
        wire.zone = zone.identifier
        wire.shifts = shifts.map { shift in
            var wireShift = WireShift()
            wireShift.start = UInt32(clamping: shift.start)
            wireShift.end = UInt32(clamping: shift.end)
            return wireShift
        }
        wire.weekdays = weekdays.sorted().map { UInt32(clamping: $0) }
        wire.holidays = holidays.sorted().map { UInt32(clamping: $0) }
        return wire
    }
}
