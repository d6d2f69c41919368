import Codes
import Receiving
import Tally
import Testing

/// What the room lets people record, and what it refuses: a refusal drafts nothing.
@Suite struct ReceiptRecordingTests {
    private func open(
        _ known: [EntityKey: Receipt] = [:],
        at site: String = "SZ1"
    ) throws -> (
        key: EntityKey, drafts: [Draft]
    ) {
        try Receipt.open(Receipt.Paper(Dock.note, text: ""), at: site) { known[$0] }
    }

    private func refusal(_ body: () throws -> [Draft]) -> ReceivingRefusal? {
        #expect(throws: ReceivingRefusal.self) { try body() }
    }

    // MARK: - Opening

    @Test func `the first scan of a note opens its first receipt`() throws {
        let (key, drafts) = try open()
        #expect(key == Dock.key)
        #expect(drafts.map(\.type) == ["receipt.opened"])
        #expect(drafts.map(\.entity) == [key])
        let fact = try ReceiptFact(type: drafts[0].type, payload: drafts[0].payload)
        #expect(fact == .opened(note: Dock.note, text: "", ordinal: 1))
    }

    @Test func `a note that is open is joined`() throws {
        let (key, drafts) = try open([Dock.key: Dock.opened().receipt()])
        #expect(key == Dock.key)
        #expect(drafts.isEmpty)
    }

