import Agent
import Codes
import ExceptionReports
import Forms
import Inspection
import Sync
import Tally
import Workforce

/// A report that was made: who said what, how far it is, and what is to do.
struct ExceptionView: Hashable, Sendable {
    /// Somebody who reported it.
    struct VoiceRow: Hashable, Sendable {
        let words: String
        let author: String
        let time: String
        let photo: ShownPhoto?
        let goods: String?
    }

    let machineTag: String
    let machineName: String
    let category: String
    let stage: String
    /// `attention` while nobody contained it, else `calm`.
    let stageTone: String
    let raised: String
    let team: String?
    /// Whether the hub has routed it; else the terminal's own rules say where it goes.
    let routed: String
    let isRouted: Bool
    /// The maintenance order that it raised.
    let order: String?
    let voicesHeading: String
    let voices: [VoiceRow]
    let sections: [SectionRow]
    let work: SectionWork?
    let eightDPath: String

    init(
        _ report: ExceptionReport,
        _ session: KioskSession,
        site: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let tag = report.raising.place
        machineTag = tag
        machineName =
            try reader.machine(tag, site: site).map { words.label($0.registration.name) } ?? ""
        let known = try reader.exceptionCategories().first { $0.code == report.raising.category }
        category = known.map { words.label($0.name) } ?? report.raising.category
        stage = words.word("stage", report.stage.rawValue)
        stageTone = report.stage == .reported ? "attention" : "calm"
        raised = words.text(
            "kiosk.raised_by",
            [
                "name": try reader.workerName(report.raised.author),
                "time": words.time(report.raised.moment),
            ]
        )
        let rules = try reader.routing(of: report)
        team = rules.team.isEmpty ? nil : words.word("team", rules.team)
        isRouted = report.routing != nil && !rules.team.isEmpty
        routed =
            isRouted
            ? words.text("kiosk.team_has_it")
            : words.text(rules.team.isEmpty ? "kiosk.not_routed" : "kiosk.routed_here")
        order = try reader.breakdownOrder(of: report).map { order in
            words.text(
                "kiosk.breakdown_order",
                ["order": order.number, "stage": words.word("stage", order.stage.rawValue)]
            )
        }
        voicesHeading = words.text("kiosk.voices", ["count": String(report.voices.count)])
        voices = try report.voices.map { try VoiceRow($0, known, reader, words) }
        let isOpen = report.stage != .closed
        let atHand = try session.worker.map { worker in
            try session.writing?.section ?? reader.sectionToWrite(of: report, by: worker)
        }
        sections = try Section.allCases.map { section in
            try SectionRow(section, isOpen && section == atHand, report, rules, reader, words)
        }
        work = try atHand.flatMap { section in
            try SectionWork(section, report, rules, session, reader, words)
        }
        eightDPath = "/exceptions/\(report.key.id)/8d"
    }
}

extension ExceptionView.VoiceRow {
    init(
        _ voice: Voice,
        _ category: ExceptionCategory?,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let said = words.problem(voice.raising, category)
        self.words = said.isEmpty ? words.text("kiosk.voice_silent") : said
        author = try reader.workerName(voice.evidence.author)
        time = words.time(voice.evidence.moment)
        photo = voice.raising.photo.isEmpty ? nil : ShownPhoto(voice.raising.photo)
        let goods = words.goods(
            order: voice.raising.productionOrder,
            material: voice.raising.material,
            lot: voice.raising.lot
        )
        self.goods = goods.isEmpty ? nil : goods.joined(separator: " · ")
    }
}

/// One of the five sections: whose words stand there, what was added, and when it is due.
struct SectionRow: Hashable, Sendable {
    /// What somebody wrote, and who.
    struct Value: Hashable, Sendable {
        /// Its number where one of several is to be chosen; empty else.
        let choice: String
        let words: String
        let author: String
    }

    let name: String
    let heading: String
    /// A person's words; several where people wrote who could not see each other's.
    let values: [Value]
    /// What was added beside them.
    let added: [Value]
    let isEmpty: Bool
    let due: String?
    /// `calm`, `attention` (due within the hour) or `wrong` (late).
    let dueTone: String
    /// How far it escalated, or who deals with it.
    let escalation: String?
    let isConflict: Bool
    /// Whether it is the one that the keys beside write.
    let isAtHand: Bool
    /// Where touching it goes.
    let path: String

    private static let soonMilliseconds: Int64 = 3_600_000

    init(
        _ section: Section,
        _ isAtHand: Bool,
        _ report: ExceptionReport,
        _ rules: Routing,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        name = section.rawValue
        path = "/open/section/\(name)"
        heading = words.word("section", section.rawValue)
        self.isAtHand = isAtHand
        let present = report.sections[section] ?? []
        isConflict = present.count > 1
        values = try present.enumerated().map { index, value in
            Value(
                choice: present.count > 1 ? String(index + 1) : "",
                words: section == .responsibleTeam
                    ? words.word("team", value.text) : value.text,
                author: try reader.workerName(value.evidence.author)
            )
        }
        added = try report.records.filter { $0.section == section }.map { record in
            Value(
                choice: "",
                words: record.text,
                author: try reader.workerName(record.evidence.author)
            )
        }
        isEmpty = !report.isWritten(section) && added.isEmpty
        let deadline =
            report.isWritten(section) || report.stage == .closed
            ? nil : rules.deadlines[section]
        due = deadline.map { moment in
            words.text(
                moment < words.now ? "kiosk.late_since" : "kiosk.due",
                ["time": words.time(moment)]
            )
        }
        switch deadline {
        case let moment? where moment < words.now: dueTone = "wrong"
        case let moment?
        where moment < words.now.adding(milliseconds: Self.soonMilliseconds):
            dueTone = "attention"
        default: dueTone = "calm"
        }
        escalation = try report.escalations(rules, now: words.now)
            .first { $0.section == section }
            .map { try words.escalation($0, reader) }
    }
}

