import Codes
import Foundation
import Tally
import Testing

@Suite struct NoteJSONTests {
    private let now = Moment(milliseconds: 1_000)

    @Test func `a note reads back from the JSON that it writes`() throws {
        let content = try Fixture.content()
        let json = Array(try JSONEncoder().encode(content))
        #expect(try NoteContent(json: json, now: now) == content)
    }

    @Test func `numbers keep their digits and missing fields their meaning`() throws {
        let json = """
            {"supplier": "s1", "number": "N1", "site": "a", "promisedArrival": "2026-11-25",
             "lines": [{"line": 1, "material": "m", "quantity": 0.1, "unit": "KGM"},
                       {"line": 2, "material": "m", "quantity": "12"}]}
            """
        let content = try NoteContent(json: Array(json.utf8), now: now)
        #expect(content.issuedAt == now)
        #expect(content.promisedArrival.description == "2026-11-25T00:00:00.000Z")
        #expect(content.lines.map(\.quantity.description) == ["0.1 KGM", "12 H87"])
        #expect(content.lines.map(\.purchaseOrder) == ["", ""])
    }

    @Test(arguments: [
        (#"{"#, ""),
        (#"{"supplier": "S", "number": "N", "lines": []}"#, "site"),
        (#"{"supplier": 1, "number": "N", "site": "A", "lines": []}"#, "supplier"),
        (#"{"supplier": "S", "number": "N", "site": "A", "lines": []}"#, "lines"),
        (
            #"{"supplier":"S","number":"N","site":"A","lines":[{"line":1,"quantity":1}]}"#,
            "lines[0].material"
        ),
        (
            #"{"supplier":"S","number":"N","site":"A","lines":[{"line":1,"material":"M","#
                + #""quantity":"4o"}]}"#,
            "lines[0].quantity"
        ),
        (
            #"{"supplier":"S","number":"N","site":"A","issuedAt":"yesterday","lines":[]}"#,
            "issuedAt"
        ),
    ])
    func `broken JSON names the field`(json: String, field: String) throws {
        do {
            _ = try NoteContent(json: Array(json.utf8), now: now)
            Issue.record("accepted")
        } catch {
            #expect((error.facts["field"] ?? "") == field)
        }
    }

    @Test func `keys are read in both spellings and written back`() throws {
        let key = try Fixture.key(from: Fixture.issued, revoked: true)
        let json = try SupplierKey.json([key])
        #expect(try SupplierKey.list(json: json) == [key])
        let base64 = Data(key.publicKey).base64EncodedString()
        let list = #"[{"supplier": "s-huaxin", "publicKey": "\#(base64)"}]"#
        let read = try SupplierKey.list(json: Array(list.utf8))
        #expect(read.map(\.id) == [key.id])
        #expect(read.map(\.revoked) == [false])
        #expect(throws: NoteRefusal.invalid(field: "[0].publicKey", value: "00")) {
            try SupplierKey.list(json: Array(#"[{"supplier": "S", "publicKey": "00"}]"#.utf8))
        }
    }
}
