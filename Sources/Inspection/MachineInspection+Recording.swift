import Forms
import Tally

// What people do before a machine, as drafts: each is checked against what this terminal knows, and
// either recorded whole or refused with the reason.

extension MachineInspection {
    /// Begins an inspection.
    ///
    /// - Parameters:
    ///   - id: random.
    ///   - tag: what was read from the plate, or typed.
    ///   - equipment: the machine of that tag; nil when the terminal knows none.
    ///   - form: the latest version of the wanted form; nil when the terminal has none.
    ///   - plateScanned: whether the plate was read, as against typed or picked.
    ///   - route: the route that it is a stop of; empty for none.
    ///   - localTime: the date and time at the terminal with its offset from UTC, in ISO 8601.
    /// - Returns: what to record.
    /// - Throws: ``InspectionRefusal/unknownEquipment(tag:)`` or
    ///   ``InspectionRefusal/unknownForm(form:tag:)``.
    public static func begin(
        _ id: Identifier,
        tag: String,
        equipment: Equipment?,
        form: FormDefinition?,
        plateScanned: Bool,
        route: String = "",
        localTime: String = ""
    ) throws -> [Draft] {
        guard let equipment else { throw InspectionRefusal.unknownEquipment(tag: tag) }
        let forms = equipment.registration.forms
        guard let form, forms.contains(form.code) else {
            throw InspectionRefusal.unknownForm(
                form: form?.code ?? forms.first ?? "",
                tag: equipment.tag
            )
        }
        let beginning = InspectionFact.Beginning(
            tag: equipment.tag,
            form: form.code,
            formVersion: form.version,
            plateScanned: plateScanned,
            route: route,
            localTime: localTime
        )
        let key = InspectionRoom.inspectionKey(id, in: equipment.key.scope)
        return [try InspectionFact.begun(beginning).draft(of: key)]
    }

    /// Answers a question; takes back the answers in force here, so that one reading stands.
    ///
    /// - Parameters:
    ///   - question: its name.
    ///   - answer: what the worker said; a bad one is taken, and becomes a finding.
    ///   - form: the version that the inspection was begun with.
    /// - Returns: what to record.
    /// - Throws: ``InspectionRefusal``, or `FormRefusal` for an answer that the question cannot
    ///   have.
    public func answer(
        _ question: String,
        _ answer: Answer,
        form: FormDefinition
    ) throws -> [Draft] {
        try checkOpen()
        try check(form)
        let assessment = try form.assess(answer, to: question, beside: latest, now: now)
        var drafts = try takingBack(question)
        let fact = InspectionFact.answered(
            question: question,
            answer: answer,
            assessment: assessment
        )
        drafts.append(try fact.draft(of: key))
        if case .meter(let reading) = answer {
            drafts.append(try MeterRead(question, reading, in: self).draft())
        }
        var answers = latest
        answers[question] = answer
        return drafts + (try calculations(answers, form))
    }

    /// What the form's calculations come to, where that is not what stands: they are recorded like
    /// answers, so that a bad one is a finding, and stays what it was when it was judged.
    private func calculations(
        _ answers: [String: Answer],
        _ form: FormDefinition
    ) throws -> [Draft] {
        let calculated = form.calculated(answers, now: now)
        var drafts: [Draft] = []
        for name in Set(calculated.keys).union(inForce.keys).sorted() {
            // A question that this form does not have is not this form's to take back.
            guard let question = try? form.question(name), question.kind == .calculate,
                calculated[name] != latest[name]
            else { continue }
            drafts += try takingBack(name)
            guard let answer = calculated[name] else { continue }
            let fact = InspectionFact.answered(
                question: name,
                answer: answer,
                assessment: question.assess(answer)
            )
            drafts.append(try fact.draft(of: key))
        }
        return drafts
    }

    private func takingBack(_ question: String) throws -> [Draft] {
        try (inForce[question] ?? []).map { given in
            try InspectionFact.corrected(operation: given.evidence.operation).draft(of: key)
        }
    }

    /// Takes an answer back; it stays visible.
    public func correct(_ operation: OperationID) throws -> [Draft] {
        try checkOpen()
        let isKnown = answers.contains { $0.evidence.operation == operation && !$0.isCorrected }
        guard isKnown else { throw InspectionRefusal.unknownAnswer(operation.description) }
        return [try InspectionFact.corrected(operation: operation).draft(of: key)]
    }

    /// Signs the inspection: it is complete.
    ///
    /// - Parameter form: the version that the inspection was begun with.
    /// - Returns: what to record.
    /// - Throws: ``InspectionRefusal/answersMissing(tag:questions:)`` naming the open questions.
    public func sign(form: FormDefinition) throws -> [Draft] {
        try checkOpen()
        try check(form)
        let missing = form.missing(latest, now: now)
        guard missing.isEmpty else {
            throw InspectionRefusal.answersMissing(tag: tag, questions: missing.map(\.name))
        }
        // An answer that was taken back may have left a calculation behind.
        return try calculations(latest, form)
            + [Draft(.transition, of: key, type: InspectionRoom.signMove)]
    }

    private func checkOpen() throws {
        guard !isSigned else { throw InspectionRefusal.alreadySigned(tag: tag) }
    }

    private func check(_ form: FormDefinition) throws {
        guard form.code == beginning.form, form.version == beginning.formVersion else {
            throw InspectionRefusal.otherForm(
                expected: "\(beginning.form) \(beginning.formVersion)",
                read: "\(form.code) \(form.version)"
            )
        }
    }
}
