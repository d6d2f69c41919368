/// One step of the schema: SQL text, never changed once released, only followed by others.
package struct Migration: Sendable {
    /// From 1 up.
    package let number: Int
    let sql: String

    /// All of them, in order.
    package static let all: [Migration] = [.first, .deliveries]

    /// The newest schema that this program knows.
    package static var known: Int { all.last?.number ?? 0 }

    /// Brings a database up to date, in one transaction, while other hubs may be at work: they wait
    /// for it, and those that do not know the new schema then refuse to go on.
    ///
    /// - Parameters:
    ///   - connection: outside a transaction.
    ///   - database: what errors name.
    /// - Throws: ``PostgresRefusal`` when the database is newer, or holds something else;
    ///   ``ServerError``.
    static func run(_ connection: Connection, _ database: String) throws {
        if try version(connection, database) == known { return }
        try connection.script("BEGIN")
        do {
            // Of several that start at once, one makes the schema.
            try connection.script("SELECT pg_advisory_xact_lock(\(lockNumber))")
            let version = try version(connection, database)
            if version > 0 {
                try connection.script("SELECT schema FROM hub WHERE site = '' FOR UPDATE")
            }
            for migration in all where migration.number > version {
                try connection.script(migration.sql)
                try connection.script(
                    """
                    INSERT INTO migration (site, number) VALUES ('', \(migration.number));
                    UPDATE hub SET schema = \(migration.number) WHERE site = ''
                    """
                )
            }
            try connection.script("COMMIT")
        } catch {
            _ = try? connection.script("ROLLBACK")  // the connection may be gone
            throw error
        }
    }

    /// `TALY` in ASCII.
    private static let lockNumber = 0x5441_4C59

    /// The version of a database that is ours, or 0 of an empty one.
    ///
    /// - Throws: ``PostgresRefusal/newer(_:version:known:)``,
    ///   ``PostgresRefusal/foreign(_:detail:)``.
    @discardableResult
    static func version(_ connection: Connection, _ database: String) throws -> Int {
        let tables = try connection.run(
            """
            SELECT relname::text FROM pg_class
            WHERE relnamespace = (SELECT current_schema()::regnamespace) AND relkind IN ('r', 'p')
            """
        ).map { try $0.text(0) }
        if tables.isEmpty { return 0 }
        guard Set(tables).isSuperset(of: ["hub", "migration", "setting", "operation"]) else {
            let some = tables.sorted().prefix(3).joined(separator: ", ")
            throw PostgresRefusal.foreign(database, detail: some)
        }
        let version = try connection.run(
            "SELECT coalesce(max(number), 0)::bigint FROM migration WHERE site = ''"
        ).first { Int(try $0.requiredInteger(0)) }
        guard let version, version > 0 else {
            throw PostgresRefusal.foreign(database, detail: "migration")
        }
        guard version <= known else {
            throw PostgresRefusal.newer(database, version: version, known: known)
        }
        return version
    }
}
