import Codes
import Tally

/// Something that was seen or said about a receipt.
///
/// Facts are never changed: what does not hold is corrected by another.
public enum ReceiptFact: Hashable, Sendable {
    /// What a person decided about two counts that did not know of each other.
    public enum Ruling: Hashable, Sendable {
        case bothReal
        /// The other is the same goods as the one, and does not count.
        case sameGoods

        /// Reads `both_real` or `same_goods`; nil for anything else.
        public init?(text: String) {
            switch text {
            case "both_real": self = .bothReal
            case "same_goods": self = .sameGoods
            default: return nil
            }
        }
    }

    /// The goods of a note have begun to arrive.
    ///
    /// `text` is the signed text that was scanned, empty when the note was taken from the
    /// terminal's list.
    case opened(note: NoteContent, text: String, ordinal: Int)
    /// The goods of a note have begun to arrive, and all that is known of it is what a rule made of
    /// a code that nobody signed.
    case openedUnsigned(note: NoteContent, text: String, rule: String, ordinal: Int)
    /// Signed notes of one number differ, and a person has said which holds.
    ///
    /// `known` are the openings whose notes that person knew of.
    case noteSettled(opening: OperationID, known: [OperationID])
    /// `material` is what the line said then, since another note of the number may have it at
    /// another line; empty in records of old programs.
    case counted(line: Int, lot: String, quantity: Quantity, asNoted: Bool, material: String = "")
    case cartonSeen(sscc: String)
    /// Part of what was counted, not beside it.
    ///
    /// `photo` is the SHA-256 of a picture, or empty; `material` as in ``counted``.
    case damaged(
        line: Int,
        quantity: Quantity,
        remark: String,
        photo: [UInt8],
        material: String = ""
    )
    case corrected(operation: OperationID, reason: String)
    case partDone
    case settled(one: OperationID, other: OperationID, ruling: Ruling)
    /// More than the tolerance did come of a line: so much was counted then.
    case overAccepted(line: Int, counted: Quantity, material: String)
    case putAway(line: Int, lot: String, quantity: Quantity, bin: String, material: String)

    static let types = [
        "receipt.opened", "receipt.counted", "receipt.carton_seen", "receipt.damaged",
        "receipt.corrected", "receipt.part_done", "receipt.settled", "receipt.opened_unsigned",
        "receipt.note_settled", "receipt.over_accepted", "receipt.put_away",
    ]

    public var type: String {
        switch self {
        case .opened: "receipt.opened"
        case .openedUnsigned: "receipt.opened_unsigned"
        case .noteSettled: "receipt.note_settled"
        case .counted: "receipt.counted"
        case .cartonSeen: "receipt.carton_seen"
        case .damaged: "receipt.damaged"
        case .corrected: "receipt.corrected"
        case .partDone: "receipt.part_done"
        case .settled: "receipt.settled"
        case .overAccepted: "receipt.over_accepted"
        case .putAway: "receipt.put_away"
        }
    }

    /// The operation to be that says this of a receipt.
    package func draft(of receipt: EntityKey) throws -> Draft {
        Draft(.fact, of: receipt, type: type, payload: try payload())
    }
}
