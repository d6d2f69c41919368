import Agent
import Codes
import Forms
import Foundation
import Inspection
import Sync
import Tally

/// Puts together what a page shows.
///
/// Pure: a page, how the terminal stands, and a read of its store
/// in; a view out.
struct KioskScreen: Sendable {
    let table: StringTable
    let zone: TimeZone

    /// How the terminal stands.
    struct Standing: Sendable {
        let status: TerminalShell.Status
        let isConnected: Bool
        let now: Moment
        /// Photos that the hub does not have yet.
        var photosWaiting = 0
        var devices: (any KioskDevices)?

        /// Changes when something came from the hub.
        var seen: String {
            status.scopes.map { "\($0.position)+\($0.repair.repairs)" }.joined(separator: ".")
        }
    }

    /// The view of a page.
    ///
    /// - Parameters:
    ///   - page: which.
    ///   - request: names the next request of a browser without scripts.
    ///   - standing: how the terminal stands.
    ///   - reader: a read of the terminal's store.
    /// - Returns: what the templates are filled with.
    /// - Throws: when the store cannot be read.
    func view(
        _ page: KioskSessions.Page,
        request: String,
        _ standing: Standing,
        _ reader: EntityReader
    ) throws -> KioskView {
        let words = words(page.session.language, standing)
        let feedback = try page.feedback.map { feedback in
            FeedbackView(
                tone: feedback.tone.rawValue,
                toneName: words.word("tone", feedback.tone.rawValue),
                message: words.feedback(
                    feedback,
                    try known(feedback, page, standing, reader, words)
                )
            )
        }
        var view = KioskView(
            text: table.sections(page.session.language),
            language: page.session.language.rawValue,
            request: request,
            seen: standing.seen,
            version: page.version,
            start: page.start,
            strip: try strip(page.session, standing, reader),
            feedback: feedback
        )
        if page.isAtDevices, let devices = standing.devices {
            view.devices = DevicesView(devices, words)
            return view
        }
        try fill(&view, page.session, standing, reader, words)
        return view
    }

    private func words(
        _ language: CommandCode.Language,
        _ standing: Standing
    ) -> KioskWords {
        KioskWords(table: table, language: language, zone: zone, now: standing.now)
    }

    /// The strip alone, as the script asks for it between scans.
    func strip(
        _ session: KioskSession,
        _ standing: Standing,
        _ reader: EntityReader
    ) throws -> StripView {
        let words = words(session.language, standing)
        let other: CommandCode.Language = session.language == .chinese ? .english : .chinese
        let status = standing.status
        let unsynced =
            status.unsynced == 0
            ? words.text("kiosk.all_synced")
            : words.text(
                "kiosk.unsynced",
                [
                    "count": String(status.unsynced),
                    "since": status.unsyncedSince.map(words.time) ?? "",
                ]
            )
        return StripView(
            terminal: status.name ?? words.text("kiosk.no_terminal"),
            person: try session.worker.map(reader.workerName),
            otherLanguage: other.rawValue,
            otherLanguageName: table.text("kiosk.language_name", other),
            otherLanguageCommand: CommandCode.language(other).text,
            isConnected: standing.isConnected,
            connection: words.text(standing.isConnected ? "kiosk.online" : "kiosk.offline"),
            hasUnsynced: status.unsynced > 0,
            unsynced: unsynced,
            withoutEffect: status.withoutEffect == 0
                ? nil
                : words.text("kiosk.without_effect", ["count": String(status.withoutEffect)]),
            photosWaiting: standing.photosWaiting == 0
                ? nil
                : words.text("kiosk.photos_waiting", ["count": String(standing.photosWaiting)]),
            photoCount: String(standing.photosWaiting),
            hasDevices: standing.devices != nil,
            hasTrouble: standing.devices?.standing().contains(where: \.isInTrouble) ?? false,
            warnings: StoreWarnings(words: words).texts(status.store)
        )
    }

    private func fill(
        _ view: inout KioskView,
        _ session: KioskSession,
        _ standing: Standing,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        guard let worker = session.worker, let site = standing.status.site else {
            view.signIn = SignInView(isEnrolled: standing.status.site != nil)
            return
        }
        switch session.place {
        case .receipt(let id, let line):
            view.receipt = try reader.receipt(id, site: site).map {
                let damage = session.numberIsDamage ? session.damagePhoto?.bytes ?? [] : nil
                return try ReceiptView(
                    $0,
                    chosen: line,
                    damagePhoto: damage,
                    beside: session.besideNote,
                    worker: worker,
                    reader,
                    words
                )
            }
        case .inspection(let id, let question):
            view.inspection = try reader.inspection(id, site: site).map {
                try InspectionView(
                    $0,
                    question: question,
                    session: session,
                    site: site,
                    reader,
                    words
                )
            }
        case .report(let draft):
            view.report = try ReportView(draft, site: site, reader, words)
        case .exception(let id):
            view.exception = try reader.exceptionReport(id, site: site).map {
                try ExceptionView($0, session, site: site, reader, words)
            }
        case .order(let id):
            view.order = try reader.maintenanceOrder(id, site: site).map {
                try OrderView($0, site: site, worker: worker, reader, words)
            }
        case .round, .machine, .hazard, .stopCard:
            try fillMachine(&view, session.place, worker, site, reader, words)
        case .home:
            break
        }
        let isElsewhere =
            view.receipt != nil || view.inspection != nil || view.report != nil
            || view.exception != nil || view.order != nil || view.round != nil
            || view.machine != nil || view.hazard != nil || view.stopCard != nil
        if !isElsewhere {
            view.home = try HomeView(reader, site: site, worker: worker, words)
        }
    }

    private func fillMachine(
        _ view: inout KioskView,
        _ place: KioskSession.Place,
        _ worker: String,
        _ site: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        switch place {
        case .round:
            view.round = try RoundView(reader, site: site, worker: worker, words)
        case .machine(let tag, let inspection):
            view.machine = try reader.history(of: tag, site: site, now: words.now).map {
                try MachinePageView($0, inspection: inspection, reader, words)
            }
        case .hazard(let hazard):
            view.hazard = try HazardView(hazard, site: site, reader, words)
        case .stopCard(let tag, _):
            view.stopCard = try reader.machine(tag, site: site).map {
                try StopCardView($0, worker: worker, reader, words)
            }
        default:
            break
        }
    }

    /// What the facts of a feedback are called here.
    private func known(
        _ feedback: KioskSession.Feedback,
        _ page: KioskSessions.Page,
        _ standing: Standing,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> KioskWords.Known {
        var known = KioskWords.Known()
        for name in ["worker", "owner"] {
            if let badge = feedback.facts[name] {
                known.people[badge] = try reader.workerName(badge)
            }
        }
        if case .inspection(let id, _) = page.session.place, let site = standing.status.site,
            let inspection = try reader.inspection(id, site: site)
        {
            let form = try reader.form(of: inspection)
            known.labels = form.labels(words)
            // In a repeat a question has a name for each round.
            for question in form.relevantQuestions(inspection.latest, now: inspection.now) {
                known.labels[question.name] = words.label(question.label)
            }
        }
        return known
    }
}
