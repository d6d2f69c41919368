import Codes
import Forms
import Inspection
import Sync
import Tally

extension ScanDesk {
    /// A plate: the machine of a report that is being made, else the start of an inspection.
    mutating func scanPlate(
        _ plate: Plate,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        if case .report(var draft) = session.place {
            draft.equipment = try equipment(plate.tag).tag
            session.place = .report(draft)
            return Feedback(.good, "kiosk.report_equipment", ["equipment": plate.tag])
        }
        if case .hazard(let hazard) = session.place, hazard.isConfirming,
            hazard.tag == NaturalKey.code(plate.tag)
        {
            return try stop(hazard, worker, &session, &dice)
        }
        let command = FloorCommand.beginInspection(
            equipment: plate.tag,
            plateScanned: true,
            route: session.isOnRound ? try route(of: plate.tag) : nil
        )
        let saved = try run(command, worker, &session, &dice)
        let inspection = try inspection(saved.entity.id)
        let form = try reader.form(of: inspection)
        session.open(
            .inspection(saved.entity.id, question: Self.open(form, inspection).first?.name)
        )
        return Feedback(.good, "kiosk.inspection_begun", ["equipment": plate.tag])
    }

    func equipment(_ tag: String) throws -> Equipment {
        let scope = Scope(
            site: try node.site(in: transaction),
            area: TerminalNode.floorArea
        )
        let key = InspectionRoom.equipmentKey(tag, in: scope)
        guard let equipment = Equipment(try reader.record(of: key)) else {
            throw InspectionRefusal.unknownEquipment(tag: tag)
        }
        return equipment
    }

    func inspection(_ id: Identifier) throws -> MachineInspection {
        let scope = Scope(
            site: try node.site(in: transaction),
            area: TerminalNode.floorArea
        )
        let key = InspectionRoom.inspectionKey(id, in: scope)
        guard let inspection = MachineInspection(try reader.record(of: key)) else {
            throw AgentRefusal.unknownRecord(field: "inspection", id: id.description)
        }
        return inspection
    }

    /// The questions that still want an answer, in the form's order.
    static func open(_ form: FormDefinition, _ inspection: MachineInspection) -> [Question] {
        form.relevantQuestions(inspection.latest, now: inspection.now).filter {
            $0.kind.isAsked && inspection.latest[$0.name] == nil
        }
    }

    /// The open question that comes after one in the form's order; after the last the first.
    ///
    /// So what was skipped is asked again at the end, and not at once.
    private static func open(
        _ form: FormDefinition,
        _ inspection: MachineInspection,
        after name: String
    ) -> String? {
        let order = form.relevantQuestions(inspection.latest, now: inspection.now).map(\.name)
        let later = order.drop { $0 != name }
        let open = open(form, inspection).map(\.name)
        return open.first(where: later.contains) ?? open.first
    }

    mutating func inspection(
        _ meaning: ScanMeaning,
        _ text: String,
        _ id: Identifier,
        _ question: String?,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        if let doubted = session.doubted, doubted.question == question,
            let event = Self.explanation(meaning, of: doubted)
        {
            let answer = "\(doubted.text) \(event.rawValue)"
            return try self.answer(answer, id, question, worker, &session, &dice)
        }
        switch meaning {
        case .command(.sign), .command(.ok):
            if let question, try kind(of: question, in: id) == .signature {
                return try answer(worker, id, question, worker, &session, &dice)
            }
            let command = FloorCommand.signInspection(inspection: id.description)
            _ = try run(command, worker, &session, &dice)
            session.open(session.isOnRound ? .round : .home)
            return Feedback(.good, "kiosk.inspection_signed")
        case .command(.yes):
            return try answer("yes", id, question, worker, &session, &dice)
        case .command(.no):
            return try answer("no", id, question, worker, &session, &dice)
        case .command(.quantity(let number)), .command(.choice(let number)):
            return try answer(String(number), id, question, worker, &session, &dice)
        case .command(.undo):
            return try askAgain(id, &session)
        case .command(.cancel):
            return try skip(id, question, &session)
        case .plain(let plain):
            return try answer(plain, id, question, worker, &session, &dice)
        default:
            throw unexpected(text, "kiosk.expects_answer")
        }
    }

    /// Answers a question that asks for a photo.
    mutating func answer(
        _ photo: ContentHash,
        _ id: Identifier,
        _ question: String,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws {
        let form = try reader.form(of: try inspection(id))
        guard try form.question(question).kind == .photo else {
            throw AgentRefusal.photoHasNoPlace
        }
        let text = photo.bytes.hexadecimal
        _ = try answer(text, id, question, worker, &session, &dice)
    }

    mutating func answer(
        _ text: String,
        _ id: Identifier,
        _ question: String?,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        guard let question else { throw unexpected(text, "kiosk.expects_signature") }
        if let doubted = try doubt(about: text, id, question) {
            session.doubted = doubted
            return doubted.feedback
        }
        let command = FloorCommand.answerCheck(
            inspection: id.description,
            question: question,
            answer: text
        )
        let saved = try run(command, worker, &session, &dice)
        let inspection = try inspection(id)
        let form = try reader.form(of: inspection)
        let next = Self.open(form, inspection, after: question)
        session.open(.inspection(id, question: next))
        let given = inspection.inForce[question]?.last
        let facts = ["answer": given?.answer.plainText ?? text]
        if let severe = Self.severe(in: saved, inspection) {
            return askToStop(severe, form, inspection, next, &session)
        }
        guard case .bad(let limits, _)? = given?.assessment else {
            if let bad = Self.badCalculation(of: saved, inspection, besides: question) {
                return bad
            }
            return Feedback(.good, "kiosk.answered", facts)
        }
        return Feedback(
            .attention,
            "kiosk.answered_bad",
            facts.merging(["limits": limits]) { one, _ in one }
        )
    }

    /// Leaves a question open and goes to the next one; the last leads back to the first.
    private func skip(
        _ id: Identifier,
        _ question: String?,
        _ session: inout KioskSession
    ) throws -> Feedback {
        let inspection = try inspection(id)
        let open = Self.open(try reader.form(of: inspection), inspection).map(\.name)
        guard let next = open.drop(while: { $0 != question }).dropFirst().first ?? open.first else {
            throw unexpected("", "kiosk.expects_signature")
        }
        session.place = .inspection(id, question: next)
        return Feedback(.attention, "kiosk.question_skipped")
    }

    /// Goes back to the question that was answered last; its next answer replaces the old one.
    private func askAgain(_ id: Identifier, _ session: inout KioskSession) throws -> Feedback {
        guard let last = try inspection(id).answers.last(where: { !$0.isCorrected }) else {
            throw AgentRefusal.nothingToUndo
        }
        session.place = .inspection(id, question: last.question)
        return Feedback(.attention, "kiosk.asked_again")
    }
}
