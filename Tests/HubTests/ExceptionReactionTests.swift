import Agent
import Codes
import ExceptionReports
import Forms
import Hub
import Inspection
import NodePlant
import Sync
import Tally
import Testing
import Workforce

/// From the voices on the floor to one report, its team, its maintenance order; and whose words are
/// whose.
@Suite struct ExceptionReactionTests {
    private static let breakdown = FormNode.map([
        "categories": .list([
            .map([
                "code": .text("breakdown"), "version": .number("1"), "team": .text("maintenance"),
                "name": .map(["en": .text("Breakdown")]), "maintenance": .bool(true),
                "deadlines": .map(["containment": .number("30")]),
                "needed": .list([.text("problem"), .text("containment")]),
                "escalation": .list([.map(["role": .text("team_leader")])]),
                "phrases": .map([
                    "problem": .list([
                        phrase("smoke", "冒烟", "Smoke"), phrase("noise", "异响", "Noise"),
                    ]),
                    "containment": .list([phrase("stopped", "已停机", "Stopped")]),
                ]),
            ])
        ])
    ])

    private static func phrase(_ code: String, _ chinese: String, _ english: String) -> FormNode {
        .map([
            "code": .text(code),
            "text": .map(["zh-CN": .text(chinese), "en": .text(english)]),
        ])
    }

    private let plant: NodePlant

    init() throws {
        plant = try NodePlant(terminals: 5)
        let people: [(String, Role, String)] = [
            ("TL", .teamLeader, "assembly"), ("CR", .crew, "maintenance"),
            ("LW", .lineWorker, "assembly"), ("MT", .lineWorker, "maintenance"),
        ]
        try plant.register(
            try people.map { try Worker(badge: $0, name: $0, roles: [$1], team: $2).draft() }
                + ExceptionCategory.list(node: Self.breakdown)
                .compactMap { try $0.publish(over: nil) }
        )
        for index in plant.terminals.indices { try plant.sync(index) }
    }

    private func raise(_ phrase: String, by worker: String, on index: Int) throws -> EntityKey {
        try plant.run(
            .raiseException(
                category: "breakdown",
                equipment: "LAT-01",
                text: "",
                phrases: [phrase]
            ),
            by: worker,
            on: index
        )
        .entity
    }

    private func syncAll() throws {
        for _ in 0..<2 { for index in plant.terminals.indices { try plant.sync(index) } }
    }

    private func report(_ key: EntityKey) throws -> ExceptionReport {
        try #require(try plant.read { ExceptionReport(try $0.record(of: key)) })
    }

    private func orders() throws -> [MaintenanceOrder] {
        try plant.read { reader in
            try reader.records(kind: InspectionRoom.EntityKind.maintenanceOrder)
                .compactMap(MaintenanceOrder.init)
        }
    }

