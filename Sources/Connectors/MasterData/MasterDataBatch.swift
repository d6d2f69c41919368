import ExceptionReports
import Forms
import Inspection
import Receiving
import Tally
import Workforce

/// What one or more rows of a file say.
public enum MasterDataItem: Hashable, Sendable {
    /// Without a key of its own the hub holds the supplier's; without a word on unsigned notes
    /// or on its standing, what was settled before stays.
    case supplier(
        code: String,
        name: String,
        publicKey: [UInt8]?,
        takesUnsigned: Bool? = nil,
        standing: SupplierStanding? = nil
    )
    case material(MaterialRegistration)
    case purchaseOrder(PurchaseOrder)
    case bin(Bin)
    case equipment(EquipmentRegistration)
    case worker(Worker)
    case route(Route)
    case form(FormDefinition)
    case category(ExceptionCategory)
}

/// A row that was not taken, and why.
public struct RefusedRow: Hashable, Sendable, Codable {
    /// Where the row begins, from 1.
    public let line: Int
    /// The problem code; its text is in the string tables.
    public let reason: String
    public let facts: [String: String]

    public init(line: Int, _ refusal: any Refusal) {
        self.line = line
        reason = refusal.code.text
        facts = refusal.facts
    }
}

/// A file of master data, read and checked as far as the file alone tells.
public struct MasterDataBatch: Hashable, Sendable {
    /// What stands together: one row, or the rows of one order.
    public struct Row: Hashable, Sendable {
        /// The lines of the file that it comes from, in order; several for a purchase order.
        public let lines: [Int]
        public let item: MasterDataItem
    }

    public let file: String
    public let kind: MasterDataKind
    /// In the order of the file.
    public internal(set) var rows: [Row] = []
    public internal(set) var refused: [RefusedRow] = []

    init(file: String, kind: MasterDataKind) {
        self.file = file
        self.kind = kind
    }

    /// How many rows the file has.
    public var read: Int { rows.reduce(refused.count) { $0 + $1.lines.count } }

    /// Codes of the suppliers whose key pair the hub holds, since the file gives none for them.
    public var suppliersWithoutKey: [String] {
        rows.compactMap { row in
            if case .supplier(let code, _, nil, _, _) = row.item { code } else { nil }
        }
    }
}

/// What an import did with a file: every row is new, changed, unchanged or refused.
public struct ImportReport: Hashable, Sendable, Codable {
    public let file: String
    /// Nil where that could not be told.
    public let kind: MasterDataKind?
    /// Rows of the file; 0 when it could not be read as a whole.
    public let read: Int
    public var new = 0
    public var changed = 0
    public var unchanged = 0
    /// By line.
    public var refused: [RefusedRow]

    init(_ batch: MasterDataBatch) {
        file = batch.file
        kind = batch.kind
        read = batch.read
        refused = batch.refused
    }

    /// The report on a file that was refused as a whole: nothing of it was taken.
    public init(file: String, refused refusal: ImportRefusal) {
        self.file = file
        kind = nil
        read = 0
        refused = [RefusedRow(line: refusal.line, refusal)]
    }
}
