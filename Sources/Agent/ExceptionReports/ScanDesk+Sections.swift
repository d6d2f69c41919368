import Codes
import ExceptionReports
import Forms
import Inspection
import Sync
import Tally
import Workforce

// Work on a report that was made: one section at a time, by phrases or words, and its moves.

extension ScanDesk {
    /// What a scan means on the page of a report.
    mutating func section(
        _ meaning: ScanMeaning,
        _ text: String,
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        guard let report = try reader.exceptionReport(id, site: try node.site(in: transaction))
        else { throw AgentRefusal.unknownRecord(field: "report", id: id.description) }
        let now = try ClockFixes.now(reading, in: transaction)
        var draft =
            try session.writing
            ?? KioskSession.SectionDraft(try reader.sectionToWrite(of: report, by: worker))
        switch meaning {
        case .command(.choice(let number)):
            if let settled = try settle(number, draft.section, report, worker, &session, &dice) {
                return settled
            }
            return try choose(number, of: report, &draft, &session)
        case .command(.ok):
            return try save(draft, report, worker, &session, &dice)
        case .command(.yes):
            return try acknowledge(report, now, worker, &session, &dice)
        case .command(.sign):
            return try move(report, worker, &session, &dice)
        case .command(.undo):
            guard !draft.phrases.isEmpty || !draft.text.isEmpty else {
                throw AgentRefusal.nothingToUndo
            }
            if draft.text.isEmpty { draft.phrases.removeLast() } else { draft.text = "" }
            session.writing = draft
            return Feedback(.attention, "kiosk.report_undone")
        case .command(.cancel):
            let next = draft.section.next
            session.writing = KioskSession.SectionDraft(next)
            return Feedback(.good, "kiosk.section_chosen", ["section": next.rawValue])
        case .plain(let words):
            draft.text = words
            session.writing = draft
            return Feedback(.good, "kiosk.report_words")
        default:
            throw unexpected(text, "kiosk.expects_section")
        }
    }

    // MARK: - One section

    private func choose(
        _ number: Int,
        of report: ExceptionReport,
        _ draft: inout KioskSession.SectionDraft,
        _ session: inout KioskSession
    ) throws -> Feedback {
        let choices = try reader.choices(of: draft.section, in: report)
        guard choices.indices.contains(number - 1) else {
            throw unexpected(CommandCode.choice(number).text, "kiosk.expects_phrase")
        }
        let choice = choices[number - 1]
        let facts = ["phrase": choice.text(in: session.language.rawValue)]
        if let place = draft.phrases.firstIndex(of: choice) {
            draft.phrases.remove(at: place)
            session.writing = draft
            return Feedback(.attention, "kiosk.phrase_off", facts)
        }
        // A report is with one team.
        if draft.section == .responsibleTeam { draft.phrases = [] }
        draft.phrases.append(choice)
        session.writing = draft
        return Feedback(.good, "kiosk.phrase_on", facts)
    }

    /// Saves what was chosen and typed: as the section's words, or beside another person's.
    private mutating func save(
        _ draft: KioskSession.SectionDraft,
        _ report: ExceptionReport,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let chosen = draft.phrases.map { $0.text(in: session.language.rawValue) }
        let separator = session.language == .chinese ? "；" : "; "
        let words = (chosen + [draft.text]).filter { !$0.isEmpty }.joined(separator: separator)
        guard !words.isEmpty else { throw unexpected("", "kiosk.expects_section") }
        let id = report.key.id.description
        let name = draft.section.rawValue
        if let owner = report.owner(of: draft.section, besides: worker) {
            let command = FloorCommand.addToException(report: id, section: name, text: words)
            _ = try run(command, worker, &session, &dice)
            session.open(.exception(report.key.id))
            return Feedback(.good, "kiosk.section_added", ["section": name, "owner": owner])
        }
        let command = FloorCommand.editException(report: id, section: name, text: words)
        _ = try run(command, worker, &session, &dice)
        // Who has written how it is contained has contained it.
        if draft.section == .containment, report.stage == .reported {
            let move = FloorCommand.moveException(report: id, move: "contain")
            _ = try run(move, worker, &session, &dice)
        }
        session.open(.exception(report.key.id))
        return Feedback(.good, "kiosk.section_saved", ["section": name])
    }

