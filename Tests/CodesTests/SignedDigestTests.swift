import Codes
import Deflate
import Tally
import Testing

/// Notes that are too long for 12 symbols: what is printed for them, and what is believed of it.
@Suite struct SignedDigestTests {
    private static let compressor = DeflateCompressor(format: .raw)
    private let signer: NoteSigner
    private let key: SupplierKey
    private let content: NoteContent

    init() throws {
        signer = try NoteSigner(seed: [UInt8](1...32))
        key = try #require(SupplierKey(supplier: "S-1", publicKey: signer.publicKey))
        var dice = SeededDice(seed: 3)
        content = NoteContent(
            supplier: "s-1",
            number: "DN-9",
            site: "SZ1",
            issuedAt: Moment(milliseconds: 1_000),
            promisedArrival: Moment(milliseconds: 2_000),
            expiresAt: Moment(milliseconds: 9_000),
            lines: (1...300).map { number in
                NoteContent.Line(
                    number: number,
                    material: "M-\(number)",
                    quantity: Quantity(count: Int64(number)),
                    serials: [Identifier.random(&dice).description]
                )
            }
        )
    }

    private func text() throws -> String {
        try SignedNote.makeOrDigest(content, signer: signer, compressor: Self.compressor)
    }

    private func open(
        _ text: String,
        _ keys: [SupplierKey],
        now: Moment? = nil
    ) throws(NoteRefusal) -> SignedDigest {
        try SignedDigest.open(text, keys: keys, now: now, compressor: Self.compressor)
    }

    @Test func `a note past 12 symbols becomes one symbol with its digest`() throws {
        #expect(throws: NoteRefusal.self) {
            try SignedNote.make(content, signer: signer, compressor: Self.compressor)
        }
        let text = try text()
        #expect(text.hasPrefix("TMD1:"))
        #expect(try NotePart.texts(of: text) == [text])
        #expect(text.utf8.count <= 300)
        let digest = try open(text, [key])
        #expect(digest.supplier == "S-1")
        #expect(digest.number == "DN-9")
        #expect(digest.site == "SZ1")
        #expect(digest.lineCount == 300)
        #expect(digest.fits(content))
        var other = content
        other.lines[299].quantity = Quantity(count: 301)
        #expect(!digest.fits(other))
        guard case .noteDigest = try CodeParser(compressor: Self.compressor).meaning(of: text)
        else {
            Issue.record("not read as a digest")
            return
        }
    }

    @Test func `a note that fits its symbols is no digest`() throws {
        var short = content
        short.lines = Array(content.lines.prefix(3))
        let text = try SignedNote.makeOrDigest(short, signer: signer, compressor: Self.compressor)
        #expect(text.hasPrefix("TMN1:"))
    }

    @Test func `a digest is believed by the rules of notes`() throws {
        let text = try text()
        #expect(throws: NoteRefusal.unknownKey(keyID: signer.keyID)) { try open(text, []) }
        var revoked = key
        revoked.revoked = true
        #expect(throws: NoteRefusal.keyRevoked(note: "DN-9", supplier: "S-1")) {
            try open(text, [revoked])
        }
        var ended = key
        ended.validUntil = Moment(milliseconds: 500)
        #expect(throws: NoteRefusal.keyExpired(note: "DN-9", supplier: "S-1")) {
            try open(text, [ended])
        }
        let since = Moment(milliseconds: 9_000)
        #expect(throws: NoteRefusal.expired(note: "DN-9", supplier: "S-1", since: since)) {
            try open(text, [key], now: Moment(milliseconds: 9_001))
        }
    }

    @Test func `no alteration of a digest is believed`() throws {
        let text = try text()
        let characters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
        var dice = SeededDice(seed: 5)
        for _ in 0..<1_000 {
            var altered = Array(text)
            let place = Int(dice.next() % UInt64(altered.count - 5)) + 5
            let character = characters[Int(dice.next() % UInt64(characters.count))]
            guard altered[place] != character else { continue }
            altered[place] = character
            #expect(throws: NoteRefusal.self) { try open(String(altered), [key]) }
        }
    }

    @Test func `a note's signature makes no digest, nor the other way round`() throws {
        var short = content
        short.lines = Array(content.lines.prefix(1))
        let note = try SignedNote.make(short, signer: signer, compressor: Self.compressor)
        let asDigest = "TMD1:" + note.dropFirst(5)
        #expect(throws: NoteRefusal.altered(keyID: signer.keyID)) { try open(asDigest, [key]) }
        let asNote = "TMN1:" + (try text()).dropFirst(5)
        #expect(throws: NoteRefusal.altered(keyID: signer.keyID)) {
            try SignedNote.open(asNote, keys: [key], now: nil, compressor: Self.compressor)
        }
    }
}
