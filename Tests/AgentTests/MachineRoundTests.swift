import Agent
import Codes
import Forms
import Foundation
import Hub
import Inspection
import NodePlant
import Sync
import Tally
import Testing
import Workforce

/// The round of the day, what was missed, and a machine that must stop: by scans alone, offline.
@Suite struct MachineRoundTests {
    private let plant: NodePlant
    private let badge = WorkerBadge.text(badge: "W1")

    init() throws {
        plant = try NodePlant(terminals: 2)
        let leader = Worker(badge: "TL", name: "吴丽", roles: [.teamLeader], team: "maintenance")
        let inspector = Worker(badge: "IN", name: "赵敏", roles: [.inspector], team: "maintenance")
        let zone = try #require(TimeZone(identifier: "UTC"))
        let route = try Route(
            code: "morning",
            name: Label(["en": "Morning round", "zh-CN": "早班巡检"]),
            scope: NodePlant.floor,
            stops: ["LAT-01"],
            schedule: RouteSchedule(
                rule: try RecurrenceRule("FREQ=DAILY;BYHOUR=7"),
                start: try #require(LocalTime("20260101T070000")),
                zone: zone
            )
        )
        let drafts = [try leader.draft(), try inspector.draft(), try route.draft()]
        try plant.register(drafts.compactMap(\.self))
        for index in 0...1 { try plant.sync(index) }
    }

    private func scan(_ texts: [String], _ session: inout KioskSession) throws -> [String] {
        try texts.map { text in
            let feedback = try plant.scan(text, &session)
            return "\(feedback.tone.rawValue) \(feedback.message)"
        }
    }

    private func plate() throws -> String { try Plate(tag: "LAT-01").text() }

    private func machine(on index: Int = 0) throws -> Equipment {
        let known = try plant.terminals[index].read {
            try $0.machine("LAT-01", site: NodePlant.site)
        }
        return try #require(known)
    }

    private func stop(on index: Int = 0) throws -> RouteStop {
        let now = plant.now
        let stops = try plant.terminals[index].read {
            try $0.routeStops(site: NodePlant.site, now: now)
        }
        return try #require(stops.first)
    }

    private func atHub() throws -> [MissedInspectionView] {
        try plant.store.read { try plant.hub.missedInspections(now: plant.now, in: $0) }
    }

    // MARK: - The round

