import Codes
import Hub
import NodePlant
import Receiving
import Sync
import Tally
import Testing
import Workforce

@Suite struct HubNodeTests {
    private func operationCount(_ plant: NodePlant) -> Int { plant.store.operationCount }

    // MARK: - Master data

    @Test func `a registration tells new from changed and unchanged, and records no more`() throws {
        let plant = try NodePlant(terminals: 0)
        func worker(_ badge: String, _ team: String) throws -> Draft {
            try Worker(badge: badge, name: badge, roles: [.crew], team: team).draft()
        }
        let first = try plant.register([worker("N1", "a"), worker("N2", "a")])
        #expect(first.new == 2)
        let before = operationCount(plant)
        let same = try plant.register([worker("N1", "a"), worker("N2", "a")])
        #expect(same.unchanged == 2)
        #expect(operationCount(plant) == before)
        let mixed = try plant.register([
            worker("N1", "b"), worker("N3", "a"), worker("N3", "a"), worker("N2", "a"),
        ])
        #expect(mixed.changed == 1)
        #expect(mixed.new == 1)
        #expect(mixed.unchanged == 2)
        let team = try plant.read { Worker(try $0.record(of: Worker.key(badge: "n1")))?.team }
        #expect(team == "b")
    }

    // MARK: - Notes

    @Test func `a note that the hub made is believed by every terminal`() throws {
        let plant = try NodePlant(terminals: 1)
        let text = try plant.makeNote(plant.note())
        let keys = try plant.terminals[0].read { reader in
            try reader.records(kind: ReceivingRoom.EntityKind.supplier)
                .compactMap(SupplierRegistration.init).flatMap(\.keys)
        }
        let note = try SignedNote.open(
            text,
            keys: keys,
            now: plant.now,
            compressor: NodePlant.compressor
        )
        #expect(note.content.number == "DN-1")
    }

    @Test func `a note of an unknown supplier or site is refused and leaves nothing`() throws {
        let plant = try NodePlant(terminals: 0)
        let before = operationCount(plant)
        #expect(throws: HubRefusal.unknownSupplier("S-9")) {
            try plant.makeNote(plant.note(supplier: "s-9"))
        }
        var elsewhere = plant.note()
        elsewhere.site = "BJ1"
        #expect(throws: HubRefusal.unknownSite("BJ1")) { try plant.makeNote(elsewhere) }
        #expect(operationCount(plant) == before)
    }

    @Test func `the key that is held for a supplier stays the same`() throws {
        let plant = try NodePlant(terminals: 0)
        func seed(_ supplier: String) throws -> [UInt8] {
            try plant.store.write {
                try plant.hub.signingSeed(of: supplier, dice: &plant.dice, in: $0)
            }
        }
        let one = try seed("S-7")
        #expect(one.count == 32)
        #expect(try seed(" s-7 ") == one)
        #expect(try seed("S-8") != one)
    }

    @Test func `keys rotate and are revoked, and old notes stay good until then`() throws {
        let plant = try NodePlant(terminals: 0)
        func open(_ text: String) throws -> SignedNote {
            try SignedNote.open(
                text,
                keys: plant.supplierKeys("S-1"),
                now: nil,
                compressor: NodePlant.compressor
            )
        }
        let old = try plant.makeNote(plant.note())
        let first = try #require(try plant.supplierKeys("S-1").last)
        let rotated = try plant.rotateKey("s-1")
        #expect(try plant.supplierKeys("S-1") == rotated)
        #expect(rotated.count == 2)
        #expect(rotated[0].validUntil == plant.now)
        #expect(rotated[1].validFrom == plant.now)
        #expect(try open(old).keyID == first.id)
        #expect(try open(plant.makeNote(plant.note("DN-2"))).keyID == rotated[1].id)
        for text in ["", "0000000000000000"] {
            #expect(throws: HubRefusal.unknownKey(text)) { try plant.revokeKey(text, "S-1") }
        }
        _ = try plant.revokeKey(first.id.description, "S-1")
        #expect(throws: NoteRefusal.keyRevoked(note: "DN-1", supplier: "S-1")) { try open(old) }
        #expect(throws: HubRefusal.unknownSupplier("S-9")) { try plant.supplierKeys("S-9") }
    }

    @Test func `a ruling on a receipt that is not there is refused`() throws {
        let plant = try NodePlant(terminals: 0)
        let key = ReceivingRoom.receiptKey(
            site: NodePlant.site,
            supplier: "S-1",
            number: "DN-1",
            ordinal: 1
        )
        let nobody = OperationID(
            replica: Identifier(high: 1, low: 1),
            incarnation: 1,
            sequence: 1
        )
        #expect(throws: ReceivingRefusal.unknownReceipt(key.id.description)) {
            try plant.settle(key, nobody, nobody, .sameGoods)
        }
    }

    // MARK: - Sites

    @Test func `a site has one name, which is a code`() throws {
        let plant = try NodePlant(terminals: 0)
        try plant.store.write { transaction in
            try HubNode.addSite(" sh2 ", in: transaction)
            #expect(try HubNode.sites(in: transaction) == ["SH2", "SZ1"])
            #expect(throws: HubRefusal.siteExists("SZ1")) {
                try HubNode.addSite("sz1", in: transaction)
            }
            for name in ["", "A/B", String(repeating: "X", count: 41)] {
                #expect(throws: HubRefusal.badSiteName(name)) {
                    try HubNode.addSite(name, in: transaction)
                }
            }
            #expect(try HubNode.sites(in: transaction) == ["SH2", "SZ1"])
        }
    }

    @Test func `a terminal can be taken in at a site that is there only`() throws {
        let plant = try NodePlant(terminals: 0)
        #expect(throws: HubRefusal.unknownSite("BJ1")) {
            try plant.store.write { transaction in
                _ = try HubNode.offerEnrolment(
                    site: "bj1",
                    name: "T",
                    now: plant.now,
                    dice: &plant.dice,
                    in: transaction
                )
            }
        }
    }
}
