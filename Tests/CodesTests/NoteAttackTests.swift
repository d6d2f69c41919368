import Codes
import Deflate
import Foundation
import Tally
import Testing

/// Notes made by whoever knows the published format: with a wrong key, of two notes, by a supplier
/// that means ill.
@Suite struct NoteAttackTests {
    private static let stranger = [UInt8](repeating: 9, count: 32)
    private static let other = [UInt8](33...64)
    private static let largest = 5_900_000

    private func open(
        _ text: String,
        _ keys: [SupplierKey],
        now: Moment? = nil
    ) throws -> SignedNote {
        try SignedNote.open(text, keys: keys, now: now, compressor: Fixture.compressor)
    }

    private func keys() throws -> [SupplierKey] {
        [try Fixture.key(), try Fixture.key(seed: Self.other, supplier: "S-2")]
    }

    private func packed(_ content: NoteContent) throws -> [UInt8] {
        try Fixture.compressor.compress(content.serialised())
    }

    /// A note that differs from `content` in one thing that a thief would change.
    private func changed(_ content: NoteContent, _ dice: inout SeededDice) throws -> NoteContent {
        var content = content
        let line = Int.random(in: content.lines.indices, using: &dice)
        let number = Int.random(in: 1...9_999, using: &dice)
        let moment = Moment(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &dice))
        switch Int.random(in: 0..<13, using: &dice) {
        case 0: content.number = "DN-\(number)"
        case 1: content.site = "SITE-\(number)"
        case 2: content.issuedAt = moment
        case 3: content.promisedArrival = moment
        case 4: content.expiresAt = moment
        case 5: content.lines[line].quantity = Quantity(count: Int64(number))
        case 6: content.lines[line].material = "M-\(number)"
        case 7: content.lines[line].lot = "L-\(number)"
        case 8: content.lines[line].serials = ["S-\(number)"]
        case 9: content.lines[line].purchaseOrder = "PO-\(number)"
        case 10: content.lines[line].purchaseOrderLine = number
        case 11: content.lines.remove(at: line)
        default:
            content.lines.append(content.lines[line])
            content.lines[content.lines.count - 1].number = number + 1_000
            content.lines[content.lines.count - 1].serials = []
        }
        return content
    }

    /// Each is refused, and with the reason that is true of it.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `no note that was changed inside and sealed anew is believed`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        let keys = try keys()
        let original = try Fixture.content(lines: 3)
        let bytes = ForgedNote.bytes(of: try Fixture.text(original))
        let (keyID, signature) = (Array(bytes[1..<9]), Array(bytes[9..<73]))
        let strangerID = try NoteSigner(seed: Self.stranger).keyID.bytes
        let otherID = try NoteSigner(seed: Self.other).keyID.bytes
        var counts: [String: Int] = [:]
        for _ in 0..<1_500 {
            let content = try changed(original, &dice)
            guard try content.serialised() != original.serialised() else { continue }
            var forged = ForgedNote(keyID: keyID, packed: try packed(content))
            var texts = [("codes.note_altered", forged.text(signature: signature))]
            texts.append(("codes.note_altered", try forged.text(signedBy: Self.stranger)))
            forged.purpose = "tallyman/digest/1"
            texts.append(("codes.note_altered", try forged.text(signedBy: Fixture.seed)))
            forged.purpose = "tallyman/note/1"
            forged.keyID = strangerID
            texts.append(("codes.note_key_unknown", try forged.text(signedBy: Self.stranger)))
            forged.keyID = otherID
            texts.append(
                ("codes.note_key_of_other_supplier", try forged.text(signedBy: Self.other))
            )
            for (reason, text) in texts {
                let refusal = #expect(throws: NoteRefusal.self) { try open(text, keys) }
                #expect(refusal?.code.text == reason, "seed \(seed): \(text)")
                counts[reason, default: 0] += 1
            }
        }
        #expect(counts.values.reduce(0, +) > 7_000, "\(counts)")
    }

    @Test func `a note of another kind, format or version is refused as that`() throws {
        let keys = try keys()
        let bytes = ForgedNote.bytes(of: try Fixture.text())
        var note = ForgedNote(keyID: Array(bytes[1..<9]), packed: Array(bytes[73...]))
        for format in [0, 2, 255] as [UInt8] {
            note.format = format
            let text = try note.text(signedBy: Fixture.seed)
            #expect(throws: NoteRefusal.unknownFormat(String(format))) { try open(text, keys) }
        }
        note.format = 1
        // A digest's signature is none of a note's, nor a note's one of a digest's.
        let digest = try note.text(signedBy: Fixture.seed, prefix: "TMD1:")
        #expect(throws: NoteRefusal.self) {
            try SignedDigest.open(digest, keys: keys, now: nil, compressor: Fixture.compressor)
        }
        #expect(throws: NoteRefusal.notANote) { try open(digest, keys) }
    }

    @Test func `base45 that is not canonical stands for no note`() throws {
        let keys = try keys()
        let text = try Fixture.text()
        for odd in [text.lowercased(), "TMN1:" + text.dropFirst(5).lowercased()] {
            #expect(throws: NoteRefusal.self) { try open(odd, keys) }
        }
        let padded = [
            text + " ", text + "0", text + "00", text + "000", " " + text, text + ":::",
            text + "::", text.replacing("TMN1:", with: "TMN1: "), text + "\u{0}", text + "\n\n\n",
        ]
        for odd in padded {
            do {
                // Line ends are the scanner's; nothing else may follow.
                let note = try open(odd, keys)
                #expect(odd.allSatisfy { !$0.isNewline } == false, "\(odd.debugDescription)")
                #expect(note.content == (try Fixture.content().normalised()))
            } catch { #expect(error is NoteRefusal) }
        }
    }

    @Test func `bytes behind the packed content are refused, signed or not`() throws {
        let bytes = ForgedNote.bytes(of: try Fixture.text())
        for tail in [[0], [1, 2, 3], Array(bytes[73...])] as [[UInt8]] {
            let note = ForgedNote(keyID: Array(bytes[1..<9]), packed: bytes[73...] + tail)
            let signed = try note.text(signedBy: Fixture.seed)
            #expect(throws: NoteRefusal.malformed(.packing)) { try open(signed, keys()) }
            let unsigned = note.text(signature: Array(bytes[9..<73]))
            #expect(throws: NoteRefusal.self) { try open(unsigned, keys()) }
        }
    }

    /// A symbol holds about 6 kB, which deflate makes 6 MB of at most.
    @Test func `what unpacks to more than the limit is refused, and soon`() throws {
        let keys = try keys()
        let id = keys[0].id.bytes
        var line = WireBytes()
        line.number(1, 1)
        line.text(4, String(repeating: "M", count: Self.largest))
        var note = WireBytes()
        note.text(1, "S-HUAXIN")
        note.block(7, line.bytes)
        let bombs = [[UInt8](repeating: 0, count: Self.largest), note.bytes]
        let start = ContinuousClock.now
        for bomb in bombs {
            let packed = try Fixture.compressor.compress(bomb)
            let forged = ForgedNote(keyID: id, packed: packed)
            let text = try forged.text(signedBy: Fixture.seed)
            #expect(text.utf8.count <= SignedNote.charactersMax)
            #expect(throws: NoteRefusal.malformed(.packing)) { try open(text, keys) }
            #expect(throws: NoteRefusal.malformed(.packing)) {
                try SignedNote.parse(text, compressor: Fixture.compressor)
            }
        }
        // Tens of milliseconds; a machine under load may take a hundred times that.
        #expect(start.duration(to: .now) < .seconds(20))
    }

    /// What only a supplier's own key can sign: fields beyond all bounds.
    @Test func `a note beyond all bounds is refused with its field, or is harmless`() throws {
        let keys = try keys()
        let parser = CodeParser(compressor: Fixture.compressor)
        let numbers: [UInt64] = [0, 1, UInt64(Int32.max), UInt64(UInt32.max), UInt64.max, 1 << 63]
        let texts = ["", "\u{0}", "\u{202E}x", "🙂", String(repeating: "字", count: 20_000)]
        var dice = SeededDice(seed: 4)
        var (opened, refused) = (0, 0)
        for _ in 0..<2_000 {
            func number() -> UInt64 { numbers.randomElement(using: &dice) ?? 0 }
            func text(_ usual: String) -> String {
                Int.random(in: 0..<6, using: &dice) == 0
                    ? texts.randomElement(using: &dice) ?? "" : usual
            }
            var note = WireBytes()
            note.text(1, "S-HUAXIN")
            note.text(2, text("DN-1"))
            note.text(3, text("SUZHOU"))
            for field in [4, 5, 6] as [UInt64] where Bool.random(using: &dice) {
                note.number(field, number())
            }
            for _ in 0..<Int.random(in: 0...3, using: &dice) {
                var line = WireBytes()
                line.number(
                    1,
                    Bool.random(using: &dice) ? UInt64.random(in: 1...9, using: &dice) : number()
                )
                line.text(4, text("M-1"))
                line.number(6, Bool.random(using: &dice) ? 80 : number())
                if Bool.random(using: &dice) { line.number(7, number()) }
                if Bool.random(using: &dice) { line.number(3, number()) }
                line.text(8, text(""))
                line.text(10, text("SN-1"))
                // A field that no note has, and one with the wrong type.
                if Bool.random(using: &dice) { line.number(99, number()) }
                if Bool.random(using: &dice) { line.number(9, number()) }
                note.block(7, line.bytes)
            }
            let packed = try Fixture.compressor.compress(note.bytes)
            let forged = ForgedNote(keyID: keys[0].id.bytes, packed: packed)
            let sealed = try forged.text(signedBy: Fixture.seed)
            do {
                let content = try open(sealed, keys, now: Fixture.issued).content
                // Whatever was taken can be written and shown again.
                #expect(try NoteContent(serialised: content.serialised()) == content)
                _ = try JSONEncoder().encode(content)
                _ = try parser.meaning(of: sealed)
                opened += 1
            } catch let refusal as NoteRefusal {
                #expect(!refusal.code.text.isEmpty)
                refused += 1
            }
        }
        #expect(opened > 10 && refused > 100, "\(opened) opened, \(refused) refused")
    }

    @Test func `a note of tens of thousands of lines is read within its limit, or refused`() throws
    {
        var note = WireBytes()
        note.text(1, "S-HUAXIN")
        note.text(2, "DN-1")
        note.text(3, "SUZHOU")
        for number in 1...20_000 as ClosedRange<UInt64> {
            var line = WireBytes()
            line.number(1, number % 7 + 1)
            line.text(4, "M")
            line.number(6, 2)
            note.block(7, line.bytes)
        }
        #expect(note.bytes.count < SignedNote.contentCountMax)
        let packed = try Fixture.compressor.compress(note.bytes)
        let keys = try keys()
        let text = try ForgedNote(keyID: keys[0].id.bytes, packed: packed).text(
            signedBy: Fixture.seed
        )
        #expect(throws: NoteRefusal.invalid(field: "lines[7].line", value: "2")) {
            try open(text, keys)
        }
    }

    // MARK: - Clocks

    /// A wrong clock makes no bad note good but by its own expiry, and says what it goes by.
    @Test(arguments: [-56, -1, 1, 10])
    func `keys are judged alike whatever the terminal's clock says`(years: Int64) throws {
        let now = Fixture.issued.adding(milliseconds: years * 365 * Fixture.day)
        let text = try Fixture.text()
        let (before, after) = (
            Fixture.issued.adding(milliseconds: -1), Fixture.issued.adding(milliseconds: 1)
        )
        #expect(throws: Never.self) {
            try open(text, [Fixture.key(from: before, until: after)], now: now)
        }
        let late = NoteRefusal.keyExpired(note: "DN-2026-0042", supplier: "S-HUAXIN")
        #expect(throws: late) { try open(text, [Fixture.key(until: before)], now: now) }
        #expect(throws: late) { try open(text, [Fixture.key(from: after)], now: now) }
        #expect(throws: NoteRefusal.keyRevoked(note: "DN-2026-0042", supplier: "S-HUAXIN")) {
            try open(text, [Fixture.key(revoked: true)], now: now)
        }
        var content = try Fixture.content()
        content.expiresAt = after
        let expiring = try Fixture.text(content)
        if years > 0 {
            #expect(
                throws: NoteRefusal.expired(
                    note: "DN-2026-0042",
                    supplier: "S-HUAXIN",
                    since: after
                )
            ) { try open(expiring, [Fixture.key()], now: now) }
        } else {
            #expect(throws: Never.self) { try open(expiring, [Fixture.key()], now: now) }
        }
    }

    /// The old key's notes stay good when a new one came; once it is revoked none of them is.
    @Test func `rotation keeps what was signed, revocation does not`() throws {
        let rotated = Fixture.issued.adding(milliseconds: Fixture.day)
        let next = try Fixture.key(seed: Self.other, from: rotated)
        let old = try Fixture.text()
        #expect(throws: Never.self) { try open(old, [Fixture.key(until: rotated), next]) }
        #expect(throws: NoteRefusal.keyRevoked(note: "DN-2026-0042", supplier: "S-HUAXIN")) {
            try open(old, [Fixture.key(until: rotated, revoked: true), next])
        }
        var content = try Fixture.content()
        content.issuedAt = rotated.adding(milliseconds: 1)
        // Who has the old key only cannot sign for today.
        #expect(throws: NoteRefusal.self) {
            try open(Fixture.text(content), [Fixture.key(until: rotated), next])
        }
        #expect(throws: Never.self) {
            try open(Fixture.text(content, seed: Self.other), [Fixture.key(until: rotated), next])
        }
    }

    // MARK: - Parts

    private func part(_ text: String) throws -> NotePart {
        let parser = CodeParser(compressor: Fixture.compressor)
        guard case .notePart(let part) = try parser.meaning(of: text) else {
            throw NoteRefusal.notANote
        }
        return part
    }

    /// A part's text, with a check that is right: anybody can make one.
    private func forged(
        _ note: String,
        _ number: String,
        _ count: String,
        _ piece: String
    ) -> String {
        let head = "TMP1:\(note):\(number):\(count):"
        let hash = ContentHash(of: Array(("tallyman/part/1" + head + piece).utf8)).bytes.prefix(4)
        let check = hash.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }
        return head + check.joined() + ":" + piece
    }

    @Test(arguments: [
        ("01", "01"), ("00", "02"), ("03", "02"), ("13", "13"), ("12", "99"), ("+1", "02"),
        ("1", "02"), ("01", "002"), ("-1", "02"), ("٠١", "02"),
    ])
    func `a part that counts wrong is none`(number: String, count: String) {
        let text = forged("0123456789ABCDEF", number, count, "TMN1:ABC")
        #expect(throws: (any Error).self) { try part(text) }
    }

    @Test func `parts of two notes never make one`() throws {
        var one = try Fixture.content(lines: 40)
        var dice = SeededDice(seed: 9)
        for index in one.lines.indices {
            one.lines[index].serials = [Identifier.random(&dice).description]
        }
        var two = one
        two.lines[0].quantity = Quantity(count: 9_999)
        let texts = try [one, two].map { try NotePart.texts(of: Fixture.text($0)) }
        #expect(texts[0].count == texts[1].count && texts[0].count > 2)
        var parts = NoteParts(try part(texts[0][0]))
        for text in texts[1] {
            #expect(throws: NoteRefusal.self) { try parts.add(part(text)) }
        }
        #expect(parts.haveCount == 1)
        // Renamed so that they are taken: the whole is not what its name says.
        let name = String(texts[0][0].dropFirst(5).prefix(16))
        for (index, text) in texts[1].enumerated().dropFirst() {
            let piece = String(text.dropFirst(40))
            let (number, count) = (
                String(text.dropFirst(22).prefix(2)), String(text.dropFirst(25).prefix(2))
            )
            #expect(number == (index < 9 ? "0\(index + 1)" : "\(index + 1)"))
            try parts.add(part(forged(name, number, count, piece)))
        }
        #expect(throws: NoteRefusal.self) { try parts.whole() }
    }
}
