import Codes
import Receiving
import Tally
import Testing

/// Receipts that a code opened which nobody signed, and what becomes of them when a signed note
/// comes; and signed notes of one number that do not say the same.
@Suite struct UnsignedReceiptTests {
    private static func code(_ lines: [NoteContent.Line]) -> NoteContent {
        var note = Dock.note
        note.lines = lines
        return note
    }

    /// The goods of the dock's note as a supplier's own code has them: in another order, without
    /// lots.
    private static let code = code([
        NoteContent.Line(number: 1, material: "BOLT-M8", quantity: Quantity(count: 100)),
        NoteContent.Line(number: 2, material: "BRG-6204", quantity: Quantity(count: 60)),
    ])

    private static func unsigned(
        _ note: NoteContent = code,
        text: String = "DN:S-1/DN-1"
    )
        -> ReceiptFact
    {
        .openedUnsigned(note: note, text: text, rule: "note-number", ordinal: 1)
    }

    private static let signed = ReceiptFact.opened(note: Dock.note, text: "TMN1:X", ordinal: 1)

    private func counted(_ material: String, _ count: Int64, line: Int) -> ReceiptFact {
        .counted(
            line: line,
            lot: "",
            quantity: Quantity(count: count),
            asNoted: false,
            material: material
        )
    }

    // MARK: - One receipt

    @Test func `a receipt by an unsigned code says so until the signed note comes`() throws {
        var dock = Dock()
        try dock.record(Self.unsigned(), on: 1, at: 1)
        try dock.record(counted("BOLT-M8", 40, line: 1), on: 1, at: 2)
        var receipt = try dock.receipt()
        #expect(receipt.isUnsigned)
        #expect(receipt.text == "")
        #expect(receipt.totals.map(\.counted.amount) == [40, 0])
        // Another unsigned code of it changes nothing about that.
        try dock.record(Self.unsigned(text: "https://s-1/dn/1"), on: 2, at: 3)
        #expect(try dock.receipt().isUnsigned)
        #expect(try dock.receipt().note.lines.count == 2)

        try dock.record(Self.signed, on: 2, at: 4)
        receipt = try dock.receipt()
        #expect(!receipt.isUnsigned)
        #expect(receipt.note == Dock.note)
        #expect(receipt.totals.map(\.line.material) == ["BRG-6204", "BOLT-M8"])
        #expect(receipt.totals.map(\.counted.amount) == [0, 40], "the count follows its goods")
        #expect(receipt.noteConflict == nil)
    }

    @Test func `counts of two papers of the same goods are found as counted twice`() throws {
        var dock = Dock()
        try dock.record(Self.unsigned(), on: 1, at: 1)
        try dock.record(Self.signed, on: 2, at: 2)
        try dock.record(counted("BRG-6204", 60, line: 2), on: 1, seen: 1, at: 3)
        try dock.record(
            .counted(
                line: 1,
                lot: "L1",
                quantity: Quantity(count: 60),
                asNoted: true,
                material: "BRG-6204"
            ),
            on: 2,
            seen: 2,
            at: 4
        )
        let receipt = try dock.receipt()
        #expect(receipt.totals[0].counted.amount == 120)
        #expect(receipt.doubts.count == 1, "both counted line 1, lot L1")
        #expect(receipt.doubts.first?.one.lot == "L1")
    }

    @Test func `goods that the signed note does not have stay in sight`() throws {
        var dock = Dock()
        let note = Self.code(
            Self.code.lines + [
                NoteContent.Line(number: 3, material: "NUT-M8", quantity: Quantity(count: 5))
            ]
        )
        try dock.record(Self.unsigned(note), on: 1, at: 1)
        try dock.record(counted("NUT-M8", 5, line: 3), on: 1, at: 2)
        try dock.record(Self.signed, on: 2, at: 3)
        let receipt = try dock.receipt()
        let extra = try #require(receipt.totals.last)
        #expect(extra.line.number == 3)
        #expect(extra.line.material == "NUT-M8")
        #expect(extra.line.quantity.amount == 0)
        #expect(extra.counted.amount == 5)
        #expect(extra.isOver)
    }

