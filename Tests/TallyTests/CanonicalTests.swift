import Tally
import Testing

@Suite struct CanonicalTests {
    @Test func `every kind of value comes back as it was written`() throws {
        for seed in seedBase..<seedBase + 500 {
            var dice = SeededDice(seed: seed)
            let integer = dice.next() >> UInt64(dice.roll(64))
            let signed = Int64(bitPattern: dice.next()) >> Int64(dice.roll(64))
            let bytes = dice.garbage(countMax: 300)
            let text = String(decoding: dice.garbage(countMax: 40), as: UTF8.self)
            let list = (0..<dice.roll(5)).map { _ in dice.next() }
            var encoder = CanonicalEncoder()
            encoder.write(integer)
            encoder.write(signed)
            encoder.write(seed.isMultiple(of: 2))
            encoder.write(bytes)
            encoder.write(text)
            encoder.write(list) { $0.write($1) }
            var decoder = CanonicalDecoder(encoder.bytes)
            #expect(try decoder.integer() == integer, "seed \(seed)")
            #expect(try decoder.signed() == signed, "seed \(seed)")
            #expect(try decoder.boolean() == seed.isMultiple(of: 2), "seed \(seed)")
            #expect(try decoder.byteString() == bytes, "seed \(seed)")
            #expect(try decoder.text() == text, "seed \(seed)")
            #expect(
                try decoder.list { (inner) throws(CanonicalError) in try inner.integer() } == list,
                "seed \(seed)"
            )
            try decoder.finish()
        }
    }

    @Test(arguments: [0, 1, -1, 63, -64, 64, Int64.max, Int64.min])
    func `the ends of the range are written and read`(value: Int64) throws {
        var encoder = CanonicalEncoder()
        encoder.write(value)
        var decoder = CanonicalDecoder(encoder.bytes)
        #expect(try decoder.signed() == value)
        try decoder.finish()
    }

    @Test func `small numbers of either sign take one byte`() {
        for (value, byte) in [(0, 0), (-1, 1), (1, 2), (-64, 127), (63, 126)] as [(Int64, UInt8)] {
            var encoder = CanonicalEncoder()
            encoder.write(value)
            #expect(encoder.bytes == [byte])
        }
    }

    @Test(arguments: [
        ([0x80, 0x00], CanonicalError.badInteger(offset: 0)),
        ([0xFF, 0x80, 0x00], .badInteger(offset: 0)),
        (Array(repeating: 0xFF, count: 9) + [0x02], .badInteger(offset: 0)),
        (Array(repeating: 0x80, count: 11), .badInteger(offset: 0)),
        ([0x80], .cut(offset: 0)),
        ([], .cut(offset: 0)),
    ])
    func `an integer in any but its shortest form is refused`(
        bytes: [UInt8],
        error: CanonicalError
    ) {
        var decoder = CanonicalDecoder(bytes)
        #expect(throws: error) { try decoder.integer() }
    }

    @Test func `the greatest integer is read`() throws {
        var decoder = CanonicalDecoder(Array(repeating: 0xFF, count: 9) + [0x01])
        #expect(try decoder.integer() == .max)
    }

    @Test func `a cut value, bad text, a wrong truth and left-over bytes are refused`() {
        var cut = CanonicalDecoder([3, 1, 2])
        #expect(throws: CanonicalError.cut(offset: 0)) { try cut.byteString() }
        var huge = CanonicalDecoder([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1])
        #expect(throws: CanonicalError.cut(offset: 0)) { try huge.byteString() }
        var list = CanonicalDecoder([5, 1, 2])
        #expect(throws: CanonicalError.cut(offset: 0)) {
            try list.list { (inner) throws(CanonicalError) in try inner.integer() }
        }
        var text = CanonicalDecoder([2, 0xC3, 0x28])
        #expect(throws: CanonicalError.badText(offset: 0)) { try text.text() }
        var truth = CanonicalDecoder([2])
        #expect(throws: CanonicalError.badInteger(offset: 0)) { try truth.boolean() }
        let rest = CanonicalDecoder([1])
        #expect(throws: CanonicalError.leftOver(offset: 0)) { try rest.finish() }
    }

    @Test func `what can be read from garbage is written back to the same bytes`() {
        for seed in seedBase..<seedBase + 20_000 {
            var dice = SeededDice(seed: seed)
            let garbage = dice.garbage(countMax: 24)
            var decoder = CanonicalDecoder(garbage)
            var encoder = CanonicalEncoder()
            do {
                for _ in 0..<8 {
                    switch dice.roll(5) {
                    case 0: encoder.write(try decoder.integer())
                    case 1: encoder.write(try decoder.signed())
                    case 2: encoder.write(try decoder.boolean())
                    case 3: encoder.write(try decoder.text())
                    default: encoder.write(try decoder.byteString())
                    }
                }
            } catch {
                // Refused: what came before the refusal must still be the only way to write it.
            }
            #expect(garbage.starts(with: encoder.bytes), "seed \(seed)")
        }
    }
}
