import Tally

/// What people on the floor do, as the page and the terminal's interface ask for it.
///
/// Ids are 32 hexadecimal digits, observations 64; numbers are plain decimal text. In JSON a
/// command is one object with its name:
///
///     {"countLine": {"receipt": "…", "line": 2, "quantity": "40"}}
public enum FloorCommand: Hashable, Sendable, Codable {
    /// Opens the receipt of a scanned note, or joins it: one of ours, its digest, or a supplier's
    /// own code that a rule reads.
    case openReceipt(note: String)
    /// Opens the receipt of a note that the terminal has by sync.
    case openNote(supplier: String, number: String)
    case countLine(
        receipt: String,
        line: Int,
        lot: String? = nil,
        quantity: String,
        unit: String? = nil
    )
    /// "As noted": the clerk checked the line against the note, and they agree.
    case countAsNoted(receipt: String, line: Int)
    case seeCarton(receipt: String, carton: String)
    /// `photo` is the SHA-256 of a photo that the terminal keeps, 64 hexadecimal digits.
    case reportDamage(
        receipt: String,
        line: Int,
        quantity: String,
        remark: String? = nil,
        photo: String? = nil
    )
    case correct(receipt: String, observation: String, reason: String? = nil)
    case finishPart(receipt: String)
    case closeReceipt(receipt: String)
    /// `ruling` is `both_real` or `same_goods`.
    case settleCounts(receipt: String, one: String, other: String, ruling: String)
    /// Which of the signed notes of one number holds: that of this opening.
    case settleNotes(receipt: String, opening: String)

    case beginInspection(equipment: String, plateScanned: Bool)
    case answerCheck(inspection: String, question: String, answer: String)
    case signInspection(inspection: String)
    case takeOrder(order: String)
    /// Lays the work down for a while.
    case pauseOrder(order: String, note: String? = nil)
    case resumeOrder(order: String)
    /// Gives the order to whoever takes it next, or to the badge that is named.
    case handOverOrder(order: String, to: String? = nil, note: String? = nil)
    /// What was done, in words, or a part that was built in: `quantity` of the material, in its own
    /// unit.
    case noteOrder(
        order: String,
        text: String,
        material: String? = nil,
        quantity: String? = nil
    )
    case finishOrder(order: String, note: String? = nil)

    /// Reports an exception, or joins the open report on the same machine and category. `phrases`
    /// are codes of the category's phrases about the problem.
    case raiseException(
        category: String,
        equipment: String,
        text: String,
        photo: String? = nil,
        phrases: [String]? = nil,
        productionOrder: String? = nil,
        material: String? = nil,
        lot: String? = nil
    )
    /// `section` is a section of the report in snake case: `containment`, `root_cause`, ...
    case editException(report: String, section: String, text: String)
    /// Words beside a section; anyone may add them, and nobody can change them.
    case addToException(report: String, section: String, text: String)
    /// Lets one of the values stand that people wrote apart: that of this operation.
    case settleException(report: String, section: String, operation: String)
    /// Says that somebody deals with a section that is late.
    case acknowledgeException(report: String, section: String)
    /// `move` is a verb of the report's lifecycle: `contain`, `resolve`, `close`, `reopen`.
    case moveException(report: String, move: String)
}
