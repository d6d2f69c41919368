import Sync
import Tally

/// The raw limit for a bench: the same rows, into a table of the same form with the same keys,
/// through libpq with nothing else around them.
package final class RawOperations {
    private let connection: Connection

    /// Makes the table, empty, beside the hub's.
    ///
    /// - Parameter address: a hub's database.
    /// - Throws: what the server answers.
    package init(_ address: DatabaseAddress) throws {
        connection = try Connection(address)
        try connection.script(
            """
            DROP TABLE IF EXISTS raw_operation;
            CREATE TABLE raw_operation (LIKE operation INCLUDING ALL)
            """
        )
    }

    /// Inserts rows in one durable transaction.
    ///
    /// - Parameters:
    ///   - rows: of one scope.
    ///   - first: the ordinal of the first.
    /// - Throws: what the server answers.
    package func insert(_ rows: [LoggedOperation], from first: UInt64) throws {
        guard let scope = rows.first?.operation.scope else { return }
        let stored = rows.enumerated().map { index, logged in
            StoredOperation(ordinal: first + UInt64(index), logged: logged)
        }
        let statement = HeldChanges.insertion(of: stored, into: scope)
        let sql = statement.sql.replacing(
            "INSERT INTO operation",
            with: "INSERT INTO raw_operation"
        )
        try connection.script("BEGIN")
        try connection.run(sql, statement.values)
        try connection.script("COMMIT")
    }

    /// Takes the table away.
    ///
    /// - Throws: what the server answers.
    package func drop() throws { try connection.script("DROP TABLE raw_operation") }
}
