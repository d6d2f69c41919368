import Tally

/// Why receiving refuses something.
///
/// Nothing was changed.
public enum ReceivingRefusal: Refusal, Equatable {
    /// A payload is not the message that its type says.
    case badPayload(type: String)
    /// The note is for another site than this terminal's.
    case otherSite(note: String, site: String, here: String)
    case noteCancelled(note: String)
    /// The terminal has no such note; its paper can be scanned.
    case unknownNote(note: String)
    case receiptClosed(note: String)
    case unknownReceipt(String)
    case unknownLine(note: String, line: Int)
    /// The note's line has another lot.
    case wrongLot(line: Int, expected: String, read: String)
    /// The material is tracked by lot, and none was given.
    case lotMissing(line: Int)
    case notPositive(read: String)
    /// Too much for one count, too fine, or part of a piece.
    case impossibleQuantity(line: Int, read: String)
    case wrongUnit(line: Int, expected: String, read: String)
    /// The carton is on no line of this note.
    case cartonNotOnNote(note: String, carton: String)
    /// The carton was seen before on this receipt.
    case cartonSeenAgain(carton: String, by: String, at: String)
    case unknownObservation(String)
    case alreadyCorrected(String)
    /// The two observations are not a pair that waits for a ruling.
    case noSuchDoubt
    /// All that the note says was received before: at the time, by the worker.
    case noteReceived(note: String, at: String, by: String)
    /// A newer note of this number is known.
    case noteOutdated(note: String, issued: String, newer: String)
    /// Only the note's digest was scanned, and the note itself is not on this terminal.
    case noteNotHere(note: String, supplier: String, lines: Int)
    /// The note on this terminal is not the one whose digest was scanned.
    case noteNotAsDigest(note: String, supplier: String)
    /// The supplier's notes are received only when signed.
    case unsignedNotTaken(note: String, supplier: String)
    /// Neither the code nor its rule says which supplier's the note is, or nobody registered it.
    case supplierUnknown(note: String, supplier: String)
    /// The opening is none of the signed notes that differ.
    case noSuchNoteDoubt
    /// A file of master data has a value that its column cannot have.
    case badValue(field: String, value: String)
    /// All of the line was counted already, so there is nothing left to take from the note.
    case countedInFull(line: Int, counted: String)
    /// The supplier's goods are counted without seeing what was noted.
    case countedBlind(line: Int)
    /// The lot must not move: held for a reason, by somebody, since then.
    case lotHeld(material: String, lot: String, reason: String, by: String, at: String)
    case lotNotHeld(material: String, lot: String)
    /// Of the line nothing was counted that is not in a bin.
    case nothingToPutAway(line: Int)
    case tooMuchToPutAway(line: Int, left: String, read: String)
    case unknownBin(String)
    /// Nothing of the line is over its tolerance.
    case notOver(line: Int)
    /// The worker's role does not allow it; `what` is a word of the permission table.
    case notPermitted(what: String, worker: String)

    public var code: ProblemCode {
        switch self {
        case .badPayload: "receiving.bad_payload"
        case .otherSite: "receiving.other_site"
        case .noteCancelled: "receiving.note_cancelled"
        case .unknownNote: "receiving.unknown_note"
        case .receiptClosed: "receiving.receipt_closed"
        case .unknownReceipt: "receiving.unknown_receipt"
        case .unknownLine: "receiving.unknown_line"
        case .wrongLot: "receiving.wrong_lot"
        case .lotMissing: "receiving.lot_missing"
        case .notPositive: "receiving.not_positive"
        case .impossibleQuantity: "receiving.impossible_quantity"
        case .wrongUnit: "receiving.wrong_unit"
        case .cartonNotOnNote: "receiving.carton_not_on_note"
        case .cartonSeenAgain: "receiving.carton_seen_again"
        case .unknownObservation: "receiving.unknown_observation"
        case .alreadyCorrected: "receiving.already_corrected"
        case .noSuchDoubt: "receiving.no_such_doubt"
        case .noteReceived: "receiving.note_received"
        case .noteOutdated: "receiving.note_outdated"
        case .noteNotHere: "receiving.note_not_here"
        case .noteNotAsDigest: "receiving.note_not_as_digest"
        case .unsignedNotTaken: "receiving.unsigned_not_taken"
        case .supplierUnknown: "receiving.supplier_unknown"
        case .noSuchNoteDoubt: "receiving.no_such_note_doubt"
        case .badValue: "receiving.bad_value"
        case .countedInFull: "receiving.counted_in_full"
        case .countedBlind: "receiving.counted_blind"
        case .lotHeld: "receiving.lot_held"
        case .lotNotHeld: "receiving.lot_not_held"
        case .nothingToPutAway: "receiving.nothing_to_put_away"
        case .tooMuchToPutAway: "receiving.too_much_to_put_away"
        case .unknownBin: "receiving.unknown_bin"
        case .notOver: "receiving.not_over"
        case .notPermitted: "receiving.not_permitted"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .badPayload(let type): ["type": type]
        case .otherSite(let note, let site, let here): ["note": note, "site": site, "here": here]
        case .noteCancelled(let note), .unknownNote(let note), .receiptClosed(let note):
            ["note": note]
        case .unknownReceipt(let receipt): ["receipt": receipt]
        case .unknownLine(let note, let line): ["note": note, "line": String(line)]
        case .wrongLot(let line, let expected, let read):
            ["line": String(line), "expected": expected, "read": read]
        case .lotMissing(let line): ["line": String(line)]
        case .notPositive(let read): ["read": read]
        case .impossibleQuantity(let line, let read): ["line": String(line), "read": read]
        case .wrongUnit(let line, let expected, let read):
            ["line": String(line), "expected": expected, "read": read]
        case .cartonNotOnNote(let note, let carton): ["note": note, "carton": carton]
        case .cartonSeenAgain(let carton, let by, let at):
            ["carton": carton, "worker": by, "time": at]
        case .unknownObservation(let id), .alreadyCorrected(let id): ["observation": id]
        case .noSuchDoubt, .noSuchNoteDoubt: [:]
        case .noteReceived(let note, let at, let by): ["note": note, "time": at, "worker": by]
        case .noteOutdated(let note, let issued, let newer):
            ["note": note, "issued": issued, "newer": newer]
        case .noteNotHere(let note, let supplier, let lines):
            ["note": note, "supplier": supplier, "lines": String(lines)]
        case .noteNotAsDigest(let note, let supplier), .unsignedNotTaken(let note, let supplier),
            .supplierUnknown(let note, let supplier):
            ["note": note, "supplier": supplier]
        case .badValue(let field, let value): ["field": field, "value": value]
        case .countedInFull(let line, let counted):
            ["line": String(line), "quantity": counted]
        case .countedBlind(let line), .notOver(let line), .nothingToPutAway(let line):
            ["line": String(line)]
        case .tooMuchToPutAway(let line, let left, let read):
            ["line": String(line), "quantity": left, "read": read]
        case .unknownBin(let bin): ["bin": bin]
        case .lotHeld(let material, let lot, let reason, let by, let at):
            ["material": material, "lot": lot, "reason": reason, "worker": by, "time": at]
        case .lotNotHeld(let material, let lot): ["material": material, "lot": lot]
        case .notPermitted(let what, let worker): ["section": what, "worker": worker]
        }
    }
}
