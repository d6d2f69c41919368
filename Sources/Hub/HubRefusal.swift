import Tally

/// Why the hub refuses what the office asks.
///
/// Nothing was changed.
public enum HubRefusal: Refusal, Equatable {
    case unknownSupplier(String)
    case unknownOrder(String)
    /// The supplier has no key of this name.
    case unknownKey(String)
    case unknownSite(String)
    /// No terminal was enrolled under this name or id.
    case unknownTerminal(String)
    case siteExists(String)
    case badSiteName(String)
    /// Nobody has this badge, or the person may not rule on orders.
    case mayNotReview(String)
    /// Another program has made the stored state since this one was started.
    case superseded

    public var code: ProblemCode {
        switch self {
        case .unknownSupplier: "hub.unknown_supplier"
        case .unknownOrder: "hub.unknown_order"
        case .unknownKey: "hub.unknown_key"
        case .unknownSite: "hub.unknown_site"
        case .unknownTerminal: "hub.unknown_terminal"
        case .siteExists: "hub.site_exists"
        case .badSiteName: "hub.bad_site_name"
        case .mayNotReview: "hub.may_not_review"
        case .superseded: "hub.superseded"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .mayNotReview(let badge): ["worker": badge]
        case .superseded: [:]
        case .unknownSupplier(let code): ["supplier": code]
        case .unknownTerminal(let terminal): ["terminal": terminal]
        case .unknownOrder(let number): ["order": number]
        case .unknownKey(let key): ["key": key]
        case .unknownSite(let site), .siteExists(let site), .badSiteName(let site): ["site": site]
        }
    }
}
