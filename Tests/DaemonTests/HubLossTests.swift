import Foundation
import Tally
import Testing

extension DaemonSuites {
    /// The hub's disk is lost, and an older state of it, or another's, takes its place.
    @Suite struct HubLossTests {
        private static let terminals = ["dock-1", "dock-2"]

        @Test func `a hub restored from an old backup has everything back by itself`() async throws
        {
            let seed = Seeds.fresh
            print("hub loss: seed \(seed) (TALLYMAN_SEED)")
            try await DaemonPlant.with { plant in
                var dice = SeededDice(seed: seed)
                let port = try HeldPort(using: &dice).port
                let all = try plant.startAll(Self.terminals, notes: 6, port: port)
                var workers = FloorWorker.Job.allCases.flatMap { job in
                    (0..<2).map { index in
                        (index, FloorWorker("\(index)-\(job)", job, notes: 6, seed: dice.next()))
                    }
                }
                work(&workers, 15, at: all.terminals)
                let backup = plant.path("backup")
                try plant.succeed(["backup", "--data", plant.path("hub"), "--out", backup])
                // A terminal that the backup knows nothing of.
                let code = try plant.enrolmentCode("late")
                let late = try plant.startAgent("late", hub: port, code: code)
                work(&workers, 25, at: all.terminals)
                let terminals = all.terminals + [late]
                try plant.settle(all.hub, terminals)
                let orders = try Self.orders(plant)
                #expect(!orders.isEmpty, "seed \(seed)")
                let before = try all.hub.status()
                all.hub.program.kill()

                let hub = plant.path("hub")
                let owner = try String(contentsOfFile: hub + "/replica", encoding: .utf8)
                try FileManager.default.moveItem(atPath: hub, toPath: plant.path("lost"))
                try FileManager.default.createDirectory(
                    atPath: hub,
                    withIntermediateDirectories: true
                )
                try owner.write(toFile: hub + "/replica", atomically: true, encoding: .utf8)
                try plant.succeed(["restore", backup, "--data", hub])
                let restored = try plant.startHub(port: port)
                #expect(try restored.status() != before, "seed \(seed): the backup lacks nothing")
                try plant.settle(restored, terminals)
                // The same places, verdicts and decisions: the same digests.
                let isBack: Bool? = try Wait.until(within: .seconds(60), every: .milliseconds(50)) {
                    try restored.status().scopes == before.scopes ? true : nil
                }
                let now = try restored.status()
                #expect(isBack == true, "seed \(seed): \(now) for \(before)")
                #expect(try Self.orders(plant) == orders, "seed \(seed)")
                work(&workers, 5, at: all.terminals)
                try plant.settle(restored, terminals)
                for daemon in [restored] + terminals {
                    #expect(daemon.program.stop() == .exit(0))
                }
                for name in ["hub", "late"] + Self.terminals {
                    let report = try plant.verify(name)
                    #expect(report.sound, "seed \(seed): \(name) \(report.difference ?? "")")
                }
            }
        }

        @Test func `another site's backup is refused, and nothing is lost`() async throws {
            try await DaemonPlant.with { plant in
                let all = try plant.startAll(["dock-1"])
                try plant.settle(all.hub, all.terminals)
                let before = try all.hub.status()
                #expect(all.hub.program.stop() == .exit(0))
                let hub = plant.path("hub")
                try plant.succeed(["hub", "site", "add", "BJ1", "--data", plant.path("other")])
                let wrong = plant.path("wrong")
                try plant.succeed(["backup", "--data", plant.path("other"), "--out", wrong])
                // Over what is there, nothing is restored at all.
                #expect(try plant.run(["restore", wrong, "--data", hub]).end == .exit(1))
                let database = hub + "/tallyman.sqlite"
                try FileManager.default.moveItem(atPath: database, toPath: plant.path("kept"))
                for rest in ["-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: database + rest)  // may be gone
                }
                let refused = try plant.run(["restore", wrong, "--data", hub])
                #expect(refused.end == .exit(1))
                #expect(
                    refused.errors.contains("ledger.foreign") || refused.errors.contains("BJ1")
                        || refused.errors.contains("another site"),
                    "\(refused.errors)"
                )
                #expect(!FileManager.default.fileExists(atPath: database))
                try FileManager.default.moveItem(atPath: plant.path("kept"), toPath: database)
                let again = try plant.startHub(port: all.hub.port)
                try plant.settle(again, all.terminals)
                #expect(try again.status() == before)
            }
        }

        private func work(
            _ workers: inout [(Int, FloorWorker)],
            _ steps: Int,
            at terminals: [PlantDaemon]
        ) {
            for place in workers.indices {
                var left = steps
                workers[place].1.work(at: terminals[workers[place].0].port) {
                    left -= 1
                    return left >= 0
                }
            }
        }

        private static func orders(_ plant: DaemonPlant) throws -> [Substring] {
            try plant.succeed(["hub", "orders", "--json", "--data", plant.path("hub")])
                .output.split(separator: "\n").sorted()
        }
    }
}
