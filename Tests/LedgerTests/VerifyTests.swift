import Foundation
import Ledger
import PortSuites
import Sync
import Tally
import Testing

@Suite struct VerifyTests {
    /// Plants a change in a plant's database and gives what the check then says.
    private func difference(_ name: String, _ sql: String) throws -> LedgerDifference? {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            try fixture.tamper(name, sql)
            return try fixture.open(name).verify(Workbench.reducer).difference
        }
    }

    @Test(arguments: Plant.names)
    func `a store that nobody touched is sound`(_ name: String) throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let report = try fixture.open(name).verify(Workbench.reducer)
            #expect(report.difference == nil)
            #expect(report.operationCount > 16)
            #expect(report.cellCount > 10)
            #expect(report.scopes.map(\.scope).contains(Workbench.dock))
        }
    }

    @Test func `synced replicas have equal digests`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let reports = try Plant.names.map { try fixture.open($0).verify(Workbench.reducer) }
            for scope in [Workbench.dock, Workbench.hall] {
                let summaries = reports.map { $0.scopes.first { $0.scope == scope } }
                #expect(summaries.allSatisfy { $0?.digest == summaries[0]?.digest })
                #expect(summaries.allSatisfy { $0?.head == summaries[0]?.head })
                #expect(summaries[0] != nil)
            }
        }
    }

    @Test(arguments: Plant.names)
    func `an altered cell is found and named`(_ name: String) throws {
        let found = try difference(
            name,
            """
            UPDATE cell SET value = CAST(value || x'00' AS BLOB)
            WHERE site = 'S1' AND area = 'DOCK' AND key = x'03'
            """
        )
        #expect(found == .cell(Workbench.receipt(1), .stage, .differs))
        #expect(found?.code == "ledger.cell_differs")
        #expect(found?.facts["key"] == "stage")
        #expect(found?.facts["entity"] == Workbench.receipt(1).id.description)
    }

    @Test func `a cell too few or too many is found`() throws {
        let key = "CAST(x'02' || 'receipt.remark' AS BLOB)"
        let remark = CellKey.field("receipt.remark")
        let hall = Workbench.receipt(2, in: Workbench.hall)
        let fewer = try difference("one", "DELETE FROM cell WHERE area = 'HALL' AND key = \(key)")
        #expect(fewer == .cell(hall, remark, .missing))
        let more = try difference(
            "one",
            """
            INSERT INTO cell (site, area, kind, entity, key, value)
            SELECT site, area, kind, id, x'0261', x'01' FROM entity
            WHERE area = 'HALL' AND kind = 'receipt'
            """
        )
        #expect(more == .cell(hall, .field("a"), .extra))
    }

    @Test(arguments: Plant.names, ["1", "5", "(SELECT max(ordinal) FROM operation)"])
    func `an operation that was deleted is missed`(_ name: String, _ ordinal: String) throws {
        let found = try difference(name, "DELETE FROM operation WHERE ordinal = \(ordinal)")
        let codes: [ProblemCode] = [
            "ledger.row_missing", "ledger.last_operation_missing", "ledger.position_differs",
        ]
        #expect(codes.contains { $0 == found?.code }, "\(String(describing: found))")
    }

    @Test(arguments: Plant.names)
    func `altered bytes are found`(_ name: String) throws {
        // An unknown field at the end of a message: it still reads as the same operation.
        let found = try difference(
            name,
            "UPDATE operation SET bytes = CAST(bytes || x'A80601' AS BLOB) WHERE ordinal = 3"
        )
        #expect(found?.code == "ledger.column_differs")
        #expect(found?.facts["column"] == "hash")
    }

    @Test func `bytes that are no operation are found`() throws {
        let found = try difference("hub", "UPDATE operation SET bytes = x'FF' WHERE ordinal = 3")
        #expect(found?.code == "ledger.bytes_damaged")
    }

    @Test(arguments: [
        ("author", "'W2'"), ("type", "'receipt.forged'"), ("wall", "1"),
        ("incarnation", "incarnation + 1"),
    ])
    func `a column that says otherwise is found`(_ column: String, _ value: String) throws {
        let found = try difference(
            "hub",
            "UPDATE operation SET \(column) = \(value) WHERE ordinal = 2"
        )
        #expect(found?.code == "ledger.column_differs")
        #expect(found?.facts["column"] == column)
    }

    @Test(arguments: ["verdict = 5", "effective = effective + 1", "reason = 'x'"])
    func `a judgement that the hub did not give is found`(_ change: String) throws {
        let found = try difference(
            "two",
            "UPDATE operation SET \(change) WHERE type = 'receipt.counted' AND position = 1"
        )
        #expect(found?.code == "ledger.judgement_differs")
    }

    @Test func `a digest or a head that was set by hand is found`() throws {
        let digest = try difference(
            "hub",
            "UPDATE scope SET digest = zeroblob(16) WHERE area = 'DOCK'"
        )
        #expect(digest?.code == "ledger.digest_differs")
        let head = try difference("hub", "UPDATE scope SET head = head + 1 WHERE area = 'DOCK'")
        #expect(head?.code == "ledger.position_differs")
    }
}
