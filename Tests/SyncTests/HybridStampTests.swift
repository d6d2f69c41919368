import Sync
import Tally
import Testing

@Suite struct HybridStampTests {
    @Test func `the next stamp is later than the last and not before the wall clock`() {
        for seed in seedBase..<seedBase + 2_000 {
            var dice = SeededDice(seed: seed)
            let last = HybridStamp(bits: dice.next() >> UInt64(dice.roll(64)))
            let wall = Moment(milliseconds: Int64(bitPattern: dice.next()) >> Int64(dice.roll(64)))
            let next = last.next(wall: wall)
            #expect(next > last || last.bits == .max, "seed \(seed)")
            #expect(next >= HybridStamp(wall), "seed \(seed)")
        }
    }

    @Test func `stamps go on rising when the wall clock freezes or jumps back`() {
        var stamp = HybridStamp(Moment(milliseconds: 1_000))
        for wall in [1_000, 1_000, 0, -5, 999] as [Int64] {
            let next = stamp.next(wall: Moment(milliseconds: wall))
            #expect(next > stamp)
            stamp = next
        }
        #expect(stamp.bits == 1_000 << 16 + 5)
    }

    @Test func `a counter that overflows runs into the next millisecond`() {
        let full = HybridStamp(bits: 7 << 16 | 0xFFFF)
        #expect(full.next(wall: Moment(milliseconds: 7)).bits == 8 << 16)
    }

    @Test func `clocks beyond the range are clamped and the last stamp stays`() {
        #expect(HybridStamp(Moment(milliseconds: .min)).bits == 0)
        #expect(HybridStamp(Moment(milliseconds: .max)).bits == UInt64(1 << 48 - 1) << 16)
        #expect(HybridStamp(bits: .max).next(wall: Moment(milliseconds: 0)).bits == .max)
    }
}

@Suite struct ScopeDigestTests {
    @Test func `the digest is that of the cells, whatever way led there`() {
        for seed in seedBase..<seedBase + 300 {
            var dice = SeededDice(seed: seed)
            let space = Space()
            for _ in 0..<30 {
                let key = CellKey.field("f\(dice.roll(5))")
                let entity = Carton.key("\(dice.roll(3))")
                space.setCell(key, of: entity, to: dice.once(in: 3) ? nil : [UInt8(dice.roll(4))])
            }
            #expect(space.digest == space.recomputedDigest, "seed \(seed)")
            #expect(ScopeDigest(bytes: space.digest.bytes) == space.digest, "seed \(seed)")
            for name in space.cells.keys { space.setCell(name.key, of: name.entity, to: nil) }
            #expect(space.digest == ScopeDigest(), "seed \(seed)")
        }
    }

    @Test func `cells that differ in one thing have different digests`() {
        let cells: [(CellKey, EntityKey, [UInt8])] = [
            (.field("a"), Carton.key("1"), [1]),
            (.field("a"), Carton.key("1"), [2]),
            (.field("b"), Carton.key("1"), [1]),
            (.decision("a"), Carton.key("1"), [1]),
            (.field("a"), Carton.key("2"), [1]),
            (.field("a"), Carton.key("1"), []),
        ]
        let digests = cells.map { key, entity, value in
            var digest = ScopeDigest()
            digest.replace(key, of: entity, from: nil, to: value)
            return digest
        }
        #expect(Set(digests).count == cells.count)
    }

    @Test func `a cell's key comes back from its bytes, and garbage is no key`() {
        let id = OperationID(replica: Identifier(high: 1, low: 2), incarnation: 3, sequence: 4)
        let keys: [CellKey] = [
            .fact(id), .field("carton.标签"), .stage, .move(id), .decision("a"), .held(id),
            .opaque(id),
        ]
        for key in keys { #expect(CellKey(bytes: key.bytes) == key) }
        for bytes in [[], [0], [8], [3, 0], [1], [1, 2], [2, 0xFF]] as [[UInt8]] {
            #expect(CellKey(bytes: bytes) == nil)
        }
    }
}
