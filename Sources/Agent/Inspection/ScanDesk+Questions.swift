import Codes
import Forms
import Inspection
import Sync
import Tally

// Questions that take more than a typed line: codes, signatures, and meters.

extension ScanDesk {
    /// Takes what a question wants as it was read, whatever it means elsewhere.
    ///
    /// That is a code, or the badge of who signs.
    mutating func takeWhole(
        _ meaning: ScanMeaning,
        _ text: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback? {
        guard let worker = session.worker, case .inspection(let id, let question?) = session.place
        else { return nil }
        switch (try kind(of: question, in: id), meaning) {
        case (.signature, .worker(let badge)):
            return try answer(badge, id, question, worker, &session, &dice)
        case (.scan, .command), (.scan, .worker): return nil
        case (.scan, .plain(let plain)):
            return try answer(plain, id, question, worker, &session, &dice)
        case (.scan, _): return try answer(text, id, question, worker, &session, &dice)
        default: return nil
        }
    }

    func kind(of question: String, in id: Identifier) throws -> Question.Kind {
        try reader.form(of: try inspection(id)).question(question).kind
    }

    /// What an answer made of a calculation, when that is bad though the answer is not.
    static func badCalculation(
        of saved: TerminalNode.Saved,
        _ inspection: MachineInspection,
        besides question: String
    ) -> Feedback? {
        let bad = inspection.findings.last { finding in
            finding.question != question && saved.operations.contains(finding.evidence.operation)
        }
        guard let bad, case .bad(let limits, _) = bad.assessment else { return nil }
        return Feedback(
            .attention,
            "kiosk.calculated_bad",
            ["question": bad.question, "answer": bad.answer.plainText, "limits": limits]
        )
    }

    // MARK: - Meters

    /// Why a reading is questioned before it is taken; nil when nothing is wrong with it, or when a
    /// person has said what happened.
    func doubt(
        about text: String,
        _ id: Identifier,
        _ name: String
    ) throws -> KioskSession.DoubtedReading? {
        let inspection = try inspection(id)
        let question = try reader.form(of: inspection).question(name)
        guard question.kind == .meter, case .meter(let reading) = try question.answer(reading: text)
        else { return nil }
        let machine = InspectionRoom.equipmentKey(inspection.tag, in: inspection.key.scope)
        let history = MeterHistory(
            try reader.record(of: machine),
            question: question,
            without: id
        )
        let now = try ClockFixes.now(self.reading, in: transaction)
        return history.doubt(about: reading, at: now, question: question).map {
            KioskSession.DoubtedReading(question: name, text: text, doubt: $0)
        }
    }

    static func explanation(
        _ meaning: ScanMeaning,
        of doubted: KioskSession.DoubtedReading
    ) -> MeterReading.Event? {
        let known = KioskSession.DoubtedReading.explanations
        switch meaning {
        case .command(.yes), .command(.ok): return .confirmed
        case .command(.choice(let number)):
            return known.indices.contains(number - 1) ? known[number - 1] : nil
        default: return nil
        }
    }
}

extension KioskSession.DoubtedReading {
    /// What the page asks about it.
    var feedback: KioskSession.Feedback {
        switch doubt {
        case .fell(let last, let moment):
            KioskSession.Feedback(
                .attention,
                "kiosk.meter_fell",
                ["answer": text, "last": last.quantity.description, "time": moment.description]
            )
        case .roseTooFast(let last, let moment, let most):
            KioskSession.Feedback(
                .attention,
                "kiosk.meter_rose",
                [
                    "answer": text, "last": last.quantity.description,
                    "time": moment.description, "limits": most.description,
                ]
            )
        }
    }
}
