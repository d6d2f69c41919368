import Agent
import Codes
import ExceptionReports
import Forms
import Inspection
import Receiving
import Sync
import Tally

/// What people at the terminals can choose from: papers in their hands, and what they remember.
struct FloorMemory {
    /// Notes with their signed texts, the latest last.
    var notes: [(content: NoteContent, text: String)] = []
    var inspections: [EntityKey] = []
    var reports: [EntityKey] = []
    /// A number for each note.
    var noteCount = 0
}

/// People on the floor: each action is one command or scan that the terminal takes.
extension World {
    /// Somebody at a terminal does something, and something else later.
    func act(_ terminal: SimulatedTerminal) throws {
        guard !isCalm else { return }
        let mean = Self.day / UInt64(max(settings.actionsADay, 1))
        // Work comes in bursts: half of it within seconds of what was done before.
        let isBurst = floorDice.happens(50)
        let pause = isBurst ? 1_000 + floorDice.below(5_000 as UInt64) : floorDice.below(4 * mean)
        schedule(.act(terminal.index), in: pause)
        try doSomething(at: terminal)
        try takePhoto(at: terminal)
    }

    /// Somebody does something at a terminal, which sends it.
    func doSomething(at terminal: SimulatedTerminal) throws {
        guard terminal.machine.isUp else { return }
        for _ in 0..<12 {
            guard terminal.machine.isUp else { return }
            let before = terminal.machine.store.operationCount
            if floorDice.happens(20) {
                try scan(terminal)
            } else if let command = try command(for: terminal) {
                try run(command, at: terminal)
            }
            guard terminal.machine.store.operationCount > before else { continue }
            terminal.peer.nudge()
            break
        }
        try pump(terminal)
    }

    func run(_ command: FloorCommand, at terminal: SimulatedTerminal) throws {
        let badge = Plant.badges[floorDice.below(Plant.badges.count)]
        let reading = terminal.machine.clock.reading(now)
        try record(at: terminal) { node, dice, transaction in
            let saved = try node.run(
                command,
                by: badge,
                reading: reading,
                dice: &dice,
                in: transaction
            )
            return saved.entity
        }
    }

    /// One scan on the terminal's page.
    private func scan(_ terminal: SimulatedTerminal) throws {
        guard let text = try scannedText(terminal) else { return }
        let reading = terminal.machine.clock.reading(now)
        var session = terminal.session
        try record(at: terminal) { node, dice, transaction in
            _ = try session.scan(
                text,
                &node,
                reading: reading,
                dice: &dice,
                in: transaction
            )
            return nil
        }
        terminal.session = session
    }

    /// Runs something that records at a terminal, and notes what was saved once it returned.
    func record(
        at terminal: SimulatedTerminal,
        _ body: (
            inout TerminalNode, inout SeededDice, any ReplicaTransaction
        ) throws -> EntityKey?
    ) throws {
        let before = terminal.machine.store.operationCount
        do {
            let entity = try terminal.machine.transact(&terminal.node, body)
            if let entity { remember(entity) }
            try noteSaved(since: before, at: terminal)
        } catch is Machine.Crash {
            stop(terminal)
        } catch is Machine.DiskFault {
            // The page says that it could not be saved.
        } catch let broken as Broken {
            throw broken
        } catch let refusal as any Refusal {
            note(refusal.code.text.utf8.count)
        } catch {
            try require(!terminal.broken.isEmpty, .soundness) {
                "terminal \(terminal.index), recording: \(error)"
            }
        }
    }

    private func remember(_ entity: EntityKey) {
        switch entity.kind {
        case InspectionRoom.EntityKind.inspection where !memory.inspections.contains(entity):
            memory.inspections = memory.inspections.suffix(20) + [entity]
        case ExceptionRoom.EntityKind.report where !memory.reports.contains(entity):
            memory.reports = memory.reports.suffix(10) + [entity]
        default: break
        }
    }

    // MARK: - Commands

    private func command(for terminal: SimulatedTerminal) throws -> FloorCommand? {
        switch floorDice.below(100) {
        case ..<55: try receivingCommand(terminal)
        case ..<82: try inspectionCommand(terminal)
        default: try exceptionCommand(terminal)
        }
    }

    /// A paper that lies on the dock: one of the latest notes.
    private func paper() -> (content: NoteContent, text: String)? {
        floorDice.pick(memory.notes.suffix(3))
    }

