import Foundation
import GRDB
import Sync
import Tally

/// A consistent state of the database, for as long as the access lasts.
class LedgerReading: ReplicaReading {
    let database: Database
    private var prepared = [Prepared?](repeating: nil, count: HotStatement.allCases.count)

    init(_ database: Database) { self.database = database }

    /// A statement, prepared once an access at most.
    func hot(_ statement: HotStatement) throws -> Prepared {
        if let known = prepared[statement.rawValue] { return known }
        let new = try Prepared(statement.sql, database)
        prepared[statement.rawValue] = new
        return new
    }

    func setting(_ key: SettingKey) throws -> [UInt8]? {
        try database.first("SELECT value FROM setting WHERE key = ?", [key.text]) {
            try $0.requiredBytes(0)
        }
    }

    /// The operations of a statement that gives ``LoggedOperation/columns``.
    func operations(
        _ sql: String,
        _ bind: (inout Bindings) -> Void
    ) throws -> [LoggedOperation] {
        try Prepared(sql, database).all(bind, LoggedOperation.init(row:))
    }

    // MARK: - Log

    func operation(_ id: OperationID) throws -> LoggedOperation? {
        try hot(.operation).first({ $0.add(id) }, LoggedOperation.init(row:))
    }

    func logged(_ operation: Sync.Operation) throws -> LoggedOperation? {
        try hot(.operation).first({ $0.add(operation.id) }) { row in
            try LoggedOperation(row: row, known: row.holds(operation.bytes, 0) ? operation : nil)
        }
    }

    func chainHead(_ replica: Identifier, _ incarnation: UInt64) throws -> ChainHead? {
        try database.first(
            """
            SELECT sequence, hash FROM operation INDEXED BY operation_name
            WHERE replica = ? AND incarnation = ?
            ORDER BY sequence DESC LIMIT 1
            """,
            [replica.data, incarnation.stored]
        ) { row in
            ChainHead(
                id: OperationID(
                    replica: replica,
                    incarnation: incarnation,
                    sequence: row.unsigned(0)
                ),
                hash: try row.identifier(1)
            )
        }
    }

    func unsent(of replica: Identifier, limit: Int) throws -> [LoggedOperation] {
        try hot(.unsent).all(
            {
                $0.add(replica)
                $0.add(Int64(limit))
            },
            LoggedOperation.init(row:)
        )
    }

    func troubled(of replica: Identifier, limit: Int) throws -> [LoggedOperation] {
        try operations(
            """
            SELECT \(LoggedOperation.columns) FROM operation INDEXED BY operation_trouble
            WHERE replica = ? AND coalesce(verdict, acknowledged) > 1
            ORDER BY ordinal DESC LIMIT ?
            """,
            {
                $0.add(replica)
                $0.add(Int64(limit))
            }
        )
    }

    func unjudged(about entity: EntityKey) throws -> [LoggedOperation] {
        try operations(
            """
            SELECT \(LoggedOperation.columns) FROM operation INDEXED BY operation_unjudged
            WHERE site = ? AND area = ? AND kind = ? AND entity = ? AND position IS NULL
            ORDER BY ordinal
            """,
            { $0.add(entity) }
        )
    }

    func backlog(of replica: Identifier) throws -> (count: Int, since: Moment?) {
        let count = try database.first(
            """
            SELECT count(*) FROM operation INDEXED BY operation_unsent
            WHERE replica = ? AND position IS NULL AND acknowledged IS NULL
            """,
            [replica.data]
        ) { $0[0] as Int }
        let since = try database.first(
            """
            SELECT wall FROM operation WHERE ordinal = (
                SELECT min(ordinal) FROM operation INDEXED BY operation_unsent
                WHERE replica = ? AND position IS NULL AND acknowledged IS NULL
            )
            """,
            [replica.data]
        ) { Moment(milliseconds: $0[0]) }
        return (count ?? 0, since)
    }

    func stream(
        _ scope: Scope,
        after position: UInt64,
        limit: Int
    ) throws -> [LoggedOperation] {
        try hot(.stream).all(
            {
                $0.add(scope)
                $0.add(Int64(clamping: position))
                $0.add(Int64(limit))
            },
            LoggedOperation.init(row:)
        )
    }

    func head(of scope: Scope) throws -> UInt64 { try state(of: scope)?.head ?? 0 }

    func waiting(limit: Int) throws -> [LoggedOperation] {
        try operations(
            """
            SELECT \(LoggedOperation.columns) FROM operation INDEXED BY operation_waiting
            WHERE verdict = 3
            ORDER BY position, ordinal LIMIT ?
            """,
            { $0.add(Int64(limit)) }
        )
    }

