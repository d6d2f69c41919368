import Foundation
import Tally
import Testing

extension DaemonSuites {
    /// What was answered "saved" is there, whatever happens to the program: promise 1 of the
    /// design, with a real process and real SIGKILLs.
    @Suite struct DurabilityTests {
        private static let notes = 12

        /// `TALLYMAN_KILLS` asks for more than the 200 that are always done.
        private static var kills: Int {
            let asked = ProcessInfo.processInfo.environment["TALLYMAN_KILLS"]
            return max(200, asked.flatMap { Int($0) } ?? 0)
        }

        @Test func `what was saved is there once after kills at random moments`() async throws {
            let seed = Seeds.fresh
            print("durability: seed \(seed) (TALLYMAN_SEED), \(Self.kills) kills")
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["dock"], notes: Self.notes)
                // From here on the terminal is alone, as on a floor without a network.
                hub.program.stop()
                terminals[0].program.stop()
                var dice = SeededDice(seed: seed)
                var told = ShiftRecord()
                var answered = 0
                for round in 0..<Self.kills {
                    let before = told.saved.count
                    told.join(try await killed(plant, round, &dice))
                    if told.saved.count > before { answered += 1 }
                    if round % 50 == 49 { try check(plant, against: told, seed) }
                }
                #expect(told.oddities == [], "seed \(seed)")
                #expect(told.saved.count > Self.kills, "seed \(seed): little was recorded")
                #expect(answered > Self.kills / 4, "seed \(seed): few lives saw a record")
                let words = "\(told.saved.count) operations saved in \(answered) of \(Self.kills)"
                print("durability: \(words) lives; refused: \(told.refusals)")
            }
        }

        /// One life of the terminal: people work, and it is killed in the middle of it.
        private func killed(
            _ plant: DaemonPlant,
            _ round: Int,
            _ dice: inout SeededDice
        ) async throws -> ShiftRecord {
            let program = try plant.launch("dock", ["agent"])
            if Int.random(in: 0..<8, using: &dice) == 0 {
                // Some die before they have opened their database, or while they do.
                Wait.pause(.microseconds(Int.random(in: 0...80_000, using: &dice)))
                program.kill()
                return ShiftRecord()
            }
            let port = try plant.listening(program, "dock").port
            let delay = Duration.microseconds(Int.random(in: 1_000...150_000, using: &dice))
            let jobs = FloorWorker.Job.allCases + [.receiving]
            let workers = jobs.enumerated().map { index, job in
                FloorWorker("\(round)-\(index)", job, notes: Self.notes, seed: dice.next())
            }
            return await withTaskGroup(of: ShiftRecord.self) { group in
                for worker in workers {
                    group.addTask {
                        var worker = worker
                        worker.work(at: port)
                        return worker.record
                    }
                }
                Wait.pause(delay)
                program.kill()
                return await group.reduce(into: ShiftRecord()) { $0.join($1) }
            }
        }

        private func check(_ plant: DaemonPlant, against told: ShiftRecord, _ seed: UInt64) throws {
            let verification = try plant.run("verify", "--data", plant.path("dock"))
            #expect(
                verification.end == .exit(0),
                "seed \(seed): \(verification.output)\(verification.errors)"
            )
            let log = try LogReading(plant.path("dock"))
            #expect(log.contradictions(to: told) == [], "seed \(seed)")
            // The comparison sees what is missing: a record that nobody made is not there.
            var invented = ShiftRecord()
            invented.saved = [String(repeating: "7", count: 64)]
            invented.marks = ["mark-nobody-1.": true]
            #expect(log.contradictions(to: invented).count == 2)
        }
    }
}

/// Seeds of the tests that roll dice.
enum Seeds {
    /// Another one each time; `TALLYMAN_SEED` plays one again.
    static var fresh: UInt64 {
        let named = ProcessInfo.processInfo.environment["TALLYMAN_SEED"]
        return named.flatMap { UInt64($0) } ?? .random(in: 0...UInt64(UInt32.max))
    }
}
