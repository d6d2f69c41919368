import Agent
import Codes
import Hub
import NodePlant
import Receiving
import Sync
import Tally
import Testing

/// Suppliers' own codes, digests, replays and keys at terminals that decide offline.
@Suite struct SupplierCodeTests {
    private let plant: NodePlant

    init() throws { plant = try NodePlant() }

    private func signedIn(_ index: Int = 0) throws -> KioskSession {
        var session = KioskSession()
        _ = try plant.scan("TM:W:W\(index + 1)", &session, on: index)
        return session
    }

    private func refused(
        _ text: String,
        _ session: KioskSession,
        on index: Int = 0
    ) -> (
        any Refusal
    )? {
        var session = session
        let before = plant.terminals[index].store.operationCount
        do {
            _ = try plant.scan(text, &session, on: index)
            return nil
        } catch {
            #expect(plant.terminals[index].store.operationCount == before)
            return error as? any Refusal
        }
    }

    private func receipt(_ session: KioskSession, on index: Int = 0) throws -> Receipt {
        guard case .receipt(let id, _) = session.place else {
            throw ReceivingRefusal.unknownReceipt("none")
        }
        let known = try plant.terminals[index].read { try $0.receipt(id, site: NodePlant.site) }
        return try #require(known)
    }

    private func allowUnsigned() throws {
        try plant.setTakesUnsigned(true, of: "S-1")
        for index in plant.terminals.indices { try plant.sync(index) }
    }

    private static let code = "N:S-1:DN-1|BOLT-M8*100|BRG-6204*60"

    // MARK: - The setting

