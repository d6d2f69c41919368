import Agent
import AsyncHTTPClient
import Foundation
import Hub
import Hummingbird
import Ledger
import Receiving
import Sync
import Synchronization
import Tally
import Web

/// Measures what a terminal's state costs: to start from a snapshot, to compare with nothing new,
/// to mend.
struct StateBench {
    private static let site = "BENCH"

    private let folder: String
    private let rows: Int
    private let scope = Scope(site: StateBench.site, area: ReceivingRoom.area)

    init(folder: String, rows: Int) {
        self.folder = folder
        self.rows = rows
    }

    private struct Side {
        let hub: HubShell
        let store: LedgerStore
        let code: String
    }

    /// A hub with so many rows in one scope.
    private func hub(_ name: String, rows: Int) async throws -> Side {
        let data = try DataFolder(folder + "/" + name)
        let store = try LedgerStore(data)
        let clock = try MachineClock()
        let hub = try await HubShell(
            store: store,
            compressor: NoteCompression.compressor,
            clock: clock,
            dice: SystemDice(),
            shelf: try PieceFolder(in: data)
        )
        try fill(store, rows: rows, clock)
        let code = try await hub.write { _, dice, reading, transaction in
            try HubNode.addSite(Self.site, in: transaction)
            return try HubNode.offerEnrolment(
                site: Self.site,
                name: "bench",
                now: reading.wall,
                dice: &dice,
                in: transaction
            )
        }
        return Side(hub: hub, store: store, code: code)
    }

    /// Records in bulk, by a hub that decides nothing: what is measured comes after.
    private func fill(_ store: LedgerStore, rows: Int, _ clock: MachineClock) throws {
        var dice = SystemDice()
        let rules = HubRules(flaw: { _ in nil }, react: { _, _ in [] })
        var hub = try store.write {
            HubReplica(try Replica.open($0, dice: &dice), Reducer(PlantVocabulary.all), rules)
        }
        for start in stride(from: 0, to: rows, by: 5_000) {
            let drafts = try (start..<min(start + 5_000, rows)).map { try draft($0) }
            try store.write {
                try hub.record(drafts, by: "", reading: clock.reading(), dice: &dice, in: $0)
            }
        }
    }

    private func draft(_ number: Int) throws -> Draft {
        let receipt = EntityKey(
            scope: scope,
            kind: ReceivingRoom.EntityKind.receipt,
            id: .derived("bench", String(number / 20))
        )
        let fact = ReceiptFact.counted(
            line: number % 20 + 1,
            lot: "LOT-\(number)",
            quantity: Quantity(count: 40),
            asNoted: false
        )
        return Draft(.fact, of: receipt, type: fact.type, payload: try fact.payload())
    }

    private func terminal(
        _ name: String,
        _ store: LedgerStore,
        report: @escaping @Sendable (TerminalShell.StateEvent) -> Void = { _ in }
    ) async throws -> TerminalShell {
        try await TerminalShell(
            store: store,
            vocabulary: PlantVocabulary.all,
            compressor: NoteCompression.compressor,
            clock: try MachineClock(),
            dice: SystemDice(),
            report: report
        )
    }

