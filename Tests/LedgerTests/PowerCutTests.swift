import Foundation
import PortSuites
import Sync
import Tally
import Testing

import Ledger

/// The power goes: not a kill, after which the system still writes what it holds, but a loss of
/// everything that was not synced, or of parts of it.
///
/// A history runs under SQLite itself with a layer below that records each write, sync, truncation
/// and name (``PowerRecorder``). Then a model of the disk (``PowerModel``) makes the files that a
/// cut at a moment leaves, in five fates, and the store is opened on them as after any start:
/// everything that was called saved is there, `verify` is sound, and it goes on.
@Suite struct PowerCutTests {
    /// A kind of store, and what its people are told.
    enum Kind: String, CaseIterable, Sendable {
        /// With a second journal; people are told "saved".
        case terminal
        /// Without; terminals are told "stored".
        case hub

        func options(_ recorder: PowerRecorder?) -> LedgerOptions {
            var options = LedgerOptions()
            options.hasSecondJournal = self == .terminal
            options.now = { Moment(milliseconds: 1_790_000_500_000) }
            if let recorder { options.disk = RecordedDisk(recorder: recorder) }
            return options
        }
    }

    /// In memory where there is such a folder: thousands of starts wait for no disk.
    private static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let memory = "/dev/shm"
        let isThere = FileManager.default.isWritableFile(atPath: memory)
        let parent = isThere ? memory : NSTemporaryDirectory()
        let folder = parent + "/tallyman-power-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // best effort
        return try body(folder)
    }

    /// Records `steps` transactions under a recorder, with a backup and restarts in between.
    private static func history(
        _ kind: Kind,
        steps: Int,
        seed: UInt64,
        in folder: String,
        isDurable: Bool = true,
        plan: DiskPlan = DiskPlan()
    ) throws -> PowerRecorder {
        let live = folder + "/live"
        try FileManager.default.createDirectory(atPath: live, withIntermediateDirectories: true)
        let recorder = PowerRecorder(live, plan)
        defer { recorder.stop() }
        var options = kind.options(recorder)
        if !isDurable { options.synchronous = 1 }
        var dice = SeededDice(seed: seed)
        let data = try DataFolder(live)
        var store = try LedgerStore(data, options)
        var bench = try Workbench(seed: seed, at: store)
        for step in 0..<steps {
            let drafts = (0...Int(dice.next() % 3)).map { number in
                Workbench.counted(
                    Workbench.receipt(number),
                    String(repeating: "p", count: Int(dice.next() % 3_000))
                )
            }
            if let made = try? bench.record(drafts, in: store) {  // nil: the plan said no
                recorder.note(.saved(made.map(\.id)))
            }
            switch dice.next() % 12 {
            case 0:
                let name = "backup-\(step)"
                if (try? store.backup(to: live + "/" + name)) != nil {  // nil: as above
                    recorder.note(.backedUp(name))
                }
            case 1:
                try store.close()
                store = try LedgerStore(data, options)
                bench = try Workbench(seed: dice.next(), at: store)
            default: break
            }
        }
        try? store.close()  // nothing that was told depends on it
        return recorder
    }

    /// What is wrong after a cut; empty when nothing is.
    private static func flaws(
        _ kind: Kind,
        after model: PowerModel,
        _ fate: PowerModel.Fate,
        _ dice: inout SeededDice,
        in folder: String
    ) throws -> [String] {
        let place = folder + "/cut"
        try? FileManager.default.removeItem(atPath: place)  // none the first time
        for (name, bytes) in model.cut(fate, &dice) {
            let path = place + "/" + name
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(
                atPath: parent,
                withIntermediateDirectories: true
            )
            try Files.write(path, bytes)
        }
        var flaws: [String] = []
        do {
            let store = try LedgerStore(DataFolder(place), kind.options(nil))
            let log = try store.read { try $0.log(offset: 0, limit: .max) }
            let found = Set(log.map(\.operation.id))
            let lost = model.saved.filter { !found.contains($0) }
            if !lost.isEmpty { flaws.append("\(lost.count) of \(model.saved.count) lost") }
            let report = try store.verify(Workbench.reducer)
            if let difference = report.difference { flaws.append("verify: \(difference)") }
            var bench = try Workbench(seed: dice.next(), at: store)
            let next = try bench.record([Workbench.counted(Workbench.receipt(1))], in: store)
            if found.contains(next[0].id) { flaws.append("a number was used twice") }
            if let finding = store.condition.damage?.finding, finding != .disk {
                flaws.append("said to be damaged: \(finding)")
            }
            try store.close()
            for name in model.backups {
                try LedgerStore.restore(
                    place + "/" + name,
                    into: DataFolder(folder + "/restored-\(UUID().uuidString)")
                )
            }
        } catch {
            flaws.append("\(error)")
        }
        return flaws
    }

    /// Cuts a recorded history at the moments that `chooses` says, with every fate.
    private static func cutAll(
        _ kind: Kind,
        _ events: [DiskEvent],
        seed: UInt64,
        in folder: String,
        chooses: (Int) -> Bool
    ) throws -> (cuts: Int, flaws: [String]) {
        var model = PowerModel()
        // Not the dice of the history: those who go on after a cut are to be others.
        var dice = SeededDice(seed: ~seed)
        var cuts = 0
        var flaws: [String] = []
        for moment in 0...events.count {
            if chooses(moment) {
                for fate in PowerModel.Fate.allCases {
                    cuts += 1
                    let found = try Self.flaws(kind, after: model, fate, &dice, in: folder)
                    flaws += found.map { "seed \(seed), event \(moment), \(fate): \($0)" }
                }
            }
            if moment < events.count { model.take(events[moment]) }
        }
        return (cuts, flaws)
    }

    @Test(arguments: Kind.allCases)
    func `a cut at every call of a short history loses nothing that was told`(
        _ kind: Kind
    ) throws {
        try Self.withFolder { folder in
            let recorder = try Self.history(kind, steps: 4, seed: seedBase + 1, in: folder)
            let (cuts, flaws) = try Self.cutAll(
                kind,
                recorder.events,
                seed: seedBase,
                in: folder
            ) { _ in true }
            print("power cuts: \(kind), \(recorder.events.count) calls, \(cuts) cuts")
            #expect(flaws.isEmpty, "\(flaws.prefix(5))")
            #expect(cuts >= 4 * recorder.events.count)
        }
    }

    @Test(arguments: Kind.allCases, seedBase..<seedBase + 18)
    func `cuts at random moments of a long history lose nothing that was told`(
        _ kind: Kind,
        _ seed: UInt64
    ) throws {
        try Self.withFolder { folder in
            let recorder = try Self.history(kind, steps: 60, seed: seed, in: folder)
            let count = recorder.events.count
            var dice = SeededDice(seed: seed)
            let moments = Set((0..<4).map { _ in Int(dice.next() % UInt64(count)) } + [count])
            let (_, flaws) = try Self.cutAll(
                kind,
                recorder.events,
                seed: seed,
                in: folder
            ) { moments.contains($0) }
            #expect(flaws.isEmpty, "\(flaws.prefix(5))")
        }
    }

    @Test func `the layer bites: without waiting for the disk, what was told is lost`() throws {
        try Self.withFolder { folder in
            let recorder = try Self.history(
                .hub,
                steps: 6,
                seed: 3,
                in: folder,
                isDurable: false
            )
            let (_, flaws) = try Self.cutAll(.hub, recorder.events, seed: 3, in: folder) { _ in
                true
            }
            #expect(flaws.contains { $0.contains("lost") })
        }
    }

    @Test(arguments: Kind.allCases)
    func `a sync that fails once and then succeeds costs nothing that was told`(
        _ kind: Kind
    ) throws {
        // How many syncs such a history has; each of them fails once.
        let syncs = try Self.withFolder { folder in
            try Self.history(kind, steps: 5, seed: 2, in: folder).counts.syncs
        }
        var tried = 0
        for failed in 1...syncs {
            try Self.withFolder { folder in
                let plan = DiskPlan(failedSyncs: failed..<failed + 1)
                guard
                    let recorder = try? Self.history(
                        kind,
                        steps: 5,
                        seed: 2,
                        in: folder,
                        plan: plan
                    )
                else { return }  // the start itself was refused, and nobody was told anything
                tried += 1
                let end = recorder.events.count
                let (_, flaws) = try Self.cutAll(
                    kind,
                    recorder.events,
                    seed: UInt64(failed),
                    in: folder
                ) { $0 == end || $0 == end - end / 4 }
                #expect(flaws.isEmpty, "sync \(failed): \(flaws.prefix(3))")
            }
        }
        #expect(tried > 5)
    }
}
