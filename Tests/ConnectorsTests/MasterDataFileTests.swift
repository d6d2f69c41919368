import Connectors
import Foundation
import Receiving
import Tally
import Testing
import Workforce

@Suite struct MasterDataFileTests {
    private func read(_ name: String, _ text: String) throws -> MasterDataBatch {
        try MasterDataFile.read(name: name, bytes: Array(text.utf8))
    }

    private func refusal(_ name: String, _ bytes: [UInt8]) -> ImportRefusal? {
        #expect(throws: ImportRefusal.self) {
            try MasterDataFile.read(name: name, bytes: bytes)
        }
    }

    // MARK: - Kinds

    @Test func `the name of a file tells what it holds`() throws {
        #expect(try read("in/Suppliers-2026.csv", "code,name\nS,Sun\n").kind == .suppliers)
        #expect(try read("bins.csv", "code,site\nA,SZ1\n").kind == .bins)
    }

    @Test func `the columns tell what a file of another name holds`() throws {
        #expect(try read("export.csv", "badge,name,roles\nW1,Li,clerk\n").kind == .workers)
        let json = #"[{"code": "A", "name": "Bolt", "unit": "H87"}]"#
        #expect(try read("export.json", json).kind == .materials)
    }

    @Test func `the kind inside a JSON file stands over its name`() throws {
        let json = #"{"kind": "suppliers", "rows": [{"code": "S", "name": "Sun"}]}"#
        #expect(try read("orders.json", json).kind == .suppliers)
    }

    @Test func `a file that nothing tells of is refused by name`() {
        let refused = refusal("export.csv", Array("a,b\n1,2\n".utf8))
        #expect(refused?.code == "connectors.unknown_kind")
        #expect(refused?.facts["file"] == "export.csv")
        #expect(
            refusal("note.json", Array(#"{"lines": []}"#.utf8))?.code == "connectors.wrong_shape"
        )
    }

    // MARK: - Whole files

    @Test func `a missing, unknown or repeated column refuses the file with its line`() {
        #expect(
            refusal("materials.csv", Array("\ncode,name\nA,Bolt\n".utf8))
                == .missingColumn(
                    line: 2,
                    column: "unit",
                    expected: "code, name, unit, lot_tracked, over_delivery_percent"
                )
        )
        #expect(
            refusal("bins.csv", Array("code,site,aera\nA,SZ1,DOCK\n".utf8))
                == .unknownColumn(line: 1, column: "aera", expected: "code, site, area")
        )
        #expect(
            refusal("bins.csv", Array("code,site,Code\nA,SZ1,B\n".utf8))
                == .repeatedColumn(line: 1, column: "code")
        )
    }

    @Test func `a file without rows or without text is refused`() {
        #expect(refusal("bins.csv", []) == .empty(file: "bins.csv"))
        #expect(refusal("bins.csv", [0x50, 0x4B, 0, 0xFF]) == .notText(file: "bins.csv"))
        #expect(refusal("bins.csv", [0xEF, 0xBB, 0xBF, 0xFF]) == .notText(file: "bins.csv"))
        #expect(refusal("suppliers.json", Array("[]".utf8)) == .empty(file: "suppliers.json"))
    }

    @Test func `a quote that never ends refuses the file with its line`() {
        let text = "code,name\nA,\"Sun\nB,Moon\n"
        #expect(refusal("suppliers.csv", Array(text.utf8)) == .openQuote(line: 2))
    }

    // MARK: - Text

    @Test func `a byte-order mark is no part of the first column`() throws {
        let bytes = [0xEF, 0xBB, 0xBF] + Array("code,name\r\nA,五金\r\n".utf8)
        let batch = try MasterDataFile.read(name: "suppliers.csv", bytes: bytes)
        #expect(
            batch.rows.map(\.item) == [.supplier(code: "A", name: "五金", publicKey: nil)]
        )
    }

    @Test func `GB 18030 is read where a file is not UTF-8`() throws {
        let bytes = Array("code,name\nA,".utf8) + [0xC9, 0xEE, 0xDB, 0xDA] + Array("\n".utf8)
        let batch = try MasterDataFile.read(name: "suppliers.csv", bytes: bytes)
        #expect(
            batch.rows.map(\.item) == [.supplier(code: "A", name: "深圳", publicKey: nil)]
        )
    }

    // MARK: - Rows

    @Test func `a broken row is named and the others are taken`() throws {
        let text = """
            code,name,unit,lot_tracked,over_delivery_percent
            A,Bolt,H87,no,5
            B,,H87,no,5
            C,Nut,piece,no,5
            D,Nut,H87,maybe,5
            E,Nut,H87,no,500
            F,Nut,H87,no
            G,6" pipe,H87,no,5
            A,Bolt again,H87,no,5
            H,Washer,H87,是,
            """
        let batch = try read("materials.csv", text)
        #expect(batch.read == 9)
        #expect(batch.rows.map(\.lines) == [[2], [10]])
        #expect(
            batch.rows.last?.item
                == .material(
                    MaterialRegistration(
                        code: "H",
                        name: "Washer",
                        unit: .piece,
                        isLotTracked: true,
                        overDeliveryPercent: 0
                    )
                )
        )
        let reasons = batch.refused.map { [String($0.line), $0.reason, $0.facts["column"] ?? ""] }
        #expect(
            reasons == [
                ["3", "connectors.missing_value", "name"],
                ["4", "connectors.bad_value", "unit"],
                ["5", "connectors.bad_value", "lot_tracked"],
                ["6", "connectors.bad_value", "over_delivery_percent"],
                ["7", "connectors.cell_count", ""],
                ["8", "connectors.stray_quote", "name"],
                ["9", "connectors.repeated_row", ""],
            ]
        )
        #expect(batch.refused.last?.facts == ["key": "A", "line": "2"])
    }

    @Test func `rows of one purchase order become one order`() throws {
        let text = """
            number,supplier,line,material,quantity,unit,promised
            PO-1,s-1,20,b,2.50,KGM,2026-11-24T08:00:00Z
            PO-2,S-1,10,A,7,H87,2026-11-24
            PO-1,S-1,10,A,40,H87,2026-11-23
            """
        let batch = try read("orders.csv", text)
        #expect(batch.refused.isEmpty)
        #expect(batch.read == 3)
        #expect(batch.rows.map(\.lines) == [[2, 4], [3]])
        let kilogram = Tally.Unit("KGM")
        let weight = Quantity(text: "2.5", unit: try #require(kilogram))
        #expect(
            batch.rows.first?.item
                == .purchaseOrder(
                    PurchaseOrder(
                        number: "PO-1",
                        supplier: "S-1",
                        lines: [
                            PurchaseOrder.Line(
                                number: 10,
                                material: "A",
                                quantity: Quantity(count: 40),
                                promised: Moment(milliseconds: 1_795_392_000_000)
                            ),
                            PurchaseOrder.Line(
                                number: 20,
                                material: "B",
                                quantity: try #require(weight),
                                promised: Moment(milliseconds: 1_795_507_200_000)
                            ),
                        ]
                    )
                )
        )
    }

    @Test func `an order with a broken row is refused with all its rows`() throws {
        let text = """
            number,supplier,line,material,quantity,unit,promised
            PO-1,S-1,10,A,40,H87,2026-11-23
            PO-1,S-1,20,A,forty,H87,2026-11-23
            PO-2,S-1,10,A,40,H87,2026-02-30
            PO-3,S-1,10,A,40,H87,2026-11-23
            PO-3,S-2,20,A,40,H87,2026-11-23
            PO-4,S-1,10,A,40,H87,2026-11-23
            """
        let batch = try read("orders.csv", text)
        #expect(batch.rows.map(\.lines) == [[7]])
        #expect(
            batch.refused.map { "\($0.line) \($0.reason)" } == [
                "2 connectors.order_incomplete", "3 connectors.bad_value",
                "4 connectors.bad_value", "5 connectors.order_incomplete",
                "6 connectors.suppliers_differ",
            ]
        )
    }

    @Test func `lists come from cells with semicolons and from JSON lists alike`() throws {
        let worker = Worker(
            badge: "W1",
            name: "陈刚",
            roles: [.inspector, .crew],
            team: "maintenance"
        )
        let csv = "badge,name,roles,team\nw1,陈刚,inspector; crew,maintenance\n"
        #expect(try read("workers.csv", csv).rows.map(\.item) == [.worker(worker)])
        let json = #"""
            [{"badge": "W1", "name": "陈刚", "roles": ["crew", "inspector"],
              "team": "maintenance"},
             {"badge": "W2", "name": "Li", "roles": ["king"]},
             {"badge": "W3", "name": "Li"}]
            """#
        let batch = try read("workers.json", json)
        #expect(batch.rows.map(\.item) == [.worker(worker)])
        #expect(
            batch.refused.map { "\($0.line) \($0.reason)" } == [
                "3 connectors.bad_value", "4 connectors.missing_value",
            ]
        )
    }

    @Test func `an object of another shape refuses its file with the line`() {
        let known =
            "code, name, public_key, unsigned_notes, blacklisted, valid_until, count_blind"
        for (text, refused) in [
            (
                "[{\"code\": \"A\", \"name\": \"Sun\"},\n {\"code\": \"B\", \"nmae\": \"Moon\"}]",
                .unknownColumn(line: 2, column: "nmae", expected: known)
            ),
            ("[\n7]", .wrongShape(line: 2, expected: known)),
            ("[{\"code\": \"A\",\n \"name\": {}}]", .wrongShape(line: 1, expected: "text")),
            (
                "{\"kind\": \"planets\", \"rows\": [{}]}",
                .unknownKind(
                    file: "suppliers.json",
                    expected: MasterDataKind.allCases.map(\.rawValue).joined(separator: ", ")
                )
            ),
        ] as [(String, ImportRefusal)] {
            #expect(refusal("suppliers.json", Array(text.utf8)) == refused, "\(text)")
        }
    }

    @Test func `a supplier's key is read in hexadecimal and in Base64`() throws {
        let key = [UInt8](1...32)
        let text = """
            code,name,public_key
            A,Sun,\(key.hexadecimal)
            B,Moon,\(Data(key).base64EncodedString())
            C,Mars,0102
            """
        let batch = try read("suppliers.csv", text)
        #expect(
            batch.rows.map(\.item) == [
                .supplier(code: "A", name: "Sun", publicKey: key),
                .supplier(code: "B", name: "Moon", publicKey: key),
            ]
        )
        #expect(batch.refused.map(\.reason) == ["connectors.bad_value"])
        #expect(batch.suppliersWithoutKey.isEmpty)
    }

    @Test func `machines stand where terminals find them`() throws {
        let text = """
            tag,name_zh,site,area,forms
            air-01,空压机,sz1,,air_compressor
            LAT-01,车床,SZ1,DOCK,lathe
            MIL-01,铣床,SZ1,,
            """
        let batch = try read("equipment.csv", text)
        #expect(batch.rows.map(\.lines) == [[2]])
        #expect(
            batch.refused.map { "\($0.line) \($0.reason)" } == [
                "3 connectors.bad_value", "4 connectors.missing_value",
            ]
        )
    }

    // MARK: - Definitions

    @Test func `a broken form is refused with the line of the fault`() throws {
        let text =
            "code: press\nversion: 1\ntitle: {en: Press}\nquestions:\n"
            + "  - name: oil\n    type: liquid\n"
        let batch = try read("press.yaml", text)
        #expect(batch.kind == .forms)
        #expect(batch.rows.isEmpty)
        #expect(
            batch.refused.map { "\($0.line) \($0.reason) \($0.facts["path"] ?? "")" } == [
                "6 forms.definition_unknown_value questions[0].type"
            ]
        )
    }

    @Test func `a broken category leaves the others of its file alone`() throws {
        let text = """
            categories:
              - {code: quality, version: 1, name: {en: Quality}, team: quality, needed: [problem]}
              - {code: safety, version: 1, name: {en: Safety}, team: safety, needed: [luck]}
              - {code: quality, version: 2, name: {en: Quality}, team: quality, needed: [problem]}
            """
        let batch = try read("categories.yaml", text)
        #expect(batch.rows.map(\.lines) == [[2]])
        #expect(
            batch.refused.map { "\($0.line) \($0.reason) \($0.facts["path"] ?? "")" } == [
                "3 forms.definition_unknown_value categories[1].needed[0]",
                "4 connectors.repeated_row ",
            ]
        )
    }
}
