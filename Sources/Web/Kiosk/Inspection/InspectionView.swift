import Agent
import Codes
import Forms
import Inspection
import Sync
import Tally

/// An inspection: one question at a time.
struct InspectionView: Hashable, Sendable {
    /// The question that the next answer is for.
    struct Asked: Hashable, Sendable {
        let label: String
        let hint: String?
        let unit: String?
        let limits: String?
        /// What the limits are called: a range has limits, a choice should be one of some.
        let limitsCaption: String
        let isSevere: Bool
        let isOptional: Bool
        let isNumber: Bool
        let isDate: Bool
        let isScan: Bool
        /// What the key says by which the person at the terminal signs; nil when nobody is to sign.
        let signKey: String?
        let okCommand = CommandCode.ok.text
        /// The last reading of the meter that is asked for.
        let lastReading: String?
        /// Today, where a day is asked for.
        let today: String?
        let isYesNo: Bool
        let isWords: Bool
        /// Where the photo is taken that the question asks for.
        let photo: PhotoTile?
        let choices: [CommandButton]
        let yesCommand = CommandCode.yes.text
        let noCommand = CommandCode.no.text
        /// Where "skip" goes.
        let skipPath: String
    }

    /// An answer that was given.
    struct Given: Hashable, Sendable {
        let label: String
        let answer: String
        let photo: ShownPhoto?
        /// `good`, `bad` or `noted`.
        let standing: String
        let standingText: String
    }

    let machine: String
    let tag: String
    let form: String
    let progress: String
    let answeredCount: String
    let questionCount: String
    let asked: Asked?
    let given: [Given]
    let isPlateRead: Bool
    /// The required questions that have no answer.
    let missing: [String]
    let canSign: Bool
    let signed: String?
    let badText: String?
    let signCommand = CommandCode.sign.text
    let undoCommand = CommandCode.undo.text
    let canUndo: Bool
    /// Where "ask what was skipped" goes; nil while something is asked, or all is answered.
    let againPath: String?

    init(
        _ inspection: MachineInspection,
        question: String?,
        session: KioskSession,
        site: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let form = try reader.form(of: inspection)
        let shown = form.relevantQuestions(inspection.latest, now: inspection.now)
        let questions = shown.filter(\.kind.isAsked)
        let answered = questions.filter { inspection.latest[$0.name] != nil }
        tag = inspection.tag
        machine =
            try reader.machine(inspection.tag, site: site).map {
                words.label($0.registration.name)
            } ?? inspection.tag
        self.form = words.label(form.title)
        answeredCount = String(answered.count)
        questionCount = String(questions.count)
        progress = words.text(
            "kiosk.progress",
            ["done": String(answered.count), "count": String(questions.count)]
        )
        let isOpen = !inspection.isSigned
        asked =
            isOpen
            ? try questions.first { $0.name == question }
                .map { try Asked($0, inspection, session, reader, words) } : nil
        given = try shown.compactMap { question in
            try inspection.inForce[question.name]?.last.map {
                try Given($0, question, reader, words)
            }
        }
        isPlateRead = inspection.beginning.plateScanned
        missing = form.missing(inspection.latest, now: inspection.now).map { question in
            let label = words.label(question.label)
            // What this program cannot ask is said to be so, lest a person look for it.
            return question.kind == .unknown
                ? words.text("kiosk.question_newer", ["question": label]) : label
        }
        canSign = isOpen && missing.isEmpty
        canUndo = isOpen && !given.isEmpty
        let isComplete = answered.count == questions.count
        againPath =
            isOpen && asked == nil && !isComplete ? "/open/inspection/\(inspection.key.id)" : nil
        signed = inspection.signed.map {
            words.text("kiosk.signed_at", ["time": words.time($0.moment)])
        }
        let bad = inspection.findings.count
        badText = bad > 0 ? words.text("kiosk.bad_answers", ["count": String(bad)]) : nil
    }
}

extension InspectionView.Asked {
    fileprivate init(
        _ question: Question,
        _ inspection: MachineInspection,
        _ session: KioskSession,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        label = words.label(question.label)
        hint = question.hint.map(words.label)
        limits = words.limits(of: question)
        limitsCaption = words.text(question.kind.isMeasured ? "kiosk.limits" : "kiosk.should_be")
        // Limits tell their unit themselves.
        unit = limits == nil ? question.unit.map { words.table.unit($0, words.language) } : nil
        isSevere = question.isSevere
        isOptional = !question.isRequired
        isNumber = question.kind.isMeasured
        isDate = question.kind == .date
        isScan = question.kind == .scan
        signKey =
            question.kind == .signature
            ? words.text(
                "kiosk.sign_as_key",
                ["name": try session.worker.map { try reader.workerName($0) } ?? ""]
            ) : nil
        let history =
            try question.kind == .meter
            ? MeterHistory(reader.record(of: inspection.machineKey), question: question) : nil
        lastReading = history?.readings.last.map {
            words.text(
                "kiosk.last_reading",
                [
                    "reading": words.quantity($0.reading.quantity),
                    "time": words.time($0.evidence.moment),
                ]
            )
        }
        today = isDate ? String(words.date(words.now).prefix(10)) : nil
        isYesNo = question.kind == .yesNo
        isWords = question.kind == .text
        photo = question.kind == .photo ? PhotoTile([], words) : nil
        if session.doubted?.question == question.name {
            choices = KioskSession.DoubtedReading.explanations.enumerated().map { index, event in
                CommandButton(
                    command: CommandCode.choice(index + 1).text,
                    number: String(index + 1),
                    caption: words.text("kiosk.meter_\(event.rawValue)")
                )
            }
        } else {
            choices = Self.choices(of: question, words)
        }
        skipPath = "/open/skip/\(question.name)"
    }

    private static func choices(of question: Question, _ words: KioskWords) -> [CommandButton] {
        question.choices.enumerated().map { index, choice in
            CommandButton(
                command: CommandCode.choice(index + 1).text,
                number: String(index + 1),
                caption: words.label(choice.label)
            )
        }
    }
}

extension InspectionView.Given {
    fileprivate init(
        _ given: MachineInspection.GivenAnswer,
        _ question: Question,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        label = words.label(question.label)
        if case .signature(let badge) = given.answer {
            answer = try reader.workerName(badge)
        } else {
            answer = words.answer(given.answer, of: question)
        }
        if case .photo(let photo) = given.answer {
            self.photo = ShownPhoto(photo)
        } else {
            photo = nil
        }
        switch given.assessment {
        case .good:
            standing = "good"
            standingText = words.text("kiosk.answer_good")
        case .bad(let limits, _):
            standing = "bad"
            standingText = words.text(
                "kiosk.answer_bad",
                ["limits": words.limits(of: question) ?? words.measured(limits)]
            )
        case .noted:
            standing = "noted"
            standingText = words.text("kiosk.answer_noted")
        }
    }
}

extension FormDefinition {
    /// What the questions and choices are called, by their names.
    func labels(_ words: KioskWords) -> [String: String] {
        var labels: [String: String] = [:]
        for question in allQuestions {
            labels[question.name] = words.label(question.label)
            for choice in question.choices { labels[choice.name] = words.label(choice.label) }
        }
        return labels
    }
}
