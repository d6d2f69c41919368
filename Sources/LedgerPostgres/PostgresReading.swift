import Foundation
import Sync
import Tally

/// A consistent state of the database, for as long as the access lasts.
class PostgresReading: ReplicaReading {
    let connection: Connection
    /// The sites in which operations of a replica lie, as far as it was asked.
    private var homes: [Identifier: [String]] = [:]
    /// Every site, once it was asked.
    private var siteNames: [String]?

    init(_ connection: Connection) { self.connection = connection }

    // MARK: - Statements

    /// Called before every statement that reads what a transaction may hold back.
    func bringUpToDate() throws {}

    /// The same, of what has no judgement.
    func bringUnjudgedUpToDate() throws {}

    func first<Value>(
        _ sql: String,
        _ values: [Parameter],
        _ read: (Row) throws -> Value
    ) throws -> Value? {
        try connection.run(sql, values).first(read)
    }

    func all<Value>(
        _ sql: String,
        _ values: [Parameter],
        _ read: (Row) throws -> Value
    ) throws -> [Value] {
        try connection.run(sql, values).map(read)
    }

    // MARK: - Settings

    func setting(_ key: SettingKey) throws -> [UInt8]? {
        // What has a zero byte in its name was never set: `text` has none.
        guard !key.text.utf8.contains(0) else { return nil }
        return try first(
            "SELECT value FROM setting WHERE site = '' AND key = $1",
            [.text(key.text)]
        ) { try $0.requiredBytes(0) }
    }

    // MARK: - Sites

    /// The sites in which operations of a replica lie, sorted.
    func homes(of replica: Identifier) throws -> [String] {
        if let known = homes[replica] { return known }
        let found = try all(
            "SELECT home FROM author WHERE site = '' AND replica = $1 ORDER BY home",
            [.id(replica)]
        ) { try $0.text(0) }
        homes[replica] = found
        return found
    }

    /// Notes that operations of a replica lie in a site.
    ///
    /// - Returns: whether that is new.
    func noteHome(_ site: String, of replica: Identifier) throws -> Bool {
        let known = try homes(of: replica)
        guard !known.contains(site) else { return false }
        homes[replica] = (known + [site]).sorted()
        return true
    }

    /// The homes that were noted and are not to be believed any more.
    func forgetHomes() {
        homes = [:]
        siteNames = nil
    }

    /// Every site of which anything is here, sorted; the company is ''.
    func sites() throws -> [String] {
        if let siteNames { return siteNames }
        let found = try all("SELECT name FROM home WHERE site = '' ORDER BY name", []) {
            try $0.text(0)
        }
        siteNames = found
        return found
    }

    /// Notes that something of a site is here.
    ///
    /// - Returns: whether that is new.
    func noteSite(_ site: String) throws -> Bool {
        let known = try sites()
        guard !known.contains(site) else { return false }
        siteNames = (known + [site]).sorted()
        return true
    }

    /// What each site has, by a number that tells the order over all sites.
    private func merged<Item>(
        _ sites: [String],
        limit: Int,
        by order: (Item, Item) -> Bool,
        _ find: (String) throws -> [Item]
    ) throws -> [Item] {
        let found = try sites.flatMap(find)
        return sites.count < 2 ? found : Array(found.sorted(by: order).prefix(limit))
    }

    private func operations(
        _ sites: [String],
        limit: Int,
        by order: (StoredOperation, StoredOperation) -> Bool = { $0.ordinal < $1.ordinal },
        _ condition: String,
        _ values: [Parameter]
    ) throws -> [LoggedOperation] {
        let sql =
            """
            SELECT \(StoredOperation.columns) FROM operation
            WHERE site = $1 AND \(condition) LIMIT $2
            """
        return try merged(sites, limit: limit, by: order) { site in
            try all(sql, [.text(site), .integer(limit)] + values, StoredOperation.init)
        }.map(\.logged)
    }

    // MARK: - Log

    func operation(_ id: OperationID) throws -> LoggedOperation? {
        for home in try homes(of: id.replica) {
            let found = try first(
                """
                SELECT \(StoredOperation.columns) FROM operation
                WHERE site = $1 AND replica = $2 AND incarnation = $3 AND sequence = $4
                """,
                [.text(home)] + id.values,
                StoredOperation.init
            )
            if let found { return found.logged }
        }
        return nil
    }

