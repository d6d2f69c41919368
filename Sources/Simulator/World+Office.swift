import Codes
import ExceptionReports
import Forms
import Hub
import Inspection
import Receiving
import Sync
import Tally

/// The office at the hub, and the courier that takes orders to the ERP.
extension World {
    func workInOffice() throws {
        guard !isCalm else { return }
        // So many notes that each is worked on by a few dozen actions.
        let actions = UInt64(max(1, settings.actionsADay * terminals.count))
        schedule(.office, in: 1 + floorDice.below(2 * Self.day * 12 / actions))
        guard hub.machine.isUp else { return }
        try atDesk {
            switch floorDice.below(100) {
            case ..<50: try makeNote()
            case ..<70: try settle()
            case ..<80: try changeMasterData()
            case ..<90: try settleReport()
            default: try stopOrRelease()
            }
        }
    }

    /// Somebody works at the hub.
    ///
    /// - Returns: whether it was saved.
    @discardableResult
    private func atDesk(_ work: () throws -> Void) throws -> Bool {
        do {
            try work()
            try watchHub()
            return true
        } catch is Machine.Crash {
            stopHub()
        } catch is Machine.DiskFault {
            // The page says that it could not be saved.
        } catch is any Refusal {
            // The rules do not allow it, and nothing was recorded.
        } catch let broken as Broken {
            throw broken
        } catch {
            throw Broken(.soundness, "the office: \(error)")
        }
        return false
    }

    /// Registers master data, and says whether that was saved.
    func register(_ drafts: [Draft]) throws -> Bool {
        try atDesk {
            try transact { node, dice, reading, transaction in
                _ = try node.register(
                    drafts,
                    by: "office",
                    reading: reading,
                    dice: &dice,
                    in: transaction
                )
            }
        }
    }

    /// The supplier makes another note with a number that it has used, and says whether it was
    /// taken.
    func makeNoteAgain(_ number: Int, at site: String) throws -> Bool {
        try atDesk { try makeNote(number, at: site) }
    }

    private func transact(
        _ body: (
            inout HubNode, inout SeededDice, ClockReading, any ReplicaTransaction
        ) throws -> Void
    ) throws {
        let reading = hub.machine.clock.reading(now)
        try hub.machine.transact(&hub.node) { node, dice, transaction in
            try body(&node, &dice, reading, transaction)
        }
    }

    private func makeNote() throws {
        memory.noteCount += 1
        try makeNote(memory.noteCount, at: floorDice.pick(terminals)?.site ?? Plant.sites[0])
    }

    private func makeNote(_ number: Int, at site: String) throws {
        let content = Plant.note(
            number,
            at: site,
            now: SimulatedClock.start.adding(milliseconds: Int64(now)),
            dice: &floorDice
        )
        var text = ""
        try transact { node, dice, reading, transaction in
            text = try node.makeNote(
                content,
                by: "office",
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
        memory.notes = memory.notes.suffix(20) + [(content, text)]
    }

    private func settle() throws {
        guard let note = floorDice.pick(memory.notes)?.content else { return }
        let key = ReceivingRoom.receiptKey(
            site: note.site,
            supplier: note.supplier,
            number: note.number,
            ordinal: 1
        )
        if floorDice.happens(50) { try settleNotes(key) }
        let pairs = try hub.read { Receipt(try $0.record(of: key))?.doubts ?? [] }
        guard let pair = floorDice.pick(pairs) else { return }
        let ruling: ReceiptFact.Ruling = floorDice.happens(50) ? .bothReal : .sameGoods
        try transact { node, dice, reading, transaction in
            try node.settle(
                receipt: key,
                pair.one.evidence.operation,
                pair.other.evidence.operation,
                ruling,
                by: "office",
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
    }

    /// Somebody says which of the notes of a receipt that differ holds.
    private func settleNotes(_ key: EntityKey) throws {
        let conflict = try hub.read { Receipt(try $0.record(of: key))?.noteConflict }
        let openings = conflict.map { [$0.holding] + $0.others } ?? []
        guard let opening = floorDice.pick(openings)?.evidence.operation else { return }
        try transact { node, dice, reading, transaction in
            try node.settleNotes(
                receipt: key,
                keeping: opening,
                by: "office",
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
    }

    private func changeMasterData() throws {
        let drafts: [Draft]
        switch floorDice.below(3) {
        case 0:
            let material = Plant.materials[floorDice.below(Plant.materials.count)]
            drafts = [try Plant.material(material, overDeliveryPercent: floorDice.below(30))]
        case 1:
            let machine = Plant.machines[floorDice.below(Plant.machines.count)]
            let site = floorDice.pick(terminals)?.site ?? Plant.sites[0]
            let model = String(floorDice.below(3))
            drafts = try Plant.machine(machine, at: site, model: model).map { [$0] } ?? []
        default:
            let current = try hub.read {
                FormDefinition(try $0.record(of: FormsRoom.key(Plant.form)))
            }
            drafts = try Plant.form(version: (current?.version ?? 0) + 1, over: current)
        }
        _ = try register(drafts)
    }

    /// Settles a conflict of a report, or writes in it.
    private func settleReport() throws {
        guard let key = floorDice.pick(memory.reports),
            let report = try hub.read({ ExceptionReport(try $0.record(of: key)) })
        else { return }
        let drafts: [Draft]
        if let section = report.conflicts.first, let kept = report.sections[section]?.last {
            drafts = try report.settle(section, keeping: kept.evidence.operation)
        } else {
            drafts = try report.write(.prevention, "words of the office", by: "office")
        }
        try record(drafts)
    }

    private func stopOrRelease() throws {
        guard let terminal = floorDice.pick(terminals) else { return }
        let tag = Plant.machines[floorDice.below(Plant.machines.count)]
        let key = InspectionRoom.equipmentKey(tag, in: Plant.floor(terminal.site))
        guard let equipment = try hub.read({ Equipment(try $0.record(of: key)) }) else { return }
        switch floorDice.below(3) {
        case 0: try record(try equipment.stop(reason: "smoke"))
        case 1: try record(try equipment.release())
        default: try record(try equipment.move(to: "hall \(floorDice.below(3))"))
        }
    }

    private func record(_ drafts: [Draft]) throws {
        try transact { node, dice, reading, transaction in
            try node.record(drafts, by: "office", reading: reading, dice: &dice, in: transaction)
        }
    }

    // MARK: - The ERP

    /// Takes what is in the outbox to the ERP; what is not known to have arrived goes again.
    func deliver() throws {
        schedule(.courier, in: Self.minute)
        guard hub.machine.isUp else { return }
        let messages = try hub.tellable(limit: 20)
        do {
            for message in messages {
                if settings.defect == .toldOnce {
                    try hub.machine.store.write { try $0.delivered(message.key) }
                    if plan.strikes(.erpLostAnswer, &networkDice) { return }
                }
                try erp.take(message)
                if plan.strikes(.erpLostAnswer, &networkDice) { return }
                try hub.machine.store.write { try $0.delivered(message.key) }
            }
        } catch is Machine.Crash {
            stopHub()
        } catch is Machine.DiskFault {
            // It stays in the outbox and goes again.
        }
    }
}
