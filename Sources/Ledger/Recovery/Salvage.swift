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
    private(set) var operations: [LoggedOperation] = []

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
        let keys = [
            Setting.privateKey, Setting.replica, Setting.formerKeys, Setting.formerEnrolments,
            Setting.successionCode, Setting.successionKey, Setting.epoch, enrolment,
        ]
        for key in keys {
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
        // A database of before there were lanes went on in one chain, which is the first lane's.
        let hasLanes = (try? database.columns(in: "operation"))?.contains { $0.name == "lane" }
        let lane = hasLanes == true ? "lane" : "0"
        var found: [LoggedOperation] = []
        for ordinal in stride(from: last, to: max(0, last - Self.rowCountMax), by: -1) {
            // Nil: a row that cannot be read.
            let operation = try? database.first(
                "SELECT bytes, hash, \(lane) FROM operation WHERE ordinal = ?",
                [ordinal]
            ) { row -> LoggedOperation? in
                let operation = try Sync.Operation(bytes: try row.requiredBytes(0))
                let lane = Lane(rawValue: row[2]) ?? .edits
                return try row.identifier(1) == operation.hash
                    ? LoggedOperation(operation: operation, judgement: nil, lane: lane) : nil
            }
            if let operation = operation ?? nil { found.append(operation) }
        }
        operations = found.reversed()
    }
}