    @Test func `a note whose receipt is closed opens the next one`() throws {
        var dock = try Dock.opened()
        try dock.close()
        let (key, drafts) = try open([Dock.key: dock.receipt()])
        #expect(
            key
                == ReceivingRoom.receiptKey(
                    site: "SZ1",
                    supplier: "S-1",
                    number: "DN-1",
                    ordinal: 2
                )
        )
        let fact = try ReceiptFact(type: drafts[0].type, payload: drafts[0].payload)
        #expect(fact == .opened(note: Dock.note, text: "", ordinal: 2))
    }

    @Test func `a note for another site or a cancelled one is refused`() {
        #expect(refusal { try open(at: "BJ1").drafts }?.code == "receiving.other_site")
        let cancelled = refusal {
            var record = EntityRecord(
                key: ReceivingRoom.deliveryNoteKey(site: "SZ1", supplier: "S-1", number: "DN-1")
            )
            let issue = try DeliveryNote.issue(Dock.note, text: "")
            record.decisions[issue.type] = Recorded(
                evidence: try Dock.opened().receipt().opened,
                type: issue.type,
                payload: issue.payload
            )
            record.stage = "cancelled"
            let issued = try #require(DeliveryNote(record))
            return try Receipt.open(
                Receipt.Paper(Dock.note, text: "", issued: issued),
                at: "SZ1"
            ) { _ in nil }
            .drafts
        }
        #expect(cancelled == .noteCancelled(note: "DN-1"))
    }

    // MARK: - Counting

    @Test func `a count takes the lot of its line`() throws {
        let drafts = try Dock.opened().receipt().count(
            line: 1,
            lot: "",
            Quantity(count: 20),
            isLotTracked: true
        )
        let fact = try ReceiptFact(type: drafts[0].type, payload: drafts[0].payload)
        #expect(
            fact
                == .counted(
                    line: 1,
                    lot: "L1",
                    quantity: Quantity(count: 20),
                    asNoted: false,
                    material: "BRG-6204"
                )
        )
    }

    @Test func `as noted is the line's quantity, and says so`() throws {
        let drafts = try Dock.opened().receipt().countAsNoted(line: 1)
        let fact = try ReceiptFact(type: drafts[0].type, payload: drafts[0].payload)
        #expect(
            fact
                == .counted(
                    line: 1,
                    lot: "L1",
                    quantity: Quantity(count: 60),
                    asNoted: true,
                    material: "BRG-6204"
                )
        )
    }

    @Test func `counts that cannot be are refused with the facts`() throws {
        let receipt = try Dock.opened().receipt()
        let ten = Quantity(count: 10)
        let kilogram = try #require(Unit("KGM"))
        #expect(
            refusal { try receipt.count(line: 9, lot: "", ten) }
                == .unknownLine(note: "DN-1", line: 9)
        )
        #expect(
            refusal { try receipt.count(line: 1, lot: "L2", ten) }
                == .wrongLot(line: 1, expected: "L1", read: "L2")
        )
        #expect(
            refusal { try receipt.count(line: 2, lot: " ", ten, isLotTracked: true) }
                == .lotMissing(line: 2)
        )
        #expect(
            refusal { try receipt.count(line: 2, lot: "", Quantity(count: 0)) }
                == .notPositive(read: "0")
        )
        #expect(
            refusal { try receipt.count(line: 2, lot: "", Quantity(count: 1, unit: kilogram)) }
                == .wrongUnit(line: 2, expected: "H87", read: "KGM")
        )
        #expect(
            refusal { try receipt.damage(line: 2, Quantity(count: -1), remark: "") }
                == .notPositive(read: "-1")
        )
        for count in [Int64.max, 1_000_000_000] {
            #expect(
                refusal { try receipt.count(line: 2, lot: "", Quantity(count: count)) }
                    == .impossibleQuantity(line: 2, read: String(count))
            )
        }
        let half = try #require(Quantity(text: "0.5", unit: .piece))
        #expect(
            refusal { try receipt.count(line: 2, lot: "", half) }
                == .impossibleQuantity(line: 2, read: "0.5")
        )
        #expect(throws: Never.self) {
            try receipt.count(line: 2, lot: "", Quantity(count: 999_999_999))
        }
    }

    // MARK: - Cartons

    @Test func `a carton seen before is refused with who saw it, and when`() throws {
        var dock = try Dock.opened()
        let carton = Dock.note.lines[0].cartons[0]
        try dock.record(.cartonSeen(sscc: carton), on: 2)
        let receipt = try dock.receipt()
        #expect(
            refusal { try receipt.see(carton: carton) }
                == .cartonSeenAgain(carton: carton, by: "W2", at: "1970-01-01T00:02:00.000Z")
        )
        #expect(
            refusal { try receipt.see(carton: "340123450000000017") }
                == .cartonNotOnNote(note: "DN-1", carton: "340123450000000017")
        )
    }

    // MARK: - Correcting and closing

    @Test func `only what stands can be corrected`() throws {
        var dock = try Dock.opened()
        let count = try dock.count(10, on: 1)
        #expect(try dock.receipt().correct(count, reason: "").count == 1)
        try dock.record(.corrected(operation: count, reason: ""), on: 1)
        let receipt = try dock.receipt()
        #expect(
            refusal { try receipt.correct(count, reason: "") }
                == .alreadyCorrected(count.description)
        )
        let stranger = OperationID(
            replica: Identifier(high: 9, low: 9),
            incarnation: 1,
            sequence: 1
        )
        #expect(
            refusal { try receipt.correct(stranger, reason: "") }
                == .unknownObservation(stranger.description)
        )
    }

    @Test func `a closed receipt takes no more, but what it has can be corrected`() throws {
        var dock = try Dock.opened()
        let count = try dock.count(10, on: 1)
        try dock.close()
        let receipt = try dock.receipt()
        let closed = ReceivingRefusal.receiptClosed(note: "DN-1")
        let carton = Dock.note.lines[0].cartons[0]
        #expect(refusal { try receipt.count(line: 2, lot: "", Quantity(count: 1)) } == closed)
        #expect(refusal { try receipt.countAsNoted(line: 2) } == closed)
        #expect(refusal { try receipt.see(carton: carton) } == closed)
        #expect(refusal { try receipt.finishPart() } == closed)
        #expect(refusal { try receipt.close() } == closed)
        #expect(try receipt.correct(count, reason: "").count == 1)
    }

    @Test func `who is done is remembered`() throws {
        var dock = try Dock.opened()
        #expect(try dock.receipt().finishPart().map(\.type) == ["receipt.part_done"])
        try dock.record(.partDone, on: 2)
        #expect(try dock.receipt().partsDone.map(\.author) == ["W2"])
    }

    // MARK: - Payloads

    @Test func `payloads that are not what their type says are named`() {
        for type in [
            "receipt.opened", "receipt.counted", "receipt.carton_seen", "receipt.damaged",
            "receipt.corrected", "receipt.settled",
        ] {
            #expect(ReceivingRoom.flaw(type, []) == "receiving.bad_payload", "\(type)")
            #expect(ReceivingRoom.flaw(type, [0xFF]) == "receiving.bad_payload", "\(type)")
        }
        #expect(ReceivingRoom.flaw("receipt.part_done", []) == nil)
    }
}
