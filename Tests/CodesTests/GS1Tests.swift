import Codes
import Tally
import Testing

@Suite struct GS1Tests {
    private let parser = CodeParser(compressor: Fixture.compressor)

    private func elements(_ text: String, isGS1: Bool = true) throws -> ElementString {
        guard case .gs1(let string) = try parser.meaning(of: text, isGS1: isGS1) else {
            Issue.record("not GS1: \(text)")
            throw CodeRefusal.badOwnCode(text)
        }
        return string
    }

    /// Written form and the bracketed text that it stands for.
    @Test(arguments: [
        ("0104012345123456", "(01)04012345123456"),
        ("]C10104012345123456", "(01)04012345123456"),
        ("]d2010401234512345610A1\u{1D}2140", "(01)04012345123456(10)A1(21)40"),
        ("]Q3\u{1D}00340123450000000017", "(00)340123450000000017"),
        ("]e017261231\u{1D}3040", "(17)261231(30)40"),
        ("^10LOT^37120", "(10)LOT(37)120"),
        ("3103001250", "(3103)001250"),
        ("3922199^10A", "(3922)199^10A"),
        ("\u{1D}3922199\u{1D}10A", "(3922)199(10)A"),
        ("11260200", "(11)260200"),
        ("24028-B\u{1D}400PO 1".replacing(" ", with: "-"), "(240)28-B(400)PO-1"),
        ("4104012345000009", "(410)4012345000009"),
        ("8004ABC-123", "(8004)ABC-123"),
        ("(01)04012345123456(10)A\\(1", "(01)04012345123456(10)A(1"),
        (
            "https://id.gs1.org/01/04012345123456/10/A%2F1?17=261231&x=y",
            "(01)04012345123456(10)A/1(17)261231"
        ),
        ("http://a.example/some/path/00/340123450000000017", "(00)340123450000000017"),
        ("https://a.example/01/96385074", "(01)00000096385074"),
        ("91ÄB".replacing("Ä", with: "a"), "(91)aB"),
    ])
    func `valid codes give their elements`(text: String, bracketed: String) throws {
        if text.contains("3922199^") {
            // A caret not at the start is no FNC1, and no character of GS1 either.
            #expect(throws: CodeRefusal.gs1(.badCharacter, identifier: "3922", position: 8)) {
                try elements(text)
            }
            return
        }
        #expect(try elements(text).bracketed == bracketed)
    }

    @Test(arguments: [
        ("0104012345123457", GS1Fault.badCheckDigit, "01", 16),
        ("00340123450000000018", .badCheckDigit, "00", 20),
        ("010401234512", .tooShort, "01", 13),
        ("17261331", .badDate, "17", 3),
        ("17260230", .badDate, "17", 3),
        ("10", .tooShort, "10", 3),
        ("10123456789012345678901", .tooLong, "10", 23),
        ("10A\u{1D}3712X", .badCharacter, "37", 9),
        ("10A B", .badCharacter, "10", 4),
        ("0104012345123456050", .unknownIdentifier, "050", 17),
        ("]C1XYZ", .unknownIdentifier, "", 4),
        ("(01)04012345123456(99999)1", .unknownIdentifier, "99999", 20),
        ("(01)04012345123456(10A", .badBracket, "", 19),
        ("(01)0401234512345X", .badCharacter, "01", 18),
        ("", .empty, "", 1),
        ("]C1", .empty, "", 1),
        ("https://a.example/about", .empty, "", 1),
        ("https://a.example/01/04012345123457", .badCheckDigit, "01", 35),
    ])
    func `broken codes are refused with identifier and place`(
        text: String,
        fault: GS1Fault,
        identifier: String,
        position: Int
    ) {
        #expect(throws: CodeRefusal.gs1(fault, identifier: identifier, position: position)) {
            try elements(text)
        }
    }

    @Test func `elements are found by identifier and written as scanners give them`() throws {
        let string = try elements("(01)04012345123456(10)A1(17)261231")
        #expect(string["10"] == "A1")
        #expect(string["21"] == nil)
        #expect(string.unbracketed == "^010401234512345610A1^17261231")
        #expect(try elements(string.unbracketed) == string)
    }

    @Test func `unmarked carton and item numbers are recognised by their check digits`() throws {
        #expect(try elements("00340123450000000017", isGS1: false)["00"] == "340123450000000017")
        #expect(try elements("010401234512345610A", isGS1: false)["10"] == "A")
        for text in ["00340123450000000018", "0104012345123457", "017", "1726123"] {
            #expect(try parser.meaning(of: text) == .plain(text))
        }
    }

    @Test func `marked codes are held to the rules`() {
        #expect(throws: CodeRefusal.gs1(.badCheckDigit, identifier: "01", position: 19)) {
            try parser.meaning(of: "]C10104012345123457")
        }
        #expect(throws: CodeRefusal.gs1(.badCheckDigit, identifier: "01", position: 18)) {
            try parser.meaning(of: "(01)04012345123457")
        }
    }
}
