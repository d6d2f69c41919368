import Foundation
import GRDB
import Ledger
import PortSuites
import Sync
import Tally
import Testing

/// A database that an earlier program made has, once it is opened, what one has that was made by
/// this program.
@Suite struct DatabaseUpgradeTests {
    /// A schema: the text of everything in it.
    private static func schema(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema
                ORDER BY type, name
                """
        )
    }

    /// Every row of every table, as text, without some columns.
    private static func rows(
        _ database: Database,
        except hidden: Set<String>
    ) throws -> [String: [String]] {
        var all: [String: [String]] = [:]
        let tables = try String.fetchAll(
            database,
            sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        )
        for table in tables {
            all[table] = try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"")
                .filter { !(table == "setting" && ($0["key"] as String).hasPrefix("replica.last")) }
                .map { row in
                    row.filter { !hidden.contains("\(table).\($0.0)") }
                        .map { "\($0.0)=\($0.1)" }.joined(separator: " ")
                }
                .sorted()
        }
        return all
    }

    private static func open(_ fixture: Fixture, _ name: String) throws -> DatabaseQueue {
        try FileManager.default.createDirectory(
            atPath: fixture.path(name),
            withIntermediateDirectories: true
        )
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        return try DatabaseQueue(
            path: fixture.path(name) + "/tallyman.sqlite",
            configuration: configuration
        )
    }

    /// The same rows in a database of schema 5, with settings as they were then.
    private static func downgrade(_ fixture: Fixture, _ name: String, to old: String) throws {
        let queue = try open(fixture, old)
        try queue.writeWithoutTransaction { database in
            try Migration.run(database, path: old, last: 5)
            try database.execute(
                sql: "ATTACH ? AS made",
                arguments: [fixture.path(name) + "/tallyman.sqlite"]
            )
            let tables = try String.fetchAll(
                database,
                sql: "SELECT name FROM main.sqlite_schema WHERE type = 'table'"
            )
            for table in tables {
                let columns = try database.columns(in: table).map { "\"\($0.name)\"" }
                    .joined(separator: ", ")
                try database.execute(
                    sql: """
                        INSERT INTO main."\(table)" (\(columns))
                        SELECT \(columns) FROM made."\(table)"
                        """
                )
            }
            try database.execute(
                sql: """
                    UPDATE main.setting SET key = 'replica.last_hash'
                    WHERE key LIKE 'replica.last_hash.%';
                    DETACH made;
                    """
            )
            let enrolled = try Row.fetchAll(
                database,
                sql: "SELECT key, value FROM setting WHERE key LIKE 'terminal.%'"
            )
            for row in enrolled {
                let value = row["value"] as Data
                #expect(value.suffix(2) == Data([0, 0]))
                try database.execute(
                    sql: "UPDATE setting SET value = ? WHERE key = ?",
                    arguments: [value.dropLast(2), row["key"] as String]
                )
            }
        }
        try queue.close()
    }

    @Test(arguments: Plant.names)
    func `an upgraded database is what a new one is`(_ name: String) throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture, quarantining: true)
            try fixture.tamper(name, "DELETE FROM setting WHERE key LIKE 'enrolment.%'")
            try Self.downgrade(fixture, name, to: "old")
            try Self.start(fixture, "old") { _ in }
            // What waits goes first after an upgrade; the day on which it was kept is not known.
            let hidden: Set = ["operation.lane", "quarantine.received"]
            let (made, old) = (try Self.open(fixture, name), try Self.open(fixture, "old"))
            #expect(try made.read(Self.schema) == old.read(Self.schema))
            let expected = try made.read { try Self.rows($0, except: hidden) }
            let found = try old.read { try Self.rows($0, except: hidden) }
            for table in expected.keys.sorted() { #expect(found[table] == expected[table]) }
            #expect(found.count == expected.count)
            let isHub = name == "hub"
            #expect((expected["chain"]?.count ?? 0) == (isHub ? 2 : 0))
            #expect((expected["quarantine"]?.count ?? 0) == (isHub ? 1 : 0))
            try made.close()
            try old.close()
            try Self.start(fixture, "old") { store in
                #expect(try store.verify(Workbench.reducer).difference == nil)
                let last = try store.read { try $0.setting(Setting.lastHash(.safety)) }
                #expect(last?.count == 16)
            }
        }
    }

    /// Opens a database for a while; the folder is free when this returns.
    private static func start(
        _ fixture: Fixture,
        _ name: String,
        _ body: (LedgerStore) throws -> Void
    ) throws {
        let store = try fixture.open(name)
        try body(store)
        try store.close()
    }
}