    func chainHead(_ replica: Identifier, _ incarnation: UInt64) throws -> ChainHead? {
        try first(
            """
            SELECT sequence, hash FROM chain_head
            WHERE site = '' AND replica = $1 AND incarnation = $2
            """,
            [.id(replica), .unsigned(incarnation)]
        ) { row in
            ChainHead(
                id: OperationID(
                    replica: replica,
                    incarnation: incarnation,
                    sequence: try row.unsigned(0)
                ),
                hash: try row.identifier(1)
            )
        }
    }

    func unsent(of replica: Identifier, limit: Int) throws -> [LoggedOperation] {
        try bringUpToDate()
        return try operations(
            try homes(of: replica),
            limit: limit,
            by: {
                ($0.logged.lane.rawValue, $0.ordinal) < ($1.logged.lane.rawValue, $1.ordinal)
            },
            """
            replica = $3 AND position IS NULL AND acknowledged IS NULL ORDER BY lane, ordinal
            """,
            [.id(replica)]
        )
    }

    func troubled(of replica: Identifier, limit: Int) throws -> [LoggedOperation] {
        try bringUpToDate()
        return try operations(
            try homes(of: replica),
            limit: limit,
            by: { $0.ordinal > $1.ordinal },
            "replica = $3 AND coalesce(verdict, acknowledged) > 1 ORDER BY ordinal DESC",
            [.id(replica)]
        )
    }

    func unjudged(about entity: EntityKey) throws -> [LoggedOperation] {
        try bringUnjudgedUpToDate()
        return try operations(
            [entity.scope.site],
            limit: .max,
            "area = $3 AND kind = $4 AND entity = $5 AND position IS NULL ORDER BY ordinal",
            [.text(entity.scope.area), .bytes(entity.kindBytes), .id(entity.id)]
        )
    }

    func backlog(of replica: Identifier) throws -> (count: Int, since: Moment?) {
        try bringUpToDate()
        var count = 0
        var oldest: (ordinal: Int64, wall: Int64)?
        for home in try homes(of: replica) {
            let unsent = "replica = $2 AND position IS NULL AND acknowledged IS NULL"
            count +=
                try first(
                    "SELECT count(*) FROM operation WHERE site = $1 AND \(unsent)",
                    [.text(home), .id(replica)]
                ) { Int(try $0.requiredInteger(0)) } ?? 0
            let found = try first(
                """
                SELECT ordinal, wall FROM operation WHERE site = $1 AND \(unsent)
                ORDER BY ordinal LIMIT 1
                """,
                [.text(home), .id(replica)]
            ) { (ordinal: try $0.requiredInteger(0), wall: try $0.requiredInteger(1)) }
            if let found, found.ordinal < oldest?.ordinal ?? .max { oldest = found }
        }
        return (count, oldest.map { Moment(milliseconds: $0.wall) })
    }

    func stream(
        _ scope: Scope,
        after position: UInt64,
        limit: Int
    ) throws -> [LoggedOperation] {
        try bringUpToDate()
        return try operations(
            [scope.site],
            limit: limit,
            "area = $3 AND position > $4 ORDER BY position",
            [.text(scope.area), .integer(Int64(clamping: position))]
        )
    }

    func head(of scope: Scope) throws -> UInt64 { try state(of: scope)?.head ?? 0 }

    func waiting(limit: Int) throws -> [LoggedOperation] {
        try bringUpToDate()
        return try operations(
            try sites(),
            limit: limit,
            by: { one, other in
                (one.logged.judgement?.position ?? 0, one.ordinal)
                    < (other.logged.judgement?.position ?? 0, other.ordinal)
            },
            "verdict = 3 ORDER BY position, ordinal",
            []
        )
    }

    func log(offset: Int, limit: Int) throws -> [LoggedOperation] {
        try bringUpToDate()
        // Ordinals count from 1 without a gap, so the offset needs no counting of rows.
        return try operations(
            try sites(),
            limit: limit,
            "ordinal > $3 ORDER BY ordinal",
            [.integer(offset)]
        )
    }

    func groupEnds(
        of scope: Scope,
        after position: UInt64,
        limit: Int
    ) throws -> [LoggedOperation] {
        try bringUpToDate()
        return try operations(
            [scope.site],
            limit: limit,
            "area = $3 AND position > $4 AND acceptance = 1 ORDER BY position",
            [.text(scope.area), .integer(Int64(clamping: position))]
        )
    }