    private func receivingCommand(_ terminal: SimulatedTerminal) throws -> FloorCommand? {
        guard let paper = paper() else { return nil }
        let note = paper.content
        let line = 1 + floorDice.below(note.lines.count)
        let choice = floorDice.below(100)
        if choice < 12 {
            switch floorDice.below(10) {
            case ..<5: return .openReceipt(note: paper.text)
            case ..<7:
                return .openReceipt(note: Plant.unsignedCode(of: note, dice: &floorDice))
            default: return .openNote(supplier: note.supplier, number: note.number)
            }
        }
        let key = ReceivingRoom.receiptKey(
            site: note.site,
            supplier: note.supplier,
            number: note.number,
            ordinal: 1 + floorDice.below(10) / 9
        )
        let id = key.id.description
        let quantity = String([10, 20, 40][floorDice.below(3)])
        switch choice {
        case ..<40: return .countLine(receipt: id, line: line, quantity: quantity)
        case ..<48: return .countAsNoted(receipt: id, line: line)
        case ..<66:
            let cartons = note.lines.flatMap(\.cartons)
            return floorDice.pick(cartons).map { .seeCarton(receipt: id, carton: $0) }
        case ..<71: return .reportDamage(receipt: id, line: line, quantity: "1", remark: "wet")
        case ..<80: return try correction(key, terminal)
        case ..<83: return .finishPart(receipt: id)
        case ..<88: return .closeReceipt(receipt: id)
        default: return try ruling(terminal)
        }
    }

    private func receipt(_ key: EntityKey, _ terminal: SimulatedTerminal) throws -> Receipt? {
        try reading(terminal) { Receipt(try $0.record(of: key)) } ?? nil
    }

    private func correction(
        _ key: EntityKey,
        _ terminal: SimulatedTerminal
    ) throws -> FloorCommand? {
        guard let receipt = try receipt(key, terminal) else { return nil }
        let observations =
            receipt.counts.map(\.evidence.operation) + receipt.cartons.map(\.evidence.operation)
            + receipt.damages.map(\.evidence.operation)
        return floorDice.pick(observations).map {
            .correct(receipt: key.id.description, observation: $0.description)
        }
    }

    /// A reviewer's word on counts of any note that still lies about.
    private func ruling(_ terminal: SimulatedTerminal) throws -> FloorCommand? {
        var open: [(receipt: EntityKey, pair: Receipt.DoubleCount)] = []
        for note in memory.notes.suffix(6).map(\.content) {
            let key = ReceivingRoom.receiptKey(
                site: note.site,
                supplier: note.supplier,
                number: note.number,
                ordinal: 1
            )
            open += try receipt(key, terminal)?.doubleCounts.map { (key, $0) } ?? []
        }
        guard let (key, pair) = floorDice.pick(open) else { return nil }
        let (one, other) = (pair.one.evidence.operation, pair.other.evidence.operation)
        let isTurned = floorDice.happens(50)
        return .settleCounts(
            receipt: key.id.description,
            one: (isTurned ? other : one).description,
            other: (isTurned ? one : other).description,
            ruling: floorDice.happens(50) ? "both_real" : "same_goods"
        )
    }

    private func inspectionCommand(_ terminal: SimulatedTerminal) throws -> FloorCommand? {
        let machine = Plant.machines[floorDice.below(Plant.machines.count)]
        let choice = floorDice.below(100)
        if choice < 6 { return .beginInspection(equipment: machine, plateScanned: true) }
        if choice >= 80 { return try orderCommand(machine, terminal) }
        let open = memory.inspections.suffix(6).filter { $0.scope == Plant.floor(terminal.site) }
        guard let inspection = floorDice.pick(Array(open)) else { return nil }
        let id = inspection.id.description
        if choice >= 65 { return .signInspection(inspection: id) }
        let check = Plant.checks[floorDice.below(Plant.checks.count)]
        let answers = floorDice.happens(75) ? check.good : check.bad
        return .answerCheck(
            inspection: id,
            question: check.name,
            answer: answers[floorDice.below(answers.count)]
        )
    }

