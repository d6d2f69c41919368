import Foundation
import GRDB
import Sync
import Synchronization
import Tally

/// Holds a database and its second journal against one another at a start.
///
/// What the journal has and the database lacks was saved and then lost: a write-ahead log that was
/// cut or taken away leaves a database that looks sound and is older than it should be.
struct Reconciliation {
    /// Databases up to this size are looked through at every start; larger ones once a day.
    private static let checkedByteCountMax: Int64 = 16 << 20
    /// Records of the last group may be in one copy only when the power went: no damage.
    private static let torn = CommitQueue.groupCountMax
    /// Says that the database had a second journal.
    static let mark = SettingKey("ledger.journal")

    private let pool: DatabasePool
    private let content: JournalContent

    init(_ pool: DatabasePool, _ content: JournalContent) {
        self.pool = pool
        self.content = content
    }

    /// Looks for damage of the database.
    ///
    /// - Throws: ``LedgerError/unreadable(_:detail:)`` or ``LedgerDifference`` when there is.
    func check() throws {
        try LedgerError.translating(pool.path) {
            try pool.read { database in
                let size = try Int64.fetchOne(
                    database,
                    sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
                )
                if size ?? 0 <= Self.checkedByteCountMax {
                    try database.checkStructure()
                }
                let own = try OwnOperations(database)
                if let id = own.replica?.bytes, let noted = content.settings[Setting.replica.text],
                    id != noted
                {
                    throw DamagedRow(what: "the replica's id")
                }
                // A key that was made as the power went may be in the journal only.
                if own.replica == nil, !content.operations.isEmpty {
                    throw DamagedRow(what: "the replica's id is gone")
                }
                for operation in content.operations.map(\.operation) {
                    if let stored = try own.stored(operation.id), stored != operation.bytes {
                        throw DamagedRow(what: "operation \(operation.id)")
                    }
                }
            }
        }
    }

    /// Gives the database what only the journal has, and the journal what only the database has.
    ///
    /// - Returns: the damage that this shows; nil when there was none.
    func settle(
        _ journal: SecondJournal,
        now: Moment,
        isRebuilt: Bool = false
    ) throws -> StoreDamage? {
        let (damage, lacking) = try LedgerError.translating(pool.path) {
            try pool.writeWithoutTransaction { database in
                var found: (StoreDamage?, [JournalEntry]) = (nil, [])
                try database.inTransaction(.immediate) {
                    found = try settle(database, now, isRebuilt)
                    return .commit
                }
                return found
            }
        }
        try journal.append(lacking)
        return damage
    }

    private func settle(
        _ database: Database,
        _ now: Moment,
        _ isRebuilt: Bool
    ) throws -> (StoreDamage?, [JournalEntry]) {
        let transaction = LedgerTransaction(database)
        try restoreSettings(transaction)
        var lacking = try lackingSettings(transaction)
        let own = try OwnOperations(database)
        let missing = try content.operations.filter {
            try own.stored($0.operation.id) == nil && !own.wasLetGo($0.operation.id)
        }
        if !missing.isEmpty { try Recovered.add(missing.filter(own.isOwn), to: transaction) }
        let unjournaled = try own.unjournaled(content, now: now)
        lacking += unjournaled + content.inDamagedSegments
        var damage: StoreDamage?
        let hadJournal = try transaction.setting(Self.mark) != nil && !isRebuilt
        // A program that ends between the two copies has told nobody; its last group is kept.
        if hadJournal, !missing.allSatisfy({ content.lastGroup.contains($0.operation.id) }) {
            damage = StoreDamage(
                .recordsMissing,
                found: now,
                detail: "the database had lost its newest records",
                recovered: missing.count
            )
        } else if hadJournal,
            content.isDamaged || content.last == nil || unjournaled.count > Self.torn
        {
            damage = StoreDamage(
                .journal,
                found: now,
                detail: "the second journal was damaged or gone",
                recovered: unjournaled.count
            )
        }
        try transaction.set(Self.mark, to: [1])
        try transaction.flush()
        try damage?.save(database)
        return (damage, lacking)
    }

    /// What the program was told as it ended may be in the journal only.
    private func restoreSettings(_ transaction: LedgerTransaction) throws {
        for (text, value) in content.settings.sorted(by: { $0.key < $1.key }) {
            let key = SettingKey(text)
            guard KeptSetting.isKept(key), try transaction.setting(key) == nil else { continue }
            try transaction.set(key, to: value)
        }
        try transaction.flush()
    }

    /// Settings that the journal lacks or has otherwise.
    private func lackingSettings(_ reading: LedgerReading) throws -> [JournalEntry] {
        let kept = try reading.database.all("SELECT key, value FROM setting") {
            (key: $0[0] as String, value: try $0.requiredBytes(1))
        }
        return kept.filter { KeptSetting.isKept(SettingKey($0.key)) }
            .filter { content.settings[$0.key] != $0.value }
            .map { .setting($0.key, $0.value) }
    }
}

/// Operations that are brought back into a database.
enum Recovered {
    /// Adds operations of the replica to its log, unsent, and sets where its chain stands.
    ///
    /// Each lane's chain goes on from the newest of the present identity, wherever it was found.
    static func add(_ operations: [LoggedOperation], to transaction: LedgerTransaction) throws {
        for logged in operations where try transaction.operation(logged.operation.id) == nil {
            try transaction.append(logged)
        }
        // Settings are read from the database.
        try transaction.flush()
        let own = try OwnOperations(transaction.database)
        for lane in Lane.allCases {
            let found = operations.filter { $0.lane == lane }.map(\.operation)
                .filter { $0.id.replica == own.replica }
            let last = [try own.last(lane)].compactMap { $0 }
            let newest = (found + last).max { $0.stamp < $1.stamp }
            guard let newest else { continue }
            let stamp = HybridStamp(bits: try transaction.integer(Setting.stamp) ?? 0)
            try transaction.set(Setting.stamp, to: max(newest.stamp, stamp).bits)
            try transaction.set(Setting.lastHash(lane), to: newest.hash.bytes)
        }
        // Whoever goes on here mints a new incarnation.
        let count = try transaction.integer(Setting.rebuilds) ?? 0
        try transaction.set(Setting.rebuilds, to: count + 1)
    }
}

/// Whether the second journal has everything that it should; one value a store.
final class JournalHealth: Sendable {
    private let state = Mutex<String?>(nil)

    var trouble: String? { state.withLock { $0 } }

    func set(_ trouble: String?) { state.withLock { $0 = trouble } }
}
