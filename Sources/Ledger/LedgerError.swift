import GRDB
import Tally

/// Why a data folder, or a file in it, cannot be used.
///
/// Nothing was changed.
public enum LedgerError: Refusal, Equatable {
    /// Another process owns the data folder.
    case folderInUse(String)
    /// The data folder cannot be made, or not be written in.
    case folderUnusable(String, detail: String)
    /// The file is no database of ours, or damaged.
    case unreadable(String, detail: String)
    /// The database was written by a newer program.
    case newer(String, version: Int, known: Int)
    /// The disk is full. What was to be recorded is not.
    case diskFull(String)
    /// The database does not wait for the disk, so "saved" would be a lie.
    case notDurable(String)
    /// A file is where a new one was to be made.
    case alreadyThere(String)
    /// A database is another replica's than the folder's.
    case foreign(String, owner: String, found: String)
    /// SQLite refused for another reason; the detail is its own text.
    case failed(String, detail: String)

    public var code: ProblemCode {
        switch self {
        case .folderInUse: "ledger.folder_in_use"
        case .folderUnusable: "ledger.folder_unusable"
        case .unreadable: "ledger.unreadable"
        case .newer: "ledger.newer"
        case .diskFull: "ledger.disk_full"
        case .notDurable: "ledger.not_durable"
        case .alreadyThere: "ledger.already_there"
        case .foreign: "ledger.foreign"
        case .failed: "ledger.failed"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .folderInUse(let folder): ["folder": folder]
        case .folderUnusable(let folder, let detail): ["folder": folder, "detail": detail]
        case .unreadable(let path, let detail): ["path": path, "detail": detail]
        case .newer(let path, let version, let known):
            ["path": path, "version": String(version), "known": String(known)]
        case .diskFull(let path), .notDurable(let path), .alreadyThere(let path): ["path": path]
        case .failed(let path, let detail): ["path": path, "detail": detail]
        case .foreign(let path, let owner, let found):
            ["path": path, "owner": owner, "found": found]
        }
    }
}

extension LedgerError {
    /// Says what SQLite's error means to whoever keeps the file at `path`.
    init(_ error: DatabaseError, path: String) {
        let detail = error.message ?? error.resultCode.description
        switch error.resultCode.primaryResultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_IOERR,
            .SQLITE_READONLY:
            self = .unreadable(path, detail: detail)
        case .SQLITE_FULL:
            self = .diskFull(path)
        default:
            self = .failed(path, detail: error.description)
        }
    }

    /// Runs `work` and throws SQLite's errors as refusals, so that nobody outside needs GRDB.
    static func translating<Value>(_ path: String, _ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as DatabaseError {
            throw LedgerError(error, path: path)
        }
    }
}
