import Sync
import Tally

/// The counters of the hub's own row.
struct HubCounters {
    var ordinal: UInt64
    var queued: UInt64

    var statement: Statement {
        Statement(
            "UPDATE hub SET ordinal = $1, queued = $2 WHERE site = ''",
            [.unsigned(ordinal), .unsigned(queued)]
        )
    }
}

/// What a transaction has read and changed and not written yet.
///
/// A value, so that a part of a transaction is undone by going back to an earlier one.
struct HeldChanges {
    var counters: HubCounters
    var settings: [SettingKey: [UInt8]?] = [:]
    var changedSettings: Set<SettingKey> = []
    /// Nil for a scope that is not there.
    var states: [Scope: ScopeState?] = [:]
    var changedStates: Set<Scope> = []
    var known: Set<EntityKey> = []
    var newEntities: [Scope: [EntityKey]] = [:]
    /// Operations that are not in the log yet.
    var operations: [OperationID: StoredOperation] = [:]
    var newOperations: [Scope: [OperationID]] = [:]
    /// Whether one of them may have no judgement.
    var holdsUnjudged = false
    /// By a chain's name, which has the sequence 0; nil for one that is not there.
    var heads: [OperationID: ChainHead?] = [:]
    var changedHeads: Set<OperationID> = []
    var newSites: Set<String> = []
    var newHomes: [(replica: Identifier, site: String)] = []
    /// All cells of the entities that were looked at, as this transaction sees them.
    var cells: [EntityKey: [[UInt8]: [UInt8]]] = [:]
    var changedCells: [EntityKey: [[UInt8]: [UInt8]?]] = [:]
    /// What is to be added to the stored sums of leaves.
    var leafChanges: [DigestLeaf: ScopeDigest] = [:]
    var messages: [(queued: UInt64, message: OutboxMessage)] = []

    init(counters: HubCounters) { self.counters = counters }

    /// Whether it takes much memory.
    var isLarge: Bool { cells.count > 5_000 || operations.count > 5_000 || known.count > 50_000 }

    /// Lets go of what was only read; all must be written.
    mutating func forget() {
        cells = [:]
        known = []
    }

    /// The statements that write what is held, each about one site; nothing is held after.
    ///
    /// - Parameter reading: for what changes are added to.
    /// - Returns: the statements, in an order that foreign keys allow.
    /// - Throws: what reading throws.
    mutating func writing(for reading: PostgresReading) throws -> [Statement] {
        var statements = scopeStatements() + entityStatements() + operationStatements()
        statements += cellStatements()
        statements += try leafStatements(reading)
        statements += settingStatements() + chainStatements() + messageStatements()
        return statements
    }

    private mutating func scopeStatements() -> [Statement] {
        defer { changedStates = [] }
        return changedStates.sorted().compactMap { scope in
            guard let state = states[scope] ?? nil else { return nil }
            return Statement(
                """
                INSERT INTO scope (site, area, head, digest) VALUES ($1, $2, $3, $4)
                ON CONFLICT (site, area) DO UPDATE
                SET head = excluded.head, digest = excluded.digest
                """,
                scope.values + [.unsigned(state.head), .bytes(state.digest.bytes)]
            )
        }
    }

    private mutating func entityStatements() -> [Statement] {
        defer { newEntities = [:] }
        return newEntities.map { scope, entities in
            Statement(
                """
                INSERT INTO entity (site, area, kind, id)
                SELECT $1, $2, kind, id FROM unnest($3::bytea[], $4::bytea[]) AS new (kind, id)
                ON CONFLICT DO NOTHING
                """,
                scope.values + [
                    .byteses(entities.map(\.kindBytes)), .byteses(entities.map(\.id.bytes)),
                ]
            )
        }
    }

    private mutating func operationStatements() -> [Statement] {
        defer {
            newOperations = [:]
            operations = [:]
            holdsUnjudged = false
        }
        return newOperations.map { scope, ids in
            Self.insertion(of: ids.compactMap { operations[$0] }, into: scope)
        }
    }