extension KioskWords {
    /// How far a late section went, or who deals with it.
    func escalation(_ escalation: Escalation, _ reader: EntityReader) throws -> String {
        if let word = escalation.acknowledged {
            return text(
                "kiosk.escalation_taken",
                ["name": try reader.workerName(word.author), "time": time(word.moment)]
            )
        }
        var facts = [
            "role": word("role", escalation.role), "level": String(escalation.level),
            "time": time(escalation.since),
        ]
        guard let next = escalation.next else { return text("kiosk.escalated", facts) }
        facts["next"] = time(next)
        return text("kiosk.escalated_next", facts)
    }
}

/// The keys by which the person at the terminal writes a section and moves the report on.
struct SectionWork: Hashable, Sendable {
    let heading: String
    /// What can be chosen: phrases, teams, or one of several values.
    let choices: [CommandButton]
    let choicesHint: String
    let words: String?
    let canSave: Bool
    let saveKey: String
    let saveCommand = CommandCode.ok.text
    let undoCommand = CommandCode.undo.text
    let canUndo: Bool
    /// Why this person cannot write the section; words beside it are always possible.
    let notYours: String?
    /// What the key says that acknowledges; nil when nothing waits for a word.
    let acknowledgeKey: String?
    let acknowledgeCommand = CommandCode.yes.text
    /// What the key says that moves the report on; nil when this person may not.
    let moveKey: String?
    let moveCommand = CommandCode.sign.text

    init?(
        _ section: Section,
        _ report: ExceptionReport,
        _ rules: Routing,
        _ session: KioskSession,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        guard let badge = session.worker,
            let worker = Worker(try reader.record(of: Worker.key(badge: badge)))
        else { return nil }
        let draft = session.writing ?? KioskSession.SectionDraft(section)
        let isOpen = report.stage != .closed
        heading = isOpen ? words.word("section", section.rawValue) : words.word("stage", "closed")
        choices = isOpen ? try Self.choices(section, draft, report, reader, words) : []
        choicesHint = words.text(
            (report.sections[section]?.count ?? 0) > 1
                ? "kiosk.settle_hint" : isOpen ? "kiosk.section_hint" : "kiosk.closed_hint"
        )
        self.words = draft.text.isEmpty ? nil : draft.text
        canSave = isOpen && (!draft.phrases.isEmpty || !draft.text.isEmpty)
        canUndo = canSave
        let owner = report.owner(of: section, besides: badge)
        saveKey = words.text(owner == nil ? "kiosk.save_key" : "kiosk.add_key")
        notYours =
            isOpen
            ? try Self.notYours(section, owner, worker, rules.team, reader, words) : nil
        acknowledgeKey = report.escalations(rules, now: words.now)
            .first { $0.acknowledged == nil && worker.mayAcknowledge(level: $0.role) }
            .map {
                words.text(
                    "kiosk.acknowledge_key",
                    ["section": words.word("section", $0.section.rawValue)]
                )
            }
        moveKey = Self.moveKey(report, worker, rules.team, words)
    }

    private static func choices(
        _ section: Section,
        _ draft: KioskSession.SectionDraft,
        _ report: ExceptionReport,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [CommandButton] {
        let values = report.sections[section] ?? []
        if values.count > 1 {
            return values.enumerated().map { index, value in
                CommandButton(
                    command: CommandCode.choice(index + 1).text,
                    number: String(index + 1),
                    caption: value.text
                )
            }
        }
        return try reader.choices(of: section, in: report).enumerated().map { index, choice in
            let text = words.label(choice)
            return CommandButton(
                command: CommandCode.choice(index + 1).text,
                number: String(index + 1),
                caption: section == .responsibleTeam ? words.word("team", text) : text,
                isPressed: draft.phrases.contains(choice)
            )
        }
    }

    private static func notYours(
        _ section: Section,
        _ owner: String?,
        _ worker: Worker,
        _ team: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> String? {
        if let owner {
            return words.text("kiosk.beside", ["name": try reader.workerName(owner)])
        }
        guard let duty = ExceptionDuty(section: section.rawValue), !worker.may(duty, team: team)
        else { return nil }
        return words.text("kiosk.not_your_section")
    }

    private static func moveKey(
        _ report: ExceptionReport,
        _ worker: Worker,
        _ team: String,
        _ words: KioskWords
    ) -> String? {
        let (duty, key): (ExceptionDuty, String) =
            switch report.stage {
            case .reported, .contained: (.findCause, "kiosk.resolve_key")
            case .resolved: (.close, "kiosk.close_report_key")
            case .closed: (.close, "kiosk.reopen_key")
            }
        return worker.may(duty, team: team) ? words.text(key) : nil
    }
}