    @Test func `five offline terminals make one report and one maintenance order`() throws {
        let keys = try (0..<5).map { index in
            try raise(index == 0 ? "smoke" : "noise", by: "W\(1 + index % 3)", on: index)
        }
        #expect(Set(keys).count == 1)
        try syncAll()
        let report = try report(keys[0])
        #expect(report.voices.count == 5)
        #expect(report.routing?.team == "maintenance")
        let order = try #require(try orders().first)
        #expect(try orders().count == 1)
        #expect(order.issue.tag == "LAT-01" && order.issue.isReported)
        #expect(order.issue.findings.count == 5)
        #expect(order.issue.findings.allSatisfy { $0.inspection == report.key.id })
        #expect(order.issue.findings.first?.answer.plainText == "冒烟 Smoke")
        for index in plant.terminals.indices { #expect(try plant.agrees(index)) }
        let observed = try plant.read { reader in
            try reader.records(kind: ExceptionRoom.EntityKind.report).count
        }
        #expect(observed == 1)
    }

    @Test func `a report after the repair has the next order`() throws {
        _ = try raise("smoke", by: "LW", on: 0)
        try syncAll()
        let order = try #require(try orders().first).key.id.description
        try plant.run(.takeOrder(order: order), by: "CR")
        try plant.run(.finishOrder(order: order), by: "CR")
        try plant.sync(0)
        plant.wait(minutes: 300)
        _ = try raise("smoke", by: "LW", on: 0)
        try plant.sync(0)
        #expect(try orders().map(\.number).sorted() == ["MO-SZ1-000001", "MO-SZ1-000002"])
    }

    // MARK: - Whose words

    @Test func `the hub keeps aside who overwrites another's words`() throws {
        let key = try raise("smoke", by: "LW", on: 0)
        try syncAll()
        let id = key.id.description
        try plant.run(
            .editException(report: id, section: "containment", text: "stopped"),
            by: "CR",
            on: 0
        )
        try syncAll()
        let base = try #require(try report(key).sections[.containment]?.first?.evidence.operation)
        let edit = Draft(
            .edit,
            of: key,
            type: Section.containment.field,
            payload: Array("nothing happened".utf8),
            bases: [base]
        )
        try plant.record([edit], by: "TL", on: 1)
        try syncAll()
        #expect(try report(key).text(of: .containment) == "stopped")
        #expect(try report(key).conflicts.isEmpty)
        let kept = try plant.held()
        #expect(kept.map(\.reason) == ["exceptions.not_yours"])
        // Its author may.
        try plant.run(
            .editException(report: id, section: "containment", text: "stopped at 8"),
            by: "CR",
            on: 2
        )
        try syncAll()
        #expect(try report(key).text(of: .containment) == "stopped at 8")
        #expect(try plant.held().count == 1)
        for index in plant.terminals.indices { #expect(try plant.agrees(index)) }
    }

    @Test func `both edits in one upload are told apart too`() throws {
        let key = try raise("smoke", by: "LW", on: 0)
        try syncAll()
        func edit(_ text: String, over bases: [OperationID]) -> Draft {
            Draft(
                .edit,
                of: key,
                type: Section.rootCause.field,
                payload: Array(text.utf8),
                bases: bases
            )
        }
        let first = try plant.record([edit("oil", over: [])], by: "CR", on: 1)
        try plant.record([edit("no oil", over: first)], by: "TL", on: 1)
        try syncAll()
        #expect(try report(key).text(of: .rootCause) == "oil")
        #expect(try plant.held().map(\.reason) == ["exceptions.not_yours"])
    }

    @Test func `two who write apart are settled by a team leader, and the hub takes it`() throws {
        let key = try raise("smoke", by: "LW", on: 0)
        try syncAll()
        let id = key.id.description
        for (worker, index) in [("CR", 0), ("MT", 1)] {
            try plant.run(
                .editException(report: id, section: "containment", text: "by \(worker)"),
                by: worker,
                on: index
            )
        }
        try syncAll()
        let values = try #require(try report(key).sections[.containment])
        #expect(values.count == 2)
        let kept = try #require(values.first { $0.evidence.author == "MT" })
        try plant.run(
            .settleException(
                report: id,
                section: "containment",
                operation: kept.evidence.operation.description
            ),
            by: "TL",
            on: 2
        )
        try syncAll()
        #expect(try report(key).sections[.containment]?.map(\.text) == ["by MT"])
        #expect(try report(key).records.map(\.text) == ["by CR"])
        #expect(try plant.held().isEmpty)
    }

    @Test func `each section is for its role, and words beside it for everyone`() throws {
        let key = try raise("smoke", by: "LW", on: 0)
        try syncAll()
        let id = key.id.description
        let rows: [(section: String, may: [String], mayNot: [String])] = [
            ("responsible_team", ["TL"], ["CR", "LW", "MT"]),
            ("containment", ["TL", "CR", "MT"], ["LW"]),
            ("root_cause", ["TL", "CR", "MT"], ["LW"]),
            ("prevention", ["TL"], ["CR", "LW", "MT"]),
        ]
        for (section, may, mayNot) in rows {
            let command = FloorCommand.editException(report: id, section: section, text: "x")
            for worker in mayNot {
                let refusal = ExceptionRefusal.notPermitted(what: section, worker: worker)
                #expect(throws: refusal) { try plant.run(command, by: worker, on: 0) }
                // Words beside it are for everyone.
                try plant.run(
                    .addToException(report: id, section: section, text: "beside"),
                    by: worker,
                    on: 0
                )
            }
            for worker in may {
                let other = try NodePlantCopy.may(worker, section, plant, id)
                #expect(other, "\(worker) \(section)")
            }
        }
        try syncAll()
        #expect(try plant.held().isEmpty)
        #expect(throws: ExceptionRefusal.notPermitted(what: "close", worker: "CR")) {
            try plant.run(.moveException(report: id, move: "close"), by: "CR", on: 0)
        }
    }

    /// Asks the permission alone, so that one person's words are not in the way of the next.
    private enum NodePlantCopy {
        static func may(
            _ worker: String,
            _ section: String,
            _ plant: NodePlant,
            _ report: String
        ) throws -> Bool {
            let known = try plant.read { Worker(try $0.record(of: Worker.key(badge: worker))) }
            let duty = ExceptionDuty(section: section)
            return known.map { person in
                duty.map { person.may($0, team: "maintenance") } ?? false
            } ?? false
        }
    }

    // MARK: - By scans

    private func scan(_ texts: [String], _ session: inout KioskSession) throws -> [String] {
        try texts.map { text in
            let feedback = try plant.scan(text, &session, on: 0)
            return "\(feedback.tone.rawValue) \(feedback.message)"
        }
    }

    @Test func `a report is raised, joined, taken on and contained by scans alone`() throws {
        var worker = KioskSession(language: .english)
        let plate = try Plate(tag: "LAT-01").text()
        let answers = try scan(
            [
                "TM:W:LW", "TM:C:REPORT", plate, "TM:C:CATEGORY:BREAKDOWN", "TM:C:CHOICE:2",
                "TM:C:CHOICE:1", "TM:C:CHOICE:2", "WO-2026-0311", "BRG-6204", "TM:C:OK",
            ],
            &worker
        )
        #expect(
            answers == [
                "good kiosk.signed_in", "good kiosk.report_begun", "good kiosk.report_equipment",
                "good kiosk.report_category", "good kiosk.phrase_on", "good kiosk.phrase_on",
                "attention kiosk.phrase_off", "good kiosk.report_order",
                "good kiosk.report_material", "good kiosk.report_raised",
            ]
        )
        try joinAndContain(plate)
    }

