import ExceptionReports
import Forms
import RoomPlant
import Sync
import Tally
import Testing

/// Who reports the same thing joins one report, and who does not, does not.
@Suite struct ReportFileTests {
    private static let scope = Scope(site: "SH1", area: "LINE2")

    private let plant: DraftPlant

    init() throws {
        plant = try DraftPlant(
            ExceptionRoom.vocabulary,
            scopes: [.company, Self.scope],
            terminals: 5,
            flaw: { ExceptionRoom.flaw($0, $1, $2) },
            react: Self.react
        )
        try plant.decide([try CategorySample.breakdown().publish(over: nil)])
        for index in plant.terminals.indices { try plant.sync(index) }
    }

    /// What the hub's node does, without machines.
    private static let react: DraftPlant.Reaction = { changed, reader, _ in
        try changed.sorted().flatMap { key -> [Draft] in
            guard let report = ExceptionReport(try reader.record(of: key)) else { return [] }
            let file = try ReportFile(
                place: report.raising.place,
                category: report.raising.category,
                in: key.scope,
                record: reader.record
            )
            let gathered = try file.decide(joinMinutes: 240)
            if gathered.contains(where: { $0.entity == key }) { return gathered }
            let category = ExceptionRoom.categoryKey(report.raising.category)
            let known = ExceptionCategory(try reader.record(of: category))
            return try gathered + [Routing.decide(report, known)].compactMap(\.self)
        }
    }

    private func file(_ record: (EntityKey) throws -> EntityRecord) rethrows -> ReportFile {
        try ReportFile(
            place: "AC-07",
            category: "equipment_breakdown",
            in: Self.scope,
            record: record
        )
    }

    @discardableResult
    private func raise(_ text: String, by author: String, on index: Int) throws -> Bool {
        let raising = Raising(category: "equipment_breakdown", equipment: "AC-07", text: text)
        let (_, drafts, joins) = try ExceptionReport.raise(
            raising,
            file: try file(plant.terminals[index].record),
            joinMinutes: 240,
            now: plant.now
        )
        try plant.record(drafts, by: author, on: index)
        return joins
    }

    private func syncAll() throws {
        for _ in 0..<2 { for index in plant.terminals.indices { try plant.sync(index) } }
    }

    /// The reports at the hub, by ordinal.
    private func reports() throws -> [ExceptionReport] {
        try (1...9).compactMap { ordinal in
            let key = ExceptionRoom.reportKey(
                "AC-07",
                category: "equipment_breakdown",
                ordinal: ordinal,
                in: Self.scope
            )
            return ExceptionReport(try plant.record(of: key))
        }
    }

