import Codes
import Deflate
import Tally
import Testing

@Suite struct SignedNoteTests {
    private func open(
        _ text: String,
        _ keys: SupplierKey...,
        now: Moment? = nil
    ) throws(NoteRefusal) -> SignedNote {
        try SignedNote.open(text, keys: keys, now: now, compressor: Fixture.compressor)
    }

    @Test func `a note comes back as it was made`() throws {
        let content = try Fixture.content()
        let note = try open(Fixture.text(content), Fixture.key())
        #expect(note.content == content)
        #expect(note.keyID == KeyID(of: try NoteSigner(seed: Fixture.seed).publicKey))
    }

    @Test func `a note's text stays inside QR's alphanumeric set`() throws {
        let allowed = Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
        let text = try Fixture.text()
        #expect(text.hasPrefix("TMN1:"))
        #expect(text.allSatisfy(allowed.contains))
        #expect(text.last != " ")
    }

    @Test func `codes are folded and numbers trimmed`() throws {
        var content = try Fixture.content()
        content.supplier = " s-huaxin "
        content.number = " DN-2026-0042"
        content.lines[0].material = "ｍ-1001"
        let note = try open(Fixture.text(content), Fixture.key())
        #expect(note.content == (try Fixture.content()))
    }

    @Test func `an expiry survives the round trip and is judged by the clock`() throws {
        var content = try Fixture.content()
        let expiry = Fixture.issued.adding(milliseconds: Fixture.day)
        content.expiresAt = expiry
        let text = try Fixture.text(content)
        let key = try Fixture.key()
        #expect(try open(text, key, now: expiry).content.expiresAt == expiry)
        #expect(try open(text, key, now: nil).content == content)
        #expect(
            throws: NoteRefusal.expired(note: "DN-2026-0042", supplier: "S-HUAXIN", since: expiry)
        ) { try open(text, key, now: expiry.adding(milliseconds: 1)) }
    }

    @Test func `a key that nobody has is named`() throws {
        let text = try Fixture.text(seed: [UInt8](repeating: 7, count: 32))
        let stranger = try NoteSigner(seed: [UInt8](repeating: 7, count: 32)).keyID
        #expect(throws: NoteRefusal.unknownKey(keyID: stranger)) {
            try open(text, Fixture.key())
        }
    }

    @Test func `a key vouches only for its own supplier`() throws {
        let text = try Fixture.text()
        #expect(
            throws: NoteRefusal.otherSupplier(
                note: "DN-2026-0042",
                supplier: "S-HUAXIN",
                keySupplier: "S-OTHER"
            )
        ) { try open(text, Fixture.key(supplier: "S-OTHER")) }
        #expect(throws: Never.self) {
            try open(text, Fixture.key(supplier: "S-OTHER"), Fixture.key())
        }
    }

    @Test func `a key is judged at the moment of issue`() throws {
        let text = try Fixture.text()
        let refusal = NoteRefusal.keyExpired(note: "DN-2026-0042", supplier: "S-HUAXIN")
        let (before, after) = (
            Fixture.issued.adding(milliseconds: -1), Fixture.issued.adding(milliseconds: 1)
        )
        #expect(throws: refusal) { try open(text, Fixture.key(until: before)) }
        #expect(throws: refusal) { try open(text, Fixture.key(from: after)) }
        let muchLater = Fixture.issued.adding(milliseconds: 400 * Fixture.day)
        #expect(throws: Never.self) {
            try open(text, Fixture.key(from: before, until: after), now: muchLater)
        }
    }

    @Test func `nothing by a revoked key is believed`() throws {
        let text = try Fixture.text()
        #expect(throws: NoteRefusal.keyRevoked(note: "DN-2026-0042", supplier: "S-HUAXIN")) {
            try open(text, Fixture.key(revoked: true))
        }
    }

    @Test func `a stranger's signature under a supplier's key id is refused`() throws {
        let own = try Fixture.text()
        let forged = try Fixture.text(seed: [UInt8](repeating: 9, count: 32))
        // Format and key id are the first 9 bytes: 13 characters and a half, so take 12 of them,
        // and a text that mixes both notes is no note of either.
        let mixed = own.prefix(5 + 12) + forged.dropFirst(5 + 12)
        #expect(throws: NoteRefusal.self) { try open(String(mixed), Fixture.key()) }
    }

    @Test func `texts that are no notes are refused with the reason`() throws {
        let key = try Fixture.key()
        let text = try Fixture.text()
        #expect(throws: NoteRefusal.notANote) { try open("https://example.com/", key) }
        #expect(throws: NoteRefusal.unknownFormat("TMN9")) { try open("TMN9:ABC", key) }
        #expect(throws: NoteRefusal.malformed(.characters)) { try open("TMN1:äöü", key) }
        #expect(throws: NoteRefusal.malformed(.cut)) { try open(String(text.prefix(80)), key) }
        #expect(throws: NoteRefusal.malformed(.cut)) { try open("TMN1:", key) }
        let long = "TMN1:" + String(repeating: "0", count: 9_500)
        #expect(throws: NoteRefusal.tooLong(characters: 9505, charactersMax: 9312)) {
            try open(long, key)
        }
    }

    @Test func `a line end that the scanner types is no part of the note`() throws {
        let text = try Fixture.text()
        for end in ["\n", "\r", "\r\n"] {
            #expect(try open(text + end, Fixture.key()).content == Fixture.content())
        }
    }

    @Test func `a cut note is refused whatever is missing`() throws {
        let key = try Fixture.key()
        let text = try Fixture.text()
        for count in 0..<text.count {
            #expect(throws: NoteRefusal.self) { try open(String(text.prefix(count)), key) }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `no random alteration is accepted`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        let keys = [try Fixture.key(), try Fixture.key(seed: [UInt8](33...64), supplier: "S-2")]
        let original = Array(try Fixture.text().utf8)
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)
        var (accepted, refused) = (0, 0)
        var tried = 0
        for _ in 0..<4_000 {
            var altered = original
            for _ in 0..<Int.random(in: 1...3, using: &dice) {
                guard let place = altered.indices.randomElement(using: &dice),
                    let letter = alphabet.randomElement(using: &dice)
                else { continue }
                switch Int.random(in: 0..<4, using: &dice) {
                case 0: altered.insert(letter, at: place)
                case 1: altered.remove(at: place)
                case 2: altered.swapAt(place, Int.random(in: altered.indices, using: &dice))
                default: altered[place] = letter
                }
            }
            guard altered != original else { continue }
            tried += 1
            do {
                _ = try SignedNote.open(
                    String(decoding: altered, as: UTF8.self),
                    keys: keys,
                    now: nil,
                    compressor: Fixture.compressor
                )
                accepted += 1
            } catch {
                refused += 1
            }
        }
        #expect(tried > 3_500, "seed \(seed)")
        #expect(accepted == 0, "seed \(seed)")
        #expect(refused == tried, "seed \(seed)")
    }

    @Test func `a note that twelve symbols cannot hold is refused when made`() throws {
        var content = try Fixture.content(lines: 60)
        var dice = SeededDice(seed: 5)
        for index in content.lines.indices {
            content.lines[index].serials = (0..<8).map { _ in Identifier.random(&dice).description }
        }
        do {
            _ = try Fixture.text(content)
            Issue.record("made a note that is too long")
        } catch let NoteRefusal.tooLong(characters, charactersMax) {
            #expect(characters > charactersMax)
            #expect(charactersMax == 9312)
        }
    }

    @Test func `a note of 20 lines with lots fits a small symbol`() throws {
        var content = try Fixture.content(lines: 20)
        for index in content.lines.indices {
            content.lines[index].serials = []
            content.lines[index].cartons = []
        }
        #expect(try Fixture.text(content).count <= NotePart.charactersMax)
    }

    @Test func `broken contents name the field`() throws {
        func refused(_ field: String, _ change: (inout NoteContent) throws -> Void) throws {
            var content = try Fixture.content()
            try change(&content)
            do {
                _ = try Fixture.text(content)
                Issue.record("\(field) was accepted")
            } catch let NoteRefusal.invalid(refusedField, _) {
                #expect(refusedField == field)
            }
        }
        try refused("supplier") { $0.supplier = " " }
        try refused("number") { $0.number = "" }
        try refused("site") { $0.site = "" }
        try refused("lines") { $0.lines = [] }
        try refused("lines[1].line") { $0.lines[1].number = 1 }
        try refused("lines[0].line") { $0.lines[0].number = 0 }
        try refused("lines[0].material") { $0.lines[0].material = "" }
        try refused("lines[1].quantity") { $0.lines[1].quantity = Quantity(count: 0) }
        try refused("lines[0].cartons") { $0.lines[0].cartons = ["340123450000000018"] }
        try refused("lines[0].serials") { $0.lines[0].serials = ["A", "A"] }
    }

    @Test func `a seed of the wrong length signs nothing`() throws {
        #expect(throws: NoteRefusal.badSigningKey) { try Fixture.text(seed: [1, 2, 3]) }
    }
}
