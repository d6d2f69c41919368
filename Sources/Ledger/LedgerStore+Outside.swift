import GRDB

extension LedgerStore {
    /// A number that changes when another connection than the store's writer has written
    /// (https://www.sqlite.org/pragma.html#pragma_data_version).
    ///
    /// The lock of the folder keeps other daemons out, not whoever opens the file by hand.
    public func outsideWrites() async throws -> Int {
        do {
            return try await pool.writeWithoutTransaction {
                try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0
            }
        } catch let error as DatabaseError {
            throw LedgerError(error, path: folder.database)
        }
    }
}
