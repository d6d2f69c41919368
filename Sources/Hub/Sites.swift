import ExceptionReports
import Inspection
import Receiving
import Sync
import Tally

/// The sites that the hub serves.
///
/// Each has the areas in which the floor works.
extension HubNode {
    /// Where machines stand and line workers report.
    public static let floorArea = "FLOOR"

    private static let sitesKey = SettingKey("hub.sites")

    /// The names of the sites, in alphabetical order.
    public static func sites(in reading: any ReplicaReading) throws -> [String] {
        guard let bytes = try reading.setting(sitesKey) else { return [] }
        var decoder = CanonicalDecoder(bytes)
        return try decoder.list { (decoder) throws(CanonicalError) in try decoder.text() }
    }

    /// Makes a site.
    ///
    /// Its name is a code: capitals, without `/`.
    public static func addSite(_ name: String, in transaction: any ReplicaTransaction) throws {
        let site = NaturalKey.code(name)
        guard !site.isEmpty, !site.contains("/"), site.utf8.count <= 40 else {
            throw HubRefusal.badSiteName(name)
        }
        let sites = try sites(in: transaction)
        guard !sites.contains(site) else { throw HubRefusal.siteExists(site) }
        var encoder = CanonicalEncoder()
        encoder.write((sites + [site]).sorted()) { $0.write($1) }
        try transaction.set(sitesKey, to: encoder.bytes)
    }

    /// What a terminal of a site shares: master data, the dock and the floor.
    public static func scopes(of site: String) -> [Scope] {
        [
            .company, Scope(site: site, area: ReceivingRoom.area),
            Scope(site: site, area: floorArea),
        ]
    }

    /// Gives out a one-time code with which one terminal of a site can enrol.
    public static func offerEnrolment(
        site: String,
        name: String,
        now: Moment,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> String {
        let site = NaturalKey.code(site)
        guard try sites(in: transaction).contains(site) else { throw HubRefusal.unknownSite(site) }
        return try HubReplica.offerEnrolment(
            name: name,
            scopes: scopes(of: site),
            now: now,
            dice: &dice,
            in: transaction
        )
    }
}
