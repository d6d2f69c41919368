import Foundation
import LedgerPostgres
import PortSuites
import Sync
import Tally
import Testing

/// Keys and plans, for a database that is distributed by site; and what is no database of ours.
@Suite(.serialized) struct SchemaTests {
    private static func withStore<Result>(
        _ body: (PostgresStore, PostgresServer, String) throws -> Result
    ) throws -> Result {
        try PostgresServer.withDatabase { server, database in
            let store = try PostgresStore(DatabaseAddress(server.address(database)))
            defer { store.close() }
            return try body(store, server, database)
        }
    }

    @Test func `every key and index leads with the site`() throws {
        try Self.withStore { _, server, database in
            let lines = try server.query(
                """
                SELECT c.relname, i.indexrelid::regclass, a.attname
                FROM pg_class c
                LEFT JOIN pg_index i ON i.indrelid = c.oid
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
                """,
                in: database
            ).split(separator: "\n")
            #expect(lines.count > 25)
            for line in lines { #expect(line.hasSuffix("|site"), "\(line)") }
            let columns = try server.query(
                """
                SELECT count(*) FROM pg_class c
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'site' AND a.attnum = 1
                WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
                """,
                in: database
            )
            #expect(Int(columns) == Set(lines.map { $0.prefix { $0 != "|" } }).count)
        }
    }

    @Test func `every statement is about one site, and has its index`() async throws {
        let server = try PostgresServer.common()
        let database = try server.makeDatabase()
        let store = try PostgresStore(DatabaseAddress(server.address(database)))
        defer { store.close() }
        try Self.useAll(of: store)
        try await Self.useQueue(of: store)
        let statements = store.statements.union(try Self.photoStatements(store)).filter {
            !$0.contains("pg_class") && !$0.contains("current_setting")
                && !$0.contains("pg_notify")
        }
        #expect(statements.count > 60, "\(statements.count)")
        #expect(statements.contains { $0.contains("outbox_delivery e") })
        for statement in statements.sorted() {
            let faults = try Self.faults(in: statement, server, database)
            #expect(faults == [], "\(statement)")
        }
    }

    @Test func `a plan that goes over sites is found`() throws {
        try Self.withStore { _, server, database in
            let wide = "SELECT area FROM scope WHERE area = $1"
            let whole = "SELECT count(*) FROM operation"
            let right = "SELECT area FROM scope WHERE site = $1"
            let filtered = """
                SELECT one.kind FROM leaf one JOIN leaf other ON one.sum < other.sum
                WHERE one.site = $1 AND other.site = $1
                """
            let counts = try [wide, whole, right, filtered].map {
                try Self.faults(in: $0, server, database).count
            }
            #expect(counts == [1, 1, 0, 1])
        }
    }

    /// Has it prepare what it has for deliveries.
    private static func useQueue(of store: PostgresStore) async throws {
        let queue = PostgresOutboxQueue(in: store)
        let now = Moment(milliseconds: 1_790_000_000_000)
        let message = OutboxMessage(
            key: .derived("told", "plans"),
            topic: "receipt",
            entity: Workbench.receipt(1),
            payload: [1]
        )
        try await store.write { try $0.enqueue(message) }
        let order = OutboxOrder(key: message.key, site: "S1", targets: ["erp"])
        try await queue.add([order], now: now)
        let terms = LeaseTerms(
            target: "erp",
            rate: RateLimit(count: 60, periodMilliseconds: 60_000)
        )
        var moment = now
        for result: OutboxOutcome.Result in [
            .again(due: now, error: "outbox.busy", detail: ""),
            .dead(error: "outbox.refused", detail: ""), .delivered(number: "E1"),
        ] {
            moment = moment.adding(milliseconds: 2_000)
            let taken = try await queue.lease(terms, as: Identifier(high: 1, low: 2), now: moment)
            #expect(taken.count == 1)
            try await queue.settle(taken.map { OutboxOutcome($0, result) }, now: moment)
            _ = try await queue.replay(nil, of: nil, now: now)
        }
        _ = try await queue.deliveries(OutboxQuestion())
        let word = OutboxWord(key: message.key, target: "erp", state: .closed, number: "E1")
        #expect(try await queue.hear(word, now: now))
        #expect(try await queue.counts().map(\.count) == [1])
    }

    /// Has a store prepare what it has: the port's suite, and a random run.
    private static func useAll(of store: PostgresStore) throws {
        var model = try ReplicaStoreModel(seed: 3, reference: MemoryStore(), subject: store)
        try model.run(transactions: 60)
        let operation = try Workbench.foreign(
            seed: 9,
            [Workbench.counted(Workbench.receipt(7))]
        )[0]
        let dock = Workbench.dock
        let receipt = Workbench.receipt(7)
        let leaf = DigestLeaf(of: receipt)
        try store.write { transaction in
            let position = try transaction.head(of: dock) + 1
            try transaction.append(
                LoggedOperation(
                    operation: operation,
                    judgement: Workbench.judgement(position, .waiting)
                )
            )
            try transaction.setCell(.stage, of: receipt, to: [1])
            try transaction.keep(
                QuarantinedRecord(
                    ticket: try transaction.nextTicket(),
                    sender: operation.id.replica,
                    hash: operation.hash,
                    bytes: operation.bytes,
                    verdict: .quarantined,
                    reason: "sync.fork",
                    received: Moment(milliseconds: 1)
                )
            )
            try transaction.set(
                ChainState(
                    replica: operation.id.replica,
                    incarnation: 1,
                    first: nil,
                    sequence: 1,
                    hash: operation.hash
                )
            )
            try transaction.settle(leaf)
            try transaction.settleRoot(of: dock)
            try transaction.putPiece([UInt8](repeating: 1, count: 32), [1], of: dock)
            try transaction.dropPieces(of: dock, except: [])
        }
        try store.write { try $0.setCell(.stage, of: receipt, to: nil) }
        let pieces = PostgresPieces(in: store)
        try pieces.put([UInt8](repeating: 2, count: 32), [1])
        _ = try pieces.get([1])
        _ = try pieces.manifests(of: dock)
        try pieces.keepOnly([])
        try store.write { try $0.set(SettingKey("gone"), to: nil) }
        try store.read { try askAll($0, operation, receipt) }
    }

    private static func askAll(
        _ reading: any ReplicaReading,
        _ operation: Sync.Operation,
        _ receipt: EntityKey
    ) throws {
        let dock = receipt.scope
        let leaf = DigestLeaf(of: receipt)
        _ = try reading.scrub(dock, after: nil, cellCount: 10)
        _ = try reading.entityDigests(of: dock, in: leaf.bucket)
        _ = try reading.operations(in: leaf)
        _ = try reading.groupEnds(of: dock, after: 0, limit: 1)
        _ = try reading.troubled(of: operation.id.replica, limit: 9)
        _ = try reading.operation(hashed: operation.hash, of: operation.id.replica)
        _ = try reading.quarantined(1)
        _ = try reading.quarantined(operation.hash, from: operation.id.replica)
        for held in [true, false] {
            _ = try reading.quarantine(after: 0, held: held, limit: 9)
        }
        _ = try reading.heldRecords(from: operation.id.replica)
        _ = try reading.chain(operation.id.replica, 1)
        _ = try reading.chains(of: operation.id.replica)
        _ = try reading.settings(under: "n")
        _ = try reading.cell(.stage, of: receipt)
        _ = try reading.hasPiece([1], of: dock)
        _ = try reading.piece([1], of: dock)
    }

    private static func photoStatements(_ store: PostgresStore) throws -> Set<String> {
        let blobs = PostgresBlobs(in: store)
        let manifest = try BlobManifest(of: [1, 2, 3, 4], mediaType: "image/png")
        _ = try blobs.alone { _ in
            try blobs.keep(
                BlobEntry(manifest: manifest, isOwn: false, ordinal: 1, isComplete: false)
            )
            try blobs.write([1, 2, 3], to: manifest.id, at: 0)
            try blobs.write([9, 4], to: manifest.id, at: 2)
            try blobs.truncate(manifest.id, to: 1)
            #expect(try blobs.length(of: manifest.id) == 1)
            _ = try blobs.read(manifest.id, at: 0, count: 9)
            _ = try blobs.entries()
            try blobs.remove(manifest.id)
        }
        return blobs.statements
    }

    /// What is wrong with a statement's plan: a table that is read without its index, or over
    /// sites.
    private static func faults(
        in statement: String,
        _ server: PostgresServer,
        _ database: String
    ) throws -> [String] {
        let count = (1...30).reversed().first { statement.contains("$\($0)") } ?? 0
        let given =
            count == 0 ? "" : "(\(Array(repeating: "NULL", count: count).joined(separator: ",")))"
        let plan = try server.query(
            """
            SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
            SET plan_cache_mode = force_generic_plan;
            PREPARE it AS \(statement);
            EXPLAIN (COSTS off) EXECUTE it\(given)
            """,
            in: database
        )
        var faults: [String] = []
        let lines = plan.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        for (number, line) in lines.enumerated() {
            // What an index gave and a filter threw away was read for nothing.
            if line.contains("Seq Scan") || line.contains("Join Filter") { faults.append(line) }
            guard line.contains("Index Scan") || line.contains("Index Only Scan") else { continue }
            let condition = lines[number...].dropFirst().first ?? ""
            if !condition.contains("Index Cond: ((site = ")
                && !condition.contains("Index Cond: (site = ")
            {
                faults.append("\(line): \(condition)")
            }
        }
        return faults
    }

    // MARK: - Other databases

    @Test func `a newer database is refused, and nothing is changed`() throws {
        try Self.withStore { store, server, database in
            try store.write { try $0.set(SettingKey("place"), to: [1]) }
            try server.query(
                """
                INSERT INTO migration (site, number) VALUES ('', 99);
                UPDATE hub SET schema = 99
                """,
                in: database
            )
            let address = try DatabaseAddress(server.address(database))
            let refusal = PostgresRefusal.newer(
                address.name,
                version: 99,
                known: Migration.known
            )
            #expect(throws: refusal) { try PostgresStore(address) }
            // A hub that runs meanwhile stops, too.
            #expect(throws: refusal) { try store.write { try $0.set(SettingKey("a"), to: [2]) } }
            #expect(throws: refusal) { try store.read { try $0.setting(SettingKey("place")) } }
            #expect(try server.query("SELECT count(*) FROM setting", in: database) == "1")
        }
    }

    @Test func `another program's database is refused, and nothing is changed`() throws {
        try PostgresServer.withDatabase { server, database in
            try server.query("CREATE TABLE customer (id int)", in: database)
            let address = try DatabaseAddress(server.address(database))
            #expect(throws: PostgresRefusal.foreign(address.name, detail: "customer")) {
                try PostgresStore(address)
            }
            let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            #expect(try server.query(tables, in: database) == "1")
        }
    }