    /// Everything that is recorded here, put together in many orders, is the same receipt.
    @Test func `the order in which facts arrive does not matter`() throws {
        var dock = Dock()
        try dock.record(Self.unsigned(), on: 1, at: 3)
        try dock.record(
            Self.unsigned(
                Self.code([
                    NoteContent.Line(number: 1, material: "NUT-M8", quantity: Quantity(count: 9))
                ]),
                text: "other"
            ),
            on: 2,
            at: 4
        )
        try dock.record(counted("NUT-M8", 9, line: 1), on: 2, at: 5)
        try dock.record(counted("BOLT-M8", 40, line: 1), on: 1, at: 6)
        try dock.record(
            .damaged(
                line: 1,
                quantity: Quantity(count: 1),
                remark: "",
                photo: [],
                material: "BOLT-M8"
            ),
            on: 1,
            at: 7
        )
        let unsigned = try dock.receipt()
        #expect(unsigned.note.lines.map(\.material) == ["BOLT-M8", "BRG-6204", "NUT-M8"])
        #expect(unsigned.totals.map(\.counted.amount) == [40, 0, 9])
        try dock.record(Self.signed, on: 3, at: 8)
        let expected = try dock.receipt()
        #expect(expected.totals.map(\.counted.amount) == [0, 40, 9])
        #expect(expected.totals[1].damaged?.amount == 1)
        var record = dock.record
        var dice = SeededDice(seed: 4)
        for _ in 0..<100 {
            for index in record.facts.indices.reversed() {
                record.facts.swapAt(index, Int(dice.next() % UInt64(index + 1)))
            }
            #expect(Receipt(record) == expected)
        }
    }

    // MARK: - What a scan records

    private func open(
        _ paper: Receipt.Paper,
        _ known: [Receipt] = []
    ) throws -> [ReceiptFact] {
        let opened = try Receipt.open(paper, at: "SZ1") { key in
            known.first { $0.key == key }
        }
        return try opened.drafts.map { try ReceiptFact(type: $0.type, payload: $0.payload) }
    }

    private let paper = Receipt.Paper(Dock.note, text: "TMN1:X")
    private let unsignedPaper = Receipt.Paper(code, text: "DN:S-1/DN-1", rule: "note-number")

    @Test func `an unsigned code opens once, and adds nothing to a signed receipt`() throws {
        #expect(try open(unsignedPaper) == [Self.unsigned()])
        var dock = Dock()
        try dock.record(Self.unsigned(), on: 1, at: 1)
        #expect(try open(unsignedPaper, [dock.receipt()]) == [])
        #expect(try open(unsignedPaper, [Dock.opened().receipt()]) == [])
    }

    @Test func `the signed note joins the unsigned receipt, closed or not`() throws {
        var dock = Dock()
        try dock.record(Self.unsigned(), on: 1, at: 1)
        #expect(try open(paper, [dock.receipt()]) == [Self.signed])
        try dock.close()
        #expect(try open(paper, [dock.receipt()]) == [Self.signed])
    }

