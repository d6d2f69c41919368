import Tally
import Testing

/// The table of keys that must and must not meet (DESIGN §9, Ids).
@Suite struct NaturalKeyTests {
    @Test(arguments: [
        ("DN-001", "DN-001"),
        ("DN-001", " DN-001\t"),
        ("DN-001", "ＤＮ－００１"),
        ("DN 001", "DN\u{3000}001"),
        ("DN 001", "DN  001"),
        ("DN 001", "DN\u{A0}001"),
        ("DN 001", "DN\r\n001"),
        ("DN 001", "\u{3000}DN \u{2003}001\u{3000}"),
        ("Café", "Cafe\u{301}"),
        ("１２号", "12号"),
        ("ﾃｽﾄ", "テスト"),
        ("ﾃﾞｽﾄ", "デスト"),
        ("①", "1"),
        ("㎏", "kg"),
        ("ﬁ", "fi"),
        ("K", "\u{212A}"),
    ])
    func `numbers that people take for one meet`(one: String, other: String) {
        #expect(Array(NaturalKey.number(one).utf8) == Array(NaturalKey.number(other).utf8))
        #expect(
            Identifier.derived("note", NaturalKey.number(one))
                == Identifier.derived("note", NaturalKey.number(other))
        )
    }

    @Test(arguments: [
        ("a1", "A1"), ("DN-001", "DN001"), ("DN 001", "DN001"), ("DN-001", "DN-1"),
        ("DN-001", "DN_001"), ("O1", "01"), ("l1", "11"), ("收货", "收貨"), ("", "0"),
        ("DN–001", "DN-001"), ("Cafe", "Café"), ("a b", "a´b"),
    ])
    func `numbers that papers tell apart do not meet`(one: String, other: String) {
        #expect(NaturalKey.number(one) != NaturalKey.number(other))
    }

    @Test(arguments: [
        ("press-01", "PRESS-01"), ("ｐｒｅｓｓ－０１", "PRESS-01"), (" a\u{3000}1 ", "A 1"),
        ("straße", "STRASSE"), ("ΐ", "Ϊ́"), ("ŉ", "ʼN"), ("ǰ", "J̌"), ("é", "E\u{301}"), ("ς", "σ"),
    ])
    func `codes meet in either case`(one: String, other: String) {
        #expect(Array(NaturalKey.code(one).utf8) == Array(NaturalKey.code(other).utf8))
    }

    @Test(arguments: [("PRESS-01", "PRESS-1"), ("PRESS-01", "PRESS 01"), ("A", "Α"), ("B1", "B2")])
    func `codes of two things do not meet`(one: String, other: String) {
        #expect(NaturalKey.code(one) != NaturalKey.code(other))
    }

    @Test func `a key that has its form keeps it`() {
        let pieces: [String] = [
            "a", "Ａ", " ", "\u{3000}", "\t", "é", "e\u{301}", "ΐ", "ß", "ŉ", "ﬁ", "①", "１",
            "\u{345}",
            "ǰ", "´", "\u{301}", "号", "ﾃ", "ﾞ", "ſ", "İ", "ı", "K", "\u{AD}", "/", "-", "ᾳ", "Ω",
        ]
        for seed in seedBase..<seedBase + 5_000 {
            var dice = SeededDice(seed: seed)
            let text = (0..<dice.roll(8)).map { _ in pieces[dice.roll(pieces.count)] }.joined()
            let number = NaturalKey.number(text)
            let code = NaturalKey.code(text)
            #expect(Array(NaturalKey.number(number).utf8) == Array(number.utf8), "seed \(seed)")
            #expect(Array(NaturalKey.code(code).utf8) == Array(code.utf8), "seed \(seed)")
            #expect(Array(NaturalKey.code(number).utf8) == Array(code.utf8), "seed \(seed)")
        }
    }
}
