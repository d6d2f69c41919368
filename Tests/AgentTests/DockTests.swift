import Agent
import Codes
import Hub
import NodePlant
import Receiving
import Sync
import Tally
import Testing
import Workforce

/// What is not as the note says, at the dock: by scans alone, offline.
@Suite struct DockTests {
    private let plant: NodePlant
    private let badge = WorkerBadge.text(badge: "W1")
    private let leader = WorkerBadge.text(badge: "TL")

    init() throws {
        plant = try NodePlant(terminals: 2)
        let leader = Worker(badge: "TL", name: "吴丽", roles: [.teamLeader], team: "warehouse")
        let nut = MaterialRegistration(
            code: "NUT-M8",
            name: "Nut",
            unit: .piece,
            isLotTracked: false,
            overDeliveryPercent: 0
        )
        try plant.register([try leader.draft(), try nut.draft()])
        for index in 0...1 { try plant.sync(index) }
    }

    private func scan(
        _ texts: [String],
        _ session: inout KioskSession,
        on index: Int = 0
    ) throws -> [String] {
        try texts.map { text in
            let feedback = try plant.scan(text, &session, on: index)
            return "\(feedback.tone.rawValue) \(feedback.message)"
        }
    }

    private func code(_ text: String, _ session: KioskSession, on index: Int = 0) -> String? {
        var session = session
        do {
            _ = try plant.scan(text, &session, on: index)
            return nil
        } catch {
            return (error as? any Refusal)?.code.text
        }
    }

    private func receipt(_ session: KioskSession, on index: Int = 0) throws -> Receipt {
        guard case .receipt(let id, _) = session.place else { throw AgentRefusal.nothingToUndo }
        let found = try plant.terminals[index].read {
            try $0.receipt(id, site: NodePlant.site)
        }
        return try #require(found)
    }

    private func order(of receipt: Receipt) throws -> ArrivalOrder {
        let key = ReceivingRoom.arrivalOrderKey(of: receipt.key)
        return try #require(try plant.read { ArrivalOrder(try $0.record(of: key)) })
    }

    // MARK: - As noted

    @Test func `as noted takes what is left of the line, once`() throws {
        var session = KioskSession()
        _ = try scan([badge, plant.makeNote(plant.note()), "TM:C:CHOICE:2", "30"], &session)
        #expect(try scan(["TM:C:AS-NOTED"], &session) == ["good kiosk.counted_as_noted"])
        #expect(code("TM:C:AS-NOTED", session) == "receiving.counted_in_full")
        let known = try receipt(session)
        #expect(known.totals[1].counted == Quantity(count: 100))
        #expect(known.counts.map(\.asNoted) == [false, true])
        #expect(known.counts.last?.quantity == Quantity(count: 70))
    }

    @Test func `what was taken back stays visible beside what took it back, and can come again`()
        throws
    {
        var session = KioskSession()
        let carton = plant.note().lines[0].cartons[0]
        _ = try scan([badge, plant.makeNote(plant.note()), carton, "TM:C:UNDO"], &session)
        #expect(try receipt(session).totals[0].counted.amount == 0)
        #expect(try scan([carton], &session) == ["good kiosk.carton_seen"])
        #expect(code(carton, session) == "receiving.carton_seen_again")
        let seen = try receipt(session).observations
        #expect(seen.map(\.kind) == [.carton(carton), .carton(carton)])
        #expect(seen.map { $0.correction?.author } == ["W1", nil])
        #expect(try receipt(session).totals[0].counted == Quantity(count: 20))
    }

    // MARK: - More, other, and no papers

