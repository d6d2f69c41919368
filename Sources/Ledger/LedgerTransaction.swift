import Foundation
import GRDB
import Sync
import Tally

/// A transaction on the database.
///
/// Settings and the rows of scopes change with almost every operation. They are held here and
/// written once, by ``flush()``, so that a batch of a hundred operations writes them once, not a
/// hundred times.
final class LedgerTransaction: LedgerReading, ReplicaTransaction {
    private var settings: [SettingKey: [UInt8]?] = [:]
    private var changedSettings: Set<SettingKey> = []
    private var states: [Scope: ScopeState] = [:]
    private var changedStates: Set<Scope> = []
    private var known: Set<EntityKey> = []
    /// What is to be added to the stored sums of leaves.
    private var leafChanges: [DigestLeaf: ScopeDigest] = [:]
    /// Whether ``entries`` are kept.
    private let journals: Bool
    /// What the second journal has to hold of this transaction, in order.
    private(set) var entries: [JournalEntry] = []

    init(_ database: Database, journals: Bool = false) {
        self.journals = journals
        super.init(database)
    }

    /// What is held back, to go back to when a part of the transaction is undone.
    var mark: Mark {
        get {
            Mark(
                settings: settings,
                changedSettings: changedSettings,
                states: states,
                changedStates: changedStates,
                known: known,
                leafChanges: leafChanges,
                entries: entries
            )
        }
        set {
            settings = newValue.settings
            changedSettings = newValue.changedSettings
            states = newValue.states
            changedStates = newValue.changedStates
            known = newValue.known
            leafChanges = newValue.leafChanges
            entries = newValue.entries
        }
    }

    /// The held-back state at one moment.
    struct Mark {
        fileprivate let settings: [SettingKey: [UInt8]?]
        fileprivate let changedSettings: Set<SettingKey>
        fileprivate let states: [Scope: ScopeState]
        fileprivate let changedStates: Set<Scope>
        fileprivate let known: Set<EntityKey>
        fileprivate let leafChanges: [DigestLeaf: ScopeDigest]
        fileprivate let entries: [JournalEntry]
    }

    /// Writes what was held back; the last thing before the commit.
    func flush() throws {
        for key in changedSettings {
            if let value = settings[key] ?? nil {
                try database.run(
                    """
                    INSERT INTO setting (key, value) VALUES (?, \(Self.blob))
                    ON CONFLICT (key) DO UPDATE SET value = excluded.value
                    """,
                    [key.text, Data(value)]
                )
            } else {
                try database.run("DELETE FROM setting WHERE key = ?", [key.text])
            }
        }
        for scope in changedStates {
            guard let state = states[scope] else { continue }
            try database.run(
                "UPDATE scope SET head = ?, digest = ? WHERE site = ? AND area = ?",
                [state.head.stored, state.digest.sum.data] + scope.arguments
            )
        }
        try flushLeaves()
        changedSettings = []
        changedStates = []
    }

    private func flushLeaves() throws {
        for (leaf, change) in leafChanges where change != ScopeDigest() {
            var sum = try storedSum(of: leaf)
            sum.add(change)
            try store(sum, of: leaf)
        }
        leafChanges = [:]
    }

    private func store(_ sum: ScopeDigest, of leaf: DigestLeaf) throws {
        let name = leaf.scope.arguments + [leaf.kind, leaf.bucket]
        guard sum != ScopeDigest() else {
            return try database.run(
                "DELETE FROM leaf WHERE site = ? AND area = ? AND kind = ? AND bucket = ?",
                name
            )
        }
        try database.run(
            """
            INSERT INTO leaf (site, area, kind, bucket, sum) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET sum = excluded.sum
            """,
            name + [sum.sum.data]
        )
    }

    /// A bound blob that may be empty: GRDB hands SQLite a null pointer for one, which is NULL.
    static let blob = "coalesce(?, x'')"

    // MARK: - Settings

    override func setting(_ key: SettingKey) throws -> [UInt8]? {
        if let held = settings[key] { return held }
        let value = try super.setting(key)
        settings[key] = .some(value)
        return value
    }

    func set(_ key: SettingKey, to value: [UInt8]?) throws {
        settings[key] = .some(value)
        changedSettings.insert(key)
        if journals, KeptSetting.isKept(key) { entries.append(.setting(key.text, value)) }
    }

    // MARK: - Scopes and entities

