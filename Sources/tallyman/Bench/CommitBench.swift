import Dispatch
import Foundation
import Hub
import Ledger
import Receiving
import Sync
import Synchronization
import Tally

/// Measures what "saved" costs: one client, and a burst of twenty, beside a bare synced commit, and
/// beside a burst of twenty on bare SQLite with a commit each.
///
/// They take turns, so that a disk that is busy for a while is busy for all.
struct CommitBench {
    private static let clients = 20
    private static let rounds = 10

    private let folder: String
    private let count: Int

    /// - Parameters:
    ///   - folder: where to put the files.
    ///   - count: how many records each of them makes, at least.
    init(folder: String, count: Int) {
        self.folder = folder
        self.count = max(count, Self.rounds * Self.clients)
    }

    /// A terminal as its daemon runs it: with a second journal.
    private final class Terminal: Sendable {
        let store: LedgerStore
        private let clock: MachineClock
        private let replica: Mutex<TerminalReplica>

        init(_ folder: String) throws {
            store = try LedgerStore(
                try DataFolder(folder),
                .terminal(ballastByteCount: 0)
            )
            clock = try MachineClock()
            replica = Mutex(
                try store.write { transaction in
                    var dice = SystemDice()
                    return TerminalReplica(
                        try Replica.open(transaction, dice: &dice),
                        Reducer(PlantVocabulary.all)
                    )
                }
            )
        }

        /// Records one draft; the seconds until it is saved.
        func record(_ draft: Draft) async throws -> Double {
            let begun = ContinuousClock.now
            try await store.write { transaction in
                var terminal = self.replica.withLock { $0 }
                var dice = SystemDice()
                _ = try terminal.record(
                    [draft],
                    by: "W001",
                    reading: self.clock.reading(),
                    dice: &dice,
                    in: transaction
                )
                let after = terminal
                self.replica.withLock { $0 = after }
            }
            return (ContinuousClock.now - begun) / .seconds(1)
        }
    }

    /// Bare SQLite for clients that come at once: one connection, a commit each.
    private final class BareClients: Sendable {
        private let raw: Mutex<RawSQLite>
        private let turn = DispatchQueue(label: "bench.bare")

        init(_ path: String) throws { raw = Mutex(try RawSQLite(path)) }

        /// Inserts one row; the seconds until the disk has it.
        func insert(_ number: Int, byteCount: Int) async throws -> Double {
            let id = Identifier.derived("bare", String(number)).bytes
            let bytes = [UInt8](repeating: 7, count: byteCount)
            let begun = ContinuousClock.now
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, Error>) in
                turn.async {
                    let outcome = Result {
                        try self.raw.withLock { try $0.insert([(id: id, bytes: bytes)]) }
                    }
                    done.resume(with: outcome)
                }
            }
            return (ContinuousClock.now - begun) / .seconds(1)
        }
    }

    /// Runs it all.
    func figures() async throws -> [BenchFigure] {
        let one = try Terminal(folder + "/one")
        let many = try Terminal(folder + "/many")
        let raw = try RawSQLite(folder + "/raw.sqlite")
        let bare = try BareClients(folder + "/bare.sqlite")
        var seconds = (one: [Double](), many: [Double](), raw: [Double](), bare: [Double]())
        var wall = (many: 0.0, manyCount: 0)
        var synced: [Double] = []
        for round in 0..<Self.rounds {
            let share = count / Self.rounds
            let numbers = round * share..<(round + 1) * share
            for number in numbers {
                let draft = try SyncBench.draft(number)
                seconds.one.append(try await one.record(draft))
                let id = Identifier.derived("raw", String(number)).bytes
                let bytes = [UInt8](repeating: 7, count: draft.payload.count + 160)
                let begun = ContinuousClock.now
                try raw.insert([(id: id, bytes: bytes)])
                seconds.raw.append((ContinuousClock.now - begun) / .seconds(1))
            }
            let begun = ContinuousClock.now
            let burst = try await burst(numbers) { try await many.record(SyncBench.draft($0)) }
            wall.many += (ContinuousClock.now - begun) / .seconds(1)
            wall.manyCount += burst.count
            seconds.many += burst
            seconds.bare += try await self.burst(numbers) { number in
                let draft = try SyncBench.draft(number)
                return try await bare.insert(number, byteCount: draft.payload.count + 160)
            }
            synced += try SyncedWrite.seconds(in: folder, count: 50)
        }
        try one.store.close()
        try many.store.close()
        return [
            .rate(
                "records, one a commit",
                "/s",
                count: seconds.one.count,
                seconds: seconds.one.reduce(0, +),
                "bare SQLite rows",
                rawSeconds: seconds.raw.reduce(0, +)
            ),
            .time("saved", 0.5, seconds.one, "bare SQLite commit", seconds.raw),
            .time("saved", 0.99, seconds.one, "bare SQLite commit", seconds.raw),
            .rate(
                "records of \(Self.clients) clients at once",
                "/s",
                count: wall.manyCount,
                seconds: wall.many,
                "bare SQLite rows",
                rawSeconds: seconds.raw.reduce(0, +) * Double(wall.manyCount)
                    / Double(seconds.raw.count)
            ),
            .time("saved, \(Self.clients) clients", 0.5, seconds.many, "bare commit", seconds.raw),
            .time("saved, \(Self.clients) clients", 0.99, seconds.many, "bare commit", seconds.raw),
            .time(
                "saved, \(Self.clients) clients",
                0.99,
                seconds.many,
                "\(Self.clients) clients on bare SQLite",
                seconds.bare
            ),
            .time("bare SQLite commit", 0.99, seconds.raw, "4 KiB with fdatasync", synced),
        ]
    }

    /// All clients at once, each doing its share one after another.
    private func burst(
        _ numbers: Range<Int>,
        _ work: @escaping @Sendable (Int) async throws -> Double
    ) async throws -> [Double] {
        try await withThrowingTaskGroup(of: [Double].self) { group in
            for client in 0..<Self.clients {
                group.addTask {
                    var seconds: [Double] = []
                    for number in numbers where number % Self.clients == client {
                        seconds.append(try await work(number))
                    }
                    return seconds
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