    static func insertion(
        of stored: [StoredOperation],
        into scope: Scope
    ) -> Statement {
        let logged = stored.map(\.logged)
        let written = logged.map(\.operation)
        let judgements = logged.map(\.judgement)
        return Statement(
            """
            INSERT INTO operation (
                site, area, ordinal, kind, entity, replica, incarnation, sequence, hash, wall,
                acceptance, lane, position, verdict, reason, effective, stamp, unsure, seen,
                acknowledged, answer, bytes
            )
            SELECT $1, $2, new.* FROM unnest(
                $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bigint[], $8::bigint[],
                $9::bytea[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
                $14::bigint[], $15::text[], $16::bigint[], $17::bigint[], $18::bigint[],
                $19::bigint[], $20::bigint[], $21::text[], $22::bytea[]
            ) AS new
            """,
            scope.values + [
                .integers(stored.map { Int64(bitPattern: $0.ordinal) }),
                .byteses(written.map(\.entity.kindBytes)),
                .byteses(written.map(\.entity.id.bytes)),
                .byteses(written.map(\.id.replica.bytes)),
                .integers(written.map { Int64(bitPattern: $0.id.incarnation) }),
                .integers(written.map { Int64(bitPattern: $0.id.sequence) }),
                .byteses(written.map(\.hash.bytes)),
                .integers(written.map(\.reading.wall.milliseconds)),
                .integers(written.map { $0.isAcceptance ? 1 : 0 }),
                .integers(logged.map { Int64($0.lane.rawValue) }),
                .integers(judgements.map { $0.map { Int64(bitPattern: $0.position) } }),
                .integers(judgements.map { $0.map { Int64($0.verdict.rawValue) } }),
                .texts(judgements.map { $0?.reason }),
                .integers(judgements.map { $0?.effective.milliseconds }),
                .integers(judgements.map { $0.map { Int64(bitPattern: $0.effectiveStamp.bits) } }),
                .integers(judgements.map { $0.map { $0.timeUnsure ? 1 : 0 } }),
                .integers(judgements.map { $0?.seen.map { Int64(bitPattern: $0) } }),
                .integers(logged.map { $0.acknowledged.map { Int64($0.rawValue) } }),
                .texts(logged.map(\.answer)),
                .byteses(written.map(\.bytes)),
            ]
        )
    }

    /// A cell's place and value in a scope.
    private struct CellChange {
        let kind: [UInt8]
        let entity: [UInt8]
        let key: [UInt8]
        let value: [UInt8]?
    }

    private mutating func cellStatements() -> [Statement] {
        defer { changedCells = [:] }
        let changes = changedCells.flatMap { entity, cells in
            cells.map { key, value in
                let change = CellChange(
                    kind: entity.kindBytes,
                    entity: entity.id.bytes,
                    key: key,
                    value: value
                )
                return (entity.scope, change)
            }
        }
        return Dictionary(grouping: changes, by: \.0).flatMap { scope, changes in
            Self.cellStatements(scope, changes.map(\.1))
        }
    }

    private static func cellStatements(_ scope: Scope, _ changes: [CellChange]) -> [Statement] {
        let (gone, set) = (changes.filter { $0.value == nil }, changes.filter { $0.value != nil })
        func names(_ changes: [CellChange]) -> [Parameter] {
            scope.values + [
                .byteses(changes.map(\.kind)), .byteses(changes.map(\.entity)),
                .byteses(changes.map(\.key)),
            ]
        }
        var statements: [Statement] = []
        // One by one, in one exchange: they are few.
        for change in gone {
            statements.append(
                Statement(
                    """
                    DELETE FROM cell
                    WHERE site = $1 AND area = $2 AND kind = $3 AND entity = $4 AND key = $5
                    """,
                    scope.values + [
                        .bytes(change.kind), .bytes(change.entity), .bytes(change.key),
                    ]
                )
            )
        }
        if !set.isEmpty {
            statements.append(
                Statement(
                    """
                    INSERT INTO cell (site, area, kind, entity, key, value)
                    SELECT $1, $2, new.*
                    FROM unnest($3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[]) AS new
                    ON CONFLICT (site, area, kind, entity, key) DO UPDATE
                    SET value = excluded.value
                    """,
                    names(set) + [.byteses(set.map(\.value))]
                )
            )
        }
        return statements
    }

    private mutating func leafStatements(_ reading: PostgresReading) throws -> [Statement] {
        defer { leafChanges = [:] }
        let changes = leafChanges.filter { $0.value != ScopeDigest() }
        var statements: [Statement] = []
        for (scope, changes) in Dictionary(grouping: changes, by: \.key.scope) {
            let leaves = changes.map(\.key).sorted()
            let stored = try reading.storedSums(of: leaves, in: scope)
            let sums = changes.map { leaf, change in
                var sum = stored[leaf] ?? ScopeDigest()
                sum.add(change)
                return (leaf, sum)
            }
            let gone = sums.filter { $0.1 == ScopeDigest() }.map(\.0)
            let set = sums.filter { $0.1 != ScopeDigest() }
            statements += Self.leafStatements(scope, set, gone)
        }
        return statements
    }

