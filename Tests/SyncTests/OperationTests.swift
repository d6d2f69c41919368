import Sync
import Tally
import Testing

@Suite struct OperationTests {
    private func operation(
        _ draft: Draft = Carton.label("A"),
        sequence: UInt64 = 1,
        previous: Identifier? = nil
    ) throws -> Operation {
        try Operation(
            draft,
            id: OperationID(
                replica: Identifier(high: 1, low: 2),
                incarnation: 3,
                sequence: sequence
            ),
            previous: previous,
            stamp: HybridStamp(bits: 77),
            author: "W1",
            reading: ClockReading(
                wall: Moment(milliseconds: -5),
                boot: .max,
                monotonicMilliseconds: 9
            ),
            seen: 42
        )
    }

    @Test func `an operation says what was drafted and who drafted it`() throws {
        let base = OperationID(replica: Identifier(high: 9, low: 9), incarnation: 8, sequence: 7)
        let draft = Carton.label("新", bases: [base])
        let written = try operation(draft, previous: Identifier(high: 4, low: 4))
        let read = try Operation(bytes: written.bytes)
        #expect(read == written)
        #expect(read.id.description == written.id.description)
        #expect(read.entity == draft.entity)
        #expect(read.kind == .edit)
        #expect(read.type == "carton.label")
        #expect(read.payload == draft.payload)
        #expect(read.bases == [base])
        #expect(read.previous == Identifier(high: 4, low: 4))
        #expect(read.stamp.bits == 77)
        #expect(read.author == "W1")
        #expect(read.reading.wall.milliseconds == -5)
        #expect(read.reading.boot == .max)
        #expect(read.reading.monotonicMilliseconds == 9)
        #expect(read.seen == 42)
        #expect(read.hash == ContentHash(of: written.bytes).identifier)
    }

    @Test func `fields that nobody here knows stay in the bytes`() throws {
        let written = try operation()
        // Field 500: a number; field 501: bytes.
        let more: [UInt8] = [0xA0, 0x1F, 0x07, 0xAA, 0x1F, 0x02, 0x68, 0x69]
        let read = try Operation(bytes: written.bytes + more)
        #expect(read.bytes == written.bytes + more)
        #expect(read.hash == ContentHash(of: written.bytes + more).identifier)
        #expect(read.hash != written.hash)
        #expect(read.payload == written.payload)
        #expect(read.kind == written.kind)
    }

    /// With a field that nobody knows in front, the message is read by the reader of all messages.
    @Test func `both readers make the same of every message`() throws {
        let unknown: [UInt8] = [0xA0, 0x1F, 0x07]
        func reading(_ bytes: [UInt8]) -> String {
            do throws(OperationError) {
                let read = try Operation(bytes: bytes)
                return """
                    \(read.id) \(String(describing: read.previous)) \(read.stamp.bits) \
                    \(read.author) \(read.reading) \(read.seen) \(read.seenEpoch) \
                    \(String(describing: read.again)) \(read.entity) \
                    \(String(describing: read.kind)) \(read.type) \(read.payload) \(read.bases)
                    """
            } catch {
                return "\(error)"
            }
        }
        var dice = SeededDice(seed: seedBase)
        let base = OperationID(replica: Identifier(high: 9, low: 9), incarnation: 8, sequence: 7)
        let drafts = [
            Carton.label("新", bases: [base, base]), Carton.seen("1"), Carton.move("close"),
        ]
        for round in 0..<6_000 {
            var bytes = try operation(
                drafts[dice.roll(drafts.count)],
                sequence: dice.next() >> UInt64(1 + dice.roll(63)) | 1,
                previous: dice.once(in: 2) ? Identifier(high: dice.next(), low: 1) : nil
            )
            .bytes
            for _ in 0..<(round % 4) {
                let place = dice.roll(bytes.count)
                switch dice.roll(4) {
                case 0: bytes[place] = UInt8(dice.roll(256))
                case 1: bytes.insert(UInt8(dice.roll(256)), at: place)
                case 2: bytes.remove(at: place)
                default: bytes.removeLast(min(dice.roll(20), bytes.count - 1))
                }
            }
            #expect(reading(bytes) == reading(unknown + bytes), "\(bytes)")
        }
    }

