import Foundation
import GRDB
import Ledger
import PortSuites
import Sync
import Tally

/// The seed that random tests count up from: `TALLYMAN_SEED`, or 1.
let seedBase = ProcessInfo.processInfo.environment["TALLYMAN_SEED"].flatMap(UInt64.init) ?? 1

/// A folder of a test's own, removed when the test is over.
struct Fixture: Sendable {
    let root: String

    private init() throws {
        root = NSTemporaryDirectory() + "tallyman-ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: root,
            withIntermediateDirectories: true
        )
    }

    /// Runs `body` with a new folder.
    static func with<Result>(_ body: (Fixture) throws -> Result) throws -> Result {
        let fixture = try Fixture()
        defer { try? FileManager.default.removeItem(atPath: fixture.root) }  // best effort
        return try body(fixture)
    }

    /// As above, for tests that wait.
    static func with<Result>(_ body: (Fixture) async throws -> Result) async throws -> Result {
        let fixture = try Fixture()
        defer { try? FileManager.default.removeItem(atPath: fixture.root) }  // best effort
        return try await body(fixture)
    }

    func path(_ name: String) -> String { root + "/" + name }

    func open(_ name: String = "data") throws -> LedgerStore {
        try LedgerStore(DataFolder(path(name)))
    }

    /// Copies a data folder's files as they are now, as a cut of the power would leave them.
    func copyFiles(of name: String, to copy: String) throws {
        try FileManager.default.createDirectory(
            atPath: path(copy),
            withIntermediateDirectories: true
        )
        for file in ["tallyman.sqlite", "tallyman.sqlite-wal"]
        where FileManager.default.fileExists(atPath: path(name) + "/" + file) {
            try FileManager.default.copyItem(
                atPath: path(name) + "/" + file,
                toPath: path(copy) + "/" + file
            )
        }
    }

    /// Changes a closed database behind the program's back.
    func tamper(_ name: String = "data", _ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(
            path: path(name) + "/tallyman.sqlite",
            configuration: configuration
        )
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    func size(of file: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path(file))
        return (attributes[.size] as? NSNumber)?.intValue ?? 0
    }
}

/// A hub and two terminals on databases of their own, with toy rules: the hub notes each receipt
/// that it hears of.
struct Plant {
    static let names = ["hub", "one", "two"]

    private let hubStore: LedgerStore
    private var hub: HubReplica
    private var terminals: [(store: LedgerStore, bench: Workbench)] = []
    private var dice: SeededDice

    /// Builds a plant in which both terminals, offline, recorded all kinds of operations.
    ///
    /// They were then synced; the second has something unsent. Its databases are closed.
    ///
    /// With `quarantining`, one of them decided what only the hub may.
    static func build(in fixture: Fixture, quarantining: Bool = false) throws {
        var plant = try Plant(fixture)
        if quarantining {
            let decision = Draft(.decision, of: Workbench.receipt(3), type: "receipt.noted")
            _ = try plant.terminals[0].bench.record([decision], in: plant.terminals[0].store)
        }
        for index in 0..<2 {
            try plant.work(at: index)
        }
        for _ in 0..<2 {
            for index in 0..<2 { try plant.sync(index) }
        }
        _ = try plant.terminals[1].bench.record(
            [Workbench.counted(Workbench.receipt(9))],
            in: plant.terminals[1].store
        )
        try plant.close()
    }

    init(_ fixture: Fixture) throws {
        let store = try fixture.open("hub")
        hubStore = store
        var dice = SeededDice(seed: 5)
        let rules = HubRules(flaw: { _ in nil }, react: Plant.react)
        let hub = try store.write { transaction in
            let replica = try Replica.open(transaction, dice: &dice)
            _ = try HubReplica.epoch(in: transaction, dice: &dice)
            return HubReplica(replica, Workbench.reducer, rules)
        }
        self.hub = hub
        for (seed, name) in [(11, "one"), (12, "two")] as [(UInt64, String)] {
            let terminal = try fixture.open(name)
            let bench = try Workbench(seed: seed, at: terminal)
            let answer = try store.write { transaction in
                let code = try HubReplica.offerEnrolment(
                    name: name,
                    scopes: [Workbench.dock, Workbench.hall],
                    now: Moment(milliseconds: 1_790_000_000_000),
                    dice: &dice,
                    in: transaction
                )
                return try hub.enroll(
                    EnrollRequest(code: code, publicKey: bench.terminal.replica.publicKey),
                    now: Moment(milliseconds: 1_790_000_000_000),
                    in: transaction
                )
            }
            try terminal.write { try TerminalReplica.enroll(answer, in: $0) }
            terminals.append((terminal, bench))
        }
        self.dice = dice
    }

    @Sendable
    private static func react(
        _ changed: Set<EntityKey>,
        _ transaction: any ReplicaTransaction
    ) throws -> [Draft] {
        let reader = EntityReader(transaction, Workbench.reducer)
        return try changed.sorted().filter { $0.kind == "receipt" }
            .filter { try reader.record(of: $0).decisions["receipt.noted"] == nil }
            .map { Draft(.decision, of: $0, type: "receipt.noted", payload: [1]) }
    }

    /// Records facts, edits, a move and something that the reducer does not know.
    mutating func work(at index: Int) throws {
        let receipts = [
            Workbench.receipt(1), Workbench.receipt(2, in: Workbench.hall),
        ]
        for receipt in receipts {
            let remark = Array("remark \(index)".utf8)
            let drafts = [
                Workbench.counted(receipt, "\(index)"),
                Draft(.edit, of: receipt, type: "receipt.remark", payload: remark),
                Draft(.transition, of: receipt, type: "receipt.close"),
                Draft(.fact, of: receipt, type: "receipt.unheard_of", payload: [1]),
            ]
            _ = try terminals[index].bench.record(drafts, in: terminals[index].store)
        }
    }

    /// Pushes what is unsent and pulls both scopes to their end.
    mutating func sync(_ index: Int) throws {
        let (store, bench) = terminals[index]
        let reading = terminals[index].bench.reading()
        if let request = try store.read({ try bench.terminal.pushRequest(in: $0) }) {
            let response = try hubStore.write {
                try hub.push(request, reading: reading, dice: &dice, in: $0)
            }
            _ = try store.write { try bench.terminal.apply(response, to: request, in: $0) }
        }
        for scope in [Workbench.dock, Workbench.hall] {
            let request = try store.read { try bench.terminal.pullRequest(scope, in: $0) }
            let response = try hubStore.read { try hub.pull(request, in: $0) }
            _ = try store.write {
                try bench.terminal.apply(response, now: reading.wall, in: $0)
            }
        }
    }

    func close() throws {
        try hubStore.close()
        for (store, _) in terminals { try store.close() }
    }
}
