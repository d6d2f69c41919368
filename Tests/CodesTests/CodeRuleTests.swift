import Codes
import Deflate
import Tally
import Testing

/// Suppliers' own codes: what rules make of them, and which rules are refused.
@Suite struct CodeRuleTests {
    private func rule(_ change: (inout CodeRule.Parts) -> Void) throws -> CodeRule {
        var parts = CodeRule.Parts()
        parts.name = "r"
        change(&parts)
        return try CodeRule(parts)
    }

    private func refusal(_ change: (inout CodeRule.Parts) -> Void) -> ProblemCode? {
        do {
            _ = try rule(change)
            return nil
        } catch {
            return (error as? CodeRefusal)?.code
        }
    }

    private func meaning(_ text: String, _ rules: CodeRule...) throws -> ScanMeaning {
        let parser = CodeParser(
            compressor: DeflateCompressor(format: .raw),
            rules: try CodeRules(rules)
        )
        return try parser.meaning(of: text)
    }

    // MARK: - Forms

    @Test func `a pattern's named groups are fields, and a link's escapes are undone`() throws {
        let rule = try rule {
            $0.pattern = #"https://[^/]+/dn/(?<supplier>[^/]+)/(?<number>[^/?]+)(?:\?.*)?"#
        }
        let code = try #require(rule.read("https://s.example/dn/hd-metal/A%2D17%2f2?x=1"))
        #expect(code.supplier == "HD-METAL")
        #expect(code.number == "A-17/2")
        #expect(code.carrier == .note)
        #expect(rule.read("see https://s.example/dn/hd-metal/17") == nil)
        #expect(rule.read("https://s.example/asn/hd-metal/17") == nil)
    }