    @Test func `unsigned notes are refused until the office allows them, supplier by supplier`()
        throws
    {
        let session = try signedIn()
        #expect(
            refused(Self.code, session) as? ReceivingRefusal
                == .unsignedNotTaken(note: "DN-1", supplier: "S-1")
        )
        #expect(
            refused("N:S-9:DN-1", session) as? ReceivingRefusal
                == .supplierUnknown(note: "DN-1", supplier: "S-9")
        )
        #expect(
            refused("N::DN-1", session) as? ReceivingRefusal
                == .supplierUnknown(note: "DN-1", supplier: "")
        )
        try plant.setTakesUnsigned(true, of: "s-1")
        #expect(refused(Self.code, session) != nil, "not synced yet")
        try plant.sync(0)
        var opened = session
        let feedback = try plant.scan(Self.code, &opened)
        #expect(feedback.message == "kiosk.receipt_unsigned")
        #expect(feedback.tone == .attention)
        try plant.setTakesUnsigned(false, of: "S-1")
        try plant.sync(0)
        #expect(refused("N:S-1:DN-2", session)?.code == "receiving.unsigned_not_taken")
        // A key that rotates changes nothing about it.
        try allowUnsigned()
        _ = try plant.rotateKey("S-1")
        try plant.sync(0)
        #expect(refused("N:S-1:DN-2", session) == nil)
    }

    @Test func `an unsigned code opens the hub's own note where that is here`() throws {
        _ = try plant.makeNote(plant.note())
        try plant.sync(0)
        for code in [Self.code, "N::DN-1"] {
            var session = try signedIn()
            _ = try plant.scan(code, &session)
            let receipt = try receipt(session)
            #expect(!receipt.isUnsigned)
            #expect(receipt.note.lines == plant.note().lines)
        }
    }

    @Test func `a code without lines is opened bare, and gets them from the signed note`() throws {
        try allowUnsigned()
        var session = try signedIn()
        let paper = try plant.makeNote(plant.note())
        #expect(try plant.scan("N:S-1:DN-1", &session).message == "kiosk.receipt_unsigned_bare")
        #expect(try receipt(session).lines.isEmpty)
        let answer = try plant.scan(paper, &session)
        #expect(answer.message == "kiosk.receipt_now_signed")
        #expect(try receipt(session).lines.count == 2)
    }

    // MARK: - One receipt

    @Test func `unsigned here and signed there meet in one receipt, once counted`() throws {
        // The terminals know the setting, and have never heard of the note.
        let late = try NodePlant()
        try late.setTakesUnsigned(true, of: "S-1")
        for index in [0, 1] { try late.sync(index) }
        let signed = try late.makeNote(late.note())
        var one = KioskSession()
        var other = KioskSession()
        _ = try late.scan("TM:W:W1", &one, on: 0)
        _ = try late.scan("TM:W:W2", &other, on: 1)
        _ = try late.scan(Self.code, &one, on: 0)
        _ = try late.scan("TM:C:CHOICE:1", &one, on: 0)
        _ = try late.scan("40", &one, on: 0)
        #expect(
            try late.scan(signed, &other, on: 1).message == "kiosk.receipt_opened"
        )
        _ = try late.scan("TM:C:CHOICE:2", &other, on: 1)
        _ = try late.scan("60", &other, on: 1)
        #expect(one.place == .receipt(try late.receiptID(), line: 1))
        #expect(other.place == .receipt(try late.receiptID(), line: 2))
        for index in [0, 1, 0] { try late.sync(index) }
        #expect(try late.agrees(0) && late.agrees(1))
        for index in [0, 1] {
            let id = try late.receiptID()
            let receipt = try #require(
                try late.terminals[index].read { try $0.receipt(id, site: NodePlant.site) }
            )
            #expect(!receipt.isUnsigned)
            #expect(receipt.note.lines == late.note().lines)
            #expect(receipt.totals.map(\.counted.amount) == [0, 100])
            #expect(receipt.doubleCounts.count == 1, "neither had seen the other's count")
        }
        _ = try late.scan("TM:C:CLOSE-RECEIPT", &one, on: 0)
        try late.sync(0)
        let orders = try late.orders()
        #expect(orders.map(\.number).count == 1)
        #expect(orders.allSatisfy { !$0.unsigned })
    }

    @Test func `the order says unsigned, and its revision does not once the note came`() throws {
        try allowUnsigned()
        var session = try signedIn()
        let paper = try plant.makeNote(plant.note())
        _ = try plant.scan(Self.code, &session)
        for text in ["TM:C:AS-NOTED", "TM:C:CHOICE:2", "TM:C:AS-NOTED", "TM:C:CLOSE-RECEIPT"] {
            _ = try plant.scan(text, &session)
        }
        try plant.sync(0)
        let first = try #require(try plant.orders().first)
        #expect(first.unsigned)
        #expect(first.status == "released")
        // The paper with the signature is found in the cabin later, at the other terminal.
        var other = try signedIn(1)
        try plant.sync(1)
        let answer = try plant.scan(paper, &other, on: 1)
        #expect(answer.message == "kiosk.receipt_now_signed")
        try plant.sync(1)
        let revised = try plant.orders()
        #expect(revised.map(\.number) == [first.number])
        #expect(revised[0].revision == 2)
        #expect(!revised[0].unsigned)
        #expect(revised[0].lines.map(\.counted) == ["60", "100"])
        #expect(refused(Self.code, other, on: 1)?.code == "receiving.note_received")
        #expect(refused(paper, other, on: 1)?.code == "receiving.note_received")
    }

    // MARK: - Labels

    @Test func `labels of goods choose their line, and count nothing`() throws {
        let paper = try plant.makeNote(plant.note())
        var session = try signedIn()
        _ = try plant.scan(paper, &session)
        let labels = [
            (#"{"material":"BOLT-M8","qty":100}"#, 2), (#"{"material":"BRG-6204","lot":"L1"}"#, 1),
            ("[)>\u{1E}06\u{1D}PBOLT-M8\u{1D}Q100\u{1E}\u{04}", 2),
            ("[)>\u{1E}06\u{1D}PBRG-6204\u{1D}1TL1\u{1D}Q20\u{1E}\u{04}", 1),
        ]
        for (label, line) in labels {
            _ = try plant.scan(label, &session)
            #expect(session.place == .receipt(try receipt(session).key.id, line: line), "\(label)")
        }
        #expect(try receipt(session).counts.isEmpty)
        #expect(
            refused(#"{"material":"BRG-6204","lot":"L7"}"#, session) as? ReceivingRefusal
                == .wrongLot(line: 1, expected: "L1", read: "L7")
        )
        #expect(
            refused(#"{"material":"NUT-M8"}"#, session)?.code == "agent.unexpected_scan"
        )
    }

    @Test func `a supplier's code that spans several symbols is read when all parts are there`()
        throws
    {
        try allowUnsigned()
        var session = try signedIn()
        let lines = (1...20).map { "|BOLT-M8-\($0)*\($0)" }.joined()
        let parts = try NotePart.texts(of: "N:S-1:DN-7" + lines, charactersMax: 100)
        #expect(parts.count > 3)
        for part in parts.dropLast().reversed() {
            #expect(try plant.scan(part, &session).message == "kiosk.note_part")
            #expect(session.place == .home)
        }
        let last = try plant.scan(parts[parts.count - 1], &session)
        #expect(last.message == "kiosk.receipt_unsigned")
        #expect(try receipt(session).lines.count == 20)
    }

    @Test func `the hub's note of an unsigned receipt is expected until it is opened`() throws {
        try allowUnsigned()
        var session = try signedIn()
        _ = try plant.scan(Self.code, &session)
        _ = try plant.makeNote(plant.note())
        try plant.sync(0)
        func expected() throws -> [String] {
            try plant.terminals[0].read {
                try $0.expectedNotes(site: NodePlant.site).map(\.content.number)
            }
        }
        #expect(try expected() == ["DN-1"])
        #expect(try receipt(session).isUnsigned, "nobody has opened it")
        _ = try plant.run(.openNote(supplier: "S-1", number: "DN-1"))
        #expect(try !receipt(session).isUnsigned)
        #expect(try expected() == [])
    }

    // MARK: - Digests

    private func longNote() -> NoteContent {
        var note = plant.note()
        var dice = SeededDice(seed: 12)
        note.lines = (1...400).map { number in
            NoteContent.Line(
                number: number,
                material: "BOLT-M8",
                quantity: Quantity(count: 5),
                serials: [Identifier.random(&dice).description]
            )
        }
        return note
    }

    @Test func `a note past 12 symbols opens by its digest once its lines came by sync`() throws {
        let text = try plant.makeNote(longNote())
        #expect(text.hasPrefix(SignedDigest.prefix))
        var session = try signedIn()
        #expect(
            refused(text, session) as? ReceivingRefusal
                == .noteNotHere(note: "DN-1", supplier: "S-1", lines: 400)
        )
        try plant.sync(0)
        #expect(try plant.scan(text, &session).message == "kiosk.receipt_opened")
        #expect(try receipt(session).lines.count == 400)
        #expect(try receipt(session).text == text)
        // The hub has another note of that number by now: this is not the one that was printed.
        var other = longNote()
        other.lines[7].quantity = Quantity(count: 6)
        _ = try plant.makeNote(other)
        try plant.sync(1)
        #expect(
            refused(text, try signedIn(1), on: 1) as? ReceivingRefusal
                == .noteNotAsDigest(note: "DN-1", supplier: "S-1")
        )
    }

    // MARK: - Notes that differ

    @Test func `signed notes that differ are in sight here and at the hub until a ruling`() throws {
        let first = try plant.makeNote(plant.note())
        var changed = plant.note()
        changed.issuedAt = plant.now
        changed.lines[1].quantity = Quantity(count: 500)
        let second = try plant.makeNote(changed)
        // Two terminals, each with its own paper, neither of them online.
        var one = try signedIn(0)
        var other = try signedIn(1)
        #expect(try plant.scan(first, &one, on: 0).message == "kiosk.receipt_opened")
        #expect(try plant.scan(second, &other, on: 1).message == "kiosk.receipt_opened")
        _ = try plant.scan("TM:C:CLOSE-RECEIPT", &one, on: 0)
        for index in [0, 1, 0] { try plant.sync(index) }
        let held = try #require(try plant.orders().first)
        #expect(held.status == "held_for_review")
        #expect(held.notes.map(\.holds) == [true, false])
        #expect(held.notes[1].lines.last == "BOLT-M8 500 H87")
        #expect(try receipt(one).noteConflict?.isSettled == false)
        #expect(refused(first, one)?.code == "receiving.note_outdated")
        let opening = try #require(OperationID(text: held.notes[1].opening.operation))
        try plant.settleNotes(try receipt(one).key, keeping: opening)
        let ruled = try #require(try plant.orders().first)
        #expect(ruled.status == "released")
        #expect(ruled.lines[1].expected == "500")
        #expect(ruled.revision == held.revision + 1)
    }

    // MARK: - Keys

    @Test func `a revoked key's note is refused at every terminal after its next round`() throws {
        let old = try plant.makeNote(plant.note())
        let key = try #require(try plant.supplierKeys("S-1").first)
        _ = try plant.rotateKey("S-1")
        let new = try plant.makeNote(plant.note("DN-2"))
        var session = try signedIn()
        // Before the round the terminal does not know the new key, and still believes the old one.
        #expect(refused(new, session)?.code == "codes.note_key_unknown")
        try plant.sync(0)
        #expect(try plant.scan(new, &session).message == "kiosk.receipt_opened")
        _ = try plant.revokeKey(key.id.description, "S-1")
        #expect(refused(old, session) == nil, "not synced yet: nothing here knows of it")
        try plant.sync(0)
        #expect(
            refused(old, session) as? NoteRefusal
                == .keyRevoked(note: "DN-1", supplier: "S-1")
        )
        #expect(refused(new, session) == nil, "the other key is good")
        // The other terminal has not been online since.
        #expect(refused(old, try signedIn(1), on: 1) == nil)
        try plant.sync(1)
        #expect(refused(old, try signedIn(1), on: 1)?.code == "codes.note_key_revoked")
    }
}

extension NodePlant {
    /// The first receipt of the plant's note.
    fileprivate func receiptID() throws -> Identifier {
        ReceivingRoom.receiptKey(
            site: Self.site,
            supplier: "S-1",
            number: "DN-1",
            ordinal: 1
        ).id
    }

    /// The arrival orders as the office sees them.
    fileprivate func orders() throws -> [ArrivalOrderView] {
        try store.read { try hub.arrivalOrders(in: $0) }
    }
}
