import Tally
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("40", "40"), ("-0.42", "-0.42"), ("1.50", "1.5"), ("1.000000000", "1"), ("-0", "0"),
        ("0.000", "0"), ("007", "7"), ("0.000000001", "0.000000001"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036.854775808", "-9223372036.854775808"),
    ])
    func `decimal text is read and shown in lowest terms`(text: String, shown: String) throws {
        let quantity = try #require(Quantity(text: text, unit: .piece))
        #expect(quantity.number == shown)
        #expect(quantity.description == shown + " H87")
        #expect(Quantity(text: quantity.number, unit: .piece) == quantity)
    }

    @Test(arguments: [
        "", "-", "+1", " 1", "1 ", "1.", ".5", "1.2.3", "1,5", "1e3", "０", "٤", "--1", "0x1",
        "1_000",
        "0.0000000001", "9223372036854775808", "-9223372036854775809", "NaN", "1\n",
    ])
    func `any other text is no quantity`(text: String) {
        #expect(Quantity(text: text, unit: .piece) == nil)
    }

    @Test func `equal quantities are equal however they were written`() throws {
        let kilograms = try #require(Unit("KGM"))
        let one = try #require(Quantity(amount: 150, scale: 2, unit: kilograms))
        let other = try #require(Quantity(amount: 15, scale: 1, unit: kilograms))
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one.amount == 15 && one.scale == 1)
        #expect(Quantity(amount: 1, scale: 10, unit: kilograms) == nil)
    }

    @Test func `a random quantity comes back from its text`() throws {
        for seed in seedBase..<seedBase + 2_000 {
            var dice = SeededDice(seed: seed)
            let amount = Int64(bitPattern: dice.next()) >> Int64(dice.roll(64))
            let quantity = try #require(
                Quantity(amount: amount, scale: UInt8(dice.roll(10)), unit: .piece)
            )
            #expect(Quantity(text: quantity.number, unit: .piece) == quantity, "seed \(seed)")
        }
    }

    @Test func `sums, differences and order agree with each other`() throws {
        for seed in seedBase..<seedBase + 2_000 {
            var dice = SeededDice(seed: seed)
            let quantities = try (0..<2).map { _ in
                try #require(
                    Quantity(
                        amount: Int64(bitPattern: dice.next()) >> Int64(20 + dice.roll(40)),
                        scale: UInt8(dice.roll(5)),
                        unit: .piece
                    )
                )
            }
            let (one, other) = (quantities[0], quantities[1])
            guard let sum = one.adding(other) else { continue }
            #expect(other.adding(one) == sum, "seed \(seed)")
            #expect(sum.subtracting(other) == one, "seed \(seed)")
            let difference = try #require(one.subtracting(other), "seed \(seed)")
            #expect(one.isLess(than: other) == (difference.amount < 0), "seed \(seed)")
        }
    }

    @Test func `other units and overflow give nothing`() throws {
        let most = Quantity(count: .max)
        let least = Quantity(count: .min)
        let meters = Quantity(count: 1, unit: try #require(Unit("MTR")))
        #expect(most.adding(Quantity(count: 1)) == nil)
        #expect(least.subtracting(Quantity(count: 1)) == nil)
        #expect(most.adding(meters) == nil)
        #expect(most.subtracting(meters) == nil)
        #expect(most.isLess(than: meters) == nil)
        let tenth = try #require(Quantity(text: "0.1", unit: .piece))
        #expect(most.adding(tenth) == nil)
        #expect(least.isLess(than: most) == true)
    }

    @Test(arguments: ["", "h87", "H87X", "H 7", "米", "H-7"])
    func `a text that is no common code is no unit`(code: String) {
        #expect(Unit(code) == nil)
    }
}
