/// What a set of terminals shares: an area of a site, or the company's master data.
///
/// Every operation belongs to one scope; cursors, digests and the hub's order are kept per scope.
public struct Scope: Hashable, Comparable, Sendable {
    public let site: String
    public let area: String

    /// An area of a site; both are codes without `/`, in the form that ``NaturalKey`` gives.
    public init(site: String, area: String) {
        self.site = site
        self.area = area
    }

    /// Master data that all sites share: suppliers, materials, forms.
    public static let company = Scope(site: "", area: "")

    /// Reads `SITE/AREA` or `company`; nil for anything else.
    public init?(text: String) {
        if text == "company" {
            self = .company
            return
        }
        let slash = UInt8(ascii: "/")
        let bytes = text.utf8
        guard let middle = bytes.firstIndex(of: slash), middle != bytes.startIndex else {
            return nil
        }
        let area = bytes[bytes.index(after: middle)...]
        guard !area.isEmpty, !area.contains(slash) else { return nil }
        self.init(site: String(text[..<middle]), area: String(text[area.startIndex...]))
    }

    public static func < (one: Scope, other: Scope) -> Bool {
        (one.site, one.area) < (other.site, other.area)
    }
}

extension Scope: CustomStringConvertible {
    /// `SITE/AREA`, or `company`.
    public var description: String { self == .company ? "company" : "\(site)/\(area)" }
}