    /// A number where people wrote apart: that one's words stand, the others are kept beside them.
    private mutating func settle(
        _ number: Int,
        _ section: Section,
        _ report: ExceptionReport,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback? {
        let values = report.sections[section] ?? []
        guard values.count > 1 else { return nil }
        guard values.indices.contains(number - 1) else {
            throw unexpected(CommandCode.choice(number).text, "kiosk.expects_phrase")
        }
        let command = FloorCommand.settleException(
            report: report.key.id.description,
            section: section.rawValue,
            operation: values[number - 1].evidence.operation.description
        )
        _ = try run(command, worker, &session, &dice)
        session.open(.exception(report.key.id))
        return Feedback(.good, "kiosk.section_settled", ["section": section.rawValue])
    }

    // MARK: - Escalation and moves

    private mutating func acknowledge(
        _ report: ExceptionReport,
        _ now: Moment,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let rules = try reader.routing(of: report)
        let waiting = report.escalations(rules, now: now).first { $0.acknowledged == nil }
        guard let waiting else { throw unexpected("", "kiosk.expects_section") }
        let section = waiting.section.rawValue
        let command = FloorCommand.acknowledgeException(
            report: report.key.id.description,
            section: section
        )
        _ = try run(command, worker, &session, &dice)
        return Feedback(.good, "kiosk.acknowledged", ["section": section])
    }

    /// The next step in the report's life: contained → resolved → closed.
    private mutating func move(
        _ report: ExceptionReport,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let verb: String
        switch report.stage {
        case .reported, .contained: verb = "resolve"
        case .resolved: verb = "close"
        case .closed: verb = "reopen"
        }
        let id = report.key.id.description
        _ = try run(.moveException(report: id, move: verb), worker, &session, &dice)
        session.open(.exception(report.key.id))
        return Feedback(verb == "reopen" ? .attention : .good, "kiosk.report_\(verb)")
    }

    // MARK: - From home

    /// Opens the report or the maintenance order of a number on the home page.
    func openReport(_ number: Int, _ session: inout KioskSession) throws -> Feedback {
        let now = try ClockFixes.now(reading, in: transaction)
        let site = try node.site(in: transaction)
        let reports = try reader.reportsToWorkOn(site: site, now: now)
        let shown = min(reports.count, EntityReader.numberedReportsMax)
        guard number <= shown else {
            let orders = try reader.ordersToWorkOn(site: site)
            guard orders.indices.contains(number - 1 - shown) else {
                throw unexpected(CommandCode.choice(number).text, "kiosk.expects_home")
            }
            let order = orders[number - 1 - shown]
            session.open(.order(order.key.id))
            return Feedback(.good, "kiosk.order_opened", ["order": order.number])
        }
        let report = reports[number - 1].report
        session.open(.exception(report.key.id))
        return Feedback(.good, "kiosk.report_opened", ["equipment": report.raising.place])
    }
}

extension EntityReader {
    /// How many reports have a number on the home page; the orders' numbers come after.
    public static let numberedReportsMax = 8

    /// The section that a person is asked for: one in which people wrote apart, else the first that
    /// is empty and that this person may write, else the first that is empty.
    public func sectionToWrite(
        of report: ExceptionReport,
        by badge: String
    ) throws -> Section {
        if let conflict = report.conflicts.first { return conflict }
        let empty = Section.allCases.filter { !report.isWritten($0) }
        let team = try routing(of: report).team
        let worker = Worker(try record(of: Worker.key(badge: badge)))
        let mine = empty.first { section in
            let duty = ExceptionDuty(section: section.rawValue)
            return worker.map { person in duty.map { person.may($0, team: team) } ?? false }
                ?? false
        }
        return mine ?? empty.first ?? .problem
    }

    /// What can be chosen for a section: the category's phrases, or for the team the teams.
    public func choices(of section: Section, in report: ExceptionReport) throws -> [Label] {
        if section == .responsibleTeam {
            return try teams().map { Label(["": $0]) }
        }
        let category = try exceptionCategories().first { $0.code == report.raising.category }
        return category?.phrases(of: section).map(\.text) ?? []
    }
}

extension Section {
    /// The section that comes after this one; after the last the first.
    fileprivate var next: Section {
        let all = Section.allCases
        let place = all.firstIndex(of: self).map { ($0 + 1) % all.count } ?? 0
        return all[place]
    }
}