    @Test func `a pattern lists lines`() throws {
        let rule = try rule {
            $0.supplier = "s-1"
            $0.pattern = #"(?<number>[A-Z0-9-]+)(?<lines>(?:\|[^|*]+\*[0-9]+){1,9})"#
            $0.lines = #"\|(?<material>[^|*]+)\*(?<quantity>[0-9]+)"#
        }
        let code = try #require(rule.read("N-1|螺栓*500|M2*7"))
        #expect(code.supplier == "S-1")
        #expect(
            code.lines == [
                ["material": "螺栓", "quantity": "500"], ["material": "M2", "quantity": "7"],
            ]
        )
    }

    @Test func `JSON is read by its keys, deep ones too, with digits as they were written`() throws
    {
        let rule = try rule {
            $0.form = .json
            $0.wanted = ["doc.no", "v"]
            $0.names = ["doc.no": "number", "v": "supplier"]
            $0.lines = "doc.items"
            $0.lineNames = ["m": "material", "q": "quantity"]
        }
        let items = #"[{"m":"A","q":0.250},{"m":"B"}]"#
        let text = #"{"v":"S-1","doc":{"no":20261128000123456789,"items":\#(items)}}"#
        let code = try #require(rule.read(text))
        #expect(code.number == "20261128000123456789")
        #expect(code.lines.map { $0["material"] } == ["A", "B"])
        #expect(code.lines[0]["quantity"] == "0.25")
        for other in [
            "{", "[]", "{}", #"{"v":"S-1"}"#, #"{"v":"","doc":{"no":"1"}}"#, "null", "",
            String(repeating: "[", count: 5_000),
            #"{"doc":"# + String(repeating: #"{"a":"#, count: 5_000),
        ] {
            #expect(rule.read(other) == nil, "\(other.prefix(20))")
        }
    }

    @Test func `pairs are read in braces and without, and LCSC's bags too`() throws {
        let rule = try rule {
            $0.carrier = .label
            $0.form = .pairs
            $0.wanted = ["pbn", "pc"]
            $0.names = ["pm": "material", "pc": "part", "qty": "quantity"]
        }
        let text =
            "{pbn:PICK2009290001,on:GB2009290001,pc:C1002,pm:GZ1608D601TF,qty:50,mc:,cc:1,hp:null}"
        let code = try #require(rule.read(text))
        #expect(code[SupplierCode.Field.material] == "GZ1608D601TF")
        #expect(code[SupplierCode.Field.part] == "C1002")
        #expect(code[SupplierCode.Field.quantity] == "50")
        #expect(code["mc"] == nil)
        #expect(rule.read("pbn=1;pc=C2") != nil)
        #expect(rule.read("pbn=1") == nil, "a wanted key is missing")
        #expect(rule.read("just words") == nil)
    }

    @Test func `GS1 data of a supplier are its note, in brackets or not`() throws {
        let rule = try rule {
            $0.form = .gs1
            $0.wanted = ["402", "412"]
            $0.names = ["402": "number", "412": "supplier", "400": "order"]
            $0.suppliers = ["6901234000009": "S-1"]
        }
        for text in [
            "(402)69012340000000009(412)6901234000009(400)PO-1",
            "]C140269012340000000009\u{1D}4126901234000009400PO-1",
        ] {
            guard case .supplierCode(let code) = try meaning(text, rule) else {
                Issue.record("not read: \(text)")
                continue
            }
            #expect(code.supplier == "S-1")
            #expect(code.number == "69012340000000009")
            #expect(code.fields["order"] == "PO-1")
        }
        guard case .gs1 = try meaning("(01)04012345123456(10)A1", rule) else {
            Issue.record("other GS1 data stay what they are")
            return
        }
    }

    // MARK: - The place of rules

    @Test func `no rule changes what our own codes, plates and ISO 15434 are`() throws {
        let greedy = try rule { $0.pattern = #"(?<number>[\s\S]+)"# }
        let own = [
            "TM:C:OK", "TM:W:W1", "https://id.example/8004/LAT-01",
            "[)>\u{1E}06\u{1D}PBRG\u{1D}Q5\u{1E}\u{04}",
        ]
        for text in own {
            if case .supplierCode = try meaning(text, greedy) { Issue.record("\(text)") }
        }
        #expect(throws: CodeRefusal.self) { try meaning("TMN1:ABC", greedy) }
        guard case .supplierCode(let code) = try meaning("anything\r\n", greedy) else {
            Issue.record("a rule reads what is nothing else")
            return
        }
        #expect(code.number == "anything")
    }

    @Test func `the first rule that fits reads the code`() throws {
        let rules = try ["a", "b"].map { name in
            try rule {
                $0.name = name
                $0.pattern = "N(?<number>[0-9]+)"
            }
        }
        guard case .supplierCode(let code) = try meaning("N12", rules[0], rules[1]) else {
            Issue.record("not read")
            return
        }
        #expect(code.rule == "a")
        #expect(throws: CodeRefusal.badRule(.nameTaken, name: "a", read: "")) {
            try CodeRules([rules[0], rules[0]])
        }
    }

    // MARK: - Rules that cannot work

    @Test func `a rule that cannot work is refused when it is made`() {
        #expect(refusal { $0.pattern = "(" } == "codes.rule_no_pattern")
        let strange = [
            "(?=a)", #"(?<n>a)\1"#, "a++", "[a-", "a{2,1}", #"\p{L}"#, "(?<n>a)(?<n>b)",
        ]
        for pattern in strange {
            #expect(refusal { $0.pattern = pattern } == "codes.rule_no_pattern", "\(pattern)")
        }
        let long = String(repeating: "(", count: 100) + "a" + String(repeating: ")", count: 100)
        for pattern in ["(?:a{1000}){1000}", "a{20000}", long] {
            #expect(refusal { $0.pattern = pattern } == "codes.rule_pattern_too_long", "\(pattern)")
        }
        #expect(refusal { $0.form = .json } == "codes.rule_nothing_wanted")
        let unread = refusal {
            $0.pattern = "N(?<number>[0-9]+)"
            $0.examples = ["N1", "M1"]
        }
        #expect(unread == "codes.rule_example_not_read")
    }

    @Test func `a code that is far too long is none`() throws {
        let rule = try rule { $0.pattern = #"(?<number>[\s\S]*)"# }
        #expect(rule.read(String(repeating: "A", count: 1_024)) != nil)
        #expect(rule.read(String(repeating: "A", count: 1_025)) == nil)
    }
}
