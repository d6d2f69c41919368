import Testing

import Connectors

@Suite struct CSVTableTests {
    private func cells(_ text: String) throws -> [[String]] {
        try CSVTable(text).rows.map(\.cells)
    }

    @Test func `cells are split at commas and rows at line ends of both kinds`() throws {
        #expect(try cells("a,b\nc,d\r\ne,f") == [["a", "b"], ["c", "d"], ["e", "f"]])
        #expect(try cells("a,b\nc,\n") == [["a", "b"], ["c", ""]])
        #expect(try cells("a,b\nc,") == [["a", "b"], ["c", ""]])
    }

    @Test func `quotes hold commas, quotes and line ends`() throws {
        let text = "name,remark\n\"Bolt, M8\",\"6\"\" pipe\"\n\"two\nlines\",x\n"
        #expect(
            try cells(text) == [
                ["name", "remark"], ["Bolt, M8", "6\" pipe"], ["two\nlines", "x"],
            ]
        )
    }

    @Test func `rows are named by the line on which they begin`() throws {
        let table = try CSVTable("a\n\"1\n2\r\n3\"\n\nb\r\n,\nc")
        #expect(table.rows.map(\.line) == [1, 2, 6, 8])
        #expect(table.rows.map(\.cells) == [["a"], ["1\n2\r\n3"], ["b"], ["c"]])
    }

    @Test func `white space around cells is no part of them`() throws {
        #expect(try cells(" a , b\u{3000}\n") == [["a", "b"]])
    }

    @Test func `a quote that never ends is refused with the line where it begins`() {
        #expect(throws: ImportRefusal.openQuote(line: 2)) {
            try CSVTable("a,b\n1,\"two\n3,4\n")
        }
        #expect(throws: ImportRefusal.openQuote(line: 1)) { try CSVTable("\"") }
    }

    @Test func `text behind a closing quote is refused with its line`() {
        #expect(throws: ImportRefusal.textAfterQuote(line: 3)) {
            try CSVTable("a,b\n1,\"two\nand\"x,4\n")
        }
    }

    @Test func `a quote inside a plain cell is noted and ends nothing`() throws {
        let table = try CSVTable("6\" pipe,b\nc,d\n")
        #expect(table.rows.map(\.cells) == [["6\" pipe", "b"], ["c", "d"]])
        #expect(table.rows.map(\.strayQuotes) == [[0], []])
    }
}