    private static func leafStatements(
        _ scope: Scope,
        _ set: [(DigestLeaf, ScopeDigest)],
        _ gone: [DigestLeaf]
    ) -> [Statement] {
        func names(_ leaves: [DigestLeaf]) -> [Parameter] {
            scope.values + [
                .byteses(leaves.map { Array($0.kind.utf8) }),
                .integers(leaves.map { Int64($0.bucket) }),
            ]
        }
        var statements: [Statement] = []
        for leaf in gone {
            statements.append(
                Statement(
                    """
                    DELETE FROM leaf
                    WHERE site = $1 AND area = $2 AND kind = $3 AND bucket = $4
                    """,
                    scope.values + [
                        .bytes(Array(leaf.kind.utf8)), .integer(Int(leaf.bucket)),
                    ]
                )
            )
        }
        if !set.isEmpty {
            statements.append(
                Statement(
                    """
                    INSERT INTO leaf (site, area, kind, bucket, sum)
                    SELECT $1, $2, new.*
                    FROM unnest($3::bytea[], $4::bigint[], $5::bytea[]) AS new
                    ON CONFLICT (site, area, kind, bucket) DO UPDATE SET sum = excluded.sum
                    """,
                    names(set.map(\.0)) + [.byteses(set.map(\.1.bytes))]
                )
            )
        }
        return statements
    }

    private mutating func settingStatements() -> [Statement] {
        defer { changedSettings = [] }
        let changed = changedSettings.map { (key: $0.text, value: settings[$0] ?? nil) }
        let (gone, set) = (changed.filter { $0.value == nil }, changed.filter { $0.value != nil })
        var statements: [Statement] = []
        if !gone.isEmpty {
            statements.append(
                Statement(
                    "DELETE FROM setting WHERE site = '' AND key = ANY ($1)",
                    [.texts(gone.map(\.key))]
                )
            )
        }
        if !set.isEmpty {
            statements.append(
                Statement(
                    """
                    INSERT INTO setting (site, key, value)
                    SELECT '', new.* FROM unnest($1::text[], $2::bytea[]) AS new
                    ON CONFLICT (site, key) DO UPDATE SET value = excluded.value
                    """,
                    [.texts(set.map(\.key)), .byteses(set.map(\.value))]
                )
            )
        }
        return statements
    }

    private mutating func chainStatements() -> [Statement] {
        defer {
            changedHeads = []
            newHomes = []
            newSites = []
        }
        var statements: [Statement] = []
        if !newSites.isEmpty {
            statements.append(
                Statement(
                    """
                    INSERT INTO home (site, name)
                    SELECT '', name FROM unnest($1::text[]) AS new (name) ON CONFLICT DO NOTHING
                    """,
                    [.texts(newSites.sorted())]
                )
            )
        }
        let heads = changedHeads.compactMap { self.heads[$0] ?? nil }
        if !heads.isEmpty {
            statements.append(
                Statement(
                    """
                    INSERT INTO chain_head (site, replica, incarnation, sequence, hash)
                    SELECT '', new.*
                    FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[]) AS new
                    ON CONFLICT (site, replica, incarnation) DO UPDATE
                    SET sequence = excluded.sequence, hash = excluded.hash
                    """,
                    [
                        .byteses(heads.map(\.id.replica.bytes)),
                        .integers(heads.map { Int64(bitPattern: $0.id.incarnation) }),
                        .integers(heads.map { Int64(bitPattern: $0.id.sequence) }),
                        .byteses(heads.map(\.hash.bytes)),
                    ]
                )
            )
        }
        if !newHomes.isEmpty {
            statements.append(
                Statement(
                    """
                    INSERT INTO author (site, replica, home)
                    SELECT '', new.* FROM unnest($1::bytea[], $2::text[]) AS new
                    ON CONFLICT DO NOTHING
                    """,
                    [.byteses(newHomes.map(\.replica.bytes)), .texts(newHomes.map(\.site))]
                )
            )
        }
        return statements
    }

    private mutating func messageStatements() -> [Statement] {
        defer { messages = [] }
        return Dictionary(grouping: messages, by: \.message.entity.scope.site).map { site, found in
            let messages = found.map(\.message)
            return Statement(
                """
                INSERT INTO outbox (site, area, queued, key, topic, kind, entity, payload)
                SELECT $1, new.* FROM unnest(
                    $2::text[], $3::bigint[], $4::bytea[], $5::text[], $6::bytea[], $7::bytea[],
                    $8::bytea[]
                ) AS new
                ON CONFLICT (site, key) DO NOTHING
                """,
                [
                    .text(site), .texts(messages.map(\.entity.scope.area)),
                    .integers(found.map { Int64(bitPattern: $0.queued) }),
                    .byteses(messages.map(\.key.bytes)), .texts(messages.map(\.topic)),
                    .byteses(messages.map(\.entity.kindBytes)),
                    .byteses(messages.map(\.entity.id.bytes)),
                    .byteses(messages.map(\.payload)),
                ]
            )
        }
    }
}