    @Test(arguments: [
        "mysql://host/db", "host/db", "postgres://h/d?nonsense=1",
    ])
    func `what is no address is refused`(_ text: String) throws {
        #expect(throws: PostgresRefusal.self) { try DatabaseAddress(text) }
    }

    @Test func `a password is in no message`() throws {
        let address = try DatabaseAddress("postgres://user:secret@127.0.0.1:1/db?sslmode=disable")
        #expect(address.name == "postgres://127.0.0.1:1/db")
        do {
            _ = try PostgresStore(address)
            Issue.record("nobody listens there")
        } catch let refusal as PostgresRefusal {
            #expect(refusal.code.text == "postgres.unreachable")
            #expect(!"\(refusal.facts)".contains("secret"))
        }
    }

    @Test func `a database that is not there is told from a server that is away`() throws {
        let server = try PostgresServer.common()
        let address = try DatabaseAddress(server.address("nowhere"))
        do {
            _ = try PostgresStore(address)
            Issue.record("there is no such database")
        } catch let refusal as PostgresRefusal {
            #expect(refusal.code.text == "postgres.unfit")
        }
    }

    @Test func `a kind with a zero byte is kept, a setting with one was never set`() throws {
        try Self.withStore { store, _, _ in
            let entity = EntityKey(scope: Workbench.dock, kind: "a\0b", id: Workbench.receipt(1).id)
            try store.write { try $0.setCell(.stage, of: entity, to: [1]) }
            let cells = try store.read { try $0.cells(of: entity) }
            #expect(cells == [.stage: [1]])
            let entities = try store.read { try $0.entities(kind: "a\0b", in: nil) }
            #expect(entities == [entity])
            let value = try store.read { try $0.setting(SettingKey("enrolment.\0")) }
            #expect(value == nil)
            #expect(throws: PostgresRefusal.self) {
                try store.write { try $0.set(SettingKey("a\0"), to: [1]) }
            }
        }
    }

    @Test func `several that open a new database at once make one schema`() async throws {
        let server = try PostgresServer.common()
        let address = try DatabaseAddress(server.address(try server.makeDatabase()))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try PostgresStore(address).close() } }
            try await group.waitForAll()
        }
        let store = try PostgresStore(address)
        defer { store.close() }
        let scopes = try await store.read { try $0.scopes() }
        #expect(scopes == [])
    }
}
