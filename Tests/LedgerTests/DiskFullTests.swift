import Foundation
import PortSuites
import Sync
import Synchronization
import Tally
import Testing

import Ledger

/// The disk is full: a record is refused before it is called saved, or it is saved; nothing is ever
/// half there, and work goes on by itself when there is room.
@Suite struct DiskFullTests {
    /// What a terminal is told and keeps, under a disk that is full from one write to another.
    private struct Run {
        var saved: [Sync.Operation] = []
        var refused = 0
        var recorder: PowerRecorder
        var store: LedgerStore?
    }

    private static func options(_ recorder: PowerRecorder?) -> LedgerOptions {
        var options = DamageTests.options
        if let recorder { options.disk = RecordedDisk(recorder: recorder) }
        return options
    }

    /// Records ten times while the disk is full as the plan says.
    private static func run(_ plan: DiskPlan, in fixture: Fixture) throws -> Run {
        let live = fixture.path("live")
        try FileManager.default.createDirectory(atPath: live, withIntermediateDirectories: true)
        var run = Run(recorder: PowerRecorder(live, plan))
        defer { run.recorder.stop() }
        let store: LedgerStore
        do {
            store = try LedgerStore(DataFolder(live), options(run.recorder))
        } catch LedgerError.diskFull {
            run.refused = 10
            return run
        }
        var bench = try? Workbench(seed: 1, at: store)  // nil: refused too
        for number in 0..<10 {
            let draft = Workbench.counted(
                Workbench.receipt(number),
                String(repeating: "f", count: 500 * number)
            )
            do {
                if bench == nil { bench = try Workbench(seed: 1, at: store) }
                run.saved += try bench?.record([draft], in: store) ?? []
            } catch LedgerError.diskFull {
                run.refused += 1
            }
        }
        let log = try store.read { try $0.log(offset: 0, limit: 99) }
        #expect(log.map(\.operation) == run.saved, "\(plan): what is refused is not there")
        #expect(try store.verify(Workbench.reducer).isSound, "\(plan)")
        try? store.close()  // best effort: the disk may still be full
        return run
    }

    @Test func `a disk that is full at any one write costs at most the record at hand`() throws {
        let writes = try Fixture.with { try Self.run(DiskPlan(), in: $0).recorder.counts.writes }
        var refusals = 0
        for number in 1...writes {
            try Fixture.with { fixture in
                let run = try Self.run(DiskPlan(full: number..<number + 1), in: fixture)
                refusals += run.refused
                #expect(run.refused <= 1 || run.refused == 10, "write \(number)")
                try Self.check(run, in: fixture, "write \(number)")
            }
        }
        #expect(refusals > 5, "the plan bites")
    }

    @Test func `a disk that fills at any write and stays so refuses, and keeps what it has`() throws
    {
        let writes = try Fixture.with { try Self.run(DiskPlan(), in: $0).recorder.counts.writes }
        for number in stride(from: 1, through: writes, by: 3) {
            try Fixture.with { fixture in
                let run = try Self.run(DiskPlan(full: number..<Int.max), in: fixture)
                try Self.check(run, in: fixture, "from write \(number)")
            }
        }
    }

    /// With room again, the next start finds everything and records.
    private static func check(_ run: Run, in fixture: Fixture, _ what: String) throws {
        let store = try LedgerStore(DataFolder(fixture.path("live")), options(nil))
        let log = try store.read { try $0.log(offset: 0, limit: 99) }
        #expect(Set(log.map(\.operation)).isSuperset(of: run.saved), "\(what)")
        var bench = try Workbench(seed: 2, at: store)
        _ = try bench.record([Workbench.counted(Workbench.receipt(1))], in: store)
        let report = try store.verify(Workbench.reducer)
        #expect(report.isSound, "\(what): \(String(describing: report.difference))")
        try store.close()
    }

    @Test func `room is given up in order: photos, views, then records; and comes back`() throws {
        try Fixture.with { fixture in
            let told = Mutex<[RoomLeft]>([])
            var options = DamageTests.options
            options.ballastByteCount = 1 << 20
            options.tell = { event in
                if case .room(let room) = event { told.withLock { $0.append(room) } }
            }
            let live = fixture.path("live")
            try FileManager.default.createDirectory(atPath: live, withIntermediateDirectories: true)
            let recorder = PowerRecorder(live)
            defer { recorder.stop() }
            options.disk = RecordedDisk(recorder: recorder)
            let store = try LedgerStore(DataFolder(live), options)
            var bench = try Workbench(seed: 1, at: store)
            let ballast = live + "/ballast"
            func record(free: Int) throws {
                store.room.planned.withLock { $0 = free }
                _ = try bench.record([Workbench.counted(Workbench.receipt(1))], in: store)
            }
            try record(free: 8 << 20)
            #expect(store.roomLeft == .all)
            #expect(try fixture.size(of: "live/ballast") == 1 << 20)
            try record(free: 3 << 20)
            #expect(store.roomLeft == .noPhotos)
            try record(free: 1 << 20)
            #expect(store.roomLeft == .noViews)
            #expect(FileManager.default.fileExists(atPath: ballast))
            // The disk is full: the ballast's room is given back, and the record is saved.
            recorder.plan = DiskPlan(full: recorder.counts.writes + 1..<recorder.counts.writes + 2)
            try record(free: 1 << 20)
            #expect(!FileManager.default.fileExists(atPath: ballast))
            #expect(store.roomLeft == .noViews)
            // That is used up too: refused, before it is called saved.
            recorder.plan = DiskPlan(full: recorder.counts.writes + 1..<Int.max)
            #expect(throws: LedgerError.self) { try record(free: 0) }
            #expect(store.roomLeft == .none)
            let count = try store.read { try $0.log(offset: 0, limit: 99).count }
            #expect(count == 4)
            // Room again: it goes on, with a ballast, and nobody did anything here.
            recorder.plan = DiskPlan()
            try record(free: 9 << 20)
            #expect(store.roomLeft == .all)
            #expect(FileManager.default.fileExists(atPath: ballast))
            #expect(
                told.withLock { $0 } == [.noPhotos, .noViews, .none, .all]
            )
            #expect(try store.verify(Workbench.reducer).isSound)
            try store.close()
        }
    }

    @Test func `requests that share a commit fail and succeed each for itself`() async throws {
        try await Fixture.with { fixture in
            let store = try LedgerStore(DataFolder(fixture.path("data")), DamageTests.options)
            struct Refused: Error {}
            let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            try await store.write { transaction in
                                try transaction.set(SettingKey("own \(number)"), to: [1])
                                let key = SettingKey("all")
                                let count = try transaction.setting(key)?.count ?? 0
                                try transaction.set(
                                    key,
                                    to: [UInt8](repeating: 1, count: count + 1)
                                )
                                if number % 3 == 0 { throw Refused() }
                            }
                            return (number, true)
                        } catch {
                            return (number, false)
                        }
                    }
                }
                return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
            }
            for number in 0..<200 {
                #expect(outcomes[number] == (number % 3 != 0))
                let value = try await store.read { try $0.setting(SettingKey("own \(number)")) }
                #expect((value != nil) == (number % 3 != 0))
            }
            let all = try await store.read { try $0.setting(SettingKey("all"))?.count }
            #expect(all == outcomes.values.count { $0 })
        }
    }
}
