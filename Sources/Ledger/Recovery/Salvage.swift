import Foundation
import GRDB
import Sync
import Tally

/// What can still be read of a damaged database: who the replica is, and its own operations.
///
/// Row by row, past those that cannot be read; an operation counts only when its bytes have the
/// hash that stands beside them.
struct Salvage {
    /// The most rows that are looked at, newest first.
    private static let rowCountMax: Int64 = 500_000

    private(set) var settings: [String: [UInt8]] = [:]
    /// In the order recorded.
    private(set) var operations: [Sync.Operation] = []

    /// Nothing.
    init() {}

    /// Reads what can be read of a file; nothing when it cannot be opened.
    init(_ path: String) {
        var configuration = Configuration()
        configuration.label = "ledger.salvage"
        configuration.readonly = true
        guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else {
            return  // best effort: whatever is found is more than was known
        }
        queue.inDatabase { database in
            readSettings(database)
            readOperations(database)
        }
        try? queue.close()  // nothing was written
    }

    private mutating func readSettings(_ database: Database) {
        let enrolment = SettingKey("sync.enrolment")
        for key in [Setting.privateKey, Setting.replica, Setting.epoch, enrolment] {
            let value = try? LedgerReading(database).setting(key)  // nil: unreadable or not there
            if let value { settings[key.text] = value }
        }
        // The id follows from the key, so a damaged one is not believed.
        if let key = settings[Setting.privateKey.text] {
            if let replica = try? Replica(privateKey: key) {
                if let id = settings[Setting.replica.text], id != replica.id.bytes {
                    settings[Setting.privateKey.text] = nil
                }
            } else {
                settings[Setting.privateKey.text] = nil
            }
        }
    }

    private mutating func readOperations(_ database: Database) {
        let last = try? Int64.fetchOne(database, sql: "SELECT max(ordinal) FROM operation")
        guard let last else { return }
        var found: [Sync.Operation] = []
        for ordinal in stride(from: last, to: max(0, last - Self.rowCountMax), by: -1) {
            // Nil: a row that cannot be read.
            let operation = try? database.first(
                "SELECT bytes, hash FROM operation WHERE ordinal = ?",
                [ordinal]
            ) { row -> Sync.Operation? in
                let operation = try Sync.Operation(bytes: try row.requiredBytes(0))
                return try row.identifier(1) == operation.hash ? operation : nil
            }
            if let operation = operation ?? nil { found.append(operation) }
        }
        operations = found.reversed()
    }
}
