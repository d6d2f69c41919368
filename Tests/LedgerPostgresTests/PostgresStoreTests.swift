import Foundation
import LedgerPostgres
import PortSuites
import Sync
import Tally
import Testing

@Suite(.serialized) struct PostgresStoreTests {
    /// Runs `body` with a store on a database of its own.
    static func withStore<Result>(_ body: (PostgresStore) throws -> Result) throws -> Result {
        try PostgresServer.withDatabase { server, database in
            let store = try PostgresStore(DatabaseAddress(server.address(database)))
            defer { store.close() }
            return try body(store)
        }
    }

    @Test(arguments: ReplicaStoreSuite.behaviours)
    func `PostgreSQL keeps the port's promises`(_ behaviour: ReplicaStoreSuite.Behaviour) throws {
        try Self.withStore { try behaviour.check($0) }
    }

    @Test(arguments: OutboxQueueSuite.behaviours)
    func `PostgreSQL keeps the promises of a queue of deliveries`(
        _ behaviour: OutboxQueueSuite.Behaviour
    ) async throws {
        let server = try PostgresServer.common()
        let store = try PostgresStore(DatabaseAddress(server.address(try server.makeDatabase())))
        defer { store.close() }
        try await behaviour.check(store, PostgresOutboxQueue(in: store))
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `PostgreSQL answers as the store in memory does`(_ seed: UInt64) throws {
        try Self.withStore { store in
            var model = try ReplicaStoreModel(
                seed: seed,
                reference: MemoryStore(),
                subject: store
            )
            do {
                try model.run(transactions: 40)
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }
}
