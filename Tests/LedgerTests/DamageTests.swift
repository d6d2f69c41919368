import Foundation
import GRDB
import PortSuites
import Sync
import Tally
import Testing

import Ledger

/// A terminal's data folder, damaged in every way that files can be: nothing that was saved is
/// lost, the damage is told, and what is damaged is kept.
///
/// Each case records, stops (with or without closing), damages, opens again as a start does, and
/// looks for every operation. Seeds are printed with what they find; `TALLYMAN_SEED` sets the
/// first.
@Suite struct DamageTests {
    static var options: LedgerOptions {
        var options = LedgerOptions.terminal(ballastByteCount: 0)
        options.now = { Moment(milliseconds: 1_790_000_500_000) }
        return options
    }

    /// A terminal that was enrolled and recorded `count` operations; closed or cut off.
    @discardableResult
    static func record(
        _ count: Int,
        in fixture: Fixture,
        isClosed: Bool,
        seed: UInt64 = 1
    ) throws -> (operations: [Sync.Operation], replica: Identifier) {
        let store = try LedgerStore(DataFolder(fixture.path("live")), options)
        var bench = try Workbench(seed: seed, at: store)
        try store.write { try $0.set(SettingKey("agent.hub"), to: Array("http://hub".utf8)) }
        var operations: [Sync.Operation] = []
        for number in 0..<count {
            let receipt = Workbench.receipt(number % 7)
            operations += try bench.record(
                [Workbench.counted(receipt, String(repeating: "n", count: 20 + number * 7 % 400))],
                in: store
            )
        }
        if isClosed { try store.close() }
        // What is not closed is copied as it lies on the disk.
        try FileManager.default.copyItem(
            atPath: fixture.path("live"),
            toPath: fixture.path("data")
        )
        if !isClosed { try store.close() }
        return (operations, bench.id)
    }

    /// Opens a damaged folder and looks for everything; gives what was said about it.
    @discardableResult
    static func checkAll(
        _ operations: [Sync.Operation],
        _ replica: Identifier,
        in fixture: Fixture,
        _ what: String,
        folder: String = "data"
    ) throws -> StoreDamage? {
        let store = try LedgerStore(DataFolder(fixture.path(folder)), options)
        let damage = store.condition.damage
        let log = try store.read { try $0.log(offset: 0, limit: .max) }
        let found = Set(log.map(\.operation))
        let missing = operations.filter { !found.contains($0) }
        #expect(missing.isEmpty, "\(what): \(missing.count) of \(operations.count) are lost")
        var bench = try Workbench(seed: 99, at: store)
        #expect(bench.id == replica, "\(what): the terminal is another one")
        let hub = try store.read { try $0.setting(SettingKey("agent.hub")) }
        #expect(hub == Array("http://hub".utf8), "\(what): it forgot its hub")
        // It goes on, in an incarnation of its own, linked to the last operation.
        let next = try bench.record([Workbench.counted(Workbench.receipt(1), "next")], in: store)
        #expect(!operations.contains { $0.id.incarnation == next[0].id.incarnation }, "\(what)")
        if damage != nil || !operations.isEmpty {
            #expect(next[0].previous == operations.last?.hash, "\(what): the chain is forked")
        }
        let report = try store.verify(Workbench.reducer)
        #expect(report.isSound, "\(what): \(String(describing: report.difference))")
        try store.close()
        return damage
    }

    /// One way to damage a folder.
    enum Harm: String, CaseIterable, Sendable {
        case databaseDeleted, databaseEmptied, databaseCut, headerRewritten, pagesRewritten
        case bytesFlipped, logDeleted, logCut, logFlipped, indexStale, everyDatabaseFileDeleted
        case journalDeleted, journalCut, journalFlipped

        /// Whether the database is certainly found damaged or gone.
        var isPlain: Bool {
            switch self {
            case .databaseDeleted, .databaseEmptied, .headerRewritten, .everyDatabaseFileDeleted:
                true
            default: false
            }
        }

        func apply(_ folder: String, _ dice: inout SeededDice) throws {
            let database = folder + "/tallyman.sqlite"
            let log = database + "-wal"
            let journal = folder + "/journal"
            switch self {
            case .databaseDeleted: try Files.remove(database)
            case .databaseEmptied: try Files.cut(database, to: 0)
            case .databaseCut: try Files.cutAnywhere(database, &dice)
            case .headerRewritten: try Files.rewrite(database, 0..<100, &dice)
            case .pagesRewritten: try Files.rewritePage(database, &dice)
            case .bytesFlipped: try Files.flip(database, count: 30, &dice)
            case .logDeleted: try Files.remove(log)
            case .logCut: try Files.cutAnywhere(log, &dice)
            case .logFlipped: try Files.flip(log, count: 5, &dice)
            case .indexStale: try Files.write(database + "-shm", Files.noise(32_768, &dice))
            case .everyDatabaseFileDeleted:
                for name in [database, log, database + "-shm"] { try Files.remove(name) }
            case .journalDeleted: try Files.remove(journal)
            case .journalCut: try Files.cutAnywhere(try Files.journal(folder), &dice)
            case .journalFlipped: try Files.flip(try Files.journal(folder), count: 30, &dice)
            }
        }
    }

