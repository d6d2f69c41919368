import Foundation
import Tally
import Testing

extension DaemonSuites {
    /// One terminal's files are damaged again and again: while it is off, killed, or at work.
    @Suite struct DamageStormTests {
        /// When the damage is done.
        private enum Moment: String, CaseIterable {
            case stopped, killed, atWork
        }

        private enum Harm: String, CaseIterable {
            case databaseDeleted, databaseCut, bytesFlipped, pageRewritten, headerRewritten
            case logDeleted, logCut, logFlipped, databaseAndLogDeleted, journalDeleted

            /// Whether a terminal that starts on it must say so.
            ///
            /// A byte of a page that is in the log too, or of a free one, matters to nobody; a log
            /// that was empty, or held one record only, is not missed.
            var isPlain: Bool {
                [.databaseDeleted, .headerRewritten, .databaseAndLogDeleted].contains(self)
            }

            func apply(_ folder: String, _ dice: inout SeededDice) throws {
                let database = folder + "/tallyman.sqlite"
                let log = database + "-wal"
                switch self {
                case .databaseDeleted: try Harm.remove(database)
                case .databaseCut: try Harm.cut(database, &dice)
                case .bytesFlipped: try Harm.flip(database, count: 30, &dice)
                case .pageRewritten:
                    let pages = UInt64(try Harm.bytes(database).count / 4_096)
                    let page = Int(dice.next() % max(pages, 1))
                    try Harm.rewrite(database, page * 4_096..<(page + 1) * 4_096, &dice)
                case .headerRewritten:
                    // What the log holds of the first page would be read instead of it.
                    try Harm.remove(log)
                    try Harm.rewrite(database, 0..<100, &dice)
                case .logDeleted: try Harm.remove(log)
                case .logCut: try Harm.cut(log, &dice)
                case .logFlipped: try Harm.flip(log, count: 5, &dice)
                case .databaseAndLogDeleted:
                    for path in [database, log] { try Harm.remove(path) }
                case .journalDeleted: try Harm.remove(folder + "/journal")
                }
            }

            private static func remove(_ path: String) throws {
                guard FileManager.default.fileExists(atPath: path) else { return }
                try FileManager.default.removeItem(atPath: path)
            }

            private static func bytes(_ path: String) throws -> [UInt8] {
                Array(FileManager.default.contents(atPath: path) ?? Data())
            }

            /// Cuts a file in place, as it may be open.
            private static func cut(_ path: String, _ dice: inout SeededDice) throws {
                let count = try bytes(path).count
                guard count > 0 else { return }
                let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
                try file.truncate(atOffset: dice.next() % UInt64(count))
                try file.close()
            }

            private static func rewrite(
                _ path: String,
                _ range: Range<Int>,
                _ dice: inout SeededDice
            ) throws {
                guard range.upperBound <= (try bytes(path).count) else { return }
                let noise = range.map { _ in UInt8(truncatingIfNeeded: dice.next()) }
                let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
                try file.seek(toOffset: UInt64(range.lowerBound))
                try file.write(contentsOf: Data(noise))
                try file.close()
            }

            private static func flip(
                _ path: String,
                count: Int,
                _ dice: inout SeededDice
            ) throws {
                let size = try bytes(path).count
                guard size > 0 else { return }
                for _ in 0..<count {
                    let place = Int(dice.next() % UInt64(size))
                    try rewrite(path, place..<place + 1, &dice)
                }
            }
        }

        /// A terminal, its hub, and what people at the terminal were told.
        private struct Yard {
            let plant: DaemonPlant
            let port: Int
            var hub: PlantDaemon?
            var terminal: PlantDaemon
            var told = ShiftRecord()

            mutating func shift(_ commands: Int, seed: UInt64) {
                let jobs = FloorWorker.Job.allCases
                let job = jobs[Int(seed % UInt64(jobs.count))]
                var worker = FloorWorker("s\(seed)", job, notes: 2, seed: seed)
                var left = commands
                worker.work(at: terminal.port) {
                    left -= 1
                    return left >= 0
                }
                told.join(worker.record)
            }

            /// Lets the hub go or come back; one that is there tells a terminal what it lacks.
            mutating func roll(_ dice: inout SeededDice) throws {
                if let running = hub, dice.next() % 3 == 0 {
                    running.program.stop()
                    hub = nil
                } else if dice.next() % 3 != 0 {
                    try bringBack()
                    if let hub { try plant.settle(hub, [terminal]) }
                }
            }

            mutating func bringBack() throws {
                if hub == nil { hub = try plant.startHub(port: port) }
            }

            /// What `/healthz` says of the store.
            func damage() throws -> String? {
                struct Health: Decodable { let damage: String? }
                return try terminal.get("/healthz").decode(Health.self).damage
            }
        }

        @Test func `fifty damages in a row lose nothing that was saved`() async throws {
            let seed = Seeds.fresh
            print("damage storm: seed \(seed) (TALLYMAN_SEED)")
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["dock"], notes: 2)
                var yard = Yard(plant: plant, port: hub.port, hub: hub, terminal: terminals[0])
                var dice = SeededDice(seed: seed)
                var seen: [String: Int] = [:]
                for round in 0..<50 {
                    let harm = Harm.allCases[round % Harm.allCases.count]
                    let moments = Moment.allCases
                    let moment = moments[Int(dice.next() % UInt64(moments.count))]
                    let what = "round \(round), \(harm), \(moment), seed \(seed)"
                    try Self.play(harm, moment, &yard, &dice, what)
                    seen["\(moment)", default: 0] += 1
                }
                try yard.bringBack()
                let back = try #require(yard.hub)
                try plant.settle(back, [yard.terminal])
                yard.terminal.program.stop()
                back.program.stop()
                print("damage storm: \(seen), \(yard.told.saved.count) operations saved")
                #expect(seen.count == Moment.allCases.count)
                #expect(yard.told.saved.count > 200)
                let odd = yard.told.oddities.filter { !$0.contains(": 503 ") }
                #expect(odd == [], "seed \(seed)")
                for name in ["dock", "hub"] {
                    #expect(try plant.verify(name).sound, "\(name), seed \(seed)")
                }
                let log = try LogReading(plant.path("hub"))
                #expect(log.contradictions(to: yard.told) == [], "seed \(seed)")
            }
        }

        private static func play(
            _ harm: Harm,
            _ moment: Moment,
            _ yard: inout Yard,
            _ dice: inout SeededDice,
            _ what: String
        ) throws {
            try yard.roll(&dice)
            yard.shift(4 + Int(dice.next() % 8), seed: dice.next())
            let folder = yard.plant.path("dock")
            switch moment {
            case .stopped: yard.terminal.program.stop()
            case .killed: yard.terminal.program.kill()
            case .atWork:
                try harm.apply(folder, &dice)
                yard.shift(3, seed: dice.next())
                yard.terminal.program.kill()
            }
            if moment != .atWork { try harm.apply(folder, &dice) }
            yard.terminal = try yard.plant.startAgent("dock")
            if harm.isPlain, moment != .atWork {
                let said = try yard.damage()
                #expect(said != nil, "\(what): nothing was said")
                #expect(yard.terminal.program.errors.contains("damaged"), "\(what): not in the log")
            }
        }
    }
}
