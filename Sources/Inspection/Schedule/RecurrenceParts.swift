import Tally

/// The parts of a rule's text: `NAME=VALUE`, each name once.
struct RecurrenceParts {
    private static let known: Set<String> = [
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYHOUR",
        "BYMINUTE",
        "BYSETPOS", "WKST",
    ]
    private static let weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    /// Longer rules are refused, and so are longer lists.
    private static let characterCountMax = 400

    let frequency: RecurrenceRule.Frequency
    private let text: String
    private let values: [String: String]

    init(_ text: String) throws(InspectionRefusal) {
        self.text = text
        var values: [String: String] = [:]
        guard text.utf8.count <= Self.characterCountMax else {
            throw .badRule(read: String(text.prefix(80)), part: "RRULE")
        }
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map(String.init)
            guard pair.count == 2, Self.known.contains(pair[0]), values[pair[0]] == nil else {
                throw .badRule(read: text, part: String(part))
            }
            values[pair[0]] = pair[1]
        }
        guard let frequency = values["FREQ"].flatMap(RecurrenceRule.Frequency.init) else {
            throw .badRule(read: text, part: "FREQ")
        }
        guard values["COUNT"] == nil || values["UNTIL"] == nil else {
            throw .badRule(read: text, part: "UNTIL")
        }
        self.frequency = frequency
        self.values = values
    }

    func refusal(_ part: String) -> InspectionRefusal {
        .badRule(read: text, part: values[part].map { "\(part)=\($0)" } ?? part)
    }

    func number(_ name: String, _ range: ClosedRange<Int>) throws(InspectionRefusal) -> Int? {
        guard let value = values[name] else { return nil }
        guard let number = Self.whole(value), range.contains(number) else { throw refusal(name) }
        return number
    }

    /// A list of numbers, sorted, each once; zero only where the range begins with it.
    func numbers(_ name: String, _ range: ClosedRange<Int>) throws(InspectionRefusal) -> [Int] {
        guard let value = values[name] else { return [] }
        var numbers: Set<Int> = []
        for item in value.split(separator: ",", omittingEmptySubsequences: false) {
            guard let number = Self.whole(String(item)), range.contains(number),
                number != 0 || range.lowerBound == 0
            else { throw refusal(name) }
            numbers.insert(number)
        }
        return numbers.sorted()
    }

    func weekdays() throws(InspectionRefusal) -> [RecurrenceRule.Weekday] {
        guard let value = values["BYDAY"] else { return [] }
        var days: [RecurrenceRule.Weekday] = []
        for item in value.split(separator: ",", omittingEmptySubsequences: false) {
            guard let day = Self.weekdays.firstIndex(of: String(item.suffix(2))) else {
                throw refusal("BYDAY")
            }
            let prefix = item.dropLast(2)
            let ordinal = prefix.isEmpty ? nil : Self.whole(String(prefix))
            guard prefix.isEmpty || ordinal.map({ $0 != 0 && abs($0) <= 53 }) == true else {
                throw refusal("BYDAY")
            }
            days.append(RecurrenceRule.Weekday(ordinal: ordinal, day: day))
        }
        return days
    }

    func weekStart() throws(InspectionRefusal) -> Int {
        guard let value = values["WKST"] else { return 0 }
        guard let day = Self.weekdays.firstIndex(of: value) else { throw refusal("WKST") }
        return day
    }

    func end() throws(InspectionRefusal) -> RecurrenceRule.End? {
        if let count = try number("COUNT", 1...100_000) { return .count(count) }
        guard let value = values["UNTIL"] else { return nil }
        let isUTC = value.hasSuffix("Z")
        guard let time = LocalTime(isUTC ? String(value.dropLast()) : value) else {
            throw refusal("UNTIL")
        }
        if isUTC {
            let seconds = Int64(time.day) * 86_400 + Int64(time.second)
            return .moment(Moment(milliseconds: seconds * 1000))
        }
        // A day alone means all of it.
        return .localTime(
            value.contains("T") ? time : LocalTime(day: time.day, second: 86_399)
        )
    }

    /// Digits, perhaps with a sign.
    private static func whole(_ text: String) -> Int? {
        text.utf8.count <= 7 ? Int(text) : nil
    }
}
