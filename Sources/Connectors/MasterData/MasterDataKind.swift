/// What a file of master data holds.
///
/// In the order in which files of one import are taken, so that what names another thing comes
/// after it: a route after its machines, a machine after its forms.
public enum MasterDataKind: String, Sendable, CaseIterable, Codable {
    case forms
    case categories
    case suppliers
    case materials
    case bins
    case workers
    case orders
    case equipment
    case routes

    /// The kind's place in an import, from 0.
    var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The columns of a table of this kind; none for definitions, which are trees.
    var columns: (required: [String], optional: [String]) {
        switch self {
        case .forms, .categories: ([], [])
        case .suppliers:
            (
                ["code", "name"],
                [
                    "public_key", "unsigned_notes", "blacklisted", "valid_until", "count_blind",
                ]
            )
        case .materials: (["code", "name", "unit"], ["lot_tracked", "over_delivery_percent"])
        case .bins: (["code", "site"], ["area"])
        case .workers: (["badge", "name", "roles"], ["team"])
        case .orders:
            (
                ["number", "supplier", "line", "material", "quantity", "unit", "promised"],
                ["wanted_by"]
            )
        case .equipment:
            (
                ["tag", "name_zh", "site", "forms"],
                ["name_en", "model", "area", "team", "process"]
            )
        case .routes:
            (
                ["code", "name_zh", "site", "stops"],
                [
                    "name_en", "area", "rule", "start", "zone", "holidays", "shifts", "meter",
                    "every", "every_unit",
                ]
            )
        }
    }

    var isTable: Bool { !columns.required.isEmpty }

    /// What names of files of this kind begin with.
    private var stems: [String] {
        switch self {
        case .forms: ["form"]
        case .categories: ["categor", "exception_categor"]
        case .suppliers: ["supplier"]
        case .materials: ["material"]
        case .bins: ["bin"]
        case .workers: ["worker"]
        case .orders: ["order", "purchase_order"]
        case .equipment: ["equipment", "machine"]
        case .routes: ["route"]
        }
    }

    /// The kind that a file's name tells: `suppliers-2026.csv` holds suppliers.
    static func told(byName name: String) -> MasterDataKind? {
        let file = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        let stem = file.lowercased()
        return allCases.first { $0.stems.contains { stem.hasPrefix($0) } }
    }

    /// The one kind of table that has these columns.
    static func told(byColumns columns: [String]) -> MasterDataKind? {
        let kinds = allCases.filter { kind in
            let known = kind.columns
            return kind.isTable && known.required.allSatisfy(columns.contains)
                && columns.allSatisfy { known.required.contains($0) || known.optional.contains($0) }
        }
        return kinds.count == 1 ? kinds.first : nil
    }

    /// All kinds, for a person.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