    @Test(arguments: Harm.allCases, [true, false])
    func `what was saved survives`(_ harm: Harm, _ isClosed: Bool) throws {
        for seed in seedBase..<seedBase + 4 {
            try Fixture.with { fixture in
                var dice = SeededDice(seed: seed &* 1_000 &+ UInt64(harm.rawValue.count))
                let count = 5 + Int(dice.next() % 120)
                let (operations, replica) = try Self.record(
                    count,
                    in: fixture,
                    isClosed: isClosed,
                    seed: seed
                )
                try harm.apply(fixture.path("data"), &dice)
                let what = "\(harm), closed \(isClosed), seed \(seed)"
                let damage = try Self.checkAll(operations, replica, in: fixture, what)
                // A header that is not closed lies in the log as well, and nothing is wrong then.
                if harm.isPlain, isClosed || harm != .headerRewritten {
                    #expect(damage != nil, "\(what): nothing was said")
                    #expect(damage?.recovered == count, "\(what)")
                }
            }
        }
    }

    @Test func `what is damaged is moved aside and kept, byte for byte`() throws {
        try Fixture.with { fixture in
            let (operations, replica) = try Self.record(20, in: fixture, isClosed: true)
            let path = fixture.path("data/tallyman.sqlite")
            var dice = SeededDice(seed: 3)
            try Files.rewrite(path, 0..<100, &dice)
            let before = FileManager.default.contents(atPath: path)
            let damage = try Self.checkAll(operations, replica, in: fixture, "header")
            let folder = try #require(damage?.movedTo)
            #expect(damage?.finding == .database)
            #expect(folder.hasPrefix(fixture.path("data/damaged/")))
            #expect(FileManager.default.contents(atPath: folder + "/tallyman.sqlite") == before)
        }
    }

    @Test func `a log that was taken away is noticed by what the journal has`() throws {
        try Fixture.with { fixture in
            let (operations, replica) = try Self.record(30, in: fixture, isClosed: true)
            // Records after the last checkpoint are in the log alone.
            let store = try LedgerStore(DataFolder(fixture.path("data")), Self.options)
            var bench = try Workbench(seed: 2, at: store)
            let more = try (3...5).flatMap {
                try bench.record([Workbench.counted(Workbench.receipt($0))], in: store)
            }
            try FileManager.default.copyItem(
                atPath: fixture.path("data"),
                toPath: fixture.path("cut")
            )
            try store.close()
            try Files.remove(fixture.path("cut/tallyman.sqlite-wal"))
            let damage = try Self.checkAll(
                operations + more,
                replica,
                in: fixture,
                "log",
                folder: "cut"
            )
            #expect(damage?.finding == .recordsMissing)
            #expect(damage?.recovered == 3)
        }
    }

    @Test func `both copies damaged at places of their own still give every record`() throws {
        for seed in seedBase..<seedBase + 10 {
            try Fixture.with { fixture in
                let (operations, replica) = try Self.record(40, in: fixture, isClosed: true)
                var dice = SeededDice(seed: seed)
                let journal = try Files.journal(fixture.path("data"))
                let one = operations[Int(dice.next() % 20)]
                let other = operations[20 + Int(dice.next() % 20)]
                try Files.rewrite(one.bytes, in: journal, &dice)
                try Files.rewrite(other.bytes, in: fixture.path("data/tallyman.sqlite"), &dice)
                try Self.checkAll(operations, replica, in: fixture, "both, seed \(seed)")
            }
        }
    }

    @Test func `a database that is damaged under the running store is mended before more is saved`()
        throws
    {
        try Fixture.with { fixture in
            let store = try LedgerStore(DataFolder(fixture.path("data")), Self.options)
            var bench = try Workbench(seed: 1, at: store)
            var operations: [Sync.Operation] = []
            for number in 0..<10 {
                operations += try bench.record(
                    [Workbench.counted(Workbench.receipt(number))],
                    in: store
                )
            }
            try Files.remove(fixture.path("data/tallyman.sqlite"))
            operations += try bench.record([Workbench.counted(Workbench.receipt(1))], in: store)
            #expect(store.condition.damage?.finding == .databaseMissing)
            #expect(!store.condition.isFailing)
            let log = try store.read { try $0.log(offset: 0, limit: 99) }
            #expect(Set(log.map(\.operation)) == Set(operations))
            let incarnations = Set(operations.map(\.id.incarnation))
            #expect(incarnations.count == 2, "it went on in a new incarnation")
            #expect(try store.verify(Workbench.reducer).isSound)
        }
    }

