/// A day of the Gregorian calendar, `2026-11-28`.
public struct CalendarDay: Hashable, Comparable, Sendable {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Reads `2026-11-28`, `20261128`, or the day of a date with a time; nil for what is no day.
    public init?(_ text: String) {
        let text = text.split(separator: "T", maxSplits: 1).first.map(String.init) ?? ""
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        let dashes = text.utf8.enumerated().filter { $1 == UInt8(ascii: "-") }.map(\.offset)
        guard digits.count == 8, digits.allSatisfy({ (48...57).contains($0) }),
            dashes.isEmpty || dashes == [4, 7]
        else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
        guard year > 0, (1...12).contains(month), (1...daysOfMonth).contains(day) else {
            return nil
        }
    }

    private var daysOfMonth: Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2:
            year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
                ? 29 : 28
        default: 31
        }
    }

    public static func < (one: CalendarDay, other: CalendarDay) -> Bool {
        (one.year, one.month, one.day) < (other.year, other.month, other.day)
    }

    /// As `2026-11-28`.
    public var text: String {
        "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
