import Codes
import Connectors
import ExceptionReports
import Forms
import Foundation
import Inspection
import Receiving
import Sync
import Tally
import Testing
import Workforce

@Suite struct MasterDataPlanTests {
    /// The folders that a new plant begins with.
    private func importSample(_ office: inout Office) throws -> [ImportReport] {
        let files =
            try Office.files("Sample", ".csv") + Office.files("Inspection", ".yaml")
            + Office.files("ExceptionReports", ".yaml")
        return try MasterDataFile.inOrder(files).map { name, bytes in
            try office.take(MasterDataFile.read(name: name, bytes: Array(bytes)))
        }
    }

    @Test func `the sample plant is imported whole, and again without a change`() throws {
        var office = try Office()
        let first = try importSample(&office)
        #expect(first.flatMap(\.refused).isEmpty)
        #expect(first.allSatisfy { $0.read > 0 && $0.new == $0.read })
        #expect(Set(first.compactMap(\.kind)) == Set(MasterDataKind.allCases))

        let made = try office.operationCount()
        let again = try importSample(&office)
        #expect(again.allSatisfy { $0.unchanged == $0.read })
        #expect(try office.operationCount() == made)

        try office.read { reader in
            let order = PurchaseOrder(
                try reader.record(of: ReceivingRoom.purchaseOrderKey("PO-2026-0102"))
            )
            #expect(order?.lines.map(\.number) == [10, 20, 30])
            #expect(order?.lines[1].quantity.description == "1250.5 KGM")
            let scope = Scope(site: "SZ1", area: "FLOOR")
            let route = Route(
                try reader.record(of: InspectionRoom.routeKey("MORNING", in: scope))
            )
            #expect(route?.stops == ["AIR-01", "PMP-01", "CNV-01", "FLT-01"])
            #expect(try reader.entities(kind: ReceivingRoom.EntityKind.bin).count == 10)
            #expect(Worker(try reader.record(of: Worker.key(badge: "w007")))?.team == "warehouse")
            let form = FormDefinition(try reader.record(of: FormsRoom.key("lathe")))
            #expect(form?.version == 1)
            let category = ExceptionCategory(
                try reader.record(of: ExceptionRoom.categoryKey("safety"))
            )
            #expect(category?.team == "safety")
        }
    }