    override func state(of scope: Scope) throws -> ScopeState? {
        if let held = states[scope] { return held }
        let state = try super.state(of: scope)
        states[scope] = state
        return state
    }

    private func change(_ scope: Scope, _ change: (inout ScopeState) -> Void) throws {
        var state = try state(of: scope) ?? ScopeState()
        change(&state)
        states[scope] = state
        changedStates.insert(scope)
    }

    func raiseHead(of scope: Scope, to position: UInt64) throws {
        guard position > (try head(of: scope)) else { return }
        try change(scope) { $0.head = position }
    }

    func know(_ entity: EntityKey) throws {
        guard known.insert(entity).inserted else { return }
        if try state(of: entity.scope) == nil {
            try database.run(
                "INSERT INTO scope (site, area) VALUES (?, ?)",
                entity.scope.arguments
            )
            states[entity.scope] = ScopeState()
        }
        try hot(.entity).run { $0.add(entity) }
    }

    // MARK: - Log

    func append(_ logged: LoggedOperation) throws {
        let operation = logged.operation
        try know(operation.entity)
        try hot(.append).run {
            $0.add(operation.entity)
            $0.add(operation.id)
            $0.add(operation.hash)
            $0.add(operation.reading.wall.milliseconds)
            $0.add(operation.author)
            $0.add(operation.type)
            $0.add(logged.judgement)
            $0.add((logged.acknowledged?.rawValue).map(Int64.init))
            $0.add(logged.answer)
            $0.add(Int64(logged.lane.rawValue))
            $0.add(operation.bytes)
        }
        if journals, try setting(Setting.replica) == operation.id.replica.bytes {
            entries.append(.operation(operation.bytes, logged.lane))
        }
        if let judgement = logged.judgement {
            try raiseHead(of: operation.scope, to: judgement.position)
        }
    }

    func letGo(_ id: OperationID) throws {
        try database.run(
            "DELETE FROM operation WHERE replica = ? AND incarnation = ? AND sequence = ?",
            id.arguments
        )
        precondition(database.changesCount == 1, "no operation \(id)")
        try set(Self.emptyPlaces, to: (try integer(Self.emptyPlaces) ?? 0) + 1)
    }

    /// How many places of the log are empty, since what was there was let go.
    static let emptyPlaces = SettingKey("ledger.empty_places")

    func judge(_ id: OperationID, _ judgement: Judgement?) throws {
        let scopes = try hot(.judge).all(
            {
                $0.add(judgement)
                $0.add(id)
            },
            { Scope(site: $0.text(0), area: $0.text(1)) }
        )
        guard let scope = scopes.first else { preconditionFailure("no operation \(id)") }
        if let judgement { try raiseHead(of: scope, to: judgement.position) }
    }

    func acknowledge(_ id: OperationID, _ verdict: Verdict?, _ reason: String) throws {
        try hot(.acknowledge).run {
            $0.add((verdict?.rawValue).map(Int64.init))
            $0.add(verdict == nil ? "" : reason)
            $0.add(id)
        }
    }

    func replace(_ logged: LoggedOperation) throws {
        let operation = logged.operation
        try know(operation.entity)
        let update = try Prepared(
            """
            UPDATE operation
            SET site = ?, area = ?, kind = ?, entity = ?, hash = ?, wall = ?, author = ?, type = ?,
                position = ?, verdict = ?, reason = ?, effective = ?, stamp = ?, unsure = ?,
                seen = ?, acknowledged = ?, answer = ?, bytes = ?
            WHERE replica = ? AND incarnation = ? AND sequence = ?
            """,
            database
        )
        try update.run {
            $0.add(operation.entity)
            $0.add(operation.hash)
            $0.add(operation.reading.wall.milliseconds)
            $0.add(operation.author)
            $0.add(operation.type)
            $0.add(logged.judgement)
            $0.add((logged.acknowledged?.rawValue).map(Int64.init))
            $0.add(logged.answer)
            $0.add(operation.bytes)
            $0.add(operation.id)
        }
        if let judgement = logged.judgement {
            try raiseHead(of: operation.scope, to: judgement.position)
        }
    }

