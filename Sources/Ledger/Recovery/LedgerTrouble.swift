import GRDB

/// Why an open store is not written any more before it was opened anew.
enum LedgerTrouble: Hashable, Sendable {
    /// The database contradicts itself or cannot be read.
    case damaged(String)
    /// The database's file is not where it was.
    case missing
    /// The write-ahead log is not where it was.
    case logMissing
    /// The disk failed.
    ///
    /// `unsynced`: at fsync(2). What it took may then not be there whatever it says afterwards,
    /// since one that failed may succeed the next time without having written anything.
    case disk(String, unsynced: Bool)

    /// Nil for an error that says nothing about the store as a whole.
    init?(_ error: any Error) {
        if let row = error as? DamagedRow {
            self = .damaged(row.what)
            return
        }
        guard let error = error as? DatabaseError else { return nil }
        let detail = error.message ?? error.resultCode.description
        switch error.resultCode.primaryResultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(detail)
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_MISUSE:
            let code = error.extendedResultCode
            let unsynced = code == .SQLITE_IOERR_FSYNC || code == .SQLITE_IOERR_DIR_FSYNC
            self = .disk("\(detail) (\(code.rawValue))", unsynced: unsynced)
        default: return nil
        }
    }
}
