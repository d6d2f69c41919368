import Sync
import Tally

/// A transaction on the database.
///
/// What it adds and changes is held here and written in few exchanges: when something is asked that
/// only the server can answer, and at the end. Reads go to what is held first.
final class PostgresTransaction: PostgresReading, ReplicaTransaction {
    var held: HeldChanges
    /// How often something was written that only the whole transaction's end takes back.
    private(set) var writeCount = 0
    private let database: String

    init(_ connection: Connection, _ counters: HubCounters, _ database: String) {
        held = HeldChanges(counters: counters)
        self.database = database
        super.init(connection)
    }

    /// Runs statements that change something.
    private func change(_ statements: [Statement]) throws {
        guard !statements.isEmpty else { return }
        writeCount += 1
        try connection.run(statements)
    }

    private func change(_ sql: String, _ values: [Parameter]) throws {
        try change([Statement(sql, values)])
    }

    /// Takes back what was held since a moment.
    func goBack(to mark: HeldChanges) {
        held = mark
        forgetHomes()
    }

    override func bringUpToDate() throws {
        try change(try held.writing(for: self))
        if held.isLarge { held.forget() }
    }

    /// Writes what is held when it is much, so that a long transaction does not fill the memory.
    private func makeRoom() throws {
        if held.isLarge { try bringUpToDate() }
    }

    override func bringUnjudgedUpToDate() throws {
        if held.holdsUnjudged { try bringUpToDate() }
    }

    /// Writes all that is held, and what makes the transaction known: the last before the commit.
    func finish(_ end: [Statement]) throws {
        try change(try held.writing(for: self) + [held.counters.statement] + end)
    }

    // MARK: - Settings

    override func setting(_ key: SettingKey) throws -> [UInt8]? {
        if let known = held.settings[key] { return known }
        let value = try super.setting(key)
        held.settings[key] = .some(value)
        return value
    }

    func set(_ key: SettingKey, to value: [UInt8]?) throws {
        guard !key.text.utf8.contains(0) else {
            throw PostgresRefusal.failed(database, detail: "a setting with a zero byte in its name")
        }
        held.settings[key] = .some(value)
        held.changedSettings.insert(key)
    }

    // MARK: - Scopes and entities

    override func state(of scope: Scope) throws -> ScopeState? {
        if let known = held.states[scope] { return known }
        // The counter of the order: locked, so that places become visible in their order whoever
        // else writes.
        let state = try first(
            "SELECT head, digest FROM scope WHERE site = $1 AND area = $2 FOR UPDATE",
            scope.values
        ) { try ScopeState($0, scope) }
        held.states[scope] = .some(state)
        return state
    }

    private func change(_ scope: Scope, _ change: (inout ScopeState) -> Void) throws {
        var state = try state(of: scope) ?? ScopeState()
        change(&state)
        held.states[scope] = state
        held.changedStates.insert(scope)
    }

    func raiseHead(of scope: Scope, to position: UInt64) throws {
        guard position > (try head(of: scope)) else { return }
        try change(scope) { $0.head = position }
    }

    private func know(_ site: String) throws {
        if try noteSite(site) { held.newSites.insert(site) }
    }

    func know(_ entity: EntityKey) throws {
        guard held.known.insert(entity).inserted else { return }
        if try state(of: entity.scope) == nil { try change(entity.scope) { _ in } }
        try know(entity.scope.site)
        held.newEntities[entity.scope, default: []].append(entity)
    }

    // MARK: - Log

    override func operation(_ id: OperationID) throws -> LoggedOperation? {
        try held.operations[id]?.logged ?? super.operation(id)
    }

    override func chainHead(
        _ replica: Identifier,
        _ incarnation: UInt64
    ) throws -> ChainHead? {
        let chain = OperationID(replica: replica, incarnation: incarnation, sequence: 0)
        if let known = held.heads[chain] { return known }
        let head = try super.chainHead(replica, incarnation)
        held.heads[chain] = .some(head)
        return head
    }