    @Test func `a code without lines and old records keep their form`() throws {
        let bare = Self.unsigned(Self.code([]))
        #expect(try ReceiptFact(type: bare.type, payload: bare.payload()) == bare)
        let settled = ReceiptFact.noteSettled(
            opening: try Dock.opened().receipt().opened.operation,
            known: [try Dock.opened().receipt().opened.operation]
        )
        #expect(try ReceiptFact(type: settled.type, payload: settled.payload()) == settled)
        for type in [bare.type, settled.type] {
            #expect(throws: ReceivingRefusal.badPayload(type: type)) {
                try ReceiptFact(type: type, payload: [])
            }
        }
        let empty = ReceiptFact.opened(note: Self.code([]), text: "", ordinal: 1)
        #expect(throws: ReceivingRefusal.badPayload(type: empty.type)) {
            try ReceiptFact(type: empty.type, payload: empty.payload())
        }
    }

    // MARK: - Replays

    @Test func `a note of which all was received is refused when it comes again`() throws {
        var dock = try Dock.opened()
        try dock.count(60, line: 1, on: 1, at: 2)
        try dock.count(99, line: 2, on: 1, at: 3)
        try dock.close()
        let short = try open(paper, [dock.receipt()])
        #expect(short == [.opened(note: Dock.note, text: "TMN1:X", ordinal: 2)], "a rest is due")
        try dock.count(1, line: 2, on: 1, at: 4)
        let received = ReceivingRefusal.noteReceived(
            note: "DN-1",
            at: try #require(try dock.receipt().closed).moment.description,
            by: "W1"
        )
        #expect(throws: received) { try open(paper, [dock.receipt()]) }
        #expect(throws: received) { try open(unsignedPaper, [dock.receipt()]) }
        #expect(throws: received) {
            try open(Receipt.Paper(Dock.note, text: ""), [dock.receipt()])
        }
    }

    private func revised(_ milliseconds: Int64) -> Receipt.Paper {
        var note = Dock.note
        note.issuedAt = Moment(milliseconds: milliseconds)
        note.lines[1].quantity = Quantity(count: 500)
        return Receipt.Paper(note, text: "TMN1:\(milliseconds)")
    }

    @Test func `an older note after a newer one that says something else is refused`() throws {
        var dock = Dock()
        let newer = revised(5_000)
        try dock.record(.opened(note: newer.note, text: newer.text, ordinal: 1), on: 1, at: 1)
        let outdated = ReceivingRefusal.noteOutdated(
            note: "DN-1",
            issued: Dock.note.issuedAt.description,
            newer: newer.note.issuedAt.description
        )
        #expect(throws: outdated) { try open(paper, [dock.receipt()]) }
        try dock.close()
        #expect(throws: outdated) { try open(paper, [dock.receipt()]) }
        // The same goods issued anew are no other note.
        var again = Dock.note
        again.issuedAt = Moment(milliseconds: 9_000)
        let joined = Receipt.Paper(again, text: "TMN1:again")
        #expect(try open(joined, [Dock.opened().receipt()]) == [])
    }

    // MARK: - Notes that differ

    @Test func `signed notes that differ are recorded both, and hold the order`() throws {
        let newer = revised(5_000)
        let facts = try open(newer, [Dock.opened().receipt()])
        #expect(facts == [.opened(note: newer.note, text: newer.text, ordinal: 1)])
        var dock = try Dock.opened()
        let second = try dock.record(facts[0], on: 2, at: 2)
        let receipt = try dock.receipt()
        let first = receipt.opened.operation
        let conflict = try #require(receipt.noteConflict)
        #expect(conflict.holding.evidence.operation == first)
        #expect(conflict.others.map(\.evidence.operation) == [second])
        #expect(!conflict.isSettled)
        try dock.close()
        #expect(try doubts(dock) == [.notesDiffer(one: first, other: second)])

        let draft = try dock.receipt().settleNotes(keeping: second)
        try dock.record(
            try ReceiptFact(type: draft[0].type, payload: draft[0].payload),
            on: 3,
            at: 5
        )
        #expect(try doubts(dock).isEmpty)
        #expect(try dock.receipt().note.lines[1].quantity.amount == 500)
        #expect(try dock.receipt().noteConflict?.isSettled == true)
        // A third one comes: nobody knew of it.
        let third = revised(7_000)
        var note = third.note
        note.lines.removeLast()
        let late = try dock.record(
            .opened(note: note, text: third.text, ordinal: 1),
            on: 2,
            at: 6
        )
        #expect(try doubts(dock).contains(.notesDiffer(one: second, other: late)))
        #expect(throws: ReceivingRefusal.noSuchNoteDoubt) {
            try Dock.opened().receipt().settleNotes(keeping: first)
        }
    }

    @Test func `a note that differs from the hub's own is recorded beside it`() throws {
        let issued = try #require(try Self.issued(Dock.note))
        let newer = revised(5_000)
        let paper = Receipt.Paper(newer.note, text: newer.text, issued: issued)
        #expect(
            try open(paper) == [
                .opened(note: newer.note, text: newer.text, ordinal: 1),
                .opened(note: Dock.note, text: "TMN1:hub", ordinal: 1),
            ]
        )
        let older = Receipt.Paper(
            Dock.note,
            text: "TMN1:X",
            issued: try Self.issued(newer.note)
        )
        #expect(throws: ReceivingRefusal.self) { try open(older) }
    }

    private static func issued(_ note: NoteContent) throws -> DeliveryNote? {
        let draft = try DeliveryNote.issue(note, text: "TMN1:hub")
        var record = EntityRecord(key: draft.entity)
        record.decisions[draft.type] = Recorded(
            evidence: try Dock.opened().receipt().opened,
            type: draft.type,
            payload: draft.payload
        )
        return DeliveryNote(record)
    }

    // MARK: - The order

    private func doubts(_ dock: Dock) throws -> [ArrivalOrder.Doubt] {
        try order(dock)?.doubts ?? []
    }

    private func order(_ dock: Dock, after previous: ArrivalOrder? = nil) throws -> ArrivalOrder? {
        try ArrivalOrderDecider.decide(
            dock.receipt(),
            previous: previous,
            overDeliveryPercent: { _ in 0 },
            nextNumber: { "AO-1" }
        )?.order
    }

    @Test func `the order carries the mark, and a revision takes it off`() throws {
        var dock = Dock()
        try dock.record(Self.unsigned(), on: 1, at: 1)
        try dock.close()
        let first = try #require(try order(dock))
        #expect(first.isUnsigned)
        #expect(!first.isHeldForReview)
        #expect(try ArrivalOrder(payload: first.payload()) == first)
        try dock.record(Self.signed, on: 2, at: 2)
        let second = try #require(try order(dock, after: first))
        #expect(!second.isUnsigned)
        #expect(second.number == first.number)
        #expect(second.revision == 2)
    }
}
