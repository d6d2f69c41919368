import ExceptionReports
import Forms
import RoomPlant
import Sync
import Tally
import Testing

@Suite struct ExceptionReportTests {
    private static let scope = Scope(site: "SH1", area: "LINE2")

    private let plant: DraftPlant

    init() throws {
        plant = try DraftPlant(
            ExceptionRoom.vocabulary,
            scopes: [.company, Self.scope],
            terminals: 2,
            flaw: { ExceptionRoom.flaw($0, $1, $2) },
            react: Self.react
        )
    }

    /// What the hub's node does: routes what was raised.
    private static let react: DraftPlant.Reaction = { changed, reader, _ in
        try changed.sorted().compactMap { key -> Draft? in
            guard let report = ExceptionReport(try reader.record(of: key)) else { return nil }
            let category = ExceptionRoom.categoryKey(report.raising.category)
            let record = try reader.record(of: category)
            return try Routing.decide(report, ExceptionCategory(record))
        }
    }

    private func publish() throws -> ExceptionCategory {
        let category = try CategorySample.breakdown()
        try plant.decide([try category.publish(over: nil)])
        for index in [0, 1] { try plant.sync(index) }
        return category
    }

    private func raise(_ text: String = "主轴异响", by author: String = "W1") throws -> EntityKey {
        let raising = Raising(
            category: "equipment_breakdown",
            equipment: "ac-07",
            text: text,
            productionOrder: " PO 9 "
        )
        let drafts = try raise(raising, on: 0).drafts
        try plant.record(drafts, by: author, on: 0)
        for index in [0, 1, 0] { try plant.sync(index) }
        return try #require(drafts.first).entity
    }

    private func raise(
        _ raising: Raising,
        on terminal: Int
    ) throws -> (key: EntityKey, drafts: [Draft], joins: Bool) {
        let file = try ReportFile(
            place: raising.place,
            category: raising.category,
            in: Self.scope,
            record: plant.terminals[terminal].record
        )
        return try ExceptionReport.raise(raising, file: file, joinMinutes: 240, now: plant.now)
    }

    private func report(_ key: EntityKey, on terminal: Int) throws -> ExceptionReport {
        try #require(ExceptionReport(try plant.terminals[terminal].record(of: key)))
    }

    private func write(
        _ section: Section,
        _ text: String,
        by author: String,
        on terminal: Int,
        _ key: EntityKey
    ) throws {
        let drafts = try report(key, on: terminal).write(section, text, by: author)
        try plant.record(drafts, by: author, on: terminal)
    }

    private func syncAll() throws { for index in [0, 1, 0] { try plant.sync(index) } }

    // MARK: - Raising and routing

