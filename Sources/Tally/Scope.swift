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
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(site: parts[0], area: parts[1])
    }

    public static func < (one: Scope, other: Scope) -> Bool {
        (one.site, one.area) < (other.site, other.area)
    }
}

extension Scope: CustomStringConvertible {
    /// `SITE/AREA`, or `company`.
    public var description: String { self == .company ? "company" : "\(site)/\(area)" }
}