    func log(offset: Int, limit: Int) throws -> [LoggedOperation] {
        // Ordinals count from 1, also what was let go, so the offset needs no counting of rows.
        try operations(
            """
            SELECT \(LoggedOperation.columns) FROM operation
            WHERE ordinal > ? ORDER BY ordinal LIMIT ?
            """,
            {
                $0.add(Int64(offset))
                $0.add(Int64(limit))
            }
        )
    }

    // MARK: - State

    func cell(_ key: CellKey, of entity: EntityKey) throws -> [UInt8]? {
        try hot(.cell).first(
            {
                $0.add(entity)
                $0.add(key.bytes)
            },
            { $0.bytes(0) }
        )
    }

    func cells(of entity: EntityKey) throws -> [CellKey: [UInt8]] {
        let cells = try hot(.cells).all({ $0.add(entity) }) { row in
            (try CellKey(stored: row.bytes(0)), row.bytes(1))
        }
        return Dictionary(cells) { first, _ in first }
    }

    func entities(kind: String, in scope: Scope?) throws -> [EntityKey] {
        // Scopes are few: asking in each keeps the primary key the only index that is needed.
        guard let scope else { return try scopes().flatMap { try entities(kind: kind, in: $0) } }
        return try database.all(
            "SELECT id FROM entity WHERE site = ? AND area = ? AND kind = ? ORDER BY id",
            scope.arguments + [kind]
        ) { EntityKey(scope: scope, kind: kind, id: try $0.identifier(0)) }
    }

    func scopes() throws -> [Scope] {
        try database.all("SELECT site, area FROM scope ORDER BY site, area") {
            Scope(site: $0[0], area: $0[1])
        }
    }

    func digest(of scope: Scope) throws -> ScopeDigest {
        try state(of: scope)?.digest ?? ScopeDigest()
    }

    func eachLeaf(
        of scope: Scope,
        in buckets: ClosedRange<UInt16>,
        _ visit: (UInt16, ScopeDigest) throws -> Void
    ) throws {
        try storedLeaves(of: scope, in: buckets, visit)
    }

    func entityDigests(of scope: Scope, in bucket: UInt16) throws -> [EntityDigest] {
        try computedDigests(of: scope, in: bucket)
    }

    func scrub(_ scope: Scope, after leaf: DigestLeaf?, cellCount: Int) throws -> ScrubSlice {
        try scrubbed(scope, after: leaf, cellCount: cellCount)
    }

    func operations(in leaf: DigestLeaf) throws -> [OperationID] {
        try loggedOperations(in: leaf)
    }

    func groupEnds(
        of scope: Scope,
        after position: UInt64,
        limit: Int
    ) throws -> [LoggedOperation] {
        try loggedGroupEnds(of: scope, after: position, limit: limit)
    }

    /// The row of a scope; nil when nothing of that scope was ever here.
    func state(of scope: Scope) throws -> ScopeState? {
        try database.first(
            "SELECT head, digest FROM scope WHERE site = ? AND area = ?",
            scope.arguments
        ) { row in
            guard let digest = ScopeDigest(bytes: try row.requiredBytes(1)) else {
                throw DamagedRow(what: "the digest of \(scope)")
            }
            return ScopeState(head: row.unsigned(0), digest: digest)
        }
    }

    // MARK: - Outbox

    func outbox(limit: Int) throws -> [OutboxMessage] {
        try database.all(
            """
            SELECT key, topic, site, area, kind, entity, payload
            FROM outbox INDEXED BY outbox_queue
            WHERE delivered = 0 ORDER BY queued LIMIT ?
            """,
            [limit]
        ) { row in
            OutboxMessage(
                key: try row.identifier(0),
                topic: row[1],
                entity: EntityKey(
                    scope: Scope(site: row[2], area: row[3]),
                    kind: row[4],
                    id: try row.identifier(5)
                ),
                payload: try row.requiredBytes(6)
            )
        }
    }
}

/// What is kept of a scope beside its cells.
struct ScopeState {
    var head: UInt64 = 0
    var digest = ScopeDigest()
}

extension CellKey {
    init(row: Row, _ index: Int) throws {
        try self.init(stored: try row.requiredBytes(index))
    }

    init(stored bytes: [UInt8]) throws {
        guard let key = CellKey(bytes: bytes) else {
            throw DamagedRow(what: "a cell with the key \(bytes.hexadecimal)")
        }
        self = key
    }
}
