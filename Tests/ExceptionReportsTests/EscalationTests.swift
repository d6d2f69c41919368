import ExceptionReports
import Forms
import Foundation
import RoomPlant
import Sync
import Tally
import Testing

/// Deadlines that stand still when nobody works, and what becomes of those that are over.
@Suite struct EscalationTests {
    private static let scope = Scope(site: "SH1", area: "LINE2")
    private static let extra: [String: FormNode?] = [
        "escalation": .list([
            .map(["role": .text("team_leader")]),
            .map(["role": .text("supervisor"), "after_minutes": .number("20")]),
        ]),
        "rules": .list([
            .map(["process": .text("moulding"), "team": .text("moulders")]),
            .map(["equipment": .text("flt-*"), "team": .text("logistics")]),
        ]),
        "join_minutes": .number("0"), "maintenance": .bool(true),
        "phrases": .map([
            "problem": .list([
                .map(["code": .text("smoke"), "text": .map(["en": .text("It smokes")])])
            ])
        ]),
    ]

    private func category(_ more: [String: FormNode?] = [:]) throws -> ExceptionCategory {
        let node = CategorySample.node(Self.extra.merging(more) { $1 })
        return try #require(try ExceptionCategory.list(node: node).first)
    }

    private func minutes(_ count: Int, after moment: Moment) -> Moment {
        moment.adding(milliseconds: Int64(count) * 60_000)
    }

    @Test func `all of a category survives its bytes`() throws {
        let calendar = FormNode.map([
            "zone": .text("Asia/Shanghai"), "shifts": .list([.text("22:00-06:00")]),
            "weekdays": .list([.text("MO"), .text("SU")]),
            "holidays": .list([.text("2026-10-01")]),
        ])
        let category = try category(["calendar": calendar])
        let plant = try DraftPlant(
            ExceptionRoom.vocabulary,
            scopes: [.company],
            terminals: 1,
            flaw: { ExceptionRoom.flaw($0, $1, $2) }
        )
        try plant.decide([try category.publish(over: nil)])
        let read = try #require(ExceptionCategory(try plant.record(of: category.key)))
        #expect(read == category)
        #expect(read.calendar?.shifts == [ShiftCalendar.Shift(start: 79_200, end: 21_600)])
        #expect(read.levels.map(\.role) == ["team_leader", "supervisor"])
        #expect(read.joinMinutes == 0 && read.maintenance)
    }

    private static let faults: [(String, FormNode, String)] = [
        ("rules", .list([.map(["team": .text("x")])]), "categories[0].rules[0].process"),
        ("escalation", .list([.map(["role": .text("Boss")])]), "categories[0].escalation[0].role"),
        (
            "escalation",
            .list([.map(["role": .text("crew")]), .map(["role": .text("crew")])]),
            "categories[0].escalation[1].after_minutes"
        ),
        ("join_minutes", .number("-1"), "categories[0].join_minutes"),
        (
            "calendar", .map(["zone": .text("Mars"), "shifts": .list([.text("08:00-17:00")])]),
            "categories[0].calendar.zone"
        ),
        (
            "calendar", .map(["zone": .text("Asia/Shanghai"), "shifts": .list([])]),
            "categories[0].calendar.shifts"
        ),
        (
            "calendar",
            .map(["zone": .text("Asia/Shanghai"), "shifts": .list([.text("8-17")])]),
            "categories[0].calendar.shifts[0]"
        ),
        (
            "calendar",
            .map([
                "zone": .text("Asia/Shanghai"), "shifts": .list([.text("08:00-17:00")]),
                "holidays": .list([.text("2026-02-30")]),
            ]),
            "categories[0].calendar.holidays[0]"
        ),
        (
            "phrases", .map(["cause": .list([])]), "categories[0].phrases.cause"
        ),
    ]

    @Test(arguments: faults.indices)
    func `a fault is refused with its path`(_ index: Int) throws {
        let (key, value, path) = Self.faults[index]
        let refusal = try #require(throws: FormRefusal.self) { try category([key: value]) }
        #expect(refusal.facts["path"] == path)
    }