    func forgetJudgements(of scope: Scope, acknowledgements: Bool) throws {
        try database.run(
            """
            UPDATE operation
            SET position = NULL, verdict = NULL, reason = NULL, effective = NULL, stamp = NULL,
                unsure = NULL, seen = NULL
            WHERE site = ? AND area = ? AND position IS NOT NULL
            """,
            scope.arguments
        )
        if acknowledgements {
            try database.run(
                """
                UPDATE operation SET acknowledged = NULL, answer = ''
                WHERE site = ? AND area = ? AND acknowledged IS NOT NULL
                """,
                scope.arguments
            )
        }
        if try state(of: scope) != nil { try change(scope) { $0.head = 0 } }
    }

    // MARK: - Cells

    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) throws {
        try know(entity)
        let old = try cell(key, of: entity)
        guard old != value else { return }
        try hot(value == nil ? .dropCell : .putCell).run {
            $0.add(entity)
            $0.add(key.bytes)
            if let value { $0.add(value) }
        }
        var difference = ScopeDigest()
        difference.replace(key, of: entity, from: old, to: value)
        try add(difference, to: DigestLeaf(of: entity))
    }

    func add(_ difference: ScopeDigest, to leaf: DigestLeaf) throws {
        leafChanges[leaf, default: ScopeDigest()].add(difference)
        try change(leaf.scope) { $0.digest.add(difference) }
    }

    func clearCells(of entity: EntityKey) throws {
        var difference = ScopeDigest()
        let rows = try database.all(
            """
            SELECT key, value FROM cell
            WHERE site = ? AND area = ? AND kind = ? AND entity = ?
            """,
            entity.arguments
        ) { (try $0.requiredBytes(0), try $0.requiredBytes(1)) }
        guard !rows.isEmpty else { return }
        for (key, value) in rows {
            var sum = ScopeDigest()
            sum.add(key, of: entity, value)
            difference.subtract(sum)
        }
        try database.run(
            "DELETE FROM cell WHERE site = ? AND area = ? AND kind = ? AND entity = ?",
            entity.arguments
        )
        try add(difference, to: DigestLeaf(of: entity))
    }

    func clearCells(of scope: Scope) throws {
        try database.run("DELETE FROM cell WHERE site = ? AND area = ?", scope.arguments)
        try database.run("DELETE FROM leaf WHERE site = ? AND area = ?", scope.arguments)
        leafChanges = leafChanges.filter { $0.key.scope != scope }
        if try state(of: scope) != nil { try change(scope) { $0.digest = ScopeDigest() } }
    }

    // MARK: - Digest tree

    override func eachLeaf(
        of scope: Scope,
        in buckets: ClosedRange<UInt16>,
        _ visit: (UInt16, ScopeDigest) throws -> Void
    ) throws {
        try flushLeaves()
        try super.eachLeaf(of: scope, in: buckets, visit)
    }

    override func scrub(
        _ scope: Scope,
        after leaf: DigestLeaf?,
        cellCount: Int
    ) throws -> ScrubSlice {
        try flushLeaves()
        return try super.scrub(scope, after: leaf, cellCount: cellCount)
    }

    func settle(_ leaf: DigestLeaf) throws {
        try flushLeaves()
        var sum = ScopeDigest()
        var entities: Set<EntityKey> = []
        try eachRow(of: leaf) { entity, key, value in
            sum.add(key, of: entity, value)
            entities.insert(entity)
        }
        // Those that this transaction has put there may be what is missing.
        known.subtract(entities)
        for entity in entities.sorted() { try know(entity) }
        var difference = sum
        difference.subtract(try storedSum(of: leaf))
        try store(sum, of: leaf)
        try change(leaf.scope) { $0.digest.add(difference) }
    }

    func settleRoot(of scope: Scope) throws {
        var sum = ScopeDigest()
        try eachLeaf(of: scope, in: DigestRange.root.buckets) { sum.add($1) }
        try change(scope) { $0.digest = sum }
    }

    // MARK: - Outbox

    func enqueue(_ message: OutboxMessage) throws {
        let entity = message.entity
        try database.run(
            """
            INSERT INTO outbox (site, area, key, topic, kind, entity, payload)
            VALUES (?, ?, ?, ?, ?, ?, \(Self.blob))
            ON CONFLICT (key) DO NOTHING
            """,
            [
                entity.scope.site, entity.scope.area, message.key.data, message.topic, entity.kind,
                entity.id.data, Data(message.payload),
            ]
        )
    }

    func delivered(_ key: Identifier) throws {
        try database.run("UPDATE outbox SET delivered = 1 WHERE key = ?", [key.data])
    }
}
