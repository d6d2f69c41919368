import Forms
import Tally
import Testing

@Suite struct ExpressionTests {
    @Test(arguments: [
        ("${state} = 'on'", true),
        ("${state} != \"on\"", false),
        ("${heat} > 89.999999999", true),
        ("${heat} > 90", false),
        ("${heat} >= 90.0 and ${state} = 'on'", true),
        ("${heat} < 9", false),
        ("${heat} <= 90", true),
        ("${heat} = 90.00", true),
        ("${state} = 'off' or ${heat} = 90 and ${leak} = 'no'", true),
        ("(${state} = 'off' or ${heat} = 90) and ${leak} = 'yes'", false),
        ("not(${leak} = 'yes')", true),
        ("${nothing} = ''", true),
        ("${nothing} < 5", false),
        ("not(${nothing} < 5)", true),
        ("${state} < 5", false),
        ("${orders} = 'and or not'", true),
        ("-5 < ${heat}and 1=1", true),
    ])
    func `an expression holds or not`(_ source: String, holds: Bool) throws {
        let answers: [String: Answer] = [
            "state": .choice("on"), "leak": .yesNo(false), "orders": .text("and or not"),
            "heat": .quantity(try #require(Quantity.of("90", "CEL"))),
        ]
        let condition = try #require(Expression(source))
        #expect(condition.holds(beside: answers) == holds)
        #expect(condition.source == source)
    }

    @Test(arguments: [
        "", "yes", "${a} =", "${a} = 'x", "${a = 1", "${A} = 1", "${a} == 1",
        "${a} = 1 and", "(${a} = 1", "${a} = 1)", "not ${a} = 1", "${a} = 1 2", "1.2.3 = 1",
        "${a} = 1 andy = 1", "${} = 1", "${a} = 1e5", "${a} and 1 = 1", "not(${a})",
        "if(${a}, 1, 2)", "if(1 = 1, 2)", "round()", "sum(1, 2)", "count(1)", "upper('a')",
        "regex(${a}, ${b})", "regex(${a}, '(')", "1 +", "* 1", "1 div", "today(1)", "true",
    ])
    func `an expression that cannot be read is none`(_ source: String) {
        #expect(Expression(source) == nil)
    }

    @Test(arguments: [
        // Numbers are exact, and what cannot be computed is the empty text.
        ("0.1 + 0.2", "0.3"), ("1 - 0.9", "0.1"), ("0.1 * 0.1", "0.01"), ("7 div 2", "3.5"),
        ("1 div 3", "0.333333333"), ("2 div 3", "0.666666667"), ("-2 div 3", "-0.666666667"),
        ("1 div 0", ""), ("7 mod 3", "1"), ("-7 mod 3", "-1"), ("7.5 mod 2", "1.5"),
        ("5 mod 0", ""), ("2 + 3 * 4", "14"), ("(2 + 3) * 4", "20"), ("10 - 4 - 3", "3"),
        ("100 div 10 div 5", "2"), ("- 3 + 5", "2"), ("--3", "3"), ("${state} + 1", ""),
        ("9223372036854775807 + 1", ""), ("9223372036854775807 * 10", ""),
        ("9223372036854775807 - 1", "9223372036854775806"), ("${heat} div 4", "22.5"),
        ("0.000000001 * 0.1", "0"), ("0.000000005 * 0.1", "0.000000001"),
        ("${heat} - ${nothing}", ""),
        ("round(2.5)", "3"), ("round(-2.5)", "-3"), ("round(2.449, 1)", "2.4"),
        ("round(2.45, 1)", "2.5"), ("round(2, 3)", "2"), ("round(2, 10)", ""), ("round('a')", ""),
        ("int(2.9)", "2"), ("int(-2.9)", "-2"), ("abs(-4.2)", "4.2"), ("number('07')", "7"),
        ("number('x')", ""), ("string(007)", "7"),
        ("if(${heat} > 50, 'hot', 'cold')", "hot"), ("if(${heat} > 90, 'hot', 'cold')", "cold"),
        ("coalesce(${nothing}, ${state})", "on"), ("coalesce(${nothing}, '')", ""),
        ("coalesce(${nothing}, '', 3)", "3"), ("string-length('漏油!')", "3"),
        ("string-length(${nothing})", "0"), ("concat(${state}, '-', ${heat})", "on-90"),
        ("substr('abcdef', 2, 4)", "cd"), ("substr('abcdef', 4)", "ef"),
        ("substr('abc', 5)", ""), ("min(3, ${heat}, 1.5)", "1.5"), ("max(3, ${heat})", "90"),
        ("min(${nothing}, 4)", "4"), ("max(${state}, 4)", ""), ("sum(${heat})", "90"),
        ("count-non-empty(${nothing})", "0"), ("true()", "true"), ("not(true())", "false"),
        ("today()", "2026-11-28"), ("now()", "2026-11-28T08:15:00+08:00"),
    ])
    func `an expression comes to a value`(_ source: String, text: String) throws {
        let answers: [String: Answer] = [
            "state": .choice("on"),
            "heat": .quantity(try #require(Quantity.of("90", "CEL"))),
        ]
        let expression = try #require(Expression(source))
        #expect(expression.text(beside: answers, now: "2026-11-28T08:15:00+08:00") == text)
    }

    @Test(arguments: [
        ("selected(${tools}, 'saw')", true), ("selected(${tools}, 'sa')", false),
        ("contains(${tools}, 'sa')", true), ("starts-with(${tools}, 'axe')", true),
        ("ends-with(${tools}, 'axe')", false), ("regex(${lot}, 'L-[0-9]{4}')", true),
        ("regex(${lot}, '[0-9]{4}')", false), ("regex(${lot}, '^L-\\d+$')", true),
        ("regex(${lot}, '(a|aa)+b')", false), ("regex(${lot}, 'M.*|L.*')", true),
        ("regex(${lot}, '[^L].*')", false), ("regex(${lot}, 'L-?\\d{1,3}')", false),
        ("regex(${lot}, 'L(?:-| )\\d{3,}')", true), ("regex('漏油', '.{2}')", true),
        ("regex('a', '[]a]')", true), ("regex('', 'a*')", true), ("regex('aaa', 'a{2}')", false),
        ("regex('x]', 'x\\]')", true),
        ("if(${tools} = 'saw', true(), ${lot} = 'L-2048')", true),
        ("${day} <= today()", true), ("${day} < today()", false), ("'2026-11-29' > ${day}", true),
        ("'2026-02-30' > ${day}", false), ("${day} = today()", true),
        ("2 * 3 = 6 and 5 - 1 != 3", true), ("1 + 1 > 2", false),
    ])
    func `a condition holds or not`(_ source: String, holds: Bool) throws {
        let answers: [String: Answer] = [
            "tools": .text("axe saw"), "lot": .text("L-2048"), "day": .text("2026-11-28"),
        ]
        let expression = try #require(Expression(source))
        #expect(expression.isCondition)
        #expect(expression.holds(beside: answers, now: "2026-11-28T08:15:00+08:00") == holds)
    }

    @Test func `no pattern takes long over a text`() throws {
        let text = String(repeating: "a", count: 3000)
        let answers: [String: Answer] = ["text": .text(text)]
        // A search that goes back would try 2^3000 ways here.
        for pattern in ["(a|aa)+b", "(a*)*b", "(a+)+", "(.?){40}a+c"] {
            let expression = try #require(Expression("regex(${text}, '\(pattern)')"))
            #expect(expression.holds(beside: answers) == (pattern == "(a+)+"))
        }
    }

    @Test func `an expression that is too long or too deep is none`() {
        let deep = String(repeating: "(", count: 400) + "1 = 1" + String(repeating: ")", count: 400)
        #expect(Expression(deep) == nil)
        let long = Array(repeating: "1 = 1", count: 200).joined(separator: " or ")
        #expect(Expression(long) == nil)
    }

    @Test func `no text makes the parser fail`() {
        let pieces = [
            "${", "}", "a", ".", "'", "\"", "(", ")", "and", "or", "not", "=", "<", "9", " ",
            "+", "-", " div ", "if(", "regex(", "sum(", "'a*'", ",", "[", "{2}",
        ]
        for seed in 1...2000 as ClosedRange<UInt64> {
            var dice = SeededDice(seed: seed)
            let count = Int(dice.next() % 24)
            let source = (0..<count).map { _ in pieces[Int(dice.next() % UInt64(pieces.count))] }
                .joined()
            if let condition = Expression(source) {
                #expect(condition.source == source, "seed \(seed)")
                _ = condition.holds(beside: [:])
            }
        }
    }
}