    private func orderCommand(
        _ machine: String,
        _ terminal: SimulatedTerminal
    ) throws -> FloorCommand? {
        let check = Plant.checks[floorDice.below(Plant.checks.count)].name
        let orders = try reading(terminal) { reader in
            try MaintenanceOrder.all(
                of: machine,
                check: check,
                in: Plant.floor(terminal.site),
                record: reader.record
            )
        }
        guard let order = orders?.last else { return nil }
        let id = order.key.id.description
        switch floorDice.below(12) {
        case ..<5: return .takeOrder(order: id)
        case ..<7: return .finishOrder(order: id)
        case 7: return .pauseOrder(order: id, note: floorDice.happens(50) ? "no seal" : nil)
        case 8: return .resumeOrder(order: id)
        case 9:
            let badge = Plant.badges[floorDice.below(Plant.badges.count)]
            return .handOverOrder(order: id, to: floorDice.happens(50) ? badge : nil)
        default: return .noteOrder(order: id, text: "part \(floorDice.below(3))")
        }
    }

    private func exceptionCommand(_ terminal: SimulatedTerminal) throws -> FloorCommand? {
        let choice = floorDice.below(100)
        if choice < 4 {
            return .raiseException(
                category: Plant.categories[floorDice.below(Plant.categories.count)],
                equipment: Plant.machines[floorDice.below(Plant.machines.count)],
                text: floorDice.happens(50) ? "it smokes" : ""
            )
        }
        let open = memory.reports.suffix(4).filter { $0.scope == Plant.floor(terminal.site) }
        guard let report = floorDice.pick(Array(open)) else { return nil }
        let id = report.id.description
        let section = Plant.sections[floorDice.below(Plant.sections.count)]
        switch choice {
        case 56..<60: return .acknowledgeException(report: id, section: section)
        case 60..<66: return .addToException(report: id, section: section, text: "and I saw it")
        case 66..<74: return try settlement(report, terminal)
        default: break
        }
        if choice < 56 {
            let text = "words \(floorDice.below(4))"
            return .editException(report: id, section: section, text: text)
        }
        let moves = ["contain", "resolve", "close", "reopen"]
        return .moveException(report: id, move: moves[floorDice.below(moves.count)])
    }

    /// Somebody lets one of the values stand that people wrote apart.
    private func settlement(
        _ key: EntityKey,
        _ terminal: SimulatedTerminal
    ) throws -> FloorCommand? {
        let report = try reading(terminal) { ExceptionReport(try $0.record(of: key)) } ?? nil
        guard let report, let section = floorDice.pick(report.conflicts),
            let value = floorDice.pick(report.sections[section] ?? [])
        else { return nil }
        return .settleException(
            report: key.id.description,
            section: section.rawValue,
            operation: value.evidence.operation.description
        )
    }

    /// Asks a terminal; nil when its disk has changed what it reads.
    private func reading<Result>(
        _ terminal: SimulatedTerminal,
        _ body: (EntityReader) throws -> Result
    ) throws -> Result? {
        do {
            return try terminal.read(body)
        } catch {
            try require(!terminal.broken.isEmpty, .soundness) {
                "terminal \(terminal.index), reading: \(error)"
            }
            return nil
        }
    }

    // MARK: - Scans

    private func scannedText(_ terminal: SimulatedTerminal) throws -> String? {
        if terminal.session.worker == nil || floorDice.happens(5) {
            return WorkerBadge.text(badge: Plant.badges[floorDice.below(Plant.badges.count)])
        }
        let commands: [CommandCode] = [
            .asNoted, .undo, .partDone, .yes, .no, .ok, .sign, .home, .report, .damage,
            .quantity(20), .choice(1 + floorDice.below(3)),
            .category(Plant.categories[floorDice.below(Plant.categories.count)]),
            .language(.english), .cancel, .closeReceipt,
        ]
        switch floorDice.below(100) {
        case ..<15: return paper()?.text
        case ..<20: return paper().map { Plant.unsignedCode(of: $0.content, dice: &floorDice) }
        case ..<35:
            return try Plate(tag: Plant.machines[floorDice.below(Plant.machines.count)]).text()
        case ..<50: return paper().flatMap { floorDice.pick($0.content.lines.flatMap(\.cartons)) }
        case ..<60: return String([10, 20, 40][floorDice.below(3)])
        case ..<65: return floorDice.pick(["0.5", "full", "it smokes", "]garbage", "TM:X:1"])
        default: return floorDice.pick(commands)?.text
        }
    }
}