    @Test func `a kind or a layout of a newer program is kept and not understood`() throws {
        let written = try operation()
        #expect(try Operation(bytes: written.bytes + [0x70, 9]).kind == nil)
        #expect(try Operation(bytes: written.bytes + [0x70, 0x81, 0x02]).kind == nil)
        let layout = try Operation(bytes: written.bytes + [0x08, 2])
        #expect(layout.kind == nil)
        #expect(layout.id == written.id)
        #expect(layout.entity == written.entity)
    }

    /// A field that comes twice has its last value, so that appending overwrites.
    @Test(
        arguments: [
            ("replica", [0x12, 0x01, 0x00]),
            ("entity", [0x82, 0x01, 0x00]),
            ("format", [0x08, 0x00]),
            ("incarnation", [0x19, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("sequence", [0x20, 0x00]),
            ("sequence", [0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
            ("seen", [0x68, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
            ("previous", [0x2A, 0x02, 0x00, 0x00]),
            ("entity_kind", [0x7A, 0x00]),
            ("type", [0x8A, 0x01, 0x00]),
            ("area", [0x62, 0x00]),
            ("area", [0x5A, 0x00]),
            ("site", [0x5A, 0x03, 0x61, 0x2F, 0x62]),
            ("bases", [0x92, 0x01, 0x01, 0x00]),
            // "e" and a combining accent, which equals "é" as text but not as bytes.
            ("type", [0x8A, 0x01, 0x03, 0x65, 0xCC, 0x81]),
            ("entity_kind", [0x7A, 0x03, 0x65, 0xCC, 0x81]),
        ] as [(String, [UInt8])]
    )
    func `an operation with a field that cannot be is refused by its name`(
        field: String,
        more: [UInt8]
    ) throws {
        let bytes = try operation().bytes + more
        #expect(throws: OperationError.field(field)) { try Operation(bytes: bytes) }
    }

    @Test func `names in composed letters of any script are taken`() throws {
        let key = EntityKey(scope: Carton.dock, kind: "箱", id: Carton.key().id)
        let written = try operation(Draft(.fact, of: key, type: "箱.é"))
        #expect(written.type == "箱.é")
    }

    @Test func `an operation that is too long is refused before it is recorded`() throws {
        let draft = Draft(
            .fact,
            of: Carton.key(),
            type: "carton.seen",
            payload: [UInt8](repeating: 1, count: Operation.byteCountMax)
        )
        #expect(throws: OperationError.field("length")) { try operation(draft) }
    }

    @Test func `garbage is refused and never crashes`() throws {
        let written = try operation().bytes
        for seed in seedBase..<seedBase + 20_000 {
            var dice = SeededDice(seed: seed)
            var bytes = dice.once(in: 4) ? dice.garbage(countMax: 200) : written
            for _ in 0..<dice.roll(4) where !bytes.isEmpty {
                bytes[dice.roll(bytes.count)] = UInt8(truncatingIfNeeded: dice.next())
            }
            if dice.once(in: 3) { bytes = Array(bytes.prefix(dice.roll(bytes.count + 1))) }
            do {
                let read = try Operation(bytes: bytes)
                #expect(read.bytes == bytes, "seed \(seed)")
                #expect(read.id.sequence > 0, "seed \(seed)")
            } catch {
                #expect(!error.plainText.isEmpty, "seed \(seed)")
            }
        }
    }

    @Test func `an acceptance comes back from its payload, and garbage is none`() throws {
        let subject = try operation()
        let items = Verdict.allCases.enumerated().map { index, verdict in
            Acceptance.Item(
                operation: subject.id,
                hash: subject.hash,
                judgement: Judgement(
                    position: UInt64(index + 1),
                    verdict: verdict,
                    reason: "sync.conflict",
                    effective: Moment(milliseconds: -1),
                    effectiveStamp: HybridStamp(bits: .max),
                    timeUnsure: index.isMultiple(of: 2)
                )
            )
        }
        let payload = try Acceptance(items: items).payload()
        #expect(try Acceptance(payload: payload).items == items)
        for seed in seedBase..<seedBase + 5_000 {
            var dice = SeededDice(seed: seed)
            var bytes = payload
            for _ in 0..<1 + dice.roll(4) {
                bytes[dice.roll(bytes.count)] = UInt8(truncatingIfNeeded: dice.next())
            }
            do {
                #expect(try Acceptance(payload: bytes).items.count <= bytes.count, "seed \(seed)")
            } catch {
                #expect(error == .field("acceptance"), "seed \(seed)")
            }
        }
    }
}
