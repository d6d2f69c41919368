import Foundation
import Inspection
import Tally
import Testing

/// Rules are held against python-dateutil, which knows nothing of us, and against examples.
@Suite struct RecurrenceRuleTests {
    private func zone(_ name: String) throws -> TimeZone {
        try #require(TimeZone(identifier: name))
    }

    private func times(
        _ rule: String,
        from start: String,
        count: Int = 4,
        in zone: String = "Asia/Shanghai"
    ) throws -> [String] {
        try RecurrenceRule(rule)
            .times(from: #require(LocalTime(start)), in: self.zone(zone), count: count)
            .map(\.text)
    }

    // MARK: - Examples

    @Test func `a rule gives its times`() throws {
        #expect(
            try times("FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=8,20;BYMINUTE=30", from: "20261124T080000")
                == ["20261126T083000", "20261126T203000", "20261130T083000", "20261130T203000"]
        )
        #expect(
            try times("FREQ=MONTHLY;BYMONTHDAY=31", from: "20260131T060000") == [
                "20260131T060000", "20260331T060000", "20260531T060000", "20260731T060000",
            ]
        )
        #expect(
            try times("FREQ=MONTHLY;BYMONTHDAY=-1", from: "20240131T060000", count: 3) == [
                "20240131T060000", "20240229T060000", "20240331T060000",
            ]
        )
        // The last working day of a month.
        #expect(
            try times(
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                from: "20261101T060000",
                count: 3
            ) == ["20261130T060000", "20261231T060000", "20270129T060000"]
        )
        #expect(
            try times("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", from: "20240229T060000", count: 3) == [
                "20240229T060000", "20280229T060000", "20320229T060000",
            ]
        )
        #expect(
            try times("FREQ=DAILY;INTERVAL=10;COUNT=2", from: "20261225T060000") == [
                "20261225T060000", "20270104T060000",
            ]
        )
        #expect(try times("FREQ=DAILY;UNTIL=20261126", from: "20261125T060000").count == 2)
        #expect(try times("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", from: "20260101").isEmpty)
    }

    @Test func `the clocks leap over a time, or show it twice`() throws {
        let zone = try zone("America/New_York")
        func offset(_ text: String) throws -> Int64 {
            let time = try #require(LocalTime(text))
            let wall = (Int64(time.day) * 86_400 + Int64(time.second)) * 1000
            return (wall - time.moment(in: zone).milliseconds) / 3_600_000
        }
        #expect(try offset("20260308T013000") == -5)
        #expect(try offset("20260308T023000") == -5, "leapt over: the offset from before")
        #expect(try offset("20260308T033000") == -4)
        #expect(try offset("20261101T013000") == -4, "shown twice: the first")
        #expect(try offset("20261101T023000") == -5)
    }

    @Test func `the last and the next time are found, years after the rule began`() throws {
        let zone = try zone("Asia/Shanghai")
        let now = Moment(milliseconds: 1_795_824_000_000)  // 2026-11-28 08:00 in Shanghai
        for (rule, start, last, next) in [
            ("FREQ=DAILY", "19980101T070000", "20261128T070000", "20261129T070000"),
            ("FREQ=DAILY", "19980101T080000", "20261128T080000", "20261129T080000"),
            ("FREQ=WEEKLY;INTERVAL=2", "20001204T070000", "20261116T070000", "20261130T070000"),
            ("FREQ=DAILY;BYMONTH=1", "20000101T070000", "20260131T070000", "20270101T070000"),
            ("FREQ=HOURLY;INTERVAL=4", "20261101T030000", "20261128T070000", "20261128T110000"),
        ] {
            let (before, after) = try RecurrenceRule(rule)
                .around(now, from: #require(LocalTime(start)), in: zone)
            let found = [before, after].map { $0.map { LocalTime($0, in: zone).text } }
            #expect(found == [last, next], "\(rule) \(found)")
        }
    }

    @Test(arguments: [
        "", "FREQ=SECONDLY", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=MO,1TU", "INTERVAL=2",
        "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=3;UNTIL=20270101", "FREQ=DAILY;BYWEEKNO=3",
        "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYSETPOS=1", "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;UNTIL=20260230", "FREQ=DAILY;;BYHOUR=1", "FREQ=MONTHLY;BYDAY=54MO",
        "freq=DAILY", "FREQ=DAILY;BYMONTH=1,", "FREQ=DAILY;WKST=XX", "FREQ=DAILY;COUNT=1e3",
    ])
    func `a rule outside the subset is refused`(_ text: String) {
        #expect(throws: InspectionRefusal.self) { try RecurrenceRule(text) }
    }

    // MARK: - python-dateutil

    private struct Case: Codable {
        let rule: String
        let start: String
        let zone: String
        let count: Int
    }

    private struct Found: Codable, Equatable {
        let times: [String]
        let moments: [Int64]
    }

    private static let script = """
        import datetime, json, sys
        from dateutil import rrule, tz

        def found(case):
            zone = tz.gettz(case["zone"])
            start = datetime.datetime.strptime(case["start"], "%Y%m%dT%H%M%S")
            rule = case["rule"]
            # The times are those on the wall; only one that ends at a moment needs the zone.
            aware = "UNTIL" in rule
            try:
                times = rrule.rrulestr(rule, dtstart=start.replace(tzinfo=zone) if aware else start)
            except ValueError as error:
                # It says so beforehand where hours of the day and their steps never meet.
                if "empty set" not in str(error):
                    raise
                times = []
            first = []
            for time in times:
                if len(first) == case["count"] or time.year > 2200:
                    break
                first.append(time.replace(tzinfo=None))
            moments = [tz.resolve_imaginary(time.replace(tzinfo=zone)) for time in first]
            return {"times": [time.strftime("%Y%m%dT%H%M%S") for time in first],
                    "moments": [int(moment.timestamp()) for moment in moments]}

        json.dump([found(case) for case in json.load(sys.stdin)], sys.stdout)
        """

    private static let zones = [
        "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
        "America/Sao_Paulo",
    ]

    /// A rule within the subset, often around a change of clocks or the end of a month.
    private static func drawn(_ dice: inout SeededDice) -> Case {
        func one<Value>(_ values: [Value]) -> Value {
            values[Int(dice.next() % UInt64(values.count))]
        }
        func some(_ values: [Int], _ most: Int) -> String {
            let count = 1 + Int(dice.next() % UInt64(most))
            return Set((0..<count).map { _ in one(values) }).sorted().map(String.init)
                .joined(separator: ",")
        }
        let frequency = one(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
        let isLong = frequency == "MONTHLY" || frequency == "YEARLY"
        let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        var parts = ["FREQ=\(frequency)"]
        func sometimes(_ chances: UInt64, _ part: () -> String) {
            if dice.next() % chances == 0 { parts.append(part()) }
        }
        sometimes(2) { "INTERVAL=\(one([1, 2, 3, 4, 5, 7, 12, 18]))" }
        sometimes(4) { "BYMONTH=\(some(Array(1...12), 4))" }
        if frequency != "WEEKLY" {
            sometimes(3) { "BYMONTHDAY=\(some([1, 15, 28, 29, 30, 31, -1, -2, -30, -31], 4))" }
        }
        if isLong, dice.next() % 3 == 0 {
            let numbers = [1, 2, 3, 4, 5, -1, -2, -5]
            parts.append(
                "BYDAY=\((0..<2).map { _ in "\(one(numbers))\(one(days))" }.joined(separator: ","))"
            )
        } else {
            sometimes(3) {
                "BYDAY=\(Set((0..<3).map { _ in one(days) }).sorted().joined(separator: ","))"
            }
        }
        sometimes(3) { "BYHOUR=\(some([0, 1, 2, 3, 8, 20, 23], 3))" }
        sometimes(4) { "BYMINUTE=\(some([0, 15, 30, 59], 3))" }
        let hasSet = parts.contains { $0.hasPrefix("BYDAY") || $0.hasPrefix("BYMONTHDAY") }
        if isLong, hasSet { sometimes(3) { "BYSETPOS=\(some([1, 2, -1, -2], 2))" } }
        if frequency == "WEEKLY" { sometimes(2) { "WKST=\(one(["MO", "SU", "WE"]))" } }
        let start = one([
            "20260301T023000", "20260307T013000", "20260131T080000", "20240229T000000",
            "20261031T020000", "20260329T023000", "20261025T023000", "20261128T081500",
            "20260404T021500", "20261231T235900", "20180101T000000",
        ])
        switch dice.next() % 4 {
        case 0: parts.append("COUNT=\(one([1, 2, 7, 30]))")
        case 1:
            parts.append(
                "UNTIL=\(one(["20261101T060000Z", "20270308T063000Z", "20281231T000000Z"]))"
            )
        default: break
        }
        return Case(
            rule: parts.joined(separator: ";"),
            start: start,
            zone: one(zones),
            count: 40
        )
    }

    @Test func `drawn rules give the times that dateutil gives`() throws {
        guard let python = ProcessInfo.processInfo.environment["TALLYMAN_PYTHON"] else {
            print("TALLYMAN_PYTHON names no Python with python-dateutil: not checked")
            return
        }
        var dice = SeededDice(seed: 5545)
        let cases = (0..<700).map { _ in Self.drawn(&dice) }
        let theirs = try JSONDecoder().decode(
            [Found].self,
            from: ForeignProgram.run(python, Self.script, JSONEncoder().encode(cases))
        )
        #expect(theirs.count == cases.count)
        var timeCount = 0
        for (drawn, wanted) in zip(cases, theirs) {
            let zone = try zone(drawn.zone)
            let ours = try RecurrenceRule(drawn.rule)
                .times(from: #require(LocalTime(drawn.start)), in: zone, count: drawn.count)
            let found = Found(
                times: ours.map(\.text),
                moments: ours.map { $0.moment(in: zone).milliseconds / 1000 }
            )
            timeCount += found.times.count
            #expect(found == wanted, "\(drawn.rule) from \(drawn.start) in \(drawn.zone)")
        }
        // Rules that never give anything would agree about nothing.
        #expect(timeCount > 10_000)
    }
}

/// A program in Python, which reads its standard input and answers on its standard output.
enum ForeignProgram {
    static func run(_ python: String, _ script: String, _ input: Data) throws -> Data {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tallyman-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "input.json")
        try input.write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", script]
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return answer
    }
}