    @Test func `a round leads from plate to plate and comes back to itself`() throws {
        var session = KioskSession()
        let answers = try scan(
            [badge, "TM:C:INSPECT", plate(), "TM:C:YES", "0.55", "TM:C:SIGN"],
            &session
        )
        #expect(
            answers == [
                "good kiosk.signed_in", "attention kiosk.scan_plate", "good kiosk.inspection_begun",
                "good kiosk.answered", "good kiosk.answered", "good kiosk.inspection_signed",
            ]
        )
        #expect(session.place == .round)
        let signed = try plant.terminals[0].read { reader in
            try reader.records(kind: InspectionRoom.EntityKind.inspection)
                .compactMap(MachineInspection.init)
        }
        #expect(signed.map(\.beginning.route) == ["MORNING"])
        #expect(try !stop().isDue)
        _ = try scan(["TM:C:HOME", plate()], &session)
        #expect(!session.isOnRound)
    }

    @Test func `one that was missed twice reminds once, the same at every terminal and the hub`()
        throws
    {
        #expect(try stop().run.missed.isEmpty)
        plant.wait(minutes: 2 * 24 * 60)
        let once = try stop().run
        #expect(once.missed.count == 1 && !once.isReminded)
        #expect(try atHub().isEmpty)
        plant.wait(minutes: 24 * 60)
        let runs = try [0, 1].map { try stop(on: $0).run }
        #expect(runs.allSatisfy { $0.missed.count == 2 && $0.isReminded })
        #expect(Set(runs.map(\.id.description) + (try atHub().map(\.id))).count == 1)

        // A clerk may not answer for it; a team leader does, by one scan, and nobody hears again.
        var session = KioskSession()
        _ = try scan([badge, "TM:C:INSPECT"], &session)
        #expect(throws: InspectionRefusal.notPermitted(what: "answer", worker: "W1")) {
            try plant.scan("TM:C:CHOICE:1", &session)
        }
        _ = try scan([WorkerBadge.text(badge: "TL"), "TM:C:INSPECT"], &session)
        #expect(try scan(["TM:C:CHOICE:1"], &session) == ["good kiosk.missed_answered"])
        #expect(throws: AgentRefusal.self) { try plant.scan("TM:C:CHOICE:1", &session) }
        plant.wait(minutes: 24 * 60)
        for index in [0, 1] { try plant.sync(index) }
        #expect(try [stop(on: 1)].reminders.isEmpty)
        #expect(try stop(on: 1).run.missed.count == 3)
        #expect(try atHub().map(\.answeredBy) == ["TL"])
        #expect(try atHub().map(\.id) == runs.prefix(1).map(\.id.description))

        // An inspection ends the run; the next two misses are another reminder.
        _ = try scan([plate(), "TM:C:YES", "0.55", "TM:C:SIGN"], &session)
        #expect(try stop().run.missed.isEmpty)
        plant.wait(minutes: 3 * 24 * 60)
        #expect(try [stop()].reminders.count == 1)
        #expect(try stop().run.id != runs[0].id)
        for index in [0, 1] {
            try plant.sync(index)
            #expect(try plant.agrees(index))
        }
    }

    // MARK: - A machine that must stop

    @Test func `a severe hazard is asked about twice, and then the machine is stopped`() throws {
        var session = KioskSession()
        let answers = try scan([badge, plate(), "TM:C:NO", "TM:C:YES"], &session)
        #expect(answers.suffix(2) == ["wrong kiosk.severe_found", "attention kiosk.stop_again"])
        #expect(try !machine().isStopped)
        // A scanner that reads the same code twice confirms nothing.
        #expect(throws: AgentRefusal.self) { try plant.scan("TM:C:YES", &session) }
        #expect(try scan(["TM:C:OK"], &session) == ["wrong kiosk.machine_stopped"])
        let stops = try machine().stops
        #expect(stops.map(\.reason) == ["Does the guard close? 否"])
        #expect(stops.map(\.evidence.author) == ["W1"])
        guard case .stopCard(tag: "LAT-01", inspection: _?) = session.place else {
            Issue.record("\(session.place)")
            return
        }
        // The inspection goes on after it.
        let rest = try scan(["TM:C:OK", "0.55", "TM:C:SIGN"], &session)
        #expect(rest.last == "good kiosk.inspection_signed")

        // The other terminal hears of it, with the order at the top.
        for index in [0, 1] { try plant.sync(index) }
        #expect(try machine(on: 1).isStopped)
        let orders = try plant.terminals[1].read { try $0.ordersToWorkOn(site: NodePlant.site) }
        #expect(orders.map(\.issue.isSevere) == [true])
    }

    @Test func `what is not confirmed stops nothing, and the finding stays`() throws {
        var session = KioskSession()
        for way in [["TM:C:NO", "TM:C:NO"], ["TM:C:UNDO", "TM:C:NO", "TM:C:YES", "TM:C:CANCEL"]] {
            let first = session.worker == nil ? [badge, try plate()] : []
            let answers = try scan(first + way, &session)
            #expect(answers.last == "attention kiosk.not_stopped")
            guard case .inspection(_, question: "pressure") = session.place else {
                Issue.record("\(session.place)")
                return
            }
        }
        #expect(try !machine().isStopped)
        let found = try plant.terminals[0].read { reader in
            try reader.records(kind: InspectionRoom.EntityKind.inspection)
                .compactMap(MachineInspection.init).flatMap(\.findings)
        }
        #expect(found.count == 1)
    }

    @Test func `the plate of the machine confirms as well, and another one does not`() throws {
        var session = KioskSession()
        _ = try scan([badge, plate(), "TM:C:STOP"], &session)
        // Nobody said yes yet: a plate only begins an inspection.
        _ = try scan([plate()], &session)
        #expect(try !machine().isStopped)
        _ = try scan(["TM:C:STOP", "smoke from the gearbox", "TM:C:YES", plate()], &session)
        #expect(try machine().stops.map(\.reason) == ["smoke from the gearbox"])
    }

    @Test func `only a team leader or supervisor lets it run again, by name`() throws {
        var session = KioskSession()
        _ = try scan([badge, plate(), "TM:C:NO", "TM:C:YES", "TM:C:OK"], &session)
        for worker in ["W1", "IN"] {
            #expect(throws: InspectionRefusal.notPermitted(what: "release", worker: worker)) {
                try plant.run(.releaseMachine(equipment: "LAT-01"), by: worker)
            }
        }
        #expect(throws: InspectionRefusal.self) { try plant.scan("TM:C:SIGN", &session) }
        #expect(try machine().isStopped)
        try plant.run(.releaseMachine(equipment: "lat-01"), by: "TL")
        #expect(try !machine().isStopped)
        let last = try #require(try machine().events.last)
        #expect(last.isRelease && last.evidence.author == "TL")
        #expect(throws: InspectionRefusal.notStopped(tag: "LAT-01")) {
            try plant.run(.releaseMachine(equipment: "LAT-01"), by: "TL")
        }
        #expect(throws: InspectionRefusal.emptyText) {
            try plant.run(.stopMachine(equipment: "LAT-01", reason: " "))
        }
        #expect(throws: InspectionRefusal.unknownEquipment(tag: "NO-1")) {
            try plant.run(.stopMachine(equipment: "no-1", reason: "smoke"))
        }
    }

    @Test func `a stop that the leader could not see outlasts the release`() throws {
        try plant.run(.stopMachine(equipment: "LAT-01", reason: "smoke"), on: 0)
        try plant.sync(0)
        try plant.sync(1)
        try plant.run(.stopMachine(equipment: "LAT-01", reason: "noise"), on: 0)
        try plant.run(.releaseMachine(equipment: "LAT-01"), by: "TL", on: 1)
        for index in [1, 0, 1] { try plant.sync(index) }
        for index in 0...1 {
            #expect(try machine(on: index).stops.map(\.reason) == ["noise"])
            #expect(try plant.agrees(index))
        }
    }

    // MARK: - Who may

    @Test func `each role may what the table says, at the interface as on the page`() throws {
        let may: [Role: Set<MachineDuty>] = [
            .clerk: [.inspect, .stop], .inspector: [.inspect, .stop],
            .lineWorker: [.inspect, .stop], .crew: [.inspect, .stop, .work],
            .teamLeader: Set(MachineDuty.allCases), .supervisor: Set(MachineDuty.allCases),
        ]
        for (role, duties) in may {
            let worker = Worker(badge: "R", name: "R", roles: [role], team: "x")
            #expect(Set(MachineDuty.allCases.filter(worker.may)) == duties, "\(role)")
            try plant.register([try worker.draft()])
            try plant.sync(0)
            try plant.run(.stopMachine(equipment: "LAT-01", reason: "smoke"), by: "R")
            let begun = try plant.run(
                .beginInspection(equipment: "LAT-01", plateScanned: true),
                by: "R"
            )
            try plant.run(
                .answerCheck(
                    inspection: begun.entity.id.description,
                    question: "pressure",
                    answer: "0.1"
                ),
                by: "R"
            )
            for index in [0, 0] { try plant.sync(index) }
            let orders = try plant.terminals[0].read {
                try $0.ordersToWorkOn(site: NodePlant.site)
            }
            let order = try #require(orders.first).key.id.description
            let work: [FloorCommand] = [
                .takeOrder(order: order), .pauseOrder(order: order), .resumeOrder(order: order),
                .noteOrder(order: order, text: "x"), .handOverOrder(order: order),
                .takeOrder(order: order), .finishOrder(order: order),
            ]
            for command in work where duties.contains(.work) { try plant.run(command, by: "R") }
            for command in work where !duties.contains(.work) {
                let refusal = InspectionRefusal.notPermitted(what: "work", worker: "R")
                #expect(throws: refusal, "\(role)") { try plant.run(command, by: "R") }
            }
            if !duties.contains(.release) {
                let refusal = InspectionRefusal.notPermitted(what: "release", worker: "R")
                #expect(throws: refusal, "\(role)") {
                    try plant.run(.releaseMachine(equipment: "LAT-01"), by: "R")
                }
            } else {
                try plant.run(.releaseMachine(equipment: "LAT-01"), by: "R")
            }
        }
    }

    // MARK: - The machine's history

    @Test func `a machine tells its last 90 days, the latest first`() throws {
        var session = KioskSession()
        _ = try scan([badge, plate(), "TM:C:YES", "0.55", "TM:C:SIGN"], &session)
        plant.wait(minutes: 91 * 24 * 60)
        _ = try scan([plate(), "TM:C:NO", "TM:C:YES", "TM:C:OK", "TM:C:OK"], &session)
        #expect(try scan(["TM:C:INSPECT"], &session) == ["good kiosk.machine_history"])
        guard case .machine(tag: "LAT-01", inspection: let begun?) = session.place else {
            Issue.record("\(session.place)")
            return
        }
        let now = plant.now
        let history = try plant.terminals[0].read {
            try $0.history(of: "lat-01", site: NodePlant.site, now: now)
        }
        let entries = try #require(history).entries
        #expect(entries.count == 2, "the first inspection is too long ago")
        guard case .stopped(let stopped)? = entries.first, !stopped.isRelease else {
            Issue.record("\(entries)")
            return
        }
        _ = try scan(["TM:C:OK"], &session)
        #expect(session.place == .inspection(begun, question: "pressure"))
    }
}
