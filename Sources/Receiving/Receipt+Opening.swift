import Codes
import Tally

extension Receipt {
    /// A note that somebody wants to receive.
    public struct Paper: Hashable, Sendable {
        public let note: NoteContent
        /// What was scanned; empty when the note was taken from the terminal's list.
        public let text: String
        /// The rule that read it, for a code that nobody signed.
        public let rule: String?
        /// The hub's own note of this number, where the terminal has it.
        public let issued: DeliveryNote?

        public init(
            _ note: NoteContent,
            text: String,
            rule: String? = nil,
            issued: DeliveryNote? = nil
        ) {
            self.note = note
            self.text = text
            self.rule = rule
            self.issued = issued
        }

        var isUnsigned: Bool { rule != nil }

        /// Refuses a note when a newer one of its number says something else.
        func checkAge(against newest: [NoteContent]) throws(ReceivingRefusal) {
            guard !isUnsigned, !text.isEmpty else { return }
            for other in newest where other.issuedAt > note.issuedAt && !other.hasGoods(of: note) {
                throw .noteOutdated(
                    note: note.number,
                    issued: note.issuedAt.description,
                    newer: other.issuedAt.description
                )
            }
        }

        /// The facts that open a receipt with it; where the hub's own note says something else,
        /// that one too, so that both are seen.
        func openings(_ ordinal: Int, beside known: Receipt?) -> [ReceiptFact] {
            if let rule {
                return [.openedUnsigned(note: note, text: text, rule: rule, ordinal: ordinal)]
            }
            let signed = known?.openings.filter { !$0.isUnsigned } ?? []
            var facts: [ReceiptFact] = []
            if !signed.contains(where: { $0.note.hasGoods(of: note) }) {
                facts.append(.opened(note: note, text: text, ordinal: ordinal))
            }
            if let issued, !issued.content.hasGoods(of: note),
                !signed.contains(where: { $0.note.hasGoods(of: issued.content) })
            {
                facts.append(.opened(note: issued.content, text: issued.text, ordinal: ordinal))
            }
            return facts
        }
    }

    /// Opens a receipt for a note, or joins the one that is open.
    ///
    /// A signed note that comes after a code which nobody signed joins its receipt, open or closed.
    /// One that says something else than a signed note before it is recorded beside it.
    ///
    /// - Parameters:
    ///   - paper: what the supplier says it sends.
    ///   - site: the terminal's site.
    ///   - receipt: reads the receipt of an ordinal, as this terminal knows it.
    /// - Returns: the receipt, and what to record: nothing when there is nothing new to say.
    /// - Throws: ``ReceivingRefusal`` for a note of another site, a cancelled one, one of which all
    ///   was received, or one that a newer one has replaced.
    public static func open(
        _ paper: Paper,
        at site: String,
        receipt: (EntityKey) throws -> Receipt?
    ) throws -> (key: EntityKey, drafts: [Draft]) {
        let note = paper.note
        guard note.site == site else {
            throw ReceivingRefusal.otherSite(note: note.number, site: note.site, here: site)
        }
        guard paper.issued?.isCancelled != true else {
            throw ReceivingRefusal.noteCancelled(note: note.number)
        }
        try paper.checkAge(against: paper.issued.map { [$0.content] } ?? [])
        var closed: [Receipt] = []
        while true {
            let key = ReceivingRoom.receiptKey(
                site: site,
                supplier: note.supplier,
                number: note.number,
                ordinal: closed.count + 1
            )
            guard let known = try receipt(key) else {
                let next = try next(paper, after: closed)
                return (key, try next.openings(closed.count + 1, beside: nil).drafts(of: key))
            }
            try paper.checkAge(against: known.openings.filter { !$0.isUnsigned }.map(\.note))
            let news = known.news(in: paper)
            if !known.isClosed || !news.isEmpty { return (key, try news.drafts(of: key)) }
            closed.append(known)
        }
    }

    /// What a paper tells this receipt that it does not know.
    private func news(in paper: Paper) -> [ReceiptFact] {
        let facts = paper.openings(ordinal, beside: self)
        guard paper.isUnsigned else { return facts }
        return isUnsigned && !isClosed && !openings.contains { $0.text == paper.text } ? facts : []
    }

    /// What to open the next receipt with, when those before it are closed.
    private static func next(_ paper: Paper, after closed: [Receipt]) throws -> Paper {
        guard let last = closed.last else { return paper }
        guard !areComplete(closed) else {
            throw ReceivingRefusal.noteReceived(
                note: paper.note.number,
                at: last.closed?.moment.description ?? "",
                by: last.closed?.author ?? ""
            )
        }
        // The rest of a note that was signed is the signed note's, whatever was scanned for it.
        guard paper.isUnsigned, let signed = closed.last(where: { !$0.isUnsigned }) else {
            return paper
        }
        return Paper(signed.note, text: "", issued: paper.issued)
    }

    /// Whether all that the last note says was counted in these receipts together.
    private static func areComplete(_ receipts: [Receipt]) -> Bool {
        guard let note = receipts.last?.note, !note.lines.isEmpty else { return false }
        return note.lines.allSatisfy { line in
            let counted = receipts.flatMap(\.totals)
                .filter { $0.line.number == line.number && $0.line.material == line.material }
                .reduce(Quantity(count: 0, unit: line.quantity.unit)) {
                    $0.adding($1.counted) ?? $0
                }
            return counted.isLess(than: line.quantity) == false
        }
    }
}

extension [ReceiptFact] {
    fileprivate func drafts(of receipt: EntityKey) throws -> [Draft] {
        try map { try $0.draft(of: receipt) }
    }
}
