import Foundation
import LedgerPostgres
import PortSuites
import Sync
import Tally
import Testing

/// What several stores on one database do to each other.
@Suite(.serialized) struct SharingTests {
    private static let dock = Workbench.dock

    private static func counted(_ number: Int, seed: UInt64) throws -> Sync.Operation {
        try Workbench.foreign(seed: seed, [Workbench.counted(Workbench.receipt(number))])[0]
    }

    /// Appends an operation behind the last one, as a hub does.
    private static func append(
        _ operation: Sync.Operation,
        in transaction: any ReplicaTransaction
    ) throws {
        let position = try transaction.head(of: dock) + 1
        try transaction.append(
            LoggedOperation(operation: operation, judgement: Workbench.judgement(position))
        )
    }

    @Test func `a cursor skips nothing while a transaction is held open`() throws {
        try PostgresServer.withDatabase { server, database in
            let address = try DatabaseAddress(server.address(database))
            let stores = try (0..<3).map { _ in try PostgresStore(address) }
            defer { for store in stores { store.close() } }
            let (early, late) = (try Self.counted(1, seed: 1), try Self.counted(2, seed: 2))
            let (isHeld, mayGo) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let failures = Shared<[String]>([])
            let isOver = DispatchGroup()
            func inBackground(_ work: @escaping @Sendable () throws -> Void) {
                isOver.enter()
                Thread.detachNewThread {
                    do { try work() } catch { failures.withLock { $0.append("\(error)") } }
                    isOver.leave()
                }
            }
            inBackground {
                try stores[0].write { transaction in
                    try Self.append(early, in: transaction)
                    // It is at the server now, and nobody else may see it.
                    let own = try transaction.stream(Self.dock, after: 0, limit: 9)
                    if own.count != 1 { throw ServerFailure("own row not seen") }
                    isHeld.signal()
                    mayGo.wait()
                }
            }
            isHeld.wait()
            inBackground { try stores[1].write { try Self.append(late, in: $0) } }
            // The later one comes to wait for the lock.
            var waiting = "0"
            while waiting == "0" {
                waiting = try server.query(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
                    in: database
                )
            }
            // Nothing is there before the first is: no cursor goes past it.
            let before = try stores[2].read {
                (try $0.head(of: Self.dock), try $0.stream(Self.dock, after: 0, limit: 9).count)
            }
            #expect(before == (0, 0))
            mayGo.signal()
            isOver.wait()
            #expect(failures.withLock { $0 } == [])
            let stream = try stores[2].read { try $0.stream(Self.dock, after: 0, limit: 9) }
            #expect(stream.map(\.operation) == [early, late])
            #expect(stream.compactMap(\.judgement?.position) == [1, 2])
        }
    }

    @Test func `many writers of three stores give one order without a hole`() throws {
        try PostgresServer.withDatabase { server, database in
            let address = try DatabaseAddress(server.address(database))
            let stores = try (0..<3).map { _ in try PostgresStore(address) }
            defer { for store in stores { store.close() } }
            let operations = try (0..<3).map { writer in
                try (0..<20).map {
                    try Self.counted($0, seed: UInt64(100 * (writer + 1) + $0))
                }
            }
            let failures = Shared<[String]>([])
            let isOver = DispatchGroup()
            for writer in 0..<3 {
                isOver.enter()
                Thread.detachNewThread {
                    for operation in operations[writer] {
                        do {
                            try stores[writer].write { try Self.append(operation, in: $0) }
                        } catch {
                            failures.withLock { $0.append("\(error)") }
                        }
                    }
                    isOver.leave()
                }
            }
            // A cursor that follows sees each place in its turn.
            var cursor: UInt64 = 0
            while cursor < 60, failures.withLock({ $0.isEmpty }) {
                let page = try stores[0].read { try $0.stream(Self.dock, after: cursor, limit: 7) }
                for logged in page {
                    cursor += 1
                    #expect(logged.judgement?.position == cursor)
                }
            }
            isOver.wait()
            #expect(failures.withLock { $0 } == [])
            let log = try stores[1].read { try $0.log(offset: 0, limit: 100) }
            #expect(Set(log.map(\.operation)) == Set(operations.joined()))
            #expect(log.count == 60)
        }
    }

