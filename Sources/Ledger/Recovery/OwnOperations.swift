import Foundation
import GRDB
import Sync
import Tally

/// What a database holds of what its replica made itself.
struct OwnOperations {
    /// How long the second journal keeps what the hub has stored, in milliseconds: 30 days.
    static let keptMilliseconds: Int64 = 30 * 86_400_000
    /// Before an incarnation (as SQLite writes it): the setting of the last one that was let go.
    static let letGoPrefix = "ledger.let_go."

    private let database: Database
    private let reading: LedgerReading
    /// Nil for a new store.
    let replica: Identifier?
    /// The ids under which this terminal ever recorded, the present one last.
    let identities: [Identifier]

    init(_ database: Database) throws {
        self.database = database
        reading = LedgerReading(database)
        replica = try reading.setting(Setting.replica).flatMap { Identifier(bytes: $0) }
        let keys = try reading.setting(Setting.formerKeys) ?? []
        let formers = try stride(from: 0, to: keys.count, by: 32).map {
            try Replica(privateKey: Array(keys[$0..<min($0 + 32, keys.count)])).id
        }
        identities = formers + [replica].compactMap { $0 }
    }

    /// The operations that the second journal has to have: those that the hub has not
    /// acknowledged.
    func needed() throws -> [JournalEntry] {
        try identities.flatMap { replica in
            try database.all(
                """
                SELECT bytes, lane FROM operation INDEXED BY operation_unsent
                WHERE replica = ? AND position IS NULL AND acknowledged IS NULL
                ORDER BY ordinal
                """,
                [replica.data]
            ) { try Self.entry($0) }
        }
    }

    /// The names of those.
    func neededNames() throws -> [OperationID] {
        var names: [OperationID] = []
        for case .operation(let bytes, _) in try needed() {
            names.append(try Sync.Operation(bytes: bytes).id)
        }
        return names
    }

    private static func entry(_ row: Row) throws -> JournalEntry {
        .operation(try row.requiredBytes(0), Lane(rawValue: row[1]) ?? .edits)
    }

    /// The operations that a journal should have and does not, in the order stored.
    func unjournaled(_ content: JournalContent, now: Moment) throws -> [JournalEntry] {
        let limit = now.adding(milliseconds: -Self.keptMilliseconds).milliseconds
        let lacking = try identities.flatMap { try unjournaled(of: $0, content) }.sorted()
        return try lacking.compactMap { ordinal in
            try database.first(
                """
                SELECT bytes, lane FROM operation
                WHERE ordinal = ? AND (acknowledged IS NULL AND position IS NULL OR wall >= ?)
                """,
                [ordinal, limit]
            ) { try Self.entry($0) }
        }
    }

    private func unjournaled(
        of replica: Identifier,
        _ content: JournalContent
    ) throws -> [Int64] {
        let rows = try database.all(
            """
            SELECT ordinal, incarnation, sequence FROM operation INDEXED BY operation_name
            WHERE replica = ?
            """,
            [replica.data]
        ) { row in
            let id = OperationID(
                replica: replica,
                incarnation: row.unsigned(1),
                sequence: row.unsigned(2)
            )
            return (ordinal: row[0] as Int64, id: id)
        }
        return rows.filter { !content.holds($0.id) }.map(\.ordinal)
    }

    /// The operation to which the replica's next one of a lane links; nil when it made none.
    func last(_ lane: Lane) throws -> Sync.Operation? {
        guard let replica, let hash = try reading.setting(Setting.lastHash(lane)) else {
            return nil
        }
        return try database.first(
            "SELECT bytes FROM operation WHERE replica = ? AND hash = ?",
            [replica.data, Data(hash)]
        ) { try Sync.Operation(bytes: try $0.requiredBytes(0)) }
    }

    /// The bytes of an operation as they are stored; nil when it is not here.
    func stored(_ id: OperationID) throws -> [UInt8]? {
        try database.first(
            """
            SELECT bytes FROM operation WHERE replica = ? AND incarnation = ? AND sequence = ?
            """,
            id.arguments
        ) { try $0.requiredBytes(0) }
    }

    /// Whether an operation was made here, under whatever identity; all of a new store's were.
    func isOwn(_ logged: LoggedOperation) -> Bool {
        identities.isEmpty || identities.contains(logged.operation.id.replica)
    }

    /// Whether an operation was here and let go, since it is safe elsewhere.
    func wasLetGo(_ id: OperationID) throws -> Bool {
        let key = SettingKey(Self.letGoPrefix + String(id.incarnation.stored))
        guard let text = try reading.setting(key),
            let last = Int64(String(decoding: text, as: UTF8.self))
        else { return false }
        return id.sequence.stored <= last
    }
}

extension LedgerStore {
    /// Lets the second journal's old files go: those of which the hub has stored everything for
    /// ``OwnOperations/keptMilliseconds``, or the database has let it go.
    ///
    /// - Returns: how many files went.
    @discardableResult
    public func trimJournal() throws -> Int {
        guard let journal else { return 0 }
        let limit = options.now().adding(milliseconds: -OwnOperations.keptMilliseconds)
        return try pool.read { database in
            let own = try OwnOperations(database)
            let reading = LedgerReading(database)
            return try journal.trim { operation in
                if let logged = try reading.operation(operation.id) {
                    let isStored = logged.acknowledged != nil || logged.judgement != nil
                    return isStored && operation.reading.wall < limit
                }
                return try own.wasLetGo(operation.id)
            }
        }
    }
}
