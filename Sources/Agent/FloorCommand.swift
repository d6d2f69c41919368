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
    /// Opens a receipt for goods that came without papers; `supplier` is a supplier's code where it
    /// is known.
    case openWithoutPapers(supplier: String? = nil)
    /// Counts goods by what they are: wrong items, and goods without papers.
    case countGoods(receipt: String, material: String, lot: String? = nil, quantity: String)
    /// Lays goods of a line into a bin; without a quantity all that is left of it.
    case putAway(receipt: String, line: Int, bin: String, quantity: String? = nil)
    /// Keeps more than the material's tolerance allows.
    case acceptOver(receipt: String, line: Int)
    /// Holds a lot: it must not move. Anybody may.
    case holdLot(material: String, lot: String, reason: String? = nil)
    /// Takes back the holds of a lot that are known here.
    case freeLot(material: String, lot: String)
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

    /// `route` is the code of the route that the worker walks; nil for none.
    case beginInspection(equipment: String, plateScanned: Bool, route: String? = nil)
    case answerCheck(inspection: String, question: String, answer: String)
    case signInspection(inspection: String)
    /// Says that a machine must not run; anybody may. A record for people, and no safety function.
    case stopMachine(equipment: String, reason: String)
    /// Lets a machine run again: takes back the stops that are known here, by name.
    case releaseMachine(equipment: String)
    /// Says that somebody looks after a machine that was missed on a route.
    case answerMissed(route: String, equipment: String, note: String? = nil)
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
