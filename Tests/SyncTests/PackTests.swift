import Sync
import Tally
import Testing

/// Packs: an operation comes back byte for byte, whatever it is, and nonsense is refused.
@Suite struct PackTests {
    private static let words = ["", "W1", "张三", "e\u{301}", "\u{e9}", "W1 "]
    private static let types = ["carton.label", "carton", "other.move", "标.签"]

    /// Operations as some terminals and a hub would write them, each chain in order, and now and
    /// then one that fits nothing before it.
    private static func operations(_ dice: inout SeededDice, count: Int) throws -> [[UInt8]] {
        var ends: [UInt64: Operation] = [:]
        var known: [OperationID] = []
        var entities: [Identifier] = []
        var wall: Int64 = 1_790_000_000_000
        return try (0..<count).map { _ in
            wall += Int64(dice.roll(90_000)) - (dice.once(in: 9) ? 4_000_000_000 : 0)
            let chain = UInt64(dice.roll(3) + 1)
            let last = dice.once(in: 12) ? nil : ends[chain]
            if entities.isEmpty || !dice.once(in: 3) { entities.append(.random(&dice)) }
            let draft = Draft(
                [.fact, .edit, .transition][dice.roll(3)],
                of: EntityKey(
                    scope: dice.once(in: 5) ? .company : Scope(site: "SZ1", area: "receiving"),
                    kind: "carton",
                    id: entities[dice.roll(entities.count)]
                ),
                type: types[dice.roll(types.count)],
                payload: dice.garbage(countMax: dice.once(in: 20) ? 3_000 : 60),
                bases: (0..<(dice.once(in: 3) ? dice.roll(3) : 0)).compactMap { _ in
                    known.isEmpty ? nil : known[dice.roll(known.count)]
                }
            )
            let isOdd = dice.once(in: 10)
            let operation = try Operation(
                draft,
                id: OperationID(
                    replica: Identifier(high: chain, low: chain),
                    incarnation: chain * 77 + (dice.once(in: 15) ? 1 : 0),
                    sequence: (last?.id.sequence ?? UInt64(dice.roll(9))) + 1
                ),
                previous: isOdd ? nil : last?.hash,
                stamp: HybridStamp(
                    bits: isOdd ? dice.next() : UInt64(wall) << 16 | UInt64(dice.roll(3))
                ),
                author: words[dice.roll(words.count)],
                reading: ClockReading(
                    wall: Moment(milliseconds: isOdd ? Int64(bitPattern: dice.next()) : wall),
                    boot: isOdd ? dice.next() : 5,
                    monotonicMilliseconds: isOdd ? dice.next() : UInt64(wall & 0xFFFF_FFFF)
                ),
                seen: isOdd ? dice.next() >> 1 : UInt64(dice.roll(50)),
                seenEpoch: UInt64(dice.roll(3)),
                again: dice.once(in: 12) ? .random(&dice) : nil
            )
            ends[chain] = operation
            known.append(operation.id)
            // What a newer program adds, and what is no operation at all.
            if dice.once(in: 15) { return operation.bytes + [0xA0, 0x1F, 0x07] }
            if dice.once(in: 15) { return dice.garbage(countMax: 40) }
            return operation.bytes
        }
    }

    @Test(arguments: seedBase..<seedBase + 200)
    func `operations come back byte for byte`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        let operations = try Self.operations(&dice, count: dice.roll(120))
        let pack = OperationPack.pack(operations)
        #expect(OperationPack.unpack(pack, countMax: operations.count) == operations)
        #expect(operations.isEmpty || OperationPack.unpack(pack, countMax: 0) == nil)
    }

    @Test(arguments: seedBase..<seedBase + 60)
    func `a pack that was changed is refused or is another pack, and never too large`(
        seed: UInt64
    ) throws {
        var dice = SeededDice(seed: seed)
        let operations = try Self.operations(&dice, count: 40)
        let pack = OperationPack.pack(operations)
        for _ in 0..<100 {
            var changed = pack
            for _ in 0...dice.roll(3) {
                changed[dice.roll(changed.count)] = UInt8(truncatingIfNeeded: dice.next())
            }
            if dice.once(in: 3) { changed.removeLast(dice.roll(changed.count)) }
            guard changed != pack else { continue }
            #expect(OperationPack.unpack(changed, countMax: 500) != operations)
        }
        for count in 0..<pack.count {
            #expect(OperationPack.unpack(Array(pack.prefix(count)), countMax: 500) == nil)
        }
        #expect(OperationPack.unpack(dice.garbage(countMax: 400), countMax: 500) == nil)
    }

    /// A long name that every operation repeats costs a pack one byte each time.
    @Test func `a pack that would unpack to too much is refused`() throws {
        let author = String(repeating: "a", count: 200_000)
        let operations = try (1...100).map { sequence in
            try Operation(
                Carton.label("A"),
                id: OperationID(
                    replica: Identifier(high: 1, low: 2),
                    incarnation: 3,
                    sequence: UInt64(sequence)
                ),
                previous: nil,
                stamp: HybridStamp(bits: 77 << 16),
                author: author,
                reading: ClockReading(
                    wall: Moment(milliseconds: 77),
                    boot: 1,
                    monotonicMilliseconds: 9
                ),
                seen: 42
            ).bytes
        }
        let pack = OperationPack.pack(operations)
        #expect(pack.count < 300_000)
        #expect(OperationPack.unpack(pack, countMax: 500) == nil)
        #expect(
            OperationPack.unpack(OperationPack.pack(Array(operations.prefix(50))), countMax: 500)
                == Array(operations.prefix(50))
        )
    }
}
