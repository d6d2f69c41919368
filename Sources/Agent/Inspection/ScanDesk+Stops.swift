import Codes
import Forms
import Inspection
import Sync
import Tally

// A severe hazard: asked twice, then the machine is recorded as stopped, and only a named person
// with the right role lets it run again. This is a record for people and no safety function.

extension ScanDesk {
    /// The severe finding that an answer made, also by way of a calculation.
    static func severe(
        in saved: TerminalNode.Saved,
        _ inspection: MachineInspection
    ) -> MachineInspection.GivenAnswer? {
        inspection.findings.last { finding in
            guard case .bad(_, severe: true) = finding.assessment else { return false }
            return saved.operations.contains(finding.evidence.operation)
        }
    }

    /// Asks whether a machine is to be stopped for what was just found.
    func askToStop(
        _ finding: MachineInspection.GivenAnswer,
        _ form: FormDefinition,
        _ inspection: MachineInspection,
        _ next: String?,
        _ session: inout KioskSession
    ) -> Feedback {
        let question = form.relevantQuestions(inspection.latest, now: inspection.now)
            .first { $0.name == finding.question }
        let label = question?.label.text(in: session.language.rawValue) ?? finding.question
        let answer = Self.words(finding.answer, question, session.language)
        session.open(
            .hazard(
                KioskSession.Hazard(
                    tag: inspection.tag,
                    reason: "\(label) \(answer)",
                    inspection: inspection.key.id,
                    next: next
                )
            )
        )
        return Feedback(.wrong, "kiosk.severe_found", ["equipment": inspection.tag])
    }

    /// An answer in the words of who gave it: they stay in the record.
    private static func words(
        _ answer: Answer,
        _ question: Question?,
        _ language: CommandCode.Language
    ) -> String {
        switch answer {
        case .yesNo(let isYes):
            language == .chinese ? (isYes ? "是" : "否") : (isYes ? "yes" : "no")
        case .choice(let name):
            question?.choices.first { $0.name == name }?.label.text(in: language.rawValue) ?? name
        default: answer.plainText
        }
    }

    /// The stop code: about the machine at hand.
    func askToStop(_ text: String, _ session: inout KioskSession) throws -> Feedback {
        let (tag, id): (String, Identifier?)
        switch session.place {
        case .inspection(let inspection, _):
            (tag, id) = (try self.inspection(inspection).tag, inspection)
        case .machine(let machine, let inspection): (tag, id) = (machine, inspection)
        case .order(let order):
            let site = try node.site(in: transaction)
            guard let known = try reader.maintenanceOrder(order, site: site) else {
                throw AgentRefusal.unknownRecord(field: "order", id: order.description)
            }
            (tag, id) = (known.issue.tag, nil)
        default:
            throw unexpected(text, "kiosk.expects_stop_plate")
        }
        _ = try equipment(tag)
        session.open(.hazard(KioskSession.Hazard(tag: tag, reason: "", inspection: id)))
        return Feedback(.attention, "kiosk.stop_asked", ["equipment": tag])
    }

    mutating func hazard(
        _ meaning: ScanMeaning,
        _ text: String,
        _ hazard: KioskSession.Hazard,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        var hazard = hazard
        let facts = ["equipment": hazard.tag]
        switch meaning {
        case .command(.yes) where !hazard.isConfirming:
            hazard.isConfirming = true
            session.place = .hazard(hazard)
            return Feedback(.attention, "kiosk.stop_again", facts)
        case .command(.ok) where hazard.isConfirming:
            return try stop(hazard, worker, &session, &dice)
        case .command(.no), .command(.cancel):
            leave(hazard, &session)
            return Feedback(.attention, "kiosk.not_stopped", facts)
        case .plain(let words):
            hazard.reason = words
            session.place = .hazard(hazard)
            return Feedback(.good, "kiosk.stop_reason", facts)
        default:
            throw unexpected(
                text,
                hazard.isConfirming ? "kiosk.expects_stop_ok" : "kiosk.expects_stop_yes"
            )
        }
    }

    private func leave(_ hazard: KioskSession.Hazard, _ session: inout KioskSession) {
        if let inspection = hazard.inspection {
            session.open(.inspection(inspection, question: hazard.next))
        } else {
            session.open(.machine(tag: hazard.tag, inspection: nil))
        }
    }

    /// Records the stop: both confirmations are there.
    mutating func stop(
        _ hazard: KioskSession.Hazard,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let byHand = session.language == .chinese ? "在终端上手动停机" : "Stopped by hand at the terminal"
        let command = FloorCommand.stopMachine(
            equipment: hazard.tag,
            reason: hazard.reason.isEmpty ? byHand : hazard.reason
        )
        _ = try run(command, worker, &session, &dice)
        session.open(.stopCard(tag: hazard.tag, inspection: hazard.inspection))
        return Feedback(.wrong, "kiosk.machine_stopped", ["equipment": hazard.tag])
    }

    mutating func stopCard(
        _ meaning: ScanMeaning,
        _ text: String,
        _ tag: String,
        _ inspection: Identifier?,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        switch meaning {
        case .command(.sign), .command(.release):
            _ = try run(.releaseMachine(equipment: tag), worker, &session, &dice)
            _ = try goBack(tag, inspection, &session)
            return Feedback(.good, "kiosk.machine_released", ["equipment": tag])
        case .command(.ok), .command(.cancel):
            return try goBack(tag, inspection, &session)
        default:
            throw unexpected(text, "kiosk.expects_stop_card")
        }
    }

    private func goBack(
        _ tag: String,
        _ inspection: Identifier?,
        _ session: inout KioskSession
    ) throws -> Feedback {
        if let inspection { return try goOn(inspection, &session) }
        session.open(.machine(tag: tag, inspection: nil))
        return Feedback(.good, "kiosk.machine_history", ["equipment": tag])
    }
}
