import Codes
import Tally
import Testing

/// The patterns of rules: they find what the standard library's regular expressions find, and none
/// keeps a terminal busy.
@Suite struct CodePatternTests {
    private func read(_ pattern: String, _ text: String) throws -> [String: String]? {
        var parts = CodeRule.Parts()
        parts.name = "any"
        parts.carrier = .label
        parts.pattern = pattern
        return try CodeRule(parts).read(text)?.fields
    }

    /// What the standard library makes of it; groups without text are no fields.
    private func expected(_ pattern: String, _ text: String) throws -> [String: String]? {
        guard let match = try Regex(pattern).wholeMatch(in: text) else { return nil }
        var found: [String: String] = [:]
        for group in match.output {
            guard let name = group.name, let value = group.substring, !value.isEmpty else {
                continue
            }
            found[name] = String(value)
        }
        return found
    }

    private func one(_ texts: [String], _ dice: inout SeededDice) -> String {
        texts[Int.random(in: texts.indices, using: &dice)]
    }

    /// A pattern of few letters, with at most one group that has a name.
    private func pattern(_ dice: inout SeededDice, depth: Int, named: inout Bool) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 1...3, using: &dice) {
            var item: String
            switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &dice) {
            case 0: item = "."
            case 1: item = one(["[ab]", "[^a]", "[b-c]", #"\d"#, #"[\w]"#], &dice)
            case 2, 3, 4: item = one(["a", "b", "c", "1"], &dice)
            default:
                let inner = (0..<Int.random(in: 1...2, using: &dice)).map { _ in
                    pattern(&dice, depth: depth - 1, named: &named)
                }
                let isNamed = !named && Bool.random(using: &dice)
                named = named || isNamed
                item = (isNamed ? "(?<n>" : "(?:") + inner.joined(separator: "|") + ")"
                // What is repeated has no group with a name: which of its turns counts differs.
                if isNamed {
                    text += item
                    continue
                }
                // Engines differ in what a turn without text is worth.
                let isEmpty = (try? Regex(item).wholeMatch(in: "")) != nil
                if inner.joined().contains("<n>") || isEmpty {
                    text += item
                    continue
                }
            }
            let repeats = ["", "", "", "*", "+", "?", "{2}", "{1,2}", "{1,}", "*?", "+?", "??"]
            text += item + one(repeats, &dice)
        }
        return text
    }

    @Test(arguments: [1, 2, UInt64.random(in: 1000...UInt64.max)])
    func `a pattern finds what the standard library finds`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        var fits = 0
        for _ in 0..<250 {
            var named = false
            let pattern = pattern(&dice, depth: 2, named: &named)
            for _ in 0..<4 {
                let count = Int.random(in: 0...7, using: &dice)
                let text = (0..<count).map { _ in one(["a", "b", "c", "1"], &dice) }.joined()
                let wanted = try expected(pattern, text)
                fits += wanted == nil ? 0 : 1
                #expect(try read(pattern, text) == wanted, "\(pattern) \(text) seed \(seed)")
            }
        }
        #expect(fits > 50)
    }

    @Test(arguments: [
        "(?<n>(a|a)*)b", "(?<n>(a|aa)+)b", "(?<n>.*.*.*.*.*)x", "(?<n>(a?){40}a{40})b",
        "(?<n>(.*a){12})b", "(?<n>([a-z]{1,9}){1,9})x", "(?<n>(a+)+)b", "(?<n>(a*)*)b",
        "(?<n>(a+){50})c", "(?<n>((a{0,9}){0,9}){0,9})b",
    ])
    func `no pattern is slow, whatever is scanned`(pattern: String) throws {
        // The standard library's would take years for any of these.
        #expect(try read(pattern, String(repeating: "a", count: 1_024)) == nil)
        let last = pattern.last.map(String.init) ?? ""
        #expect(try read(pattern, String(repeating: "a", count: 80) + last) != nil)
    }

    @Test func `lines are found one after another, however the pattern tries to be slow`() throws {
        var parts = CodeRule.Parts()
        parts.name = "lines"
        parts.pattern = #"(?<number>N\d+)(?<lines>.*)"#
        parts.lines = #"\|(?<material>[^|*]+)\*(?<quantity>\d+)"#
        let code = try #require(try CodeRule(parts).read("N1|BOLT*5|NUT*7|junk|PIN*9"))
        #expect(code.lines.map { $0["material"] } == ["BOLT", "NUT", "PIN"])
        #expect(code.lines.map { $0["quantity"] } == ["5", "7", "9"])
        parts.lines = "(?:.{0,60}){0,60}b|(?<material>a)"
        let slow = try CodeRule(parts).read("N1" + String(repeating: "a", count: 1_000))
        #expect(slow != nil)
    }

    @Test func `letters, classes and escapes mean what they mean elsewhere`() throws {
        let fitting = [
            (#"(?i)(?<n>asn-[A-F]+)"#, "AsN-aBf", "AsN-aBf"),
            (#"(?<n>\x41\u{4E2D}\u0042)"#, "A中B", "A中B"),
            (#"\[(?<n>[^\]]+)\]"#, "[x y]", "x y"), (#"^(?<n>[\w-]+)$"#, "A-1_é", "A-1_é"),
            (#"(?<n>a.c)"#, "a\u{1D}c", "a\u{1D}c"), (#"(?<n>\S+)\s\D"#, "x1 y", "x1"),
            (#"(?<n>.+?)b.*"#, "aabab", "aa"), (#"(?:(?<n>x)|y)"#, "y", nil),
        ]
        for (pattern, text, found) in fitting {
            let fields = try #require(try read(pattern, text), "\(pattern)")
            #expect(fields["n"] == found, "\(pattern)")
        }
        #expect(try read("(?<n>a.c)", "a\nc") == nil)
        #expect(try read("(?<n>a)", "ab") == nil)
    }
}