    func append(_ logged: LoggedOperation) throws {
        try makeRoom()
        held.counters.ordinal += 1
        try hold(StoredOperation(ordinal: held.counters.ordinal, logged: logged))
    }

    private func hold(_ stored: StoredOperation) throws {
        let operation = stored.logged.operation
        try know(operation.entity)
        if try noteHome(operation.scope.site, of: operation.id.replica) {
            held.newHomes.append((operation.id.replica, operation.scope.site))
        }
        held.operations[operation.id] = stored
        held.newOperations[operation.scope, default: []].append(operation.id)
        if stored.logged.judgement == nil { held.holdsUnjudged = true }
        let id = operation.id
        let head = try chainHead(id.replica, id.incarnation)
        if head.map({ $0.id.sequence <= id.sequence }) ?? true {
            let chain = OperationID(replica: id.replica, incarnation: id.incarnation, sequence: 0)
            held.heads[chain] = ChainHead(id: id, hash: operation.hash)
            held.changedHeads.insert(chain)
        }
        if let judgement = stored.logged.judgement {
            try raiseHead(of: operation.scope, to: judgement.position)
        }
    }

    /// A hub keeps everything; the port has it, and terminals need it.
    func letGo(_ id: OperationID) throws {
        try bringUpToDate()
        writeCount += 1
        for home in try homes(of: id.replica) {
            let area = try first(
                """
                DELETE FROM operation
                WHERE site = $1 AND replica = $2 AND incarnation = $3 AND sequence = $4
                RETURNING area
                """,
                [.text(home)] + id.values
            ) { try $0.text(0) }
            if area != nil { return try shorten(id) }
        }
        preconditionFailure("no operation \(id)")
    }

    /// The last operation of an incarnation is gone: the one before it that is here is the last.
    private func shorten(_ id: OperationID) throws {
        guard try chainHead(id.replica, id.incarnation)?.id == id else { return }
        let chain = OperationID(replica: id.replica, incarnation: id.incarnation, sequence: 0)
        let left = try homes(of: id.replica).compactMap { home in
            try first(
                """
                SELECT sequence, hash FROM operation
                WHERE site = $1 AND replica = $2 AND incarnation = $3
                ORDER BY sequence DESC LIMIT 1
                """,
                [.text(home), .id(id.replica), .unsigned(id.incarnation)]
            ) { row in
                let last = OperationID(
                    replica: id.replica,
                    incarnation: id.incarnation,
                    sequence: try row.unsigned(0)
                )
                return ChainHead(id: last, hash: try row.identifier(1))
            }
        }
        let head = left.max { $0.id.sequence < $1.id.sequence }
        held.heads[chain] = .some(head)
        if head != nil {
            held.changedHeads.insert(chain)
        } else {
            held.changedHeads.remove(chain)
            try change(
                "DELETE FROM chain_head WHERE site = '' AND replica = $1 AND incarnation = $2",
                [.id(id.replica), .unsigned(id.incarnation)]
            )
        }
    }

    func judge(_ id: OperationID, _ judgement: Judgement?) throws {
        try bringUpToDate()
        writeCount += 1
        for home in try homes(of: id.replica) {
            let area = try first(
                """
                UPDATE operation
                SET position = $5, verdict = $6, reason = $7, effective = $8, stamp = $9,
                    unsure = $10, seen = $11
                WHERE site = $1 AND replica = $2 AND incarnation = $3 AND sequence = $4
                RETURNING area
                """,
                [.text(home)] + id.values + Judgement.values(judgement)
            ) { try $0.text(0) }
            guard let area else { continue }
            if let judgement {
                try raiseHead(of: Scope(site: home, area: area), to: judgement.position)
            }
            return
        }
        preconditionFailure("no operation \(id)")
    }

