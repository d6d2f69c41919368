import Forms
import Foundation
import Tally

/// One row of a table, whatever format it came in: cells by column.
struct TableRow {
    /// No cell is longer, in characters.
    static let characterCountMax = 400

    let line: Int
    private let cells: [String: String]
    private let strayQuote: String?

    init(line: Int, cells: [String: String], strayQuote: String? = nil) {
        self.line = line
        self.cells = cells
        self.strayQuote = strayQuote
    }

    /// Takes an object of a JSON or YAML list; a list in it becomes a cell with `;` between.
    ///
    /// - Throws: a refusal of the whole file, as a header with such columns is.
    init(_ node: FormNode, of kind: MasterDataKind, line: Int) throws(ImportRefusal) {
        let known = kind.columns.required + kind.columns.optional
        let expected = known.joined(separator: ", ")
        guard case .map(let map) = node else { throw .wrongShape(line: line, expected: expected) }
        var cells: [String: String] = [:]
        for (column, value) in map.sorted(by: { $0.key < $1.key }) {
            guard known.contains(column) else {
                throw .unknownColumn(line: line, column: column, expected: expected)
            }
            var parts: [String] = []
            if case .list(let list) = value {
                for item in list { parts.append(try Self.leaf(item, line)) }
            } else {
                parts = [try Self.leaf(value, line)]
            }
            cells[column] = parts.joined(separator: ";")
        }
        self.init(line: line, cells: cells)
    }

    private static func leaf(_ node: FormNode, _ line: Int) throws(ImportRefusal) -> String {
        switch node {
        case .text(let text): return text.trimmed
        case .number(let digits): return digits
        case .bool(let value): return value ? "yes" : "no"
        case .list, .map: throw .wrongShape(line: line, expected: "text")
        }
    }

    /// Refuses a row whose cells cannot be what somebody meant.
    func check() throws(ImportRefusal) {
        if let strayQuote { throw .strayQuote(column: strayQuote) }
        for (column, cell) in cells.sorted(by: { $0.key < $1.key }) {
            let isText = cell.unicodeScalars.allSatisfy { scalar in
                scalar.properties.generalCategory != .control || scalar == "\n" || scalar == "\t"
                    || scalar == "\r"
            }
            guard isText, cell.count <= Self.characterCountMax else {
                throw .badValue(
                    column: column,
                    read: String(cell.prefix(40)),
                    expected: "1 … \(Self.characterCountMax)"
                )
            }
        }
    }

    /// The cell of a column; empty where there is none.
    func optional(_ column: String) -> String { cells[column] ?? "" }

    func text(_ column: String) throws(ImportRefusal) -> String {
        let cell = optional(column)
        guard !cell.isEmpty else { throw .missingValue(column: column) }
        return cell
    }

    /// A code, in the form of `NaturalKey.code`.
    func code(_ column: String) throws(ImportRefusal) -> String {
        let code = NaturalKey.code(try text(column))
        guard !code.isEmpty else { throw .missingValue(column: column) }
        return code
    }

    /// The parts of a cell with `;` between them.
    func list(_ column: String) -> [String] {
        optional(column).split(separator: ";").map { String($0).trimmed }.filter { !$0.isEmpty }
    }

    func yesNo(_ column: String) throws(ImportRefusal) -> Bool {
        switch optional(column).lowercased() {
        case "yes", "y", "true", "1", "是": return true
        case "no", "n", "false", "0", "否", "": return false
        default: throw bad(column, expected: "yes, no")
        }
    }

    func integer(_ column: String, _ range: ClosedRange<Int>) throws(ImportRefusal) -> Int {
        guard let number = Int(try text(column)), range.contains(number) else {
            throw bad(column, expected: "\(range.lowerBound) … \(range.upperBound)")
        }
        return number
    }

    func unit(_ column: String) throws(ImportRefusal) -> Tally.Unit {
        guard let unit = Tally.Unit(try text(column)) else {
            throw bad(column, expected: "UN/ECE Rec 20: H87, KGM, MTR, LTR")
        }
        return unit
    }

    /// More than nothing.
    func quantity(_ column: String, _ unit: Tally.Unit) throws(ImportRefusal) -> Quantity {
        guard let quantity = Quantity(text: try text(column), unit: unit), quantity.amount > 0
        else {
            throw bad(column, expected: "40, 1.5")
        }
        return quantity
    }

    /// A day, at midnight UTC, or a moment with its zone.
    func moment(_ column: String) throws(ImportRefusal) -> Moment {
        let text = try text(column)
        let isDay = text.utf8.count == 10
        let style =
            isDay
            ? Date.ISO8601FormatStyle().year().month().day() : Date.ISO8601FormatStyle()
        do {
            let date = try style.parse(text)
            let moment = Moment(
                milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded())
            )
            // Some readers of dates take the 30th of February for the 2nd of March.
            if !isDay || moment.description.hasPrefix(text) { return moment }
        } catch {
            throw bad(column, expected: "2026-11-30, 2026-11-30T08:00:00Z")
        }
        throw bad(column, expected: "2026-11-30, 2026-11-30T08:00:00Z")
    }

    /// A site and one of its areas; without an area the first that is allowed.
    func scope(areas: [String]) throws(ImportRefusal) -> Scope {
        let read = NaturalKey.code(optional("area"))
        let area = read.isEmpty ? areas[0] : read
        guard areas.contains(area) else {
            throw bad("area", expected: areas.joined(separator: ", "))
        }
        return Scope(site: try code("site"), area: area)
    }

    /// A name in Chinese and, where there is one, in English.
    func label() throws(ImportRefusal) -> Label {
        var texts = ["zh-CN": try text("name_zh")]
        let english = optional("name_en")
        if !english.isEmpty { texts["en"] = english }
        return Label(texts)
    }

    /// 32 bytes in hexadecimal or Base64; nil for an empty cell.
    func publicKey(_ column: String) throws(ImportRefusal) -> [UInt8]? {
        let text = optional(column)
        guard !text.isEmpty else { return nil }
        let bytes = [UInt8](hexadecimal: text) ?? Data(base64Encoded: text).map(Array.init)
        guard let bytes, bytes.count == 32 else { throw bad(column, expected: "Ed25519") }
        return bytes
    }

    func bad(_ column: String, expected: String) -> ImportRefusal {
        .badValue(column: column, read: optional(column), expected: expected)
    }
}
