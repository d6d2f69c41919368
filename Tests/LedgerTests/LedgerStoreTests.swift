import Foundation
import GRDB
import PortSuites
import Sync
import Tally
import Testing

import Ledger

@Suite struct LedgerStoreTests {
    @Test(arguments: ReplicaStoreSuite.behaviours)
    func `the ledger keeps the port's promises`(
        _ behaviour: ReplicaStoreSuite.Behaviour
    ) throws {
        try Fixture.with { try behaviour.check($0.open()) }
    }

    @Test(arguments: ReplicaStoreSuite.behaviours)
    func `the store in memory keeps the port's promises`(
        _ behaviour: ReplicaStoreSuite.Behaviour
    ) throws {
        try behaviour.check(MemoryStore())
    }

    @Test(arguments: seedBase..<seedBase + 20)
    func `the ledger answers as the store in memory does`(_ seed: UInt64) throws {
        try Fixture.with { fixture in
            var model = try ReplicaStoreModel(
                seed: seed,
                reference: MemoryStore(),
                subject: try fixture.open()
            )
            do {
                try model.run(transactions: 40)
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }

    @Test func `a write waits for the disk`() throws {
        try Fixture.with { fixture in
            let store = try fixture.open()
            #expect(try store.synchronous() == 2)
            let mode = try store.pool.writeWithoutTransaction {
                try String.fetchOne($0, sql: "PRAGMA journal_mode")
            }
            #expect(mode == "wal")
        }
    }

    @Test func `what was written is there after a cut of the power`() throws {
        try Fixture.with { fixture in
            let store = try fixture.open()
            var bench = try Workbench(seed: 1, at: store)
            var operations: [Sync.Operation] = []
            for number in 1...20 {
                let drafts = [Workbench.counted(Workbench.receipt(number))]
                operations += try bench.record(drafts, in: store)
            }
            // The copy is made in the middle of a transaction, and nothing is closed.
            try store.write { transaction in
                _ = try bench.terminal.record(
                    [Workbench.counted(Workbench.receipt(21))],
                    by: "W1",
                    reading: bench.reading(),
                    dice: &bench.dice,
                    in: transaction
                )
                try fixture.copyFiles(of: "data", to: "copy")
            }
            let copy = try fixture.open("copy")
            let log = try copy.read { try $0.log(offset: 0, limit: 100) }
            #expect(log.map(\.operation) == operations)
            #expect(try copy.verify(Workbench.reducer).isSound)
        }
    }

    @Test func `a full disk refuses what is to be recorded and keeps what was`() throws {
        try Fixture.with { fixture in
            let store = try fixture.open()
            var bench = try Workbench(seed: 1, at: store)
            let receipt = Workbench.receipt(1)
            let saved = try bench.record([Workbench.counted(receipt)], in: store)
            try store.pool.writeWithoutTransaction {
                // SQLite refuses to grow the file past this, as it does on a full disk.
                _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = 1")
            }
            let large = String(repeating: "x", count: 100_000)
            #expect(throws: LedgerError.diskFull(fixture.path("data/tallyman.sqlite"))) {
                try bench.record([Workbench.counted(receipt, large)], in: store)
            }
            let log = try store.read { try $0.log(offset: 0, limit: 9) }
            #expect(log.map(\.operation) == saved)
            #expect(try store.verify(Workbench.reducer).isSound)
        }
    }

    @Test func `handlers read and write without holding a thread`() async throws {
        try await Fixture.with { fixture in
            let store: any AsyncReplicaStore = try fixture.open()
            let key = SettingKey("place")
            await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        try await store.write { transaction in
                            let count = try transaction.setting(key)?.first ?? 0
                            try transaction.set(key, to: [count + 1])
                            try transaction.set(SettingKey("own \(number)"), to: [1])
                        }
                    }
                }
            }
            let count = try await store.read { try $0.setting(key) }
            #expect(count == [50])
        }
    }

    @Test func `reads go on beside a write and see the state before it`() throws {
        try Fixture.with { fixture in
            let store = try fixture.open()
            let key = SettingKey("place")
            try store.write { try $0.set(key, to: [1]) }
            try store.write { transaction in
                try transaction.set(key, to: [2])
                #expect(try store.read { try $0.setting(key) } == [1])
            }
            #expect(try store.read { try $0.setting(key) } == [2])
        }
    }

    @Test func `a new database has the newest schema, and every table is strict`() throws {
        try Fixture.with { fixture in
            let store = try fixture.open()
            let (version, loose, tables) = try store.pool.read { database in
                (
                    try Int.fetchOne(database, sql: "PRAGMA user_version"),
                    try String.fetchAll(
                        database,
                        sql: """
                            SELECT name FROM pragma_table_list
                            WHERE schema = 'main' AND name NOT LIKE 'sqlite%' AND strict = 0
                            """
                    ),
                    try String.fetchAll(
                        database,
                        sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
                    )
                )
            }
            #expect(version == Migration.known)
            #expect(loose.isEmpty)
            let known: Set = [
                "cell", "chain", "entity", "leaf", "operation", "outbox", "piece", "print_job",
                "printer", "quarantine", "scope", "setting",
            ]
            #expect(known.isSubset(of: tables))
            let numbers = Migration.all.map(\.number)
            #expect(numbers.first == 1)
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test func `opening again changes nothing`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let before = try fixture.open("one").read(PortAnswers.init)
            let after = try fixture.open("one").read(PortAnswers.init)
            #expect(after.difference(from: before) == nil)
        }
    }

    @Test func `no query of the port reads a whole table`() throws {
        try Fixture.with { fixture in
            let store = try fixture.open()
            var statements: [String] = []
            store.pool.writeWithoutTransaction { database in
                database.trace { statements.append($0.expandedDescription) }
            }
            var bench = try Workbench(seed: 1, at: store)
            let receipt = Workbench.receipt(1)
            let operation = try bench.record([Workbench.counted(receipt)], in: store)[0]
            try store.write {
                try $0.judge(operation.id, Workbench.judgement(1))
                try $0.setCell(.stage, of: receipt, to: [1])
                _ = try PortAnswers($0)
            }
            let plans = try store.pool.writeWithoutTransaction { database in
                database.trace(options: [])
                return try statements.filter { $0.hasPrefix("SELECT") || $0.hasPrefix("UPDATE") }
                    .flatMap { sql in
                        try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(sql)")
                            .map { "\($0["detail"] as String): \(sql)" }
                    }
            }
            // Scopes are few, and the queues' indexes hold only what is still to be done.
            let allowed = ["SCAN scope", "operation_waiting", "outbox_queue"]
            let scans = plans.filter { plan in
                plan.hasPrefix("SCAN") && !allowed.contains { plan.contains($0) }
                    || plan.contains("TEMP B-TREE")
            }
            #expect(!plans.isEmpty)
            #expect(scans.isEmpty)
        }
    }
}