    @Test func `what the server undoes is run again`() throws {
        try PostgresServer.withDatabase { server, database in
            let store = try PostgresStore(DatabaseAddress(server.address(database)))
            defer { store.close() }
            // The first two tries fail at the end, each in its way.
            try server.query(
                """
                CREATE SEQUENCE tries;
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
                DECLARE number bigint := nextval('tries');
                BEGIN
                    IF number = 1 THEN RAISE EXCEPTION 'no order' USING ERRCODE = '40001'; END IF;
                    IF number = 2 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
                    IF number = 3 THEN RAISE EXCEPTION 'a circle' USING ERRCODE = '40P01'; END IF;
                    RETURN NULL;
                END $$;
                CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON operation
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()
                """,
                in: database
            )
            let operation = try Self.counted(1, seed: 1)
            let runs = Shared(0)
            try store.write { transaction in
                runs.withLock { $0 += 1 }
                try Self.append(operation, in: transaction)
            }
            #expect(runs.withLock { $0 } == 4)
            let log = try store.read { try $0.log(offset: 0, limit: 9) }
            #expect(log.map(\.operation) == [operation])
            #expect(log.compactMap(\.judgement?.position) == [1])
        }
    }

    @Test func `a commit whose answer was lost is not done twice`() throws {
        try PostgresServer.withDatabase { server, database in
            let relay = try DeafRelay(to: server.folder + "/.s.PGSQL.5432")
            let address = "postgres:///\(database)?host=\(relay.folder)&user=postgres"
            let store = try PostgresStore(DatabaseAddress(address))
            defer { store.close() }
            let key = SettingKey("place")
            func increase() throws {
                try store.write { transaction in
                    let old = try transaction.setting(key)?.first ?? 0
                    try transaction.set(key, to: [old + 1])
                }
            }
            try increase()
            for expected in 2...4 as ClosedRange<UInt8> {
                relay.loseNextAnswerToCommit()
                try increase()
                let found = try store.read { try $0.setting(key) }
                #expect(found == [expected])
            }
            #expect(relay.lostCount == 3)
        }
    }

    @Test func `one that throws takes back its own changes and nobody else's`() async throws {
        let server = try PostgresServer.common()
        let store = try PostgresStore(DatabaseAddress(server.address(try server.makeDatabase())))
        defer { store.close() }
        struct Stop: Error {}
        let outcomes = await withTaskGroup(of: Bool.self, returning: [Bool].self) { group in
            for number in 0..<40 {
                group.addTask {
                    do {
                        try await store.write { transaction in
                            try transaction.set(SettingKey("n\(number)"), to: [1])
                            if number.isMultiple(of: 3) {
                                _ = try transaction.settings(under: "n")
                            }
                            if number.isMultiple(of: 2) { throw Stop() }
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 } == 20)
        let kept = try await store.read { try $0.settings(under: "n").map(\.key.text) }
        #expect(kept == (0..<40).filter { !$0.isMultiple(of: 2) }.map { "n\($0)" }.sorted())
    }

    @Test func `another process's write is heard`() async throws {
        let server = try PostgresServer.common()
        let address = try DatabaseAddress(server.address(try server.makeDatabase()))
        let (one, other) = (try PostgresStore(address), try PostgresStore(address))
        defer {
            one.close()
            other.close()
        }
        let heard = Shared(0)
        one.listen { heard.withLock { $0 += 1 } }
        // Told once when it begins to listen.
        _ = try await Wait.until("it listens") { heard.withLock { $0 } > 0 ? true : nil }
        let before = heard.withLock { $0 }
        try await other.write { try $0.set(SettingKey("place"), to: [1]) }
        _ = try await Wait.until("it hears") { heard.withLock { $0 } > before ? true : nil }
    }
}