    @Test func `files are put into the order in which they need each other`() {
        let texts = [
            ("routes.csv", "code,name_zh,site,stops\nR,R,SZ1,A\n"), ("broken.csv", "a\n"),
            ("x.csv", "code,name\nS,Sun\n"), ("suppliers.csv", "code,name\nT,Sun\n"),
            ("equipment.csv", "tag,name_zh,site,forms\nA,A,SZ1,f\n"),
        ]
        let files = texts.map { (name: $0.0, bytes: Array($0.1.utf8)) }
        #expect(
            MasterDataFile.inOrder(files).map(\.name) == [
                "broken.csv", "x.csv", "suppliers.csv", "equipment.csv", "routes.csv",
            ]
        )
    }

    @Test func `the sample note is for a supplier, an order and materials of the sample`() throws {
        var office = try Office()
        _ = try importSample(&office)
        let file = Office.templates.appending(path: "Sample/note.json")
        let note = try NoteContent(
            json: Array(try Data(contentsOf: file)),
            now: Moment(milliseconds: 0)
        )
        #expect(note.lines.count == 4)
        #expect(note.lines.contains { !$0.cartons.isEmpty })
        try office.read { reader in
            for line in note.lines {
                let order = PurchaseOrder(
                    try reader.record(of: ReceivingRoom.purchaseOrderKey(line.purchaseOrder))
                )
                let ordered = order?.lines.first { $0.number == line.purchaseOrderLine }
                #expect(ordered?.material == line.material)
                #expect(order?.supplier == note.supplier)
                let material = MaterialRegistration(
                    try reader.record(of: ReceivingRoom.materialKey(line.material))
                )
                #expect(material?.unit == line.quantity.unit)
                #expect(material?.isLotTracked == !line.lot.isEmpty)
            }
        }
    }

    @Test func `a changed row is told from new and unchanged ones`() throws {
        var office = try Office()
        try office.take("workers.csv", "badge,name,roles\nW1,Li,clerk\nW2,Wang,crew\n")
        let report = try office.take(
            "workers.csv",
            "badge,name,roles\nW1,Li,clerk\nW2,Wang,crew;inspector\nW3,Wu,supervisor\nW4,Wu,\n"
        )
        #expect(report.read == 4)
        #expect(report.new == 1)
        #expect(report.changed == 1)
        #expect(report.unchanged == 1)
        #expect(report.refused.map(\.line) == [5])
        try office.read { reader in
            let worker = Worker(try reader.record(of: Worker.key(badge: "W2")))
            #expect(worker?.roles == [.crew, .inspector])
        }
    }

    @Test func `rows that name what is not there are refused`() throws {
        var office = try Office()
        try office.take("suppliers.csv", "code,name\nS-1,Sun\n")
        let orders = try office.take(
            "orders.csv",
            """
            number,supplier,line,material,quantity,unit,promised
            PO-1,S-9,10,A,40,H87,2026-11-23
            PO-2,S-1,10,A,40,H87,2026-11-23
            PO-2,S-1,20,A,40,H87,2026-11-23
            """
        )
        #expect(orders.read == 3)
        #expect(
            orders.refused.map { "\($0.line) \($0.reason) \($0.facts["read"] ?? "")" } == [
                "2 connectors.unknown_reference S-9", "3 connectors.unknown_reference A",
                "4 connectors.unknown_reference A",
            ]
        )
        let bins = try office.take("bins.csv", "code,site\nA-1,SZ1\nA-1,BJ1\n")
        #expect(bins.new == 1)
        #expect(bins.refused.map(\.reason) == ["connectors.unknown_site"])
        #expect(bins.refused.first?.facts == ["site": "BJ1", "expected": "SZ1"])
        let machines = try office.take(
            "equipment.csv",
            "tag,name_zh,site,forms\nAIR-01,空压机,SZ1,air_compressor\n"
        )
        #expect(machines.refused.first?.facts == ["column": "forms", "read": "air_compressor"])
        let routes = try office.take("routes.csv", "code,name_zh,site,stops\nR1,早班,SZ1,AIR-01\n")
        #expect(routes.refused.first?.facts == ["column": "stops", "read": "AIR-01"])
    }

    @Test func `the hub holds the key of a supplier that brings none, and keeps old keys`() throws {
        var office = try Office()
        func keys() throws -> [[UInt8]] {
            try office.read { reader in
                let record = try reader.record(of: ReceivingRoom.supplierKey("S-1"))
                return SupplierRegistration(record)?.keys.map(\.publicKey) ?? []
            }
        }
        #expect(try office.take("suppliers.csv", "code,name\nS-1,Sun\n").new == 1)
        let held = try keys()
        #expect(held.count == 1)
        #expect(try office.take("suppliers.csv", "code,name\nS-1,Sun\n").unchanged == 1)
        #expect(try keys() == held)

        let own = [UInt8](1...32)
        let text = "code,name,public_key\nS-1,Sun,\(own.hexadecimal)\n"
        #expect(try office.take("suppliers.csv", text).changed == 1)
        #expect(try keys() == held + [own])
        #expect(try office.take("suppliers.csv", text).unchanged == 1)
        #expect(try office.take("suppliers.csv", "code,name\nS-1,Sun\n").unchanged == 1)
    }

    @Test func `a form that changes without a new version is refused`() throws {
        var office = try Office()
        func form(_ version: Int, _ title: String) -> String {
            "code: press\nversion: \(version)\ntitle: {en: \(title)}\nquestions:\n"
                + "  - {name: oil, type: text, label: {en: Oil}}\n"
        }
        #expect(try office.take("press.yaml", form(1, "Press")).new == 1)
        #expect(try office.take("press.yaml", form(1, "Press")).unchanged == 1)
        let taken = try office.take("press.yaml", form(1, "Punch"))
        #expect(taken.refused.map(\.reason) == ["forms.version_taken"])
        #expect(try office.take("press.yaml", form(2, "Punch")).changed == 1)
        #expect(
            try office.take("press.yaml", form(1, "Press")).refused.map(\.reason) == [
                "forms.version_not_newer"
            ]
        )
    }

    @Test func `a report is told in JSON`() throws {
        var office = try Office()
        let report = try office.take("bins.csv", "code,site\nA-1,SZ1\nA-1,\n")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(report), as: UTF8.self)
        #expect(
            json == #"{"changed":0,"file":"bins.csv","kind":"bins","new":1,"read":2,"#
                + #""refused":[{"facts":{"column":"site"},"line":3,"#
                + #""reason":"connectors.missing_value"}],"unchanged":0}"#
        )
        let whole = ImportReport(file: "bins.csv", refused: .openQuote(line: 7))
        #expect(whole.refused.map(\.line) == [7])
        #expect(whole.read == 0)
    }
}