    @Test func `a report is routed to the category's team, with deadlines from its capture`() throws
    {
        _ = try publish()
        let key = try raise()
        let report = try report(key, on: 1)
        #expect(report.raising.equipment == "AC-07")
        #expect(report.raising.productionOrder == "PO 9")
        #expect(report.raised.author == "W1")
        #expect(report.text(of: .problem) == "主轴异响")
        let routing = try #require(report.routing)
        #expect(routing.team == "maintenance")
        #expect(routing.reason == .category("equipment_breakdown", version: 1, rule: ""))
        #expect(
            routing.deadlines == [
                .containment: report.raised.moment.adding(milliseconds: 30 * 60_000),
                .rootCause: report.raised.moment.adding(milliseconds: 1440 * 60_000),
            ]
        )
        let again = try Routing.decide(report, try CategorySample.breakdown(version: 2))
        #expect(again == nil)
    }

    @Test func `a report without a rule is routed once there is one`() throws {
        let key = try raise()
        let unrouted = try report(key, on: 0)
        #expect(unrouted.routing?.reason == .noRule)
        #expect(unrouted.routing?.team == "")
        #expect(try Routing.decide(unrouted, nil) == nil)
        let draft = try #require(try Routing.decide(unrouted, try publish()))
        try plant.decide([draft])
        try plant.sync(0)
        #expect(try report(key, on: 0).routing?.team == "maintenance")
    }

    @Test func `a report must be about a machine or a station`() {
        #expect(throws: ExceptionRefusal.placeMissing) {
            try raise(Raising(category: "quality", text: "x"), on: 0)
        }
    }

    @Test func `a scan alone makes a report without words`() throws {
        let drafts = try raise(Raising(category: "quality", station: "st-4"), on: 0).drafts
        #expect(drafts.map(\.type) == ["exception_report.raised"])
    }

    // MARK: - Stages

    @Test func `closing needs the sections that the category demands`() throws {
        let category = try publish()
        let key = try raise()
        try plant.record(try report(key, on: 0).contain(), by: "TL", on: 0)
        try plant.record(try report(key, on: 0).resolve(), by: "TL", on: 0)
        #expect(throws: ExceptionRefusal.sectionsMissing([.containment, .rootCause])) {
            try report(key, on: 0).close(category)
        }
        let all: [Section] = [.responsibleTeam, .containment, .rootCause, .prevention]
        #expect(throws: ExceptionRefusal.sectionsMissing(all)) {
            try report(key, on: 0).close(nil)
        }
        try write(.containment, "停机换备件", by: "TL", on: 0, key)
        try write(.rootCause, "轴承缺油", by: "TL", on: 0, key)
        try plant.record(try report(key, on: 0).close(category), by: "TL", on: 0)
        try syncAll()
        #expect(try report(key, on: 1).stage == .closed)
        #expect(throws: ExceptionRefusal.self) {
            try report(key, on: 1).write(.prevention, "x", by: "TL")
        }
        try plant.record(try report(key, on: 1).reopen(), by: "W1", on: 1)
        #expect(try report(key, on: 1).stage == .reported)
    }

    @Test func `moves are refused from a wrong stage`() throws {
        let key = try raise()
        let report = try report(key, on: 0)
        #expect(throws: ExceptionRefusal.stage(.reported, expected: [.resolved])) {
            try report.close(nil)
        }
        #expect(throws: ExceptionRefusal.self) { try report.reopen() }
    }

    // MARK: - Whose words

    @Test func `nobody overwrites another's words`() throws {
        let key = try raise(by: "W1")
        #expect(throws: ExceptionRefusal.notYours(.problem, owner: "W1")) {
            try report(key, on: 1).write(.problem, "别的", by: "W2")
        }
        try write(.problem, "主轴异响，有焦味", by: "W1", on: 1, key)
        let record = try report(key, on: 1).add(to: .problem, "昨天也有")
        try plant.record(record, by: "W2", on: 1)
        let read = try report(key, on: 1)
        #expect(read.text(of: .problem) == "主轴异响，有焦味")
        #expect(read.conflicts.isEmpty)
        #expect(read.records.map(\.text) == ["昨天也有"])
        #expect(read.records.map(\.evidence.author) == ["W2"])
        #expect(throws: ExceptionRefusal.emptyText(.problem)) {
            try read.add(to: .problem, "  ")
        }
    }

    @Test func `two who write a section apart are both shown, and settling keeps both`() throws {
        let category = try publish()
        let key = try raise()
        try write(.containment, "换到三号机", by: "W1", on: 0, key)
        try write(.containment, "降速运行", by: "W2", on: 1, key)
        try write(.rootCause, "缺油", by: "W2", on: 1, key)
        try syncAll()
        try plant.record(try report(key, on: 0).resolve(), by: "TL", on: 0)
        for index in [0, 1] {
            let report = try report(key, on: index)
            #expect(report.conflicts == [.containment])
            let texts = report.sections[.containment]?.map(\.text) ?? []
            #expect(Set(texts) == ["换到三号机", "降速运行"])
        }
        #expect(throws: ExceptionRefusal.sectionsInConflict([.containment])) {
            try report(key, on: 0).close(category)
        }
        let values = try #require(try report(key, on: 0).sections[.containment])
        let kept = try #require(values.first { $0.text == "换到三号机" })
        let lost = try #require(values.first { $0.text == "降速运行" })
        let drafts = try report(key, on: 0).settle(
            .containment,
            keeping: kept.evidence.operation
        )
        try plant.record(drafts, by: "TL", on: 0)
        try syncAll()
        let settled = try report(key, on: 1)
        #expect(settled.sections[.containment]?.map(\.text) == ["换到三号机"])
        #expect(settled.records.map(\.text) == ["降速运行"])
        #expect(settled.records.map(\.operation) == [lost.evidence.operation])
        #expect(throws: ExceptionRefusal.unknownValue(.containment)) {
            try settled.settle(.containment, keeping: kept.evidence.operation)
        }
        #expect(try settled.close(category).count == 1)
    }

    @Test func `payloads that are not what their type says are found out`() {
        let words = ExceptionRoom.vocabulary
        for type in words.facts {
            #expect(ExceptionRoom.flaw(.fact, type, [0xFF, 1]) == "exceptions.bad_payload")
        }
        for type in words.decisions {
            #expect(ExceptionRoom.flaw(.decision, type, [0xFF, 1]) == "exceptions.bad_payload")
        }
        for field in words.fields {
            #expect(ExceptionRoom.flaw(.edit, field, [0xFF]) != nil)
            #expect(ExceptionRoom.flaw(.edit, field, Array("好".utf8)) == nil)
        }
        #expect(words.fields.count == 5)
        #expect(ExceptionRoom.flaw(.fact, "receipt.counted", [0xFF]) == nil)
    }
}
