import Forms
import Tally
import Testing

@Suite struct ConditionTests {
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
        let condition = try #require(Condition(source))
        #expect(condition.holds(beside: answers) == holds)
        #expect(condition.source == source)
    }

    @Test(arguments: [
        "", "yes", "${a}", "${a} =", "${a} = 'x", "${a = 1", "${A} = 1", "${a} == 1",
        "${a} = 1 and", "(${a} = 1", "${a} = 1)", "not ${a} = 1", "${a} = 1 2", "1.2.3 = 1",
        "${a} = 1 andy = 1", "${} = 1", "${a} = 1e5",
    ])
    func `an expression that cannot be read is none`(_ source: String) {
        #expect(Condition(source) == nil)
    }

    @Test func `an expression that is too long or too deep is none`() {
        let deep = String(repeating: "(", count: 400) + "1 = 1" + String(repeating: ")", count: 400)
        #expect(Condition(deep) == nil)
        let long = Array(repeating: "1 = 1", count: 200).joined(separator: " or ")
        #expect(Condition(long) == nil)
    }

    @Test func `no text makes the parser fail`() {
        let pieces = [
            "${", "}", "a", ".", "'", "\"", "(", ")", "and", "or", "not", "=", "<", "9", " ",
        ]
        for seed in 1...2000 as ClosedRange<UInt64> {
            var dice = SeededDice(seed: seed)
            let count = Int(dice.next() % 24)
            let source = (0..<count).map { _ in pieces[Int(dice.next() % UInt64(pieces.count))] }
                .joined()
            if let condition = Condition(source) {
                #expect(condition.source == source, "seed \(seed)")
                _ = condition.holds(beside: [:])
            }
        }
    }
}
