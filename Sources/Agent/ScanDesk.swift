import Codes
import Sync
import Tally
import Workforce

/// What a scan means where the page stands, and the command that follows: one extension a workflow.
struct ScanDesk {
    typealias Feedback = KioskSession.Feedback

    var node: TerminalNode
    let reading: ClockReading
    let transaction: any ReplicaTransaction

    var reader: EntityReader { node.reader(transaction) }

    mutating func take(
        _ meaning: ScanMeaning,
        _ text: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        if let feedback = try takeWhole(meaning, text, &session, &dice) { return feedback }
        switch meaning {
        case .worker(let badge):
            return try signIn(badge, &session)
        case .command(.language(let language)):
            session.language = language
            return Feedback(.good, "kiosk.language_changed")
        default:
            break
        }
        guard let worker = session.worker else { throw AgentRefusal.nobodySignedIn }
        switch meaning {
        case .command(.home):
            session.open(.home)
            return Feedback(.good, "kiosk.home")
        case .command(.receive):
            session.open(.home)
            return Feedback(.attention, "kiosk.scan_note")
        case .command(.inspect):
            return try inspect(&session)
        case .command(.stop):
            return try askToStop(text, &session)
        case .command(.noPapers):
            return try openReceipt(.openWithoutPapers(), worker, &session, &dice)
        case .command(.report):
            session.open(.report(KioskSession.ReportDraft()))
            return Feedback(.good, "kiosk.report_begun")
        case .signedNote, .noteDigest:
            return try openReceipt(.openReceipt(note: text), worker, &session, &dice)
        case .notePart(let part):
            return try collect(part, worker, &session, &dice)
        case .supplierCode(let code) where code.carrier == .note:
            return try openReceipt(.openReceipt(note: text), worker, &session, &dice)
        case .plate(let plate):
            return try scanPlate(plate, worker, &session, &dice)
        default:
            break
        }
        switch session.place {
        case .receipt(let id, let line):
            return try receiving(meaning, text, id, line, worker, &session, &dice)
        case .inspection(let id, let question):
            return try inspection(meaning, text, id, question, worker, &session, &dice)
        case .report(let draft):
            return try report(meaning, text, draft, worker, &session, &dice)
        case .exception(let id):
            return try section(meaning, text, id, worker, &session, &dice)
        case .order(let id):
            return try order(meaning, text, id, worker, &session, &dice)
        case .round:
            return try round(meaning, text, worker, &session, &dice)
        case .machine(let tag, let inspection):
            return try machine(meaning, text, tag, inspection, worker, &session, &dice)
        case .hazard(let hazard):
            return try self.hazard(meaning, text, hazard, worker, &session, &dice)
        case .stopCard(let tag, let inspection):
            return try stopCard(meaning, text, tag, inspection, worker, &session, &dice)
        case .home:
            return try fromHome(meaning, text, worker, &session, &dice)
        }
    }

    private func signIn(_ badge: String, _ session: inout KioskSession) throws -> Feedback {
        guard let worker = Worker(try reader.record(of: Worker.key(badge: badge))) else {
            throw AgentRefusal.unknownWorker(badge)
        }
        if session.worker != worker.badge { session.open(.home) }
        session.worker = worker.badge
        session.undoable = []
        return Feedback(.good, "kiosk.signed_in", ["name": worker.name])
    }

    /// At home a plain text may be the number of a note that came by sync.
    private mutating func fromHome(
        _ meaning: ScanMeaning,
        _ text: String,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        if case .command(.choice(let number)) = meaning { return try openReport(number, &session) }
        if case .plain(let plain) = meaning, let note = try note(numbered: plain) {
            let command = FloorCommand.openNote(supplier: note.supplier, number: note.number)
            return try openReceipt(command, worker, &session, &dice)
        }
        throw unexpected(text, "kiosk.expects_home")
    }

    /// Runs a command and remembers what it recorded, for "undo".
    mutating func run(
        _ command: FloorCommand,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> TerminalNode.Saved {
        let saved = try node.run(
            command,
            by: worker,
            reading: reading,
            dice: &dice,
            in: transaction
        )
        session.undoable = (session.undoable + saved.operations).suffix(50)
        return saved
    }

    /// The refusal of a code that has no meaning here; `expected` is a key of the string table.
    func unexpected(_ text: String, _ expected: String) -> AgentRefusal {
        .unexpectedScan(read: String(text.prefix(60)), expected: expected)
    }
}
