import Codes
import Tally

// Whose word says what was to come. A terminal that is offline may know one note of a number and
// another terminal a second one, so every opening is kept, and the same set of facts comes to the
// same answer in whatever order it is put together.

extension Receipt {
    /// Somebody opened the receipt with a note.
    public struct Opening: Hashable, Sendable {
        public let evidence: Evidence
        public let note: NoteContent
        /// What was scanned; empty when the note was taken from the terminal's list.
        public let text: String
        public let ordinal: Int
        /// The rule that read the code; nil for a note that a signature or the hub vouches for.
        public let rule: String?

        public var isUnsigned: Bool { rule != nil }

        init?(_ evidence: Evidence, _ fact: ReceiptFact) {
            switch fact {
            case .opened(let note, let text, let ordinal):
                (self.note, self.text, self.ordinal, rule) = (note, text, ordinal, nil)
            case .openedUnsigned(let note, let text, let rule, let ordinal):
                (self.note, self.text, self.ordinal, self.rule) = (note, text, ordinal, rule)
            default:
                return nil
            }
            self.evidence = evidence
        }
    }

    /// Signed notes of one supplier and number that do not say the same.
    public struct NoteConflict: Hashable, Sendable {
        /// The one that holds: as a person said, else the one that was scanned first.
        public let holding: Opening
        /// An opening for each of the others.
        public let others: [Opening]
        /// Whether a person who knew of them all has said which holds.
        public let isSettled: Bool
    }

    /// Whether nothing but a code that nobody signed says what was to come.
    public var isUnsigned: Bool { openings.allSatisfy(\.isUnsigned) }

    static func holding(
        _ openings: [Opening],
        _ facts: [(Evidence, ReceiptFact)]
    ) -> (note: NoteContent, text: String, conflict: NoteConflict?) {
        let signed = openings.filter { !$0.isUnsigned }
        guard let first = signed.first(where: { !$0.text.isEmpty }) ?? signed.first else {
            return (joined(openings), "", nil)
        }
        let word = lastWord(facts, signed)
        let holding = word?.opening ?? first
        var others: [Opening] = []
        for opening in signed
        where !([holding] + others).contains(where: { $0.note.hasGoods(of: opening.note) }) {
            others.append(opening)
        }
        let known = word?.known ?? []
        let conflict = NoteConflict(
            holding: holding,
            others: others,
            isSettled: others.allSatisfy { other in
                known.contains { $0.note.hasGoods(of: other.note) }
            }
        )
        return (holding.note, holding.text, others.isEmpty ? nil : conflict)
    }

    /// The last that was said about which note holds, in the hub's order.
    private static func lastWord(
        _ facts: [(Evidence, ReceiptFact)],
        _ signed: [Opening]
    ) -> (opening: Opening, known: [Opening])? {
        let words = facts.compactMap { evidence, fact -> (Evidence, Opening, [OperationID])? in
            guard case .noteSettled(let id, let known) = fact,
                let opening = signed.first(where: { $0.evidence.operation == id })
            else { return nil }
            return (evidence, opening, known)
        }
        let last = words.max { one, other in
            (one.0.position ?? UInt64.max, one.0.operation)
                < (other.0.position ?? UInt64.max, other.0.operation)
        }
        return last.map { word in
            (word.1, signed.filter { word.2.contains($0.evidence.operation) })
        }
    }

    /// What several codes say that nobody signed: the first one, and the goods that only others
    /// have.
    private static func joined(_ openings: [Opening]) -> NoteContent {
        var note = openings[0].note
        for line in openings.dropFirst().flatMap(\.note.lines) {
            let isThere = note.lines.contains { known in
                known.material == line.material && known.quantity.unit == line.quantity.unit
                    && (known.lot == line.lot || known.lot.isEmpty || line.lot.isEmpty)
            }
            guard !isThere else { continue }
            var line = line
            line.number = (note.lines.map(\.number).max() ?? 0) + 1
            note.lines.append(line)
        }
        return note
    }
}

extension NoteContent {
    /// Whether both notes say that the same goods come, whatever they call them and however they
    /// number their lines.
    func hasGoods(of other: NoteContent) -> Bool { goods == other.goods }

    private var goods: [Line: Int] {
        lines.reduce(into: [:]) { goods, line in
            var line = line
            line.number = 0
            line.description = ""
            line.serials.sort()
            line.cartons.sort()
            goods[line, default: 0] += 1
        }
    }
}

/// What was counted, by which its line is found on whichever note holds.
struct Goods: Hashable {
    /// Empty in records of old programs, which name the line only.
    let material: String
    let lot: String
    let unit: Tally.Unit

    /// The line of these goods: the one of the number where it says the same, else the first that
    /// does; nil when none does.
    func line(_ number: Int, of lines: [NoteContent.Line]) -> NoteContent.Line? {
        let named = lines.first { $0.number == number }
        guard !material.isEmpty else { return named }
        if let named, fits(named) { return named }
        let fitting = lines.filter(fits)
        return fitting.first { $0.lot == lot } ?? fitting.first
    }

    private func fits(_ line: NoteContent.Line) -> Bool {
        line.material == material && line.quantity.unit == unit
            && (line.lot == lot || line.lot.isEmpty || lot.isEmpty)
    }
}
