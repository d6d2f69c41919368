import Codes
import Tally
import Testing

@Suite struct CodeParserTests {
    private let parser = CodeParser(compressor: Fixture.compressor)

    private func meaning(_ text: String, isGS1: Bool = false) throws(CodeRefusal) -> ScanMeaning {
        try parser.meaning(of: text, isGS1: isGS1)
    }

    @Test func `a note's text means a note`() throws {
        guard case .signedNote(let note) = try meaning(Fixture.text()) else {
            Issue.record("not a note")
            return
        }
        #expect(note.content == (try Fixture.content()))
        #expect(throws: CodeRefusal.note(.unknownFormat("TMN7"))) { try meaning("TMN7:XYZ") }
        #expect(try meaning("TMN-7") == .plain("TMN-7"))
    }

    @Test(arguments: [
        "CNC-01", "EQ/7 #3", "车床-01", "A%B", "0123456789012345678901234567ÄÖ", "&?=:",
    ])
    func `a plate's tag comes back from its link`(tag: String) throws {
        let plate = try Plate(tag: tag)
        let text = try plate.text()
        #expect(text.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        #expect(try meaning(text) == .plate(plate))
        let elsewhere = try plate.text(base: "http://plant.example:8080/assets/")
        #expect(try meaning(elsewhere) == .plate(plate))
        #expect(plate.tag == NaturalKey.code(tag))
    }

    @Test func `plates with more behind the tag are read too`() throws {
        let plate = try Plate(tag: "cnc-01")
        #expect(try meaning("https://id.gs1.org/8004/CNC-01?linkType=all#top") == .plate(plate))
        #expect(try meaning("https://a.example/8004/CNC-01/") == .plate(plate))
        let place = GS1Place(identifier: "8004", position: 24, character: "C")
        #expect(throws: CodeRefusal.gs1(.badEscape, place)) {
            try meaning("https://a.example/8004/CNC%ZZ")
        }
    }

    @Test func `tags that no plate can carry are refused`() {
        #expect(throws: CodeRefusal.badTag("  ")) { try Plate(tag: "  ") }
        let long = String(repeating: "A", count: 31)
        #expect(throws: CodeRefusal.badTag(long)) { try Plate(tag: long) }
        #expect(throws: CodeRefusal.badBase("ftp://x")) {
            try Plate(tag: "A").text(base: "ftp://x")
        }
    }

    @Test func `command codes come back from their texts`() throws {
        let withValues: [CommandCode] = [
            .quantity(0), .quantity(40), .quantity(9_999_999), .choice(1), .choice(99),
            .category("EQUIPMENT"), .category("品质"), .language(.chinese), .language(.english),
        ]
        for command in CommandCode.plain.map(\.command) + withValues {
            #expect(try meaning(command.text) == .command(command))
            #expect(try meaning(command.text.lowercased()) == .command(command))
        }
        #expect(CommandCode.quantity(40).text == "TM:C:QTY:40")
        #expect(CommandCode.language(.chinese).text == "TM:C:LANG:ZH-CN")
    }

    @Test(arguments: [
        ("TM:C:FLY", CodeRefusal.unknownCommand("FLY")),
        ("TM:C:QTY", .badCommandValue(verb: "QTY", value: "")),
        ("TM:C:QTY:-1", .badCommandValue(verb: "QTY", value: "-1")),
        ("TM:C:QTY:10000000", .badCommandValue(verb: "QTY", value: "10000000")),
        ("TM:C:CHOICE:0", .badCommandValue(verb: "CHOICE", value: "0")),
        ("TM:C:YES:1", .badCommandValue(verb: "YES", value: "1")),
        ("TM:C:LANG:FR", .badCommandValue(verb: "LANG", value: "FR")),
        ("TM:C:", .badOwnCode("TM:C:")),
        ("TM:W: ", .badOwnCode("TM:W: ")),
        ("TM:X:1", .badOwnCode("TM:X:1")),
    ])
    func `codes like ours that mean nothing are refused`(
        text: String,
        refusal: CodeRefusal
    ) {
        #expect(throws: refusal) { try meaning(text) }
    }

    @Test func `badges and bins are folded`() throws {
        #expect(try meaning(WorkerBadge.text(badge: "w-017")) == .worker(badge: "W-017"))
        #expect(try meaning("tm:b: a-01-3 ") == .bin("A-01-3"))
        #expect(BinLabel.text(bin: "a-01-3") == "TM:B:A-01-3")
    }

    @Test(arguments: ["", "M-1001", "4711", "hello (01) world", "https://example.com/a", "(x)"])
    func `what claims nothing is plain`(text: String) throws {
        #expect(try meaning(text) == .plain(text))
    }

    @Test func `a label in ISO 15434 syntax gives its fields`() throws {
        let text = "[)>\u{1E}06\u{1D}P4711\u{1D}Q40\u{1D}1TLOT-7\u{1D}VSUP\u{1D}K\u{1E}\u{04}"
        guard case .dataMessage(let message) = try meaning(text) else {
            Issue.record("not a message")
            return
        }
        #expect(message.fields.map(\.identifier) == ["P", "Q", "1T", "V", "K"])
        #expect(message["1T"] == "LOT-7")
        #expect(message["K"] == "")
        #expect(message["S"] == nil)
        #expect(try meaning(String(text.dropLast(2))) == .dataMessage(message))
    }

    @Test(arguments: [
        ("[)>\u{1E}07\u{1D}P1", DataMessageFault.unknownFormat, 5),
        ("[)>\u{1E}6\u{1D}P1", .badHeader, 5),
        ("[)>\u{1E}06\u{1D}", .empty, 8),
        ("[)>\u{1E}", .empty, 5),
        ("[)>\u{1E}06\u{1D}P1\u{1D}77", .badIdentifier, 11),
        ("[)>\u{1E}06\u{1D}P1\u{1D}1234P", .badIdentifier, 11),
        ("[)>\u{1E}06\u{1D}P1\u{02}2", .badCharacter, 10),
        ("[)>\u{1E}12\u{1D}SE 1", .badIdentifier, 8),
    ])
    func `a broken label is refused with the place`(
        text: String,
        fault: DataMessageFault,
        position: Int
    ) {
        #expect(throws: CodeRefusal.message(fault, position: position)) { try meaning(text) }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `garbage has a meaning or a refusal`(seed: UInt64) {
        var dice = SeededDice(seed: seed)
        let starts = ["", "TMN1:", "TM:C:", "(01)", "]C1", "[)>\u{1E}06\u{1D}", "https://a.b/01/"]
        var refused = 0
        for _ in 0..<2_000 {
            let tail = (0..<Int.random(in: 0...40, using: &dice)).map { _ in
                UInt8.random(in: 0...0x7F, using: &dice)
            }
            let text =
                (starts.randomElement(using: &dice) ?? "") + String(decoding: tail, as: UTF8.self)
            for isGS1 in [false, true] {
                do {
                    _ = try meaning(text, isGS1: isGS1)
                } catch {
                    refused += 1
                    #expect(error.code.text.hasPrefix("codes."), "seed \(seed)")
                }
            }
        }
        #expect(refused > 1_000, "seed \(seed)")
    }
}
