/// The periods of a rule, one after another, each as the times that are due in it.
struct RecurrencePeriods {
    /// No plant plans further.
    private static let yearMax = 2200

    private let rule: RecurrenceRule
    private let start: LocalTime
    /// How many periods have begun.
    private var index = 0

    init(_ rule: RecurrenceRule, from start: LocalTime) {
        self.rule = rule
        self.start = start
    }

    /// The times of the next period, in order; nil when there is no further one.
    mutating func next() -> [LocalTime]? {
        let step = index * rule.interval
        index += 1
        let (year, month, _) = start.date
        switch rule.frequency {
        case .hourly:
            let hour = LocalTime(day: start.day, second: start.second / 3600 * 3600 + step * 3600)
            guard hour.date.year <= Self.yearMax else { return nil }
            return times(
                on: [hour.day].filter(isDue),
                hours: [hour.second / 3600].filter(isDueHour)
            )
        case .daily:
            guard LocalTime(day: start.day + step, second: 0).date.year <= Self.yearMax else {
                return nil
            }
            return times(on: [start.day + step].filter(isDue), hours: hours)
        case .weekly:
            let offset = (start.weekday - rule.weekStart + 7) % 7
            let first = start.day - offset + step * 7
            guard LocalTime(day: first, second: 0).date.year <= Self.yearMax else { return nil }
            return times(on: (first..<first + 7).filter(isDue), hours: hours)
        case .monthly:
            let months = year * 12 + month - 1 + step
            guard months / 12 <= Self.yearMax else { return nil }
            let days = span(ofYear: months / 12, month: months % 12 + 1)
            return placed(
                times(on: days.filter(isDue).filter { isNumbered($0, in: days) }, hours: hours)
            )
        case .yearly:
            guard year + step <= Self.yearMax else { return nil }
            return placed(times(on: daysDue(inYear: year + step), hours: hours))
        }
    }

    // MARK: - Days

    private func daysDue(inYear year: Int) -> [Int] {
        // A numbered weekday is one of its month where months are named, else of its year.
        let months = rule.months.isEmpty && !rule.weekdays.isEmpty ? [] : Array(1...12)
        guard months.isEmpty else {
            return months.flatMap { month in
                let days = span(ofYear: year, month: month)
                return days.filter(isDue).filter { isNumbered($0, in: days) }
            }
        }
        let first = LocalTime.day(year: year, month: 1, day: 1)
        let days = first..<LocalTime.day(year: year + 1, month: 1, day: 1)
        return days.filter(isDue).filter { isNumbered($0, in: days) }
    }

    private func span(ofYear year: Int, month: Int) -> Range<Int> {
        let first = LocalTime.day(year: year, month: month, day: 1)
        return first..<first + LocalTime.dayCount(year: year, month: month)
    }

    /// Whether a day is one that the rule names, numbered weekdays aside.
    private func isDue(_ day: Int) -> Bool {
        let (year, month, dayOfMonth) = LocalTime(day: day, second: 0).date
        guard rule.months.isEmpty || rule.months.contains(month) else { return false }
        if !rule.weekdays.isEmpty {
            let weekday = LocalTime.weekday(day)
            guard rule.weekdays.contains(where: { $0.day == weekday }) else { return false }
        }
        if !rule.monthDays.isEmpty {
            let fromEnd = dayOfMonth - LocalTime.dayCount(year: year, month: month) - 1
            return rule.monthDays.contains(dayOfMonth) || rule.monthDays.contains(fromEnd)
        }
        guard rule.weekdays.isEmpty else { return true }
        // What the rule does not say is taken from its start.
        switch rule.frequency {
        case .hourly, .daily: return true
        case .weekly: return LocalTime.weekday(day) == start.weekday
        case .monthly: return dayOfMonth == start.date.day
        case .yearly:
            return dayOfMonth == start.date.day
                && (!rule.months.isEmpty || month == start.date.month)
        }
    }

    /// Whether a day is one of the numbered weekdays of the days around it, where there are any.
    private func isNumbered(_ day: Int, in days: Range<Int>) -> Bool {
        guard rule.weekdays.contains(where: { $0.ordinal != nil }) else { return true }
        let number = (day - days.lowerBound) / 7 + 1
        let fromEnd = -((days.upperBound - 1 - day) / 7 + 1)
        let weekday = LocalTime.weekday(day)
        return rule.weekdays.contains {
            $0.day == weekday && ($0.ordinal == number || $0.ordinal == fromEnd)
        }
    }

    // MARK: - Times

    private var hours: [Int] { rule.hours.isEmpty ? [start.second / 3600] : rule.hours }

    private func isDueHour(_ hour: Int) -> Bool { rule.hours.isEmpty || rule.hours.contains(hour) }

    private func times(on days: [Int], hours: [Int]) -> [LocalTime] {
        let minutes = rule.minutes.isEmpty ? [start.second / 60 % 60] : rule.minutes
        return days.flatMap { day in
            hours.flatMap { hour in
                minutes.map { minute in
                    LocalTime(day: day, second: hour * 3600 + minute * 60 + start.second % 60)
                }
            }
        }
    }

    /// The times at the rule's positions in the period, where it names any.
    private func placed(_ times: [LocalTime]) -> [LocalTime] {
        guard !rule.positions.isEmpty else { return times }
        let places = rule.positions.map { $0 > 0 ? $0 - 1 : times.count + $0 }
        return Set(places).sorted().filter(times.indices.contains).map { times[$0] }
    }
}
