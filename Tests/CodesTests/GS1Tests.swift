import Codes
import Tally
import Testing

@Suite struct GS1Tests {
    private let parser = CodeParser(compressor: Fixture.compressor)

    @discardableResult
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
        ("80041234-ABC", "(8004)1234-ABC"),
        ("(01)04012345123456(10)A\\(1", "(01)04012345123456(10)A\\(1"),
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
            expect(.badCharacter, "3922", 8) { try elements(text) }
            return
        }
        #expect(try elements(text).bracketed == bracketed)
    }

    @Test(arguments: [
        ("0104012345123457", GS1Fault.badCheckDigit, "01", 16),
        ("00340123450000000018", .badCheckDigit, "00", 20),
        ("010401234512", .tooShort, "01", 13),
        ("17261331", .badDate, "17", 5),
        ("17260230", .badDate, "17", 7),
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
        ("]C1", .empty, "", 4),
        ("]C0ABC", .badSymbology, "", 1),
        ("https://a.example/about", .keyMissing, "", 18),
        ("10ABC£1", .badCharacter, "10", 6),
        ("(392)12", .unknownIdentifier, "392", 2),
        ("https://a.example/01/04012345123457", .badCheckDigit, "01", 35),
    ])
    func `broken codes are refused with identifier and place`(
        text: String,
        fault: GS1Fault,
        identifier: String,
        position: Int
    ) {
        expect(fault, identifier, position) { try elements(text) }
    }

    private func expect(
        _ fault: GS1Fault,
        _ identifier: String,
        _ position: Int,
        _ read: () throws -> Void
    ) {
        let refusal = #expect(throws: CodeRefusal.self) { try read() }
        guard case .gs1(let found, let place) = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(found == fault)
        #expect(place.identifier == identifier)
        #expect(place.position == position)
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
        expect(.badCheckDigit, "01", 19) { _ = try parser.meaning(of: "]C10104012345123457") }
        expect(.badCheckDigit, "01", 18) { _ = try parser.meaning(of: "(01)04012345123457") }
    }

    /// Text, fault, identifier and place of the refusal when all rules are asked for.
    @Test(arguments: [
        ("(10)A", GS1Fault.companionMissing, "10", 2),
        ("(01)04012345123456(37)1", .pairForbidden, "01", 2),
        ("(02)04012345123456(01)04012345123456", .pairForbidden, "02", 2),
        ("(01)04012345123456(10)A(10)B", .repeatedDiffers, "10", 25),
        ("(253)4012345123456(8030)AA", .serialMissing, "253", 2),
        ("(01)04012345123456(3103)000001(3102)000001", .pairForbidden, "3102", 32),
        ("(00)340123450000000017(4307)XX", .badCountry, "4307", 29),
        ("(00)340123450000000017(4321)2", .notYesOrNo, "4321", 29),
        ("(8006)040123451234560301", .badPiece, "8006", 21),
        ("(8013)1987654Ad4X4bL5ttr2310c2L", .badCheckPair, "8013", 30),
        ("(415)4012345000009(8020)1(8007)DE0050010517540732494", .badAccount, "8007", 34),
        ("]C1\u{1D}0104012345123456", .unknownIdentifier, "", 4),
        ("https://a.example/01/96385074", .tooShort, "01", 30),
        ("https://a.example/01/04012345123456/", .keyMissing, "", 18),
        ("https://a.example/01/04012345123456/10/A/22/B", .badQualifiers, "22", 42),
        ("https://a.example/01/04012345123456?10=A", .belongsInPath, "10", 37),
        ("https://a.example/01/04012345123456?01=04012345123456", .duplicate, "01", 37),
        ("https://a.example/01/04012345123456?8200=A", .notAttribute, "8200", 37),
        ("https://a.example/01/04012345123456?9999=A", .unknownIdentifier, "9999", 37),
        ("https://a.example/8004/401234%00A", .badEscape, "8004", 30),
        ("https://a_b/01/04012345123456", .badLink, "", 10),
    ])
    func `all rules are held when they are asked for`(
        text: String,
        fault: GS1Fault,
        identifier: String,
        position: Int
    ) {
        expect(fault, identifier, position) { _ = try parser.gs1(text) }
    }

    @Test(arguments: [
        (
            "(21)XYZ(01)12312312312333(10)A/1(99)X(11)260101",
            "https://id.gs1.org/01/12312312312333/10/A%2F1/21/XYZ?11=260101&99=X"
        ),
        (
            "https://a.example/x/414/4012345000009/254/A?99=Q",
            "https://id.gs1.org/414/4012345000009/254/A?99=Q"
        ),
        ("(01)12312312312333(8200)A", nil),
        ("(99)A", nil),
    ])
    func `the canonical link holds the first key and its qualifiers in order`(
        text: String,
        link: String?
    ) throws {
        #expect(try parser.gs1(text).digitalLink == link)
    }

    @Test func `a composite code keeps its two parts`() throws {
        let found = try parser.gs1("^0104012345123456|^10A^99B")
        #expect(found.bracketed == "(01)04012345123456|(10)A(99)B")
        #expect(try parser.gs1(found.bracketed) == found)
        #expect(found.elementText == "^010401234512345610A^99B")
    }

    @Test func `retail symbols give their item`() throws {
        #expect(try elements("]E04012345123456")["01"] == "04012345123456")
        #expect(try elements("]E496385074")["01"] == "00000096385074")
        #expect(try elements("541234500015")["01"] == "00541234500015")
        #expect(try elements("541234500001300995")["01"] == "05412345000013")
        #expect(try parser.meaning(of: "541234500015") == .plain("541234500015"))
    }

    @Test func `a symbol that says it holds no GS1 is left alone`() throws {
        #expect(try parser.gs1("]Q1^TEST").unbracketed == "\\^TEST")
        #expect(try parser.gs1("]d1").elements.isEmpty)
        #expect(try parser.meaning(of: "]Q1TM:B:A-1") == .bin("A-1"))
    }
}
