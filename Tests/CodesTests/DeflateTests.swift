import Deflate
import Tally
import Testing

@Suite struct DeflateTests {
    private func samples() -> [[UInt8]] {
        var dice = SeededDice(seed: 11)
        let noise = (0..<70_000).map { _ in UInt8.random(in: 0...255, using: &dice) }
        return [[], [0], [UInt8](repeating: 7, count: 200_000), noise, Array("到货单".utf8)]
    }

    @Test(arguments: [DeflateCompressor.Format.raw, .zlib])
    func `bytes come back as they were`(format: DeflateCompressor.Format) throws {
        let compressor = DeflateCompressor(format: format)
        for bytes in samples() {
            let packed = try compressor.compress(bytes)
            #expect(try compressor.decompress(packed, countMax: bytes.count) == bytes)
            #expect(try compressor.decompress(packed, countMax: bytes.count + 1) == bytes)
        }
    }

    @Test(arguments: [DeflateCompressor.Format.raw, .zlib])
    func `more than the limit is refused`(format: DeflateCompressor.Format) throws {
        let compressor = DeflateCompressor(format: format)
        let packed = try compressor.compress([UInt8](repeating: 0, count: 10_000_000))
        #expect(packed.count < 20_000)
        for countMax in [0, 1, 16_384, 9_999_999] {
            #expect(throws: DeflateError.tooLarge(countMax: countMax)) {
                try compressor.decompress(packed, countMax: countMax)
            }
        }
    }

    @Test(arguments: [DeflateCompressor.Format.raw, .zlib])
    func `cut and extended streams are refused`(format: DeflateCompressor.Format) throws {
        let compressor = DeflateCompressor(format: format)
        let packed = try compressor.compress(Array("abcabcabcabd".utf8))
        for count in 0..<packed.count {
            #expect(throws: DeflateError.cut) {
                try compressor.decompress(Array(packed.prefix(count)), countMax: 100)
            }
        }
        #expect(throws: DeflateError.leftOver(count: 2)) {
            try compressor.decompress(packed + [1, 2], countMax: 100)
        }
    }

    @Test func `a changed bit is found by the check sum`() throws {
        let compressor = DeflateCompressor(format: .zlib)
        var dice = SeededDice(seed: 3)
        let bytes = (0..<500).map { UInt8($0 % 50) }
        let packed = try compressor.compress(bytes)
        for _ in 0..<2_000 {
            var damaged = packed
            let place = Int.random(in: damaged.indices, using: &dice)
            damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
            do {
                // A few bits of the header and of the padding carry nothing.
                #expect(try compressor.decompress(damaged, countMax: 1_000) == bytes)
            } catch is DeflateError {}
        }
    }
}