    /// Another worker joins, and a team leader takes it on and contains it.
    private func joinAndContain(_ plate: String) throws {
        var other = KioskSession(language: .chinese)
        let joined = try scan(
            [
                "TM:W:MT", "TM:C:REPORT", plate, "TM:C:CATEGORY:BREAKDOWN", "TM:C:CHOICE:2",
                "TM:C:OK",
            ],
            &other
        )
        #expect(joined.last == "good kiosk.report_joined")
        plant.wait(minutes: 40)
        var leader = KioskSession(language: .english)
        let contained = try scan(
            ["TM:W:TL", "TM:C:CHOICE:1", "TM:C:YES", "TM:C:CANCEL"],
            &leader
        )
        #expect(
            contained == [
                "good kiosk.signed_in", "good kiosk.report_opened", "good kiosk.acknowledged",
                "good kiosk.section_chosen",
            ]
        )
        // The team comes first; the next section is the containment.
        #expect(leader.writing?.section == .containment)
        #expect(
            try scan(["TM:C:CHOICE:1", "TM:C:OK"], &leader) == [
                "good kiosk.phrase_on", "good kiosk.section_saved",
            ]
        )
        guard case .exception(let id) = leader.place else {
            Issue.record("the page left the report")
            return
        }
        let found = try plant.terminals[0].read { reader in
            try reader.exceptionReport(id, site: NodePlant.site)
        }
        let report = try #require(found)
        #expect(report.stage == .contained)
        #expect(report.text(of: .containment) == "Stopped")
        #expect(report.voices.map(\.raising.phrases) == [["smoke"], ["noise"]])
        #expect(report.raising.productionOrder == "WO-2026-0311")
        #expect(report.raising.material == "BRG-6204")
        #expect(report.acknowledgements.map(\.evidence.author) == ["TL"])
        try syncAll()
        #expect(try self.report(report.key).stage == .contained)
        #expect(try plant.held().isEmpty)
    }
}