    @Test func `a log that is taken away under the running store costs nothing and is told`() throws
    {
        try Fixture.with { fixture in
            let store = try LedgerStore(DataFolder(fixture.path("data")), Self.options)
            var bench = try Workbench(seed: 1, at: store)
            var operations: [Sync.Operation] = []
            for number in 0..<20 {
                if number % 5 == 3 { try Files.remove(fixture.path("data/tallyman.sqlite-wal")) }
                operations += try bench.record(
                    [Workbench.counted(Workbench.receipt(number))],
                    in: store
                )
            }
            #expect(store.condition.damage?.finding == .recordsMissing, "\(store.condition)")
            #expect(!store.condition.isFailing)
            let log = try store.read { try $0.log(offset: 0, limit: 99) }
            #expect(Set(log.map(\.operation)) == Set(operations))
            #expect(try store.verify(Workbench.reducer).isSound)
            // What the power would leave now.
            try FileManager.default.copyItem(
                atPath: fixture.path("data"),
                toPath: fixture.path("cut")
            )
            try store.close()
            let cut = try LedgerStore(DataFolder(fixture.path("cut")), Self.options)
            let found = try cut.read { try $0.log(offset: 0, limit: 99) }
            #expect(Set(found.map(\.operation)) == Set(operations))
            try cut.close()
        }
    }

    @Test func `a newer program's database is refused, one with a damaged number is rebuilt`()
        throws
    {
        for (version, isNewer) in [(4_711, true), (1 << 20, false)] {
            try Fixture.with { fixture in
                let (operations, replica) = try Self.record(10, in: fixture, isClosed: true)
                let queue = try DatabaseQueue(path: fixture.path("data/tallyman.sqlite"))
                try queue.write { try $0.execute(sql: "PRAGMA user_version = \(version)") }
                try queue.close()
                if isNewer {
                    #expect(throws: LedgerError.self) {
                        try LedgerStore(DataFolder(fixture.path("data")), Self.options)
                    }
                } else {
                    let damage = try Self.checkAll(operations, replica, in: fixture, "version")
                    #expect(damage?.recovered == 10)
                }
            }
        }
    }

    @Test func `without a second journal a damaged database is refused and left as it is`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let path = fixture.path("hub/tallyman.sqlite")
            var dice = SeededDice(seed: 1)
            try Files.rewrite(path, 0..<100, &dice)
            let before = FileManager.default.contents(atPath: path)
            #expect(throws: LedgerError.self) { try fixture.open("hub") }
            #expect(FileManager.default.contents(atPath: path) == before)
        }
    }

    @Test func `a folder from before the second journal gets one`() throws {
        try Fixture.with { fixture in
            let data = try DataFolder(fixture.path("old"))
            let plain = try LedgerStore(data)
            var bench = try Workbench(seed: 1, at: plain)
            try plain.write { try $0.set(SettingKey("agent.hub"), to: Array("http://hub".utf8)) }
            let operations = try bench.record(
                (0..<150).map { Workbench.counted(Workbench.receipt($0)) },
                in: plain
            )
            try plain.close()
            let store = try LedgerStore(data, Self.options)
            #expect(store.condition.damage == nil)
            try store.close()
            try FileManager.default.copyItem(
                atPath: fixture.path("old"),
                toPath: fixture.path("data")
            )
            try Files.remove(fixture.path("data/tallyman.sqlite"))
            try Self.checkAll(operations, bench.id, in: fixture, "after an upgrade")
        }
    }

    @Test func `each lane goes on from its own newest record after a rebuild`() throws {
        let reducer = Reducer(
            Vocabulary(
                facts: ["receipt.counted", "exception_report.photographed"],
                lanes: ["receipt": .receipts]
            )
        )
        func draft(_ number: Int) -> Draft {
            let report = EntityKey(
                scope: Workbench.dock,
                kind: "exception_report",
                id: .derived("report", "1")
            )
            return number.isMultiple(of: 3)
                ? Draft(.fact, of: report, type: "exception_report.photographed")
                : Workbench.counted(Workbench.receipt(number))
        }
        func bench(at store: LedgerStore) throws -> Workbench {
            var bench = try Workbench(seed: 1, at: store)
            bench.terminal = TerminalReplica(bench.terminal.replica, reducer)
            return bench
        }
        try Fixture.with { fixture in
            let data = try DataFolder(fixture.path("data"))
            let lost = try LedgerStore(data, Self.options)
            var before = try bench(at: lost)
            var last: [String: Identifier] = [:]
            for number in 0..<10 {
                let operation = try before.record([draft(number)], in: lost)[0]
                last[operation.entity.kind] = operation.hash
            }
            try lost.close()
            try Files.remove(fixture.path("data/tallyman.sqlite"))
            let store = try LedgerStore(data, Self.options)
            var after = try bench(at: store)
            for number in [0, 1] {
                let next = try after.record([draft(number)], in: store)[0]
                #expect(next.previous == last[next.entity.kind])
            }
            let lanes = try store.read { try $0.unsent(of: after.id, limit: .max) }.map(\.lane)
            #expect(
                lanes == Array(repeating: .receipts, count: 7) + Array(repeating: .edits, count: 5)
            )
            let report = try store.verify(reducer)
            #expect(report.isSound, "\(String(describing: report.difference))")
            try store.close()
        }
    }

    @Test func `the second journal is bounded`() throws {
        try Fixture.with { fixture in
            var options = Self.options
            let data = try DataFolder(fixture.path("data"))
            let store = try LedgerStore(data, options)
            var bench = try Workbench(seed: 1, at: store)
            let long = String(repeating: "x", count: 60_000)
            for number in 0..<20 {
                let made = try bench.record(
                    [Workbench.counted(Workbench.receipt(number), long)],
                    in: store
                )
                if number < 10 { try store.write { try $0.acknowledge(made[0].id, .accepted) } }
            }
            #expect(try store.trimJournal() == 0, "what is young stays")
            try store.close()
            let month: Int64 = 31 * 86_400_000
            options.now = { Moment(milliseconds: 1_790_000_500_000 + month) }
            let later = try LedgerStore(data, options)
            #expect(try later.trimJournal() > 0, "what the hub has had for long goes")
            try later.close()
            // What the hub does not have stays, and a start does not bring back what went.
            let count = try Files.journals(fixture.path("data")).count
            let again = try LedgerStore(data, options)
            #expect(again.condition.damage == nil)
            #expect(try Files.journals(fixture.path("data")).count == count)
            try again.close()
            try Files.remove(fixture.path("data/tallyman.sqlite"))
            let rebuilt = try LedgerStore(data, options)
            let unsent = try rebuilt.read { try $0.unsent(of: bench.id, limit: 99) }
            #expect(unsent.count >= 10)
        }
    }
}

