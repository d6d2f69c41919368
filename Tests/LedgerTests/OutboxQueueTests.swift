import Foundation
import Ledger
import PortSuites
import Sync
import Tally
import Testing

@Suite struct OutboxQueueTests {
    @Test(arguments: OutboxQueueSuite.behaviours)
    func `the ledger keeps the promises of a queue of deliveries`(
        _ behaviour: OutboxQueueSuite.Behaviour
    ) async throws {
        try await Fixture.with { fixture in
            let store = try fixture.open()
            try await behaviour.check(store, LedgerOutboxQueue(store))
        }
    }

    @Test func `what was on its way when a backup was made is doubted once it is restored`()
        async throws
    {
        try await Fixture.with { fixture in
            let store = try fixture.open()
            let message = OutboxMessage(
                key: .derived("told", "1"),
                topic: "receipt",
                entity: Workbench.receipt(1),
                payload: [1]
            )
            try await store.write { try $0.enqueue(message) }
            let now = Moment(milliseconds: 1_790_000_000_000)
            let order = OutboxOrder(key: message.key, site: "S1", targets: ["erp"])
            try await LedgerOutboxQueue(store).add([order], now: now)
            let path = fixture.path("copy.sqlite")
            try await store.backup(to: path)
            let folder = try DataFolder(fixture.path("restored"))
            try LedgerStore.restore(path, into: folder)
            let restored = LedgerOutboxQueue(try LedgerStore(folder))
            let taken = try await restored.lease(
                LeaseTerms(target: "erp"),
                as: Identifier(high: 1, low: 1),
                now: now
            )
            #expect(taken.map(\.isDoubted) == [true])
            #expect(taken.map(\.mayBeThere) == [true])
            let before = try await LedgerOutboxQueue(store).deliveries(OutboxQuestion())
            #expect(before.map(\.isDoubted) == [false])
        }
    }
}
