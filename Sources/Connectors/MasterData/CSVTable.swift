/// A table of comma-separated values as RFC 4180 has it: quotes, doubled quotes, and line ends
/// inside quotes; lines end with LF or CR LF.
///
/// A reader of our own, since what matters here is the line of every fault, and what a fault puts
/// in doubt: a quote that does not close leaves no row certain, a broken row only itself.
package struct CSVTable {
    /// One row.
    package struct Row: Equatable {
        /// Where the row begins, from 1.
        package let line: Int
        /// Without the white space around them.
        package let cells: [String]
        /// Places of cells, from 0, that have a quote inside although they do not begin with one.
        package let strayQuotes: [Int]
    }

    /// Rows with anything in them, the header included.
    package private(set) var rows: [Row] = []

    private var line = 1
    private var rowLine = 1
    private var cells: [String] = []
    private var strayQuotes: [Int] = []

    /// Reads a table.
    ///
    /// - Throws: ``ImportRefusal/openQuote(line:)`` or ``ImportRefusal/textAfterQuote(line:)``.
    package init(_ text: String) throws(ImportRefusal) {
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            let cell: [UInt8]
            if bytes[index] == Self.quote {
                cell = try quoted(bytes, &index)
            } else {
                cell = plain(bytes, &index)
            }
            cells.append(String(decoding: cell, as: UTF8.self).trimmed)
            guard index < bytes.count else { break }
            if bytes[index] == Self.comma {
                index += 1
                // A comma at the very end of the text has one more, empty, cell behind it.
                if index == bytes.count { cells.append("") }
            } else {
                index += bytes[index] == Self.carriageReturn ? 2 : 1
                endRow()
            }
        }
        if !cells.isEmpty { endRow() }
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let lineFeed = UInt8(ascii: "\n")

    private static func isEnd(_ bytes: [UInt8], _ index: Int) -> Bool {
        guard index < bytes.count else { return true }
        if bytes[index] == carriageReturn {
            return index + 1 < bytes.count && bytes[index + 1] == lineFeed
        }
        return bytes[index] == comma || bytes[index] == lineFeed
    }

    /// A cell up to the next comma or line end.
    private mutating func plain(_ bytes: [UInt8], _ index: inout Int) -> [UInt8] {
        let start = index
        while !Self.isEnd(bytes, index) {
            if bytes[index] == Self.quote, strayQuotes.last != cells.count {
                strayQuotes.append(cells.count)
            }
            index += 1
        }
        return Array(bytes[start..<index])
    }

    /// A cell in quotes; `index` is at the opening one, and is left behind the closing one.
    private mutating func quoted(
        _ bytes: [UInt8],
        _ index: inout Int
    ) throws(ImportRefusal) -> [UInt8] {
        let start = line
        var cell: [UInt8] = []
        index += 1
        while index < bytes.count {
            if bytes[index] == Self.quote {
                index += 1
                guard index < bytes.count, bytes[index] == Self.quote else {
                    guard Self.isEnd(bytes, index) else { throw .textAfterQuote(line: line) }
                    return cell
                }
            } else if bytes[index] == Self.lineFeed {
                line += 1
            }
            cell.append(bytes[index])
            index += 1
        }
        throw .openQuote(line: start)
    }

    private mutating func endRow() {
        if cells.contains(where: { !$0.isEmpty }) {
            rows.append(Row(line: rowLine, cells: cells, strayQuotes: strayQuotes))
        }
        cells = []
        strayQuotes = []
        line += 1
        rowLine = line
    }
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String {
        let scalars = unicodeScalars.drop(while: \.properties.isWhitespace)
        let end = scalars.lastIndex { !$0.properties.isWhitespace }
        return end.map { String(scalars[...$0]) } ?? ""
    }
}