    @Test func `what is over its tolerance waits until a team leader keeps it`() throws {
        var session = KioskSession()
        _ = try scan([badge, plant.makeNote(plant.note()), "TM:C:CHOICE:2", "106"], &session)
        #expect(code("TM:C:OK", session) == "receiving.not_permitted")
        _ = try scan(["TM:C:CHOICE:1", "TM:C:AS-NOTED", "TM:C:CLOSE-RECEIPT"], &session)
        try plant.sync(0)
        let closed = try receipt(session)
        #expect(try order(of: closed).doubts == [.overDelivery(line: 2)])
        var other = session
        _ = try scan([leader], &other)
        other.open(session.place)
        #expect(code("TM:C:OK", other) == "receiving.not_over", "line 1 is as noted")
        _ = try scan(["TM:C:CHOICE:2", "TM:C:OK"], &other)
        #expect(code("TM:C:OK", other) == "receiving.not_over")
        for index in [0, 1, 0] { try plant.sync(index) }
        #expect(try order(of: closed).doubts.isEmpty)
        for index in 0...1 { #expect(try plant.agrees(index)) }
    }

    @Test func `within the tolerance nothing waits`() throws {
        var session = KioskSession()
        _ = try scan(
            [
                badge, plant.makeNote(plant.note()), "TM:C:AS-NOTED", "TM:C:CHOICE:2", "105",
                "TM:C:CLOSE-RECEIPT",
            ],
            &session
        )
        try plant.sync(0)
        #expect(try order(of: receipt(session)).doubts.isEmpty)
    }

    @Test func `a wrong item stands beside the note`() throws {
        var session = KioskSession()
        _ = try scan([badge, plant.makeNote(plant.note())], &session)
        #expect(code("NO-SUCH", session) == "agent.unexpected_scan")
        #expect(
            try scan(["nut-m8", "TM:C:CANCEL", "NUT-M8", "12"], &session) == [
                "attention kiosk.not_on_note", "good kiosk.cancelled",
                "attention kiosk.not_on_note", "attention kiosk.wrong_item_counted",
            ]
        )
        let known = try receipt(session)
        #expect(known.note.lines.count == 2)
        #expect(known.extraLines.map(\.material) == ["NUT-M8"])
        #expect(known.totals.last?.counted == Quantity(count: 12))
        #expect(session.place == .receipt(known.key.id, line: 3))
        // More of it adds up on its line.
        #expect(try scan(["3"], &session) == ["good kiosk.counted"])
        #expect(try receipt(session).totals.last?.counted == Quantity(count: 15))
    }