    func operations(in leaf: DigestLeaf) throws -> [OperationID] {
        try bringUpToDate()
        return try all(
            """
            SELECT replica, incarnation, sequence FROM operation
            WHERE site = $1 AND area = $2 AND kind = $3 AND entity BETWEEN $4 AND $5
            """,
            leaf.scope.values + [
                .bytes(Array(leaf.kind.utf8)), .id(leaf.first), .id(leaf.last),
            ]
        ) { row in
            OperationID(
                replica: try row.identifier(0),
                incarnation: try row.unsigned(1),
                sequence: try row.unsigned(2)
            )
        }
    }

    // MARK: - State

    func cell(_ key: CellKey, of entity: EntityKey) throws -> [UInt8]? {
        try first(
            """
            SELECT value FROM cell
            WHERE site = $1 AND area = $2 AND kind = $3 AND entity = $4 AND key = $5
            """,
            entity.values + [.bytes(key.bytes)]
        ) { try $0.requiredBytes(0) }
    }

    func cells(of entity: EntityKey) throws -> [CellKey: [UInt8]] {
        let cells = try rawCells(of: entity).map { key, value in
            guard let name = CellKey(bytes: key) else {
                throw DamagedRow(what: "a cell with the key \(key.hexadecimal)")
            }
            return (name, value)
        }
        return Dictionary(cells) { first, _ in first }
    }

    /// The cells of an entity by the bytes of their keys, which need not be ones that are known.
    func rawCells(of entity: EntityKey) throws -> [[UInt8]: [UInt8]] {
        let cells = try all(
            """
            SELECT key, value FROM cell
            WHERE site = $1 AND area = $2 AND kind = $3 AND entity = $4
            """,
            entity.values
        ) { (try $0.requiredBytes(0), try $0.requiredBytes(1)) }
        return Dictionary(cells) { first, _ in first }
    }

    func entities(kind: String, in scope: Scope?) throws -> [EntityKey] {
        // Scopes are few, and each is asked in its own site.
        guard let scope else { return try scopes().flatMap { try entities(kind: kind, in: $0) } }
        try bringUpToDate()
        return try all(
            "SELECT id FROM entity WHERE site = $1 AND area = $2 AND kind = $3 ORDER BY id",
            scope.values + [.bytes(Array(kind.utf8))]
        ) { EntityKey(scope: scope, kind: kind, id: try $0.identifier(0)) }
    }

    func scopes() throws -> [Scope] {
        try bringUpToDate()
        return try sites().flatMap { site in
            try all("SELECT area FROM scope WHERE site = $1 ORDER BY area", [.text(site)]) {
                Scope(site: site, area: try $0.text(0))
            }
        }.sorted()
    }

    func digest(of scope: Scope) throws -> ScopeDigest {
        try state(of: scope)?.digest ?? ScopeDigest()
    }

    /// The row of a scope; nil when nothing of that scope was ever here.
    func state(of scope: Scope) throws -> ScopeState? {
        try first(
            "SELECT head, digest FROM scope WHERE site = $1 AND area = $2",
            scope.values
        ) { try ScopeState($0, scope) }
    }

    // MARK: - Outbox

    func outbox(limit: Int) throws -> [OutboxMessage] {
        try bringUpToDate()
        return try merged(try sites(), limit: limit, by: { $0.queued < $1.queued }) { site in
            try all(
                """
                SELECT key, topic, site, area, kind, entity, payload, queued FROM outbox
                WHERE site = $1 AND delivered = 0 ORDER BY queued LIMIT $2
                """,
                [.text(site), .integer(limit)]
            ) { row in
                let message = OutboxMessage(
                    key: try row.identifier(0),
                    topic: try row.text(1),
                    entity: EntityKey(
                        scope: try row.scope(2),
                        kind: try row.kind(4),
                        id: try row.identifier(5)
                    ),
                    payload: try row.requiredBytes(6)
                )
                return (queued: try row.requiredInteger(7), message: message)
            }
        }.map(\.message)
    }
}

/// What is kept of a scope beside its cells.
struct ScopeState {
    var head: UInt64 = 0
    var digest = ScopeDigest()

    init() {}

    init(_ row: Row, _ scope: Scope) throws {
        guard let digest = ScopeDigest(bytes: try row.requiredBytes(1)) else {
            throw DamagedRow(what: "the digest of \(scope)")
        }
        head = try row.unsigned(0)
        self.digest = digest
    }
}
