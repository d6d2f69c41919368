import Agent
import Foundation
import Hub
import LedgerPostgres
import Sync
import Tally
import Testing

/// Three real hub processes over one PostgreSQL.
@Suite(.serialized) struct ThreeHubsTests {
    private static let notes = 4

    /// How often a hub is killed; the long run is `TALLYMAN_HUB_KILLS=200`.
    private static let kills =
        ProcessInfo.processInfo.environment["TALLYMAN_HUB_KILLS"].flatMap { Int($0) } ?? 15

    /// A receipt from its opening to its end, at one terminal.
    private static func receive(_ note: Int, at terminal: PlantTerminal) async throws -> Int {
        var count = 0
        func run(_ command: FloorCommand) async throws -> String {
            let saved = try await terminal.shell.run(command, by: "W001")
            count += saved.operations.count
            return saved.entity.id.description
        }
        let number = HubPlant.noteNumber(note)
        let receipt = try await run(.openNote(supplier: HubPlant.supplier, number: number))
        _ = try await run(.countLine(receipt: receipt, line: 2, quantity: "\(5 + note)"))
        _ = try await run(
            .reportDamage(receipt: receipt, line: 4, quantity: "1", remark: "wet", photo: nil)
        )
        _ = try await run(.closeReceipt(receipt: receipt))
        return count
    }

    private struct Order: Decodable {
        let number: String
        let receipt: String?
    }

    /// One order a receipt, no number twice, and the log gives what is stored.
    private static func check(_ plant: HubPlant, orders count: Int) throws {
        let lines = try plant.succeed("hub", "orders", "--kind", "arrival", "--json")
            .split(separator: "\n")
        let orders = try lines.map { try JSONDecoder().decode(Order.self, from: Data($0.utf8)) }
        #expect(orders.count == count)
        #expect(Set(orders.map(\.number)).count == orders.count)
        #expect(Set(orders.compactMap(\.receipt)).count == orders.count)
        let store = try PostgresStore(DatabaseAddress(plant.address))
        defer { store.close() }
        let report = try store.verify(Reducer(PlantVocabulary.all))
        #expect(report.difference == nil)
        let verdict = try plant.succeed("verify")
        #expect(verdict.hasPrefix("sound: \(report.operationCount) operations"), "\(verdict)")
    }

    @Test func `a terminal is answered by each hub in turn, and all agree`() async throws {
        try await HubPlant.with(PostgresServer.common(), notes: Self.notes) { plant in
            let one = try await plant.enroll("dock-1")
            let other = try await plant.enroll("dock-2", first: 1)
            for terminal in [one, other] { try await terminal.sync("master data") }
            for note in 0..<Self.notes {
                _ = try await Self.receive(note, at: note.isMultiple(of: 2) ? one : other)
                _ = try await one.shell.push(over: one.link)
                _ = try await other.shell.push(over: other.link)
            }
            try await plant.settle([one, other])
            for terminal in [one, other] {
                let answers = terminal.link.answers.withLock { $0 }
                #expect(answers.allSatisfy { $0 > 2 }, "\(answers)")
            }
            try Self.check(plant, orders: Self.notes)
            try await Self.hearNews(of: one, at: other)
        }
    }

    /// A push that one hub takes wakes a terminal that waits at another.
    private static func hearNews(
        of one: PlantTerminal,
        at other: PlantTerminal
    ) async throws {
        let (first, second) = (try one.link.link(to: 0), try other.link.link(to: 1))
        // One that was pushed before the request lay at the hub is no news: then it waits again.
        for _ in 0..<5 {
            try await other.sync("before it waits")
            let answer = Shared<Bool??>(nil)
            let waiting = Task {
                let news = try await other.shell.watch(over: second)
                answer.withLock { $0 = .some(news) }
            }
            while answer.withLock({ $0 }) == nil {
                _ = try await one.shell.run(
                    .raiseException(category: "quality", equipment: "LAT-01", text: "news"),
                    by: "W005"
                )
                while try await one.shell.push(over: first) == true {}
                try await Task.sleep(for: .milliseconds(100))
            }
            try await waiting.value
            if answer.withLock({ $0 }) == .some(.some(true)) { return }
        }
        Issue.record("a push at one hub never woke who waited at another")
    }

    @Test func `hubs are killed and the server crashes: nothing is lost, nothing is twice`()
        async throws
    {
        let server = try PostgresServer()
        let notes = 12
        try await HubPlant.with(server, notes: notes) { plant in
            try await Self.failSometimes(plant)
            let terminals = [
                try await plant.enroll("dock-1"), try await plant.enroll("dock-2", first: 1),
            ]
            for terminal in terminals { try await terminal.sync("master data") }
            let saved = Shared(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, terminal) in terminals.enumerated() {
                    group.addTask {
                        for note in 0..<notes where note % terminals.count == index {
                            let count = try await Self.receive(note, at: terminal)
                            saved.withLock { $0 += count }
                            try await terminal.sync("note \(note)")
                        }
                    }
                }
                group.addTask { try await Self.kill(plant, server) }
                try await group.waitForAll()
            }
            try await plant.settle(terminals)
            try Self.check(plant, orders: notes)
            let ids = try await Self.operations(in: plant, of: terminals)
            #expect(ids == saved.withLock { $0 })
        }
    }

    private static func operations(
        in plant: HubPlant,
        of terminals: [PlantTerminal]
    ) async throws -> Int {
        let store = try PostgresStore(DatabaseAddress(plant.address))
        defer { store.close() }
        let authors = Set(terminals.map(\.shell.replica.id))
        return try await store.read { reading in
            try reading.log(offset: 0, limit: .max)
                .filter { authors.contains($0.operation.id.replica) }.count
        }
    }

    /// Has the server undo a part of the transactions, as it does when two cannot be put in order.
    private static func failSometimes(_ plant: HubPlant) async throws {
        try plant.server?.query(
            """
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF random() < 0.1 THEN
                    RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
                ELSIF random() < 0.1 THEN
                    RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER fail AFTER INSERT ON operation FOR EACH STATEMENT EXECUTE FUNCTION fail()
            """,
            in: plant.database
        )
    }

    private static func kill(_ plant: HubPlant, _ server: PostgresServer) async throws {
        for round in 1...max(kills, 1) {
            try await Task.sleep(for: .milliseconds(Int.random(in: 10...200)))
            if round.isMultiple(of: 8) { try server.crash() }
            let victim = Int.random(in: 0..<plant.hubCount)
            plant.kill(victim)
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...50)))
            try await plant.start(victim)
        }
    }
}
