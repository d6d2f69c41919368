import Codes
import Connectors
import Foundation
import Tally
import Testing

/// Files of rules for suppliers' own codes.
@Suite struct CodeRuleFileTests {
    private func refusal(_ text: String) -> (any Refusal)? {
        do {
            _ = try CodeRuleFile.rules(name: "x.yaml", bytes: Array(text.utf8))
            return nil
        } catch {
            return error as? any Refusal
        }
    }

    @Test func `the carried rules read their own examples, each by its own rule`() throws {
        let file = Office.templates.appending(path: "CodeRules/suppliers.yaml")
        let rules = try CodeRules(
            CodeRuleFile.rules(name: "suppliers.yaml", bytes: Array(Data(contentsOf: file)))
        )
        #expect(rules.rules.count >= 10)
        #expect(Set(rules.rules.map(\.parts.form)) == Set(CodeRule.Form.allCases))
        #expect(Set(rules.rules.map(\.parts.carrier)) == Set(SupplierCode.Carrier.allCases))
        let parser = CodeParser(compressor: NoCompressor(), rules: rules)
        for rule in rules.rules {
            #expect(!rule.parts.examples.isEmpty, "\(rule.name)")
            for example in rule.parts.examples {
                guard case .supplierCode(let code) = try parser.meaning(of: example) else {
                    Issue.record("\(rule.name): \(example)")
                    continue
                }
                #expect(code.rule == rule.name, "\(example)")
                #expect(code.carrier == .label || !code.supplier.isEmpty, "\(example)")
            }
        }
        // What our own words and GS1 are, they stay.
        for text in ["TM:C:OK", "(01)04012345123456(10)A1", "BRG-6204", "40", "DN-2026-0815"] {
            if case .supplierCode = try parser.meaning(of: text) { Issue.record("\(text)") }
        }
    }

    @Test(arguments: [
        ("rules:\n  - name: a\n    carrier: note\n    form: pattern\n", 2),
        ("rules:\n  - name: a\n    carrier: cart\n    form: pattern\n    pattern: x\n", 3),
        ("rules:\n  - name: a\n    carrier: note\n    form: xml\n", 4),
        ("rules:\n  - carrier: note\n", 2),
        ("rules:\n  - name: a\n    carrier: note\n    form: json\n    wanted: n\n", 5),
        ("rules:\n  - name: a\n    carrier: note\n    form: json\n    wnated: [n]\n", 5),
        ("rule: []\n", 1),
    ])
    func `a file that cannot be is refused with its line`(_ text: String, _ line: Int) {
        let refused = refusal(text) as? CodeRuleFileRefusal
        #expect(refused?.code == "connectors.code_rules")
        #expect(refused?.line == line, "\(refused?.detail ?? "")")
        #expect(refused?.file == "x.yaml")
    }

    @Test func `a rule that cannot work is refused by its name`() {
        let text = "rules:\n  - {name: a, carrier: note, form: pattern, pattern: '('}\n"
        #expect(refusal(text) as? CodeRefusal == .badRule(.noPattern, name: "a", read: "("))
        let example =
            "rules:\n  - {name: a, carrier: note, form: json, wanted: [n], examples: [x]}\n"
        #expect(
            refusal(example) as? CodeRefusal == .badRule(.exampleNotRead, name: "a", read: "x")
        )
    }
}

/// For parsers that meet no notes.
private struct NoCompressor: Compressor {
    func compress(_ bytes: [UInt8]) throws -> [UInt8] { bytes }
    func decompress(_ bytes: [UInt8], countMax: Int) throws -> [UInt8] { bytes }
}