    func acknowledge(_ id: OperationID, _ verdict: Verdict?, _ reason: String) throws {
        try bringUpToDate()
        for home in try homes(of: id.replica) {
            try change(
                """
                UPDATE operation SET acknowledged = $5, answer = $6
                WHERE site = $1 AND replica = $2 AND incarnation = $3 AND sequence = $4
                """,
                [.text(home)] + id.values + [
                    .integer(verdict.map { Int64($0.rawValue) }),
                    .text(verdict == nil ? "" : reason),
                ]
            )
        }
    }

    func replace(_ logged: LoggedOperation) throws {
        try bringUpToDate()
        let id = logged.operation.id
        writeCount += 1
        for home in try homes(of: id.replica) {
            let old = try first(
                """
                DELETE FROM operation
                WHERE site = $1 AND replica = $2 AND incarnation = $3 AND sequence = $4
                RETURNING ordinal, lane
                """,
                [.text(home)] + id.values
            ) { row in
                (
                    ordinal: try row.unsigned(0),
                    lane: Lane(rawValue: UInt8(clamping: try row.requiredInteger(1))) ?? .edits
                )
            }
            guard let old else { continue }
            let again = LoggedOperation(
                operation: logged.operation,
                judgement: logged.judgement,
                acknowledged: logged.acknowledged,
                answer: logged.answer,
                lane: old.lane
            )
            return try hold(StoredOperation(ordinal: old.ordinal, logged: again))
        }
        preconditionFailure("no operation \(id)")
    }

    func forgetJudgements(of scope: Scope, acknowledgements: Bool) throws {
        try bringUpToDate()
        try change(
            """
            UPDATE operation
            SET position = NULL, verdict = NULL, reason = NULL, effective = NULL, stamp = NULL,
                unsure = NULL, seen = NULL
            WHERE site = $1 AND area = $2 AND position IS NOT NULL
            """,
            scope.values
        )
        if acknowledgements {
            try change(
                """
                UPDATE operation SET acknowledged = NULL, answer = ''
                WHERE site = $1 AND area = $2 AND acknowledged IS NOT NULL
                """,
                scope.values
            )
        }
        if try state(of: scope) != nil { try change(scope) { $0.head = 0 } }
    }

    // MARK: - Cells

    override func rawCells(of entity: EntityKey) throws -> [[UInt8]: [UInt8]] {
        if let known = held.cells[entity] { return known }
        let cells = try super.rawCells(of: entity)
        held.cells[entity] = cells
        return cells
    }

