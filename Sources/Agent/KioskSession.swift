import Codes
import ExceptionReports
import Forms
import Inspection
import Receiving
import Sync
import Tally
import Workforce

/// One page at a terminal: who is signed in, where the page stands, and what a scan means there.
///
/// The page can be worked with a scanner alone: every button is a printed code too, and both come
/// in here as the same text. A pure value: the shell keeps one per page and hands in the
/// transaction.
public struct KioskSession: Hashable, Sendable {
    /// Where the page stands.
    public enum Place: Hashable, Sendable {
        case home
        /// A receipt, and the line that the next number is for.
        case receipt(Identifier, line: Int?)
        /// An inspection, and the question that the next answer is for.
        case inspection(Identifier, question: String?)
        case report(ReportDraft)
        /// A report that was made.
        case exception(Identifier)
        /// A maintenance order.
        case order(Identifier)
        /// What the site's routes have today.
        case round
        /// A machine's history and meters, and the inspection that it was looked at from.
        case machine(tag: String, inspection: Identifier?)
        /// A machine that may have to be stopped.
        case hazard(Hazard)
        /// The card of a machine that is stopped, and the inspection that goes on after it.
        case stopCard(tag: String, inspection: Identifier?)
    }

    /// Goods beside the note: a wrong item, or goods without papers.
    public struct BesideNote: Hashable, Sendable {
        public let material: String
        /// As read; empty for none.
        public let lot: String
    }

    /// A machine that may have to be stopped: asked twice, since a stop costs a shift.
    public struct Hazard: Hashable, Sendable {
        public let tag: String
        /// Why, in a person's words; empty until somebody says.
        public var reason: String
        /// The inspection that found it, and the question to go on with.
        public let inspection: Identifier?
        public let next: String?
        /// Whether it was said once that the machine is to stop.
        public internal(set) var isConfirming = false

        public init(tag: String, reason: String, inspection: Identifier?, next: String? = nil) {
            self.tag = tag
            self.reason = reason
            self.inspection = inspection
            self.next = next
        }
    }

    /// An exception report before it is made.
    public struct ReportDraft: Hashable, Sendable {
        public var equipment: String?
        public var category: String?
        public var text = ""
        /// A photo that the terminal keeps.
        public var photo: ContentHash?
        /// Codes of the category's phrases, in the order in which they were chosen.
        public var phrases: [String] = []
        /// What was scanned of the work at hand; empty for none.
        public var productionOrder = ""
        public var material = ""
        public var lot = ""

        public init() {}
    }

    /// A section of a report that is being written.
    public struct SectionDraft: Hashable, Sendable {
        public let section: Section
        /// What was chosen, in that order.
        public var phrases: [Label] = []
        public var text = ""

        public init(_ section: Section) { self.section = section }
    }

    /// A reading of a meter that is questioned, and not recorded yet.
    public struct DoubtedReading: Hashable, Sendable {
        /// What can have happened, in the order of the page's choices.
        public static let explanations: [MeterReading.Event] = [
            .confirmed, .rollover, .swap, .reset,
        ]

        public let question: String
        /// As it was typed or scanned.
        public let text: String
        public let doubt: MeterHistory.Doubt
    }

    /// How the page answers a scan: the four differ in tone, colour and symbol.
    public enum Tone: String, Hashable, Sendable {
        case good
        /// Known already; nothing was recorded twice.
        case again
        case wrong
        case attention
    }

    /// The answer to a scan.
    public struct Feedback: Hashable, Sendable {
        public let tone: Tone
        /// A key of the string table: `kiosk.*`, or `problem.*` for a refusal.
        public let message: String
        public let facts: [String: String]

        public init(_ tone: Tone, _ message: String, _ facts: [String: String] = [:]) {
            self.tone = tone
            self.message = message
            self.facts = facts
        }

        /// The answer to a scan that was refused.
        public init(_ refusal: any Refusal) {
            let again: Set<ProblemCode> = [
                "receiving.carton_seen_again", "receiving.already_corrected",
                "receiving.note_received", "receiving.counted_in_full",
            ]
            tone = again.contains(refusal.code) ? .again : .wrong
            message = "problem." + refusal.code.text
            facts = refusal.facts
        }
    }

    public internal(set) var worker: String?
    public internal(set) var language: CommandCode.Language
    public internal(set) var place = Place.home
    /// The observations that this page recorded, the latest last: what "undo" takes back.
    var undoable: [OperationID] = []
    /// The next number is for this instead of a count.
    public internal(set) var numberIsDamage = false
    /// Goods that are on no line of the receipt at hand: the next number is for them.
    public internal(set) var besideNote: BesideNote?
    /// How much goes into the bin that is scanned next; nil for all that is left.
    public internal(set) var putAwayCount: String?
    /// The photo that the next damage is recorded with.
    public internal(set) var damagePhoto: ContentHash?
    /// A meter's reading that does not fit the last one: the next answer says what happened.
    public internal(set) var doubted: DoubtedReading?
    /// How many of the part that is scanned next were built in; nil for one.
    var partCount: Int?
    /// The section of the report at hand that is being written; nil while nobody began.
    public internal(set) var writing: SectionDraft?
    /// Whether the worker walks a round: what is signed leads back to it.
    public internal(set) var isOnRound = false
    /// The parts of a long note that were scanned so far.
    public internal(set) var noteParts: NoteParts?

    /// - Parameter language: what the page speaks until somebody switches.
    public init(language: CommandCode.Language = .chinese) { self.language = language }

    /// Takes a scan, a typed line or a pressed button.
    ///
    /// - Parameters:
    ///   - text: what was read, without line end.
    ///   - node: the terminal.
    ///   - reading: the clocks now.
    ///   - dice: for ids.
    ///   - transaction: the terminal's store.
    /// - Returns: what the page shows about it.
    /// - Throws: a ``Refusal`` when the scan has no place here or the rules do not allow it; the
    ///   caller undoes the transaction and shows it. The page stays as it was.
    public mutating func scan(
        _ text: String,
        _ node: inout TerminalNode,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> Feedback {
        var session = self
        var desk = ScanDesk(
            node: node,
            reading: reading,
            transaction: transaction
        )
        let meaning = try node.parser.meaning(of: text)
        let feedback = try desk.take(meaning, text, &session, &dice)
        self = session
        node = desk.node
        return feedback
    }

    /// Goes to a section of the report at hand.
    public mutating func write(_ section: Section) { writing = SectionDraft(section) }

    /// Goes to an entity of a list that was touched or chosen.
    public mutating func open(_ place: Place) {
        self.place = place
        numberIsDamage = false
        besideNote = nil
        putAwayCount = nil
        damagePhoto = nil
        doubted = nil
        writing = nil
        partCount = nil
        switch place {
        case .round: isOnRound = true
        case .home, .receipt, .report: isOnRound = false
        case .inspection, .exception, .order, .machine, .hazard, .stopCard: break
        }
    }
}