    @Test func `the first rule that fits gives the team`() throws {
        let category = try category()
        let now = Moment(milliseconds: 1_795_248_000_000)
        func routing(_ tag: String, _ process: String) -> Routing {
            Routing(category, equipment: tag, process: process, captured: now)
        }
        #expect(routing("LAT-01", "machining").team == "maintenance")
        #expect(routing("INJ-01", "moulding").team == "moulders")
        #expect(routing("FLT-09", "").team == "logistics")
        #expect(
            routing("FLT-09", "").reason
                == .category("equipment_breakdown", version: 1, rule: "equipment=FLT-*")
        )
        #expect(routing("FLT-09", "moulding").team == "moulders")
    }

    // MARK: - The calendar

    private static let zone = "Asia/Shanghai"

    private func shanghai(_ day: Int, _ hour: Int, _ minute: Int = 0) -> Moment {
        // 2026-11-23 is a Monday; Shanghai is eight hours ahead.
        let midnight = Moment(milliseconds: 1_795_363_200_000)
        return midnight.adding(
            milliseconds: Int64(day * 1440 + hour * 60 + minute) * 60_000
        )
    }

    @Test func `time counts only while people work`() throws {
        let zone = try #require(TimeZone(identifier: Self.zone))
        let day = ShiftCalendar(
            zone: zone,
            shifts: [.init(start: 8 * 3600, end: 17 * 3600)],
            weekdays: [0, 1, 2, 3, 4]
        )
        #expect(day.adding(minutes: 60, to: shanghai(0, 9)) == shanghai(0, 10))
        #expect(day.adding(minutes: 60, to: shanghai(0, 16, 30)) == shanghai(1, 8, 30))
        #expect(day.adding(minutes: 30, to: shanghai(0, 3)) == shanghai(0, 8, 30))
        // Friday evening: the weekend does not count.
        #expect(day.adding(minutes: 60, to: shanghai(4, 16, 45)) == shanghai(7, 8, 45))
        #expect(day.adding(minutes: 540, to: shanghai(0, 8)) == shanghai(0, 17))
        #expect(day.adding(minutes: 541, to: shanghai(0, 8)) == shanghai(1, 8, 1))
        let night = ShiftCalendar(zone: zone, shifts: [.init(start: 22 * 3600, end: 6 * 3600)])
        #expect(night.adding(minutes: 120, to: shanghai(0, 23)) == shanghai(1, 1))
        #expect(night.adding(minutes: 60, to: shanghai(1, 5, 30)) == shanghai(1, 22, 30))
        let never = ShiftCalendar(
            zone: zone,
            shifts: [.init(start: 0, end: 3600)],
            holidays: Set(20_000...40_000)
        )
        #expect(never.adding(minutes: 5, to: shanghai(0, 9)) == shanghai(0, 9, 5))
    }

    // MARK: - Levels

    @Test func `what is late goes up level by level until a person takes it`() throws {
        let category = try category()
        let plant = try DraftPlant(
            ExceptionRoom.vocabulary,
            scopes: [.company, Self.scope],
            terminals: 1,
            flaw: { ExceptionRoom.flaw($0, $1, $2) }
        )
        try plant.decide([try category.publish(over: nil)])
        try plant.sync(0)
        let record = plant.terminals[0].record
        let raising = Raising(
            category: category.code,
            equipment: "AC-07",
            phrases: ["smoke"]
        )
        let file = try ReportFile(
            place: "AC-07",
            category: category.code,
            in: Self.scope,
            record: record
        )
        let (key, drafts, _) = try ExceptionReport.raise(
            raising,
            file: file,
            joinMinutes: 0,
            now: plant.now
        )
        try plant.record(drafts, by: "W1", on: 0)
        func report() throws -> ExceptionReport { try #require(ExceptionReport(try record(key))) }
        let captured = try report().captured
        let rules = Routing(category, equipment: "AC-07", process: "", captured: captured)
        let due = minutes(30, after: captured)
        #expect(try report().isWritten(.problem))
        #expect(try report().escalations(rules, now: minutes(29, after: captured)).isEmpty)
        let first = try #require(try report().escalations(rules, now: due).first)
        #expect(first.section == .containment && first.level == 1 && first.role == "team_leader")
        #expect(first.since == due && first.next == minutes(20, after: due))
        #expect(try report().late(rules, now: due) == [.containment])
        let second = try report().escalations(rules, now: minutes(20, after: due)).first
        #expect(second?.level == 2 && second?.role == "supervisor")

        #expect(throws: ExceptionRefusal.notEscalated(.containment)) {
            try report().acknowledge(.containment, rules: rules, now: captured)
        }
        plant.wait(minutes: 31)
        let word = try report().acknowledge(.containment, rules: rules, now: plant.now)
        try plant.record(word, by: "TL", on: 0)
        let taken = try #require(
            try report().escalations(rules, now: minutes(500, after: due)).first
        )
        #expect(taken.level == 1 && taken.acknowledged?.author == "TL" && taken.next == nil)
        #expect(throws: ExceptionRefusal.notEscalated(.containment)) {
            try report().acknowledge(.containment, rules: rules, now: plant.now)
        }
        try plant.record(
            try report().write(.containment, "stopped", by: "TL"),
            by: "TL",
            on: 0
        )
        #expect(try report().escalations(rules, now: minutes(500, after: due)).isEmpty)
    }
}
