import Agent
import Codes
import Hub
import Forms
import Inspection
import Receiving
import Sync
import Tally
import Workforce

/// What people do that is hard to merge.
extension World {
    func disturbPeople(around terminal: SimulatedTerminal) throws {
        if plan.isStriking(.sameBox, &faultDice) { try scanSameBox() }
        if plan.isStriking(.correctedCorrection, &faultDice) {
            try correctCorrection(at: terminal)
        }
        if plan.isStriking(.resolvedTwice, &faultDice) { try resolveTwice() }
        if plan.isStriking(.lateUndo, &faultDice) { try undoLate(at: terminal) }
        if plan.strikes(.burst, &faultDice) {
            for _ in 0..<50 { try doSomething(at: terminal) }
        }
        guard hub.machine.isUp, hub.deferred == nil else { return }
        if plan.isStriking(.disabledWorker, &faultDice) { try disableWorker() }
        if plan.isStriking(.droppedQuestion, &faultDice) { try dropQuestion() }
        if plan.isStriking(.duplicateNote, &faultDice) { try makeNoteAgain() }
    }

    /// Terminals at which somebody can do something now, the first two of some site.
    private func twoTerminals() -> (SimulatedTerminal, SimulatedTerminal)? {
        let ready = terminals.filter {
            $0.machine.isUp && $0.deferred == nil && $0.site == terminals[0].site
        }
        guard ready.count > 1 else { return nil }
        let first = faultDice.below(ready.count - 1)
        return (ready[first], ready[first + 1])
    }

    /// Runs a command and says whether it recorded anything.
    private func saves(_ command: FloorCommand, at terminal: SimulatedTerminal) throws -> Bool {
        guard terminal.machine.isUp, terminal.deferred == nil else { return false }
        let before = terminal.machine.store.operationCount
        try run(command, at: terminal)
        let isSaved = terminal.machine.store.operationCount > before
        if terminal.machine.isUp { try pump(terminal) }
        return isSaved
    }

    private func scanSameBox() throws {
        guard let (one, other) = twoTerminals() else { return }
        let papers = memory.notes.suffix(6).filter {
            $0.content.site == one.site && $0.content.lines.contains { !$0.cartons.isEmpty }
        }
        guard let note = faultDice.pick(Array(papers))?.content,
            let carton = faultDice.pick(note.lines.flatMap(\.cartons))
        else { return }
        let scan = FloorCommand.seeCarton(receipt: receiptKey(note).id.description, carton: carton)
        // Both open it first, when nobody else has.
        for terminal in [one, other] {
            _ = try saves(
                .openNote(supplier: note.supplier, number: note.number),
                at: terminal
            )
        }
        let isFirst = try saves(scan, at: one)
        if try saves(scan, at: other), isFirst { plan.note(.sameBox) }
    }

    private func receiptKey(_ note: NoteContent) -> EntityKey {
        ReceivingRoom.receiptKey(
            site: note.site,
            supplier: note.supplier,
            number: note.number,
            ordinal: 1
        )
    }

    private func correctCorrection(at terminal: SimulatedTerminal) throws {
        guard terminal.machine.isUp, let note = faultDice.pick(memory.notes.suffix(6))?.content,
            let target = try noted(note, at: terminal)?.counts.first?.evidence.operation
        else { return }
        let id = receiptKey(note).id.description
        let before = terminal.saved.count
        guard try saves(.correct(receipt: id, observation: target.description), at: terminal),
            terminal.saved.count > before, let correction = terminal.saved.last?.id
        else { return }
        let again = ReceiptFact.corrected(operation: correction, reason: "it was right")
        let draft = try again.draft(of: receiptKey(note))
        let reading = terminal.machine.clock.reading(now)
        try record(at: terminal) { node, dice, transaction in
            _ = try node.terminal.record(
                [draft],
                by: Plant.badges[0],
                reading: reading,
                dice: &dice,
                in: transaction
            )
            return nil
        }
        if terminal.saved.count > before + 1 { plan.note(.correctedCorrection) }
    }

    private func noted(
        _ note: NoteContent,
        at terminal: SimulatedTerminal
    ) throws -> Receipt? {
        guard terminal.broken.isEmpty, !terminal.isOld else { return nil }
        return try terminal.read { Receipt(try $0.record(of: receiptKey(note))) }
    }

    /// Two people settle the same pair of counts, each in their own way.
    private func resolveTwice() throws {
        guard let (one, other) = twoTerminals() else { return }
        for note in memory.notes.suffix(6).map(\.content) {
            guard let pair = try noted(note, at: one)?.doubleCounts.first else { continue }
            let (first, second) = (pair.one.evidence.operation, pair.other.evidence.operation)
            let commands = ["both_real", "same_goods"].map {
                FloorCommand.settleCounts(
                    receipt: receiptKey(note).id.description,
                    one: first.description,
                    other: second.description,
                    ruling: $0
                )
            }
            let isFirst = try saves(commands[0], at: one)
            if try saves(commands[1], at: other), isFirst { plan.note(.resolvedTwice) }
            return
        }
    }

    private func undoLate(at terminal: SimulatedTerminal) throws {
        for note in memory.notes.reversed().map(\.content) {
            let order = ReceivingRoom.arrivalOrderKey(of: receiptKey(note))
            guard erp.latest[order] != nil,
                let count = try noted(note, at: terminal)?.counts.first
            else { continue }
            let command = FloorCommand.correct(
                receipt: receiptKey(note).id.description,
                observation: count.evidence.operation.description
            )
            if try saves(command, at: terminal) { plan.note(.lateUndo) }
            return
        }
    }

    // MARK: - At the hub

    private func disableWorker() throws {
        let badge = Plant.badges[faultDice.below(Plant.badges.count - 1)]
        let roles: Set<Role> = faultDice.happens(50) ? [] : Set(Role.allCases)
        let worker = Worker(badge: badge, name: badge, roles: roles, team: "A")
        if try register([try worker.draft()]), roles.isEmpty { plan.note(.disabledWorker) }
    }

    private func dropQuestion() throws {
        let current = try hub.read {
            FormDefinition(try $0.record(of: FormsRoom.key(Plant.form)))
        }
        let dropped = Plant.checks[faultDice.below(Plant.checks.count)].name
        let drafts = try Plant.form(
            version: (current?.version ?? 0) + 1,
            over: current,
            without: dropped
        )
        if try register(drafts) { plan.note(.droppedQuestion) }
    }

    private func makeNoteAgain() throws {
        guard let note = faultDice.pick(memory.notes)?.content,
            let number = Int(note.number.dropFirst())
        else { return }
        if try makeNoteAgain(number, at: note.site) { plan.note(.duplicateNote) }
    }
}
