import Forms
import Foundation
import Inspection
import Tally
import Testing

@Suite struct RouteScheduleTests {
    private let zone: TimeZone
    private static let hour: Int64 = 3_600_000

    init() throws { zone = try #require(TimeZone(identifier: "Asia/Shanghai")) }

    private func moment(_ text: String) throws -> Moment {
        try #require(LocalTime(text)).moment(in: zone)
    }

    private func schedule(
        _ rule: String?,
        holidays: [String] = [],
        shifts: [RouteSchedule.Shift] = [],
        every: String? = nil
    ) throws -> RouteSchedule {
        RouteSchedule(
            rule: try rule.map { try RecurrenceRule($0) },
            start: try #require(LocalTime("20261101T080000")),
            zone: zone,
            holidays: Set(try holidays.map { try #require(LocalTime($0)).day }),
            shifts: shifts,
            running: try every.map {
                RouteSchedule.RunningHours(meter: "hours", every: try quantity($0))
            }
        )
    }

    private func quantity(_ text: String) throws -> Quantity {
        try #require(Unit("HUR").flatMap { Quantity(text: text, unit: $0) })
    }

    private func history(_ readings: [(String, String)]) throws -> MeterHistory {
        MeterHistory(
            meter: "hours",
            readings: try readings.enumerated().map { index, read in
                let evidence = Evidence(
                    operation: OperationID(
                        replica: Identifier(high: 1, low: 1),
                        incarnation: 1,
                        sequence: UInt64(index + 1)
                    ),
                    author: "W1",
                    moment: try moment(read.0),
                    timeUnsure: false,
                    seen: 0,
                    position: UInt64(index + 1)
                )
                return (evidence, MeterReading(try quantity(read.1)))
            },
            rollsOverAt: nil
        )
    }

    private func standing(
        _ schedule: RouteSchedule,
        inspected: String?,
        now: String,
        _ history: MeterHistory? = nil
    ) throws -> StopStanding {
        schedule.standing(
            of: "AC-07",
            inspected: try inspected.map(moment),
            history: history,
            now: try moment(now)
        )
    }

    // MARK: - The calendar

    @Test func `a stop is due once its time has come and nobody was there since`() throws {
        let daily = try schedule("FREQ=DAILY")
        let never = try standing(daily, inspected: nil, now: "20261128T070000")
        #expect(never.reasons == [.never])
        let done = try standing(daily, inspected: "20261127T081000", now: "20261128T075900")
        #expect(done.reasons.isEmpty)
        #expect(try moment("20261128T080000") == done.next)
        let due = try standing(daily, inspected: "20261127T081000", now: "20261128T080000")
        #expect(due.reasons == [.calendar(try moment("20261128T080000"), shift: "")])
        #expect(due.next == nil)
    }

    @Test func `each time that was due is told once, and of long ago only the first`() throws {
        let daily = try schedule("FREQ=DAILY", holidays: ["20261120", "20261121"])
        let times = daily.times(
            after: try moment("20261118T090000"),
            until: try moment("20261123T075900")
        )
        // The 20th and 21st are holidays: what fell on them is due with the 22nd.
        #expect(times == [try moment("20261119T080000"), try moment("20261122T080000")])
        let atOnce = daily.times(
            after: try moment("20261122T080000"),
            until: try moment("20261123T080000")
        )
        #expect(atOnce == [try moment("20261123T080000")])
        let long = daily.times(
            after: try moment("20261101T000000"),
            until: try moment("20270401T090000")
        )
        #expect(long.first == (try moment("20261101T080000")))
        #expect(long.count == 61)
        #expect(try schedule(nil, every: "8").times(after: long[0], until: long[60]).isEmpty)
    }

    @Test func `what falls on holidays is due on the next day that is none`() throws {
        let weekly = try schedule(
            "FREQ=WEEKLY;BYDAY=TH",
            holidays: ["20261126", "20261127", "20261128"]
        )
        let away = try standing(weekly, inspected: "20261119T090000", now: "20261128T120000")
        #expect(away.reasons.isEmpty)
        #expect(try moment("20261129T080000") == away.next)
        let back = try standing(weekly, inspected: "20261119T090000", now: "20261129T080000")
        #expect(back.reasons == [.calendar(try moment("20261129T080000"), shift: "")])
    }

    @Test func `what falls between shifts is due when the next one begins`() throws {
        let shifts = [
            RouteSchedule.Shift(name: "早班", start: 9 * 3600, end: 17 * 3600),
            RouteSchedule.Shift(name: "夜班", start: 22 * 3600, end: 6 * 3600),
        ]
        let daily = try schedule("FREQ=DAILY;BYHOUR=5,8,20", shifts: shifts)
        func last(_ now: String) throws -> DueReason? {
            try standing(daily, inspected: "20261101T000000", now: now).reasons.first
        }
        #expect(
            try last("20261128T083000")
                == .calendar(moment("20261128T050000"), shift: "夜班")
        )
        #expect(
            try last("20261128T093000")
                == .calendar(moment("20261128T090000"), shift: "早班")
        )
        #expect(
            try last("20261128T230000")
                == .calendar(moment("20261128T220000"), shift: "夜班")
        )
    }

    // MARK: - Running hours

    @Test func `a machine that runs more is due sooner`() throws {
        let schedule = try schedule(nil, every: "100")
        // Both were inspected on the 20th; one runs 20 hours a day, the other 5.
        func readings(_ perDay: Int) throws -> MeterHistory {
            try history([
                ("20261110T080000", "1000"), ("20261120T080000", "\(1000 + perDay * 10)"),
                ("20261122T080000", "\(1000 + perDay * 12)"),
            ])
        }
        let busy = try readings(20)
        let calm = try readings(5)
        let inspected = "20261120T090000"
        let soon = try standing(schedule, inspected: inspected, now: "20261123T080000", busy)
        #expect(soon.reasons.isEmpty)
        #expect(try moment("20261125T080000") == soon.next, "60 hours at 20 a day")
        let later = try standing(schedule, inspected: inspected, now: "20261123T080000", calm)
        #expect(try moment("20261210T080000") == later.next, "90 hours at 5 a day")
        let due = try standing(schedule, inspected: inspected, now: "20261126T080000", busy)
        guard case .expected(let run, let every, _)? = due.reasons.first else {
            Issue.record("not due: \(due)")
            return
        }
        #expect(try quantity("120") == run)
        #expect(try quantity("100") == every)
        let read = try history([
            ("20261120T080000", "1000"), ("20261121T080000", "1101"),
        ])
        let ran = try standing(schedule, inspected: inspected, now: "20261121T090000", read)
        #expect(
            ran.reasons == [
                .ran(try quantity("101"), every: try quantity("100"), since: try moment(inspected))
            ]
        )
    }

    @Test func `a machine whose meter tells too little is due by the calendar alone`() throws {
        let schedule = try schedule("FREQ=DAILY", every: "100")
        for readings in [[], [("20261120T080000", "1000")]] {
            let standing = try standing(
                schedule,
                inspected: "20261128T080500",
                now: "20261128T120000",
                history(readings)
            )
            #expect(standing.reasons.isEmpty)
            #expect(try moment("20261129T080000") == standing.next)
        }
    }
}
