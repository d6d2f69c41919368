import Tally

/// Why a file of master data, or one row of it, is refused.
///
/// A file that is refused as a whole changes nothing; a refused row leaves the other rows alone.
public enum ImportRefusal: Refusal, Equatable {
    // MARK: Whole files

    /// The bytes are text neither in UTF-8 nor in GB 18030.
    case notText(file: String)
    case tooLarge(file: String, megabytesMax: Int)
    case empty(file: String)
    /// Neither name, nor columns, nor a `kind` inside tell what the file holds.
    case unknownKind(file: String, expected: String)
    /// A quote that begins in this line never ends.
    case openQuote(line: Int)
    /// Something other than a comma follows a quote that ends in this line.
    case textAfterQuote(line: Int)
    case missingColumn(line: Int, column: String, expected: String)
    case unknownColumn(line: Int, column: String, expected: String)
    case repeatedColumn(line: Int, column: String)
    /// YAML or JSON that cannot be parsed; the detail is the parser's own text.
    case malformed(line: Int, detail: String)
    /// YAML or JSON that is another tree than master data have.
    case wrongShape(line: Int, expected: String)

    // MARK: Rows

    /// The row has more or fewer cells than the header.
    case cellCount(expected: Int, read: Int)
    /// A quote stands inside a cell that does not begin with one.
    case strayQuote(column: String)
    case missingValue(column: String)
    case badValue(column: String, read: String, expected: String)
    /// An earlier row of the file is about the same thing.
    case repeatedRow(key: String, line: Int)
    case unknownSite(site: String, expected: String)
    /// The row names something that nobody registered.
    case unknownReference(column: String, read: String)
    /// Rows of one purchase order name different suppliers.
    case suppliersDiffer(order: String, expected: String, read: String)
    /// Another row of the same purchase order is refused; half an order is none.
    case orderIncomplete(order: String, line: Int)

    public var code: ProblemCode {
        switch self {
        case .notText: "connectors.not_text"
        case .tooLarge: "connectors.too_large"
        case .empty: "connectors.empty"
        case .unknownKind: "connectors.unknown_kind"
        case .openQuote: "connectors.open_quote"
        case .textAfterQuote: "connectors.text_after_quote"
        case .missingColumn: "connectors.missing_column"
        case .unknownColumn: "connectors.unknown_column"
        case .repeatedColumn: "connectors.repeated_column"
        case .malformed: "connectors.malformed"
        case .wrongShape: "connectors.wrong_shape"
        case .cellCount: "connectors.cell_count"
        case .strayQuote: "connectors.stray_quote"
        case .missingValue: "connectors.missing_value"
        case .badValue: "connectors.bad_value"
        case .repeatedRow: "connectors.repeated_row"
        case .unknownSite: "connectors.unknown_site"
        case .unknownReference: "connectors.unknown_reference"
        case .suppliersDiffer: "connectors.suppliers_differ"
        case .orderIncomplete: "connectors.order_incomplete"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .notText(let file), .empty(let file): ["file": file]
        case .tooLarge(let file, let max): ["file": file, "max": String(max)]
        case .unknownKind(let file, let expected): ["file": file, "expected": expected]
        case .openQuote(let line), .textAfterQuote(let line): ["line": String(line)]
        case .missingColumn(let line, let column, let expected),
            .unknownColumn(let line, let column, let expected):
            ["line": String(line), "column": column, "expected": expected]
        case .repeatedColumn(let line, let column): ["line": String(line), "column": column]
        case .malformed(let line, let detail): ["line": String(line), "detail": detail]
        case .wrongShape(let line, let expected): ["line": String(line), "expected": expected]
        case .cellCount(let expected, let read):
            ["expected": String(expected), "read": String(read)]
        case .strayQuote(let column), .missingValue(let column): ["column": column]
        case .badValue(let column, let read, let expected):
            ["column": column, "read": read, "expected": expected]
        case .repeatedRow(let key, let line): ["key": key, "line": String(line)]
        case .unknownSite(let site, let expected): ["site": site, "expected": expected]
        case .unknownReference(let column, let read): ["column": column, "read": read]
        case .suppliersDiffer(let order, let expected, let read):
            ["order": order, "expected": expected, "read": read]
        case .orderIncomplete(let order, let line): ["order": order, "line": String(line)]
        }
    }

    /// The line that the refusal names; 1 where the whole file is meant.
    public var line: Int { facts["line"].flatMap(Int.init) ?? 1 }
}
