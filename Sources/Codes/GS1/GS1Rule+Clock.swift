extension GS1Rule {
    /// Dates and times of day.
    func clockBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        switch self {
        case .date, .month: shortDateBreach(part)
        case .longDate, .longMonth: longDateBreach(part)
        case .hour: numberBreach(part, highest: 23)
        case .minute, .second: numberBreach(part, highest: 59)
        default: timeBreach(part)
        }
    }

    private func timeBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        guard part.count == 4 else { return GS1RuleBreach(.badTime, 0..<part.count) }
        if let breach = GS1Rule.hour.breach(in: Array(part[..<2])) { return breach }
        return GS1Rule.minute.breach(in: Array(part[2...])).map {
            GS1RuleBreach($0.fault, ($0.range.lowerBound + 2)..<($0.range.upperBound + 2))
        }
    }

    private func numberBreach(_ part: [UInt8], highest: Int) -> GS1RuleBreach? {
        guard part.count == 2 else { return GS1RuleBreach(.badTime, 0..<part.count) }
        if let breach = Self.digitBreach(part) { return breach }
        return Self.number(part[...]) > highest ? GS1RuleBreach(.badTime, 0..<2) : nil
    }

    /// The century is the one that puts the year from 49 years back to 50 ahead (General
    /// Specifications, 7.12), counted from 2021 as GS1's own checks do, so that no clock is asked.
    private func shortDateBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        guard part.count == 6 else { return GS1RuleBreach(.badDate, 0..<part.count) }
        if let breach = Self.digitBreach(part) { return breach }
        let year = Self.number(part[..<2])
        return dayBreach(part, year: year + (year - 21 >= 51 ? 1900 : 2000), monthAt: 2)
    }

    private func longDateBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        guard part.count == 8 else { return GS1RuleBreach(.badDate, 0..<part.count) }
        if let breach = Self.digitBreach(part) { return breach }
        return dayBreach(part, year: Self.number(part[..<4]), monthAt: 4)
    }

    private func dayBreach(_ part: [UInt8], year: Int, monthAt start: Int) -> GS1RuleBreach? {
        let month = Self.number(part[start..<(start + 2)])
        let day = Self.number(part[(start + 2)..<(start + 4)])
        guard (1...12).contains(month) else {
            return GS1RuleBreach(.badDate, start..<(start + 2))
        }
        let isLeap =
            year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        let isOpen = day == 0 && (self == .month || self == .longMonth)
        return isOpen || (1...days[month - 1]).contains(day)
            ? nil : GS1RuleBreach(.badDate, (start + 2)..<(start + 4))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }
}