    override func cell(_ key: CellKey, of entity: EntityKey) throws -> [UInt8]? {
        try rawCells(of: entity)[key.bytes]
    }

    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) throws {
        try makeRoom()
        try know(entity)
        let old = try cell(key, of: entity)
        guard old != value else { return }
        put(value, under: key.bytes, of: entity)
        var difference = ScopeDigest()
        difference.replace(key, of: entity, from: old, to: value)
        try add(difference, to: DigestLeaf(of: entity))
    }

    private func put(_ value: [UInt8]?, under key: [UInt8], of entity: EntityKey) {
        held.cells[entity]?[key] = value
        held.changedCells[entity, default: [:]][key] = .some(value)
    }

    private func add(_ difference: ScopeDigest, to leaf: DigestLeaf) throws {
        held.leafChanges[leaf, default: ScopeDigest()].add(difference)
        try change(leaf.scope) { $0.digest.add(difference) }
    }

    func load(_ state: EntityState) throws {
        for (key, value) in state.cells { try setCell(key, of: state.entity, to: value) }
    }

    func clearCells(of entity: EntityKey) throws {
        var difference = ScopeDigest()
        for (key, value) in try rawCells(of: entity) {
            var sum = ScopeDigest()
            sum.add(key, of: entity, value)
            difference.subtract(sum)
            put(nil, under: key, of: entity)
        }
        try add(difference, to: DigestLeaf(of: entity))
    }

    func clearCells(of scope: Scope) throws {
        try bringUpToDate()
        try change([
            Statement("DELETE FROM cell WHERE site = $1 AND area = $2", scope.values),
            Statement("DELETE FROM leaf WHERE site = $1 AND area = $2", scope.values),
        ])
        held.cells = held.cells.filter { $0.key.scope != scope }
        if try state(of: scope) != nil { try change(scope) { $0.digest = ScopeDigest() } }
    }

    func settle(_ leaf: DigestLeaf) throws {
        try bringUpToDate()
        var sum = ScopeDigest()
        var entities: Set<EntityKey> = []
        try eachRow(of: leaf) { entity, key, value in
            sum.add(key, of: entity, value)
            entities.insert(entity)
        }
        // Those that this transaction has put there may be what is missing.
        held.known.subtract(entities)
        for entity in entities.sorted() { try know(entity) }
        var difference = sum
        difference.subtract(try storedSums(of: [leaf], in: leaf.scope)[leaf] ?? ScopeDigest())
        held.leafChanges[leaf] = difference
        try change(leaf.scope) { $0.digest.add(difference) }
    }

    func settleRoot(of scope: Scope) throws {
        var sum = ScopeDigest()
        try eachLeaf(of: scope, in: DigestRange.root.buckets) { sum.add($1) }
        try change(scope) { $0.digest = sum }
    }

    // MARK: - Aside, pieces, outbox

    func nextTicket() throws -> UInt64 {
        let last = try first(
            "SELECT ticket FROM quarantine WHERE site = '' ORDER BY ticket DESC LIMIT 1",
            []
        ) { try $0.unsigned(0) }
        return (last ?? 0) + 1
    }

    func keep(_ record: QuarantinedRecord) throws {
        try change(
            """
            INSERT INTO quarantine (
                site, ticket, sender, hash, verdict, reason, received, state, settled, person,
                remark, bytes
            ) VALUES ('', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (site, ticket) DO UPDATE
            SET state = excluded.state, settled = excluded.settled, person = excluded.person,
                remark = excluded.remark
            """,
            [
                .unsigned(record.ticket), .id(record.sender), .id(record.hash),
                .integer(Int(record.verdict.rawValue)), .text(record.reason),
                .integer(record.received.milliseconds), .integer(Int(record.state.rawValue)),
                .integer(record.settled?.milliseconds), .text(record.person),
                .text(record.remark), .bytes(record.bytes),
            ]
        )
    }

    func set(_ chain: ChainState) throws {
        try change(
            """
            INSERT INTO chain (
                site, replica, incarnation, first, sequence, hash, ended_at, forked
            ) VALUES ('', $1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (site, replica, incarnation) DO UPDATE
            SET sequence = excluded.sequence, hash = excluded.hash, ended_at = excluded.ended_at,
                forked = excluded.forked
            """,
            [
                .id(chain.replica), .unsigned(chain.incarnation), .bytes(chain.first?.bytes),
                .unsigned(chain.sequence), .id(chain.hash), .unsigned(chain.endedAt),
                .integer(chain.isForked ? 1 : 0),
            ]
        )
    }

    func putPiece(_ hash: [UInt8], _ bytes: [UInt8], of scope: Scope) throws {
        try change(
            """
            INSERT INTO piece (site, area, hash, bytes) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            scope.values + [.bytes(hash), .bytes(bytes)]
        )
    }

    func dropPieces(of scope: Scope, except kept: Set<[UInt8]>) throws {
        try change(
            "DELETE FROM piece WHERE site = $1 AND area = $2 AND NOT (hash = ANY ($3))",
            scope.values + [.byteses(kept.sorted { $0.lexicographicallyPrecedes($1) })]
        )
    }

    func enqueue(_ message: OutboxMessage) throws {
        try know(message.entity.scope.site)
        held.counters.queued += 1
        held.messages.append((held.counters.queued, message))
    }

    func delivered(_ key: Identifier) throws {
        try bringUpToDate()
        // No site is said; a key is unique over all, so the others change nothing.
        for site in try sites() {
            try change(
                "UPDATE outbox SET delivered = 1 WHERE site = $1 AND key = $2",
                [.text(site), .id(key)]
            )
        }
    }
}