    /// Serves a hub on loopback while `body` runs.
    private func serving<Result: Sendable>(
        _ hub: HubShell,
        to terminal: TerminalShell,
        _ body: @escaping @Sendable (HTTPHubLink) async throws -> Result
    ) async throws -> Result {
        let router = Router()
        SyncRoutes(hub: hub, compressor: BodyCompression.compressor).add(to: router)
        let box = AddressBox()
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        let server = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                box.set(channel.localAddress)
                isReady.finish()
            },
            logger: Daemon.quiet
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await _ in ready {}
            guard let address = URL(string: "http://" + box.text) else { throw NoAddress() }
            defer { group.cancelAll() }
            // Not the shared client, which unpacks bodies by itself.
            return try await HTTPClient.withHTTPClient { client in
                try await body(
                    HTTPHubLink(
                        hub: address,
                        client: client,
                        compressor: BodyCompression.compressor,
                        prove: terminal.prove
                    )
                )
            }
        }
    }

    private struct NoAddress: Error {}

    /// Seconds until a new terminal has all of the scope, and what it then is.
    private func start(
        _ side: Side,
        _ name: String
    ) async throws -> (seconds: Double, store: LedgerStore) {
        let store = try LedgerStore(try DataFolder(folder + "/" + name))
        let shell = try await terminal(name, store)
        let scope = scope
        let seconds = try await serving(side.hub, to: shell) { link in
            try await shell.enroll(code: side.code, at: link)
            let begun = ContinuousClock.now
            while try await shell.pull(scope, over: link) {}
            return (ContinuousClock.now - begun) / .seconds(1)
        }
        let equal = try digest(store) == digest(side.store)
        guard equal else { throw Unequal() }
        return (seconds, store)
    }

    private struct Unequal: Error {}

    private func digest(_ store: LedgerStore) throws -> ScopeDigest {
        try store.read { try $0.digest(of: scope) }
    }

    private func record(of store: LedgerStore) throws -> RepairRecord {
        try store.read { try RepairRecord.of(scope, in: $0) }
    }

    /// A new terminal: from nothing to the hub's state, over HTTP on loopback.
    func snapshot() async throws -> [BenchFigure] {
        let side = try await hub("hub", rows: rows)
        let (first, _) = try await start(side, "first")
        return [
            .limited(
                "a new terminal has \(rows) rows, snapshot made on the way",
                "s",
                first,
                "goal at this size",
                max(5, 5 * Double(rows) / 100_000)
            ),
            .limited(
                "resident memory after it, hub and terminal in one process",
                "MB",
                Double(ProcessMetrics.residentByteCount) / 1e6,
                "goal",
                200
            ),
        ]
    }

    /// A round with nothing new, at two sizes.
    func round() async throws -> [BenchFigure] {
        var figures: [BenchFigure] = []
        var costs: [AccessCost] = []
        for count in [min(10_000, rows), rows] {
            let side = try await hub("hub\(count)", rows: count)
            let (_, store) = try await start(side, "terminal\(count)")
            let (request, asked) = try store.measure { reading in
                let replica = try TerminalReplica(
                    Replica(privateKey: reading.setting(Setting.privateKey) ?? []),
                    Reducer(PlantVocabulary.all)
                )
                _ = try replica.pushRequest(in: reading)
                return try replica.pullRequest(scope, in: reading)
            }
            let answering = try await side.hub.read { node, _ in node.replica }
            let (_, cost) = try side.store.measure { try answering.pull(request, in: $0) }
            let total = AccessCost(
                statements: asked.statements + cost.statements,
                pages: asked.pages + cost.pages
            )
            costs.append(total)
            let first = costs[0]
            figures += [
                .limited(
                    "statements of a round with nothing new at \(count) operations",
                    "",
                    Double(total.statements),
                    "at \(min(10_000, rows))",
                    Double(first.statements)
                ),
                .limited(
                    "pages of it",
                    "",
                    Double(total.pages),
                    "at \(min(10_000, rows))",
                    Double(first.pages)
                ),
            ]
        }
        return figures + [
            .limited(
                "resident memory",
                "MB",
                Double(ProcessMetrics.residentByteCount) / 1e6,
                "goal for a hub",
                200
            )
        ]
    }

    /// One row altered, one lost, one too many at a terminal: found and mended in one round after a
    /// start.
    func repair() async throws -> [BenchFigure] {
        let side = try await hub("hub", rows: rows)
        let (_, store) = try await start(side, "terminal")
        let place = "site = '\(Self.site)' AND area = '\(ReceivingRoom.area)'"
        try store.damage(
            """
            UPDATE cell SET value = CAST(value || x'00' AS BLOB) WHERE (kind, entity, key) IN (
                SELECT kind, entity, key FROM cell WHERE \(place) AND kind = 'receipt'
                ORDER BY entity LIMIT 1);
            DELETE FROM cell WHERE (kind, entity, key) IN (
                SELECT kind, entity, key FROM cell WHERE \(place) AND kind = 'receipt'
                ORDER BY entity DESC LIMIT 1);
            INSERT INTO cell SELECT site, area, kind, entity, x'03', x'00' FROM cell
                WHERE \(place) AND kind = 'receipt' AND entity > x'80' ORDER BY entity LIMIT 1;
            """
        )
        let events = Mutex([TerminalShell.StateEvent]())
        let shell = try await terminal("terminal", store) { event in
            events.withLock { $0.append(event) }
        }
        let scope = scope
        let seconds = try await serving(side.hub, to: shell) { link in
            let begun = ContinuousClock.now
            while try await shell.pull(scope, over: link) {}
            return (ContinuousClock.now - begun) / .seconds(1)
        }
        let record = try record(of: store)
        guard
            try digest(store) == digest(side.store),
            record.repairs == 1
        else { throw Unequal() }
        return [
            .limited(
                "a round that reads \(rows) rows, finds 3 damaged and mends them",
                "s",
                seconds,
                "goal at this size",
                max(5, 5 * Double(rows) / 100_000)
            ),
            .limited("events told", "", Double(events.withLock(\.count)), "goal", 4),
            .limited("exchanges with the hub", "", Double(record.lastExchanges), "goal", 4),
            .limited("entities fetched", "", Double(record.lastEntities), "damaged", 3),
        ]
    }
}
