import Forms
import Tally
import Testing

import Connectors

@Suite struct DefinitionTreeTests {
    @Test func `each place of a file knows its line`() throws {
        let text = "code: lathe\nquestions:\n  - name: oil\n    limits: {low: 1}\n  - name: noise\n"
        let tree = try DefinitionTree(name: "x.yaml", bytes: Array(text.utf8))
        #expect(tree.line(of: "questions[0].limits.low") == 4)
        #expect(tree.line(of: "questions[1].name") == 5)
        // What is missing is named by what it is missing in.
        #expect(tree.line(of: "questions[1].label.en") == 5)
        #expect(tree.line(of: "title") == 1)
    }

    @Test func `words and numbers stay as they were written`() throws {
        let text = "a: 0.40\nb: no\nc: true\nd: '7'\ne: -1.5\nf: 1e3\ng: ~\n"
        let tree = try DefinitionTree(name: "x.yaml", bytes: Array(text.utf8))
        #expect(
            tree.node
                == .map([
                    "a": .number("0.40"), "b": .text("no"), "c": .bool(true), "d": .text("7"),
                    "e": .number("-1.5"), "f": .text("1e3"), "g": .text(""),
                ])
        )
    }

    @Test func `JSON is read with its lines, escapes and tabs`() throws {
        let text = "[\n\t{\"name\":\"\\u6df1\\ud842\\udfb7\\/\\\\u0041\"},\n\t{\"a\": 1.50}\n]\n"
        let tree = try DefinitionTree(name: "x.json", bytes: Array(text.utf8))
        #expect(
            tree.node
                == .list([.map(["name": .text("深𠮷/\\u0041")]), .map(["a": .number("1.50")])])
        )
        #expect(tree.line(of: "[1]") == 3)
    }

    @Test func `what cannot be parsed is refused with its line`() throws {
        for (text, line) in [("a: 1\nb: [1\n", 3), ("a: 1\na: 2\n", 1), ("a: {b: *c}\n", 1)] {
            let refusal = #expect(throws: ImportRefusal.self) {
                try DefinitionTree(name: "x.yaml", bytes: Array(text.utf8))
            }
            #expect(refusal?.code == "connectors.malformed", "\(text)")
            #expect(refusal?.line == line, "\(text)")
        }
    }

    @Test func `aliases that stand for billions are refused`() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...8 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        let refusal = #expect(throws: ImportRefusal.self) {
            try DefinitionTree(name: "x.yaml", bytes: Array(text.utf8))
        }
        #expect(refusal?.code == "connectors.malformed")
    }
}