    @Test func `goods without papers are received by what they are, and their order waits`() throws
    {
        var session = KioskSession()
        let answers = try scan(
            [badge, "TM:C:NO-PAPERS", "NUT-M8", "7", "BOLT-M8", "TM:C:QTY:5"],
            &session
        )
        #expect(
            answers.dropFirst() == [
                "attention kiosk.without_papers", "attention kiosk.goods_how_many",
                "good kiosk.goods_counted", "attention kiosk.goods_how_many",
                "good kiosk.goods_counted",
            ]
        )
        // Lots are wanted where the material has them.
        _ = try scan(["BRG-6204"], &session)
        #expect(code("4", session) == "receiving.lot_missing")
        _ = try scan(["TM:C:CANCEL", "TM:C:CLOSE-RECEIPT"], &session)
        let closed = try receipt(session)
        #expect(closed.isWithoutPapers && closed.note.number.hasPrefix("NP-2026"))
        try plant.sync(0)
        let order = try order(of: closed)
        #expect(order.isUnsigned && order.isHeldForReview)
        #expect(order.lines.map(\.counted.amount) == [7, 5])
        // Another one is another receipt.
        _ = try scan(["TM:C:NO-PAPERS"], &session)
        #expect(try receipt(session).note.number != closed.note.number)
    }

    // MARK: - Warned at the dock

    private func supplier(_ standing: SupplierStanding) throws {
        let known = try plant.read {
            SupplierRegistration(try $0.record(of: ReceivingRoom.supplierKey("S-1")))
        }
        let changed = SupplierRegistration(
            code: "S-1",
            name: "Sun",
            keys: try #require(known).keys,
            standing: standing
        )
        try plant.register([try changed.draft()])
        try plant.sync(0)
    }

    @Test func `a blacklisted or expired supplier is warned of, offline too`() throws {
        let note = try plant.makeNote(plant.note())
        var session = KioskSession()
        try supplier(SupplierStanding(validUntil: plant.now.adding(milliseconds: 86_400_000)))
        #expect(try scan([badge, note], &session).last == "good kiosk.receipt_opened")
        plant.wait(minutes: 3 * 24 * 60)
        #expect(try scan([note], &session) == ["attention kiosk.supplier_expired"])
        try supplier(SupplierStanding(isBlacklisted: true))
        #expect(try scan([note], &session) == ["wrong kiosk.supplier_blacklisted"])
        // A key that is changed leaves the standing as it was.
        _ = try plant.rotateKey("S-1")
        try plant.sync(0)
        #expect(try scan([note], &session) == ["wrong kiosk.supplier_blacklisted"])
    }

    @Test func `who counts blind cannot say as noted`() throws {
        try supplier(SupplierStanding(countsBlind: true))
        var session = KioskSession()
        _ = try scan([badge, plant.makeNote(plant.note()), "TM:C:CHOICE:2"], &session)
        #expect(code("TM:C:AS-NOTED", session) == "receiving.counted_blind")
        #expect(code("TM:C:SHORTAGE", session) == "receiving.counted_blind")
        #expect(try scan(["100"], &session) == ["good kiosk.counted"])
    }

    // MARK: - Quality hold

    @Test func `a held lot is a red stop at once here, and elsewhere after the next sync`() throws {
        let note = try plant.makeNote(plant.note())
        var session = KioskSession()
        _ = try scan([badge, note, "TM:C:CHOICE:1"], &session)
        #expect(try scan(["TM:C:HOLD"], &session) == ["wrong kiosk.lot_is_held"])
        let carton = plant.note().lines[0].cartons[0]
        for text in ["20", "TM:C:AS-NOTED", carton] {
            #expect(code(text, session) == "receiving.lot_held")
        }
        #expect(
            try scan(["TM:C:CHOICE:2", "TM:C:CHOICE:1"], &session).last?.hasPrefix("wrong") == true
        )
        var other = KioskSession()
        _ = try scan([badge, note], &other, on: 1)
        #expect(try scan([carton], &other, on: 1) == ["good kiosk.carton_seen"])
        for index in [0, 1] { try plant.sync(index) }
        let next = plant.note().lines[0].cartons[1]
        #expect(code(next, other, on: 1) == "receiving.lot_held")

        // A clerk releases nothing; a team leader does, and only what was known.
        #expect(code("TM:C:RELEASE", session) == "receiving.not_permitted")
        try plant.run(.holdLot(material: "BRG-6204", lot: "L1", reason: "rust"), on: 1)
        try plant.run(.freeLot(material: "brg-6204", lot: "L1"), by: "TL", on: 0)
        #expect(code(carton, session) == nil)
        for index in [0, 1, 0] { try plant.sync(index) }
        for index in 0...1 {
            let held = try plant.terminals[index].read {
                try $0.lot("L1", of: "BRG-6204", site: NodePlant.site)
            }
            #expect(held.holds.map(\.reason) == ["rust"])
            #expect(try plant.agrees(index))
        }
        #expect(throws: ReceivingRefusal.lotNotHeld(material: "BRG-6204", lot: "L9")) {
            try plant.run(.freeLot(material: "BRG-6204", lot: "L9"), by: "TL")
        }
    }

    // MARK: - Put-away and what is wanted

    @Test func `goods are put away where the suggestion says, and it says why`() throws {
        let bins = ["A-02", "A-01", "B-01"].map { Bin(code: $0, scope: NodePlant.dock) }
        try plant.register(try bins.map { try $0.draft() })
        try plant.sync(0)
        func suggestion(_ session: KioskSession, _ line: Int) throws -> String? {
            let known = try receipt(session)
            let found = try plant.terminals[0].read {
                try $0.putAwaySuggestion(known, line: line)
            }
            return found.map { "\($0.bin) \($0.reason.rawValue)" }
        }
        var session = KioskSession()
        _ = try scan(
            [
                badge, plant.makeNote(plant.note()), "TM:C:AS-NOTED", "TM:C:CHOICE:2",
                "TM:C:AS-NOTED", "TM:C:CLOSE-RECEIPT", "TM:C:CHOICE:1",
            ],
            &session
        )
        #expect(try suggestion(session, 1) == "A-01 empty")
        #expect(
            try scan(["20", "TM:B:A-01"], &session) == [
                "attention kiosk.put_away_where", "good kiosk.put_away_done",
            ]
        )
        #expect(try suggestion(session, 1) == "A-01 same_lot")
        #expect(code("TM:B:NO-1", session) == "receiving.unknown_bin")
        _ = try scan(["41"], &session)
        #expect(code("TM:B:A-01", session) == "receiving.too_much_to_put_away")
        // The rest of the line, then the next line is at hand.
        _ = try scan(["40", "TM:B:A-01"], &session)
        let known = try receipt(session)
        #expect(session.place == .receipt(known.key.id, line: 2))
        #expect(try suggestion(session, 2) == "A-02 empty")
        _ = try scan(["TM:B:B-01"], &session)
        #expect(code("TM:B:B-01", session) == "receiving.nothing_to_put_away")
        #expect(try receipt(session).putAways.map(\.bin) == ["A-01", "A-01", "B-01"])
        _ = try scan(["TM:C:UNDO"], &session)
        #expect(try receipt(session).putAways.map(\.bin) == ["A-01", "A-01"])

        // The same material in another lot goes beside it.
        var next = plant.note("DN-2")
        next.lines[0].lot = "L2"
        next.lines[0].cartons = []
        _ = try scan([plant.makeNote(next), "TM:C:AS-NOTED"], &session)
        #expect(
            try suggestion(session, 1) == "A-01 same_material"
        )
        // A held lot does not move.
        _ = try scan(["TM:C:HOLD"], &session)
        #expect(code("TM:B:A-01", session) == "receiving.lot_held")
        try plant.sync(0)
        #expect(try plant.agrees(0))
    }

    @Test func `what a machine waits for is expected first`() throws {
        let order = PurchaseOrder(
            number: "PO-1",
            supplier: "S-1",
            lines: [
                PurchaseOrder.Line(
                    number: 10,
                    material: "BOLT-M8",
                    quantity: Quantity(count: 100),
                    promised: plant.now,
                    wantedBy: "lat-01"
                )
            ]
        )
        try plant.register([try order.draft()])
        _ = try plant.makeNote(plant.note("DN-1"))
        var urgent = plant.note("DN-2")
        urgent.lines[1].purchaseOrder = "PO-1"
        urgent.lines[1].purchaseOrderLine = 10
        _ = try plant.makeNote(urgent)
        try plant.sync(0)
        let expected = try plant.terminals[0].read {
            try $0.expectedArrivals(site: NodePlant.site)
                .map { "\($0.note.content.number) \($0.wantedBy)" }
        }
        #expect(expected == ["DN-2 [\"LAT-01\"]", "DN-1 []"])
    }

    // MARK: - Counted twice

    @Test func `a team leader rules on what was counted twice, by one scan, with a deadline`()
        throws
    {
        let note = try plant.makeNote(plant.note())
        var sessions = [KioskSession(), KioskSession()]
        for index in 0...1 {
            _ = try scan([badge, note, "TM:C:CHOICE:2", "100"], &sessions[index], on: index)
        }
        for index in [0, 1, 0] { try plant.sync(index) }
        let pair = try #require(try receipt(sessions[0]).doubts.first)
        #expect(pair.deadline > pair.other.evidence.moment)
        let waiting = try plant.terminals[0].read {
            try $0.receiptsToSettle(site: NodePlant.site)
        }
        #expect(waiting.map(\.settleBy) == [pair.deadline])
        #expect(code("TM:C:NO", sessions[0]) == "receiving.not_permitted")
        var ruling = KioskSession()
        _ = try scan([leader, note], &ruling)
        #expect(try scan(["TM:C:NO"], &ruling) == ["good kiosk.settled_same"])
        #expect(try receipt(ruling).totals[1].counted == Quantity(count: 100))
        #expect(code("TM:C:NO", ruling) == "agent.unexpected_scan")
        for index in [0, 1] { try plant.sync(index) }
        #expect(try receipt(sessions[1], on: 1).doubts.isEmpty)
    }

    // MARK: - Who may

    @Test func `each role may what the table says`() {
        for role in Role.allCases {
            let worker = Worker(badge: "R", name: "R", roles: [role], team: "x")
            let leads = role == .teamLeader || role == .supervisor
            let may = Set(DockDuty.allCases.filter { worker.may($0) })
            #expect(may == (leads ? Set(DockDuty.allCases) : [.receive, .hold]), "\(role)")
        }
    }
}