/// Harm to files.
enum Files {
    static func remove(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }

    static func write(_ path: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    static func noise(_ count: Int, _ dice: inout SeededDice) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    }

    /// Changes the bytes of a file that is there; one that is not has nothing to change.
    private static func edit(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        guard let data = FileManager.default.contents(atPath: path) else { return }
        var bytes = Array(data)
        change(&bytes)
        try write(path, bytes)
    }

    static func cut(_ path: String, to count: Int) throws {
        try edit(path) { $0 = Array($0.prefix(count)) }
    }

    static func cutAnywhere(_ path: String, _ dice: inout SeededDice) throws {
        let roll = Int(dice.next() % 1_000_000)
        try edit(path) { $0 = Array($0.prefix($0.isEmpty ? 0 : roll % $0.count)) }
    }

    static func rewrite(_ path: String, _ range: Range<Int>, _ dice: inout SeededDice) throws {
        let noise = noise(range.count, &dice)
        try edit(path) { bytes in
            for (index, byte) in zip(range, noise) where index < bytes.count {
                bytes[index] = byte
            }
        }
    }

    /// Rewrites the bytes that are found in a file.
    static func rewrite(_ found: [UInt8], in path: String, _ dice: inout SeededDice) throws {
        let data = try #require(FileManager.default.contents(atPath: path))
        let place = try #require(data.firstRange(of: Data(found)))
        try rewrite(path, place.lowerBound + 8..<place.upperBound, &dice)
    }

    static func rewritePage(_ path: String, _ dice: inout SeededDice) throws {
        let roll = Int(dice.next() % 1_000_000)
        let noise = noise(4_096, &dice)
        try edit(path) { bytes in
            guard bytes.count >= 4_096 else { return }
            let start = roll % (bytes.count / 4_096) * 4_096
            bytes.replaceSubrange(start..<start + 4_096, with: noise)
        }
    }

    static func flip(_ path: String, count: Int, _ dice: inout SeededDice) throws {
        let rolls = (0..<count).map { _ in (Int(dice.next() % 1_000_000_007), dice.next() % 8) }
        try edit(path) { bytes in
            guard !bytes.isEmpty else { return }
            for (place, bit) in rolls { bytes[place % bytes.count] ^= 1 << UInt8(bit) }
        }
    }

    static func journals(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder + "/journal")
            .filter { $0.hasSuffix(".own") }.sorted().map { folder + "/journal/" + $0 }
    }

    /// The newest segment of a folder's second journal.
    static func journal(_ folder: String) throws -> String {
        try journals(folder).last ?? folder + "/journal/none"
    }
}