    @Test func `five who report one fault offline make one report with five voices`() throws {
        for index in 0..<5 {
            #expect(try !raise("voice \(index)", by: "W\(index)", on: index))
        }
        try syncAll()
        let reports = try reports()
        #expect(reports.count == 1)
        let report = try #require(reports.first)
        #expect(report.voices.map(\.raising.text).sorted() == (0..<5).map { "voice \($0)" })
        #expect(Set(report.voices.map(\.evidence.author)).count == 5)
        #expect(report.conflicts.isEmpty)
        #expect(report.captured == report.voices.map(\.evidence.moment).min())
        #expect(
            report.routing?.deadlines[.containment]
                == report.captured.adding(milliseconds: 30 * 60_000)
        )
        for terminal in plant.terminals {
            #expect(ExceptionReport(try terminal.record(of: report.key)) == report)
        }
    }

    @Test func `who can see an open report joins it, whatever the order`() throws {
        try raise("first", by: "W1", on: 0)
        try syncAll()
        #expect(try raise("second", by: "W2", on: 1))
        #expect(try raise("third", by: "W2", on: 1))
        try syncAll()
        #expect(try reports().map { $0.voices.count } == [3])
    }

    @Test func `after the set time a new report is made`() throws {
        try raise("first", by: "W1", on: 0)
        try syncAll()
        plant.wait(minutes: 241)
        #expect(try !raise("second", by: "W2", on: 1))
        try syncAll()
        #expect(try reports().map { $0.voices.map(\.raising.text) } == [["first"], ["second"]])
    }

    @Test func `offline reports too far apart are told apart by the hub`() throws {
        try raise("monday", by: "W1", on: 0)
        plant.wait(minutes: 3 * 1440)
        try raise("thursday", by: "W2", on: 1)
        try raise("thursday too", by: "W3", on: 2)
        try syncAll()
        let reports = try reports()
        #expect(
            reports.map { $0.voices.map(\.raising.text) } == [
                ["monday"], ["thursday", "thursday too"],
            ]
        )
        #expect(reports.allSatisfy { $0.routing?.team == "maintenance" })
        for terminal in plant.terminals {
            for report in reports {
                #expect(ExceptionReport(try terminal.record(of: report.key)) == report)
            }
        }
        // Who knows both joins the latest.
        #expect(try raise("and I", by: "W4", on: 3))
        try syncAll()
        #expect(try self.reports().map(\.voices.count) == [1, 3])
    }

    @Test func `many reports apart on two terminals are decided in one round`() throws {
        for round in 0..<20 {
            for index in [0, 1] {
                plant.wait(minutes: 300)
                try raise("\(index) \(round)", by: "W\(index)", on: index)
            }
        }
        try syncAll()
        let texts = try (1...60).compactMap { ordinal in
            ExceptionReport(
                try plant.record(
                    of: ExceptionRoom.reportKey(
                        "AC-07",
                        category: "equipment_breakdown",
                        ordinal: ordinal,
                        in: Self.scope
                    )
                )
            )
        }
        .flatMap { $0.voices.map(\.raising.text) }
        #expect(Set(texts).count == 40)
        #expect(texts.count == 40, "each voice in one report")
    }

    @Test func `a voice that whoever closed the report could not see goes on`() throws {
        try raise("first", by: "W1", on: 0)
        try syncAll()
        try raise("again", by: "W2", on: 1)
        let key = try #require(try reports().first).key
        func known() throws -> ExceptionReport {
            try #require(ExceptionReport(try plant.terminals[0].record(of: key)))
        }
        for section in [Section.containment, .rootCause] {
            try plant.record(try known().write(section, "done", by: "TL"), by: "TL", on: 0)
        }
        try plant.record(try known().resolve(), by: "TL", on: 0)
        try plant.record(
            try known().close(try CategorySample.breakdown()),
            by: "TL",
            on: 0
        )
        try syncAll()
        let found = try reports()
        #expect(found.map { $0.voices.map(\.raising.text) } == [["first"], ["again"]])
        #expect(found.map(\.stage) == [.closed, .reported])
        // It stays there when the first is opened again.
        try plant.record(try known().reopen(), by: "TL", on: 0)
        try syncAll()
        #expect(try reports().map(\.voices.count) == [1, 1])
    }

    @Test func `no voice is lost or doubled, whatever comes when`() throws {
        for seed in UInt64(1)...12 {
            let plant = try Self().plant
            var dice = SeededDice(seed: seed)
            var raised: [String] = []
            for step in 0..<40 {
                let index = Int.random(in: 0..<5, using: &dice)
                switch Int.random(in: 0..<6, using: &dice) {
                case 0: plant.wait(minutes: Int.random(in: 0..<400, using: &dice))
                case 1, 2: try plant.sync(index)
                case 3:
                    let known = try file(plant.terminals[index].record)
                    if let latest = known.latest, latest.stage == ExceptionReport.Stage.reported {
                        try plant.record(try latest.resolve(), by: "TL", on: index)
                    } else if let latest = known.latest,
                        latest.stage == ExceptionReport.Stage.resolved
                    {
                        let drafts = [
                            Draft(.transition, of: latest.key, type: "exception_report.close")
                        ]
                        try plant.record(drafts, by: "TL", on: index)
                    }
                default:
                    let raising = Raising(
                        category: "equipment_breakdown",
                        equipment: "AC-07",
                        text: "v\(step)"
                    )
                    raised.append(raising.text)
                    let drafts = try ExceptionReport.raise(
                        raising,
                        file: try file(plant.terminals[index].record),
                        joinMinutes: 240,
                        now: plant.now
                    )
                    .drafts
                    try plant.record(drafts, by: "W\(index)", on: index)
                }
            }
            for _ in 0..<3 { for index in 0..<5 { try plant.sync(index) } }
            var found: [String] = []
            for ordinal in 1...60 {
                let key = ExceptionRoom.reportKey(
                    "AC-07",
                    category: "equipment_breakdown",
                    ordinal: ordinal,
                    in: Self.scope
                )
                let report = ExceptionReport(try plant.record(of: key))
                found += report?.voices.map(\.raising.text) ?? []
                for terminal in plant.terminals {
                    #expect(ExceptionReport(try terminal.record(of: key)) == report)
                }
            }
            #expect(found.sorted() == raised.sorted(), "seed \(seed)")
        }
    }
}
