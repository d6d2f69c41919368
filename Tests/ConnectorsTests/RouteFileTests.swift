import Connectors
import Foundation
import Inspection
import Sync
import Tally
import Testing

/// Routes that say when their stops are due, from the office's table.
@Suite struct RouteFileTests {
    private static let header =
        "code,name_zh,site,stops,rule,start,zone,holidays,shifts,meter,every,every_unit\n"

    /// A hub that knows the sample plant's machines.
    private func office() throws -> Office {
        var office = try Office()
        let files =
            try Office.files("Inspection", ".yaml") + Office.files("Sample", "equipment.csv")
        for (name, bytes) in files {
            try office.take(MasterDataFile.read(name: name, bytes: Array(bytes)))
        }
        return office
    }

    @Test func `a route's schedule comes through a file and its bytes`() throws {
        var office = try office()
        let row =
            "R1,早班,SZ1,PMP-01;PRS-01,FREQ=WEEKLY;BYDAY=MO,20261123T080000,Asia/Shanghai,"
            + "20261001;20261002,早班 06:00-14:00;夜班 22:00-06:00,running_hours,250,HUR\n"
        let table = Self.header + row
        #expect(try office.take("routes.csv", table).new == 1)
        #expect(try office.take("routes.csv", table).unchanged == 1)
        let key = InspectionRoom.routeKey("R1", in: Scope(site: "SZ1", area: "FLOOR"))
        let route = try office.read { Route(try $0.record(of: key)) }
        let schedule = try #require(route?.schedule)
        #expect(schedule.rule?.source == "FREQ=WEEKLY;BYDAY=MO")
        #expect(schedule.start.text == "20261123T080000")
        #expect(schedule.zone.identifier == "Asia/Shanghai")
        #expect(schedule.holidays.count == 2)
        #expect(schedule.shifts.map(\.name) == ["早班", "夜班"])
        #expect(schedule.shifts.map(\.start) == [21_600, 79_200])
        #expect(schedule.running?.every.description == "250 HUR")
    }

    @Test(arguments: [
        ("FREQ=DAYLY,20261123T080000,Asia/Shanghai,,,,,", "inspection.bad_rule"),
        ("FREQ=DAILY,2026-11-23,Asia/Shanghai,,,,,", "inspection.bad_value"),
        ("FREQ=DAILY,20261123T080000,Asia/Atlantis,,,,,", "inspection.bad_value"),
        ("FREQ=DAILY,20261123T080000,Asia/Shanghai,20261032,,,,", "inspection.bad_value"),
        ("FREQ=DAILY,20261123T080000,Asia/Shanghai,,early 8-16,,,", "inspection.bad_value"),
    ])
    func `a schedule that cannot be read is refused with its row`(
        _ cells: String,
        _ reason: String
    ) throws {
        var office = try office()
        let report = try office.take("routes.csv", Self.header + "R1,早班,SZ1,PMP-01,\(cells)\n")
        #expect(report.refused.map(\.reason) == [reason])
        #expect(report.refused.map(\.line) == [2])
    }
}
