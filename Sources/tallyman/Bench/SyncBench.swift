import Agent
import AsyncHTTPClient
import Foundation
import Hub
import Hummingbird
import Ledger
import Receiving
import Sync
import Tally
import Web

/// Measures merges, pushes and pulls, each with the same operations.
struct SyncBench {
    private static let site = "BENCH"

    private let folder: String
    private let count: Int
    private let scope = Scope(site: SyncBench.site, area: ReceivingRoom.area)

    init(folder: String, count: Int) async throws {
        self.folder = folder
        self.count = count
    }

    /// Counts of one line, spread over receipts as a shift would.
    private func drafts(_ range: Range<Int>) throws -> [Draft] { try range.map(Self.draft) }

    /// The count of that number.
    static func draft(_ number: Int) throws -> Draft {
        let receipt = EntityKey(
            scope: Scope(site: site, area: ReceivingRoom.area),
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

    private func open(_ name: String) throws -> LedgerStore {
        try LedgerStore(try DataFolder(folder + "/" + name))
    }

    // MARK: - Hub

    private struct Side {
        let hub: HubShell
        let hubStore: LedgerStore
        let terminal: TerminalReplica
        let terminalStore: LedgerStore
    }

    /// A hub and a terminal that it knows, with `count` operations unsent.
    private func sides() async throws -> Side {
        let clock = try MachineClock()
        let hubStore = try open("hub")
        let hub = try await HubShell(
            store: hubStore,
            compressor: NoteCompression.compressor,
            clock: clock,
            dice: SystemDice()
        )
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
        let store = try open("terminal")
        let terminal = try Self.newTerminal(store)
        let request = EnrollRequest(code: code, publicKey: terminal.replica.publicKey)
        let answer = try Enrolment(bytes: try await hub.enroll(try request.bytes()))
        try record(terminal, answer, store)
        return Side(hub: hub, hubStore: hubStore, terminal: terminal, terminalStore: store)
    }

    private static func newTerminal(_ store: any ReplicaStore) throws -> TerminalReplica {
        var dice = SystemDice()
        return try store.write { transaction in
            TerminalReplica(
                try Replica.open(transaction, dice: &dice),
                Reducer(PlantVocabulary.all)
            )
        }
    }

    private func record(
        _ terminal: TerminalReplica,
        _ enrolment: Enrolment,
        _ store: any ReplicaStore
    ) throws {
        var terminal = terminal
        var dice = SystemDice()
        let drafts = try drafts(0..<count)
        let reading = try MachineClock().reading()
        try store.write { transaction in
            try TerminalReplica.enroll(enrolment, in: transaction)
            _ = try terminal.record(
                drafts,
                by: "W001",
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
    }

    private func rows(_ store: LedgerStore) throws -> [(id: [UInt8], bytes: [UInt8])] {
        try store.read { try $0.log(offset: 0, limit: .max) }
            .map { ($0.operation.id.bytes, $0.operation.bytes) }
    }

    /// Seconds to put rows into bare SQLite, `batch` a transaction, and to look them all up again.
    private func raw(
        _ rows: [(id: [UInt8], bytes: [UInt8])],
        batch: Int
    ) throws -> (put: Double, found: Double) {
        let raw = try RawSQLite(folder + "/raw.sqlite")
        let clock = ContinuousClock()
        let put = try clock.measure {
            for start in stride(from: 0, to: rows.count, by: batch) {
                try raw.insert(rows[start..<min(start + batch, rows.count)])
            }
        }
        let found = try clock.measure {
            for start in stride(from: 0, to: rows.count, by: batch) {
                _ = try raw.lookUp(rows[start..<min(start + batch, rows.count)])
            }
        }
        return (put / .seconds(1), found / .seconds(1))
    }

    /// A hub that has enrolled a terminal, without a network.
    private static func hub(
        _ store: LedgerStore,
        knowing terminal: TerminalReplica,
        _ peer: MemoryStore
    ) throws -> HubNode {
        let clock = try MachineClock()
        var dice = SystemDice()
        return try store.write { transaction in
            let node = try HubNode(
                opening: transaction,
                compressor: NoteCompression.compressor,
                reading: clock.reading(),
                dice: &dice
            )
            try HubNode.addSite(site, in: transaction)
            let code = try HubNode.offerEnrolment(
                site: site,
                name: "bench",
                now: clock.reading().wall,
                dice: &dice,
                in: transaction
            )
            let request = EnrollRequest(code: code, publicKey: terminal.replica.publicKey)
            let answer = try node.replica.enroll(
                request,
                now: clock.reading().wall,
                in: transaction
            )
            try peer.write { try TerminalReplica.enroll(answer, in: $0) }
            return node
        }
    }

    /// Batches of 100 into the hub, without a network, and the same batches once more.
    func merge() throws -> [BenchFigure] {
        let clock = try MachineClock()
        let store = try open("hub")
        var dice = SystemDice()
        let peer = MemoryStore()
        var terminal = try Self.newTerminal(peer)
        var node = try Self.hub(store, knowing: terminal, peer)
        var seconds = 0.0
        var rows: [(id: [UInt8], bytes: [UInt8])] = []
        var requests: [PushRequest] = []
        for start in stride(from: 0, to: count, by: 100) {
            let batch = try drafts(start..<min(start + 100, count))
            let request = try peer.write { transaction in
                let made = try terminal.record(
                    batch,
                    by: "W001",
                    reading: clock.reading(),
                    dice: &dice,
                    in: transaction
                )
                rows += made.map { ($0.id.bytes, $0.bytes) }
                return try terminal.pushRequest(in: transaction)
            }
            guard let request else { continue }
            requests.append(request)
            let begun = ContinuousClock.now
            let answer = try store.write { transaction in
                try node.push(request, reading: clock.reading(), dice: &dice, in: transaction)
            }
            seconds += (ContinuousClock.now - begun) / .seconds(1)
            _ = try peer.write { try terminal.apply(answer, to: request, in: $0) }
        }
        let again = try ContinuousClock().measure {
            for request in requests {
                let answer = try store.write { transaction in
                    try node.push(request, reading: clock.reading(), dice: &dice, in: transaction)
                }
                precondition(answer.items.allSatisfy(\.known), "an operation was taken twice")
            }
        }
        let raw = try raw(rows, batch: 100)
        return [
            .rate(
                "merged operations, 100 a batch",
                "/s",
                count: rows.count,
                seconds: seconds,
                "bare SQLite rows, 100 a commit",
                rawSeconds: raw.put
            ),
            .rate(
                "known operations pushed again, 100 a batch",
                "/s",
                count: rows.count,
                seconds: again / .seconds(1),
                "the same rows looked up in bare SQLite",
                rawSeconds: raw.found
            ),
        ]
    }

    /// From a terminal's disk to the hub's over HTTP on loopback, and back down.
    private func exchange(
        _ measured: @escaping @Sendable (TerminalShell, HTTPHubLink) async throws -> Double
    ) async throws -> (seconds: Double, rows: [(id: [UInt8], bytes: [UInt8])]) {
        let side = try await sides()
        let shell = try await TerminalShell(
            store: side.terminalStore,
            vocabulary: PlantVocabulary.all,
            compressor: NoteCompression.compressor,
            clock: try MachineClock(),
            dice: SystemDice()
        )
        let rows = try rows(side.terminalStore)
        let router = Router()
        SyncRoutes(hub: side.hub, compressor: BodyCompression.compressor).add(to: router)
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
            guard let hub = URL(string: "http://" + box.text) else { throw ExitFailure() }
            defer { group.cancelAll() }
            // Not the shared client, which unpacks bodies by itself.
            return try await HTTPClient.withHTTPClient { client in
                let link = HTTPHubLink(
                    hub: hub,
                    client: client,
                    compressor: BodyCompression.compressor,
                    prove: shell.prove
                )
                return (try await measured(shell, link), rows)
            }
        }
    }

    private struct ExitFailure: Error {}

    /// The backlog of a terminal over HTTP into the hub.
    func push() async throws -> [BenchFigure] {
        let (seconds, rows) = try await exchange { shell, link in
            let begun = ContinuousClock.now
            while try await shell.push(over: link) == true {}
            return (ContinuousClock.now - begun) / .seconds(1)
        }
        return [
            .rate(
                "pushed operations",
                "/s",
                count: rows.count,
                seconds: seconds,
                "bare SQLite rows, 500 a commit",
                rawSeconds: try raw(rows, batch: 500).put
            )
        ]
    }

    /// A scope's operations over HTTP into a terminal's state.
    func pull() async throws -> [BenchFigure] {
        let scope = scope
        let (seconds, rows) = try await exchange { shell, link in
            while try await shell.push(over: link) == true {}
            let begun = ContinuousClock.now
            while try await shell.pull(scope, over: link) {}
            return (ContinuousClock.now - begun) / .seconds(1)
        }
        return [
            .rate(
                "pulled operations",
                "/s",
                count: rows.count,
                seconds: seconds,
                "bare SQLite rows, 500 a commit",
                rawSeconds: try raw(rows, batch: 500).put
            )
        ]
    }
}
