import Foundation
import Tally
import Testing

extension DaemonSuites {
    /// A terminal's files are damaged while its daemon is down or at work: with the real program.
    @Suite struct TerminalDamageTests {
        /// What a terminal's `/healthz` says of its store.
        private struct Health: Decodable {
            let status: String
            let room: String
            let damage: String?
        }

        /// Works at a terminal for a while; what it was told.
        private func shift(_ port: Int, _ name: String, commands: Int, seed: UInt64) -> ShiftRecord
        {
            var worker = FloorWorker(name, .receiving, notes: 2, seed: seed)
            var left = commands
            worker.work(at: port) {
                left -= 1
                return left >= 0
            }
            return worker.record
        }

        @Test(arguments: ["deleted", "cut", "rewritten", "log deleted", "everything of SQLite"])
        func `a terminal whose database is damaged rebuilds itself, alone, and then with the hub`(
            _ harm: String
        ) async throws {
            let seed = Seeds.fresh
            print("terminal damage: \(harm), seed \(seed) (TALLYMAN_SEED)")
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["dock"], notes: 2)
                let first = shift(terminals[0].port, "a", commands: 40, seed: seed)
                try plant.settle(hub, terminals)
                hub.program.stop()
                let second = shift(terminals[0].port, "b", commands: 40, seed: seed &+ 1)
                terminals[0].program.kill()
                var dice = SeededDice(seed: seed)
                try Self.apply(harm, plant.path("dock"), &dice)
                // The hub is away: the terminal comes up all the same.
                let alone = try plant.startAgent("dock")
                let health = try alone.get("/healthz").decode(Health.self)
                if harm != "log deleted" {
                    #expect(health.damage != nil, "\(harm), seed \(seed)")
                    #expect(alone.program.errors.contains("damaged"), "the log says so")
                    let page = try alone.get("/").text
                    #expect(page.contains("strip-warning"), "the page says so")
                    let folder = plant.path("dock") + "/damaged"
                    let hasFiles = harm == "cut" || harm == "rewritten"
                    #expect(FileManager.default.fileExists(atPath: folder) || !hasFiles)
                }
                // Both are back, and agree.
                let back = try plant.startHub(port: hub.port)
                try plant.settle(back, [alone])
                let third = shift(alone.port, "c", commands: 20, seed: seed &+ 2)
                try plant.settle(back, [alone])
                let doctor = try plant.run("doctor", "--data", plant.path("dock"))
                if harm == "cut" || harm == "rewritten" {
                    #expect(doctor.output.contains("FAIL  second copy"), "\(doctor.output)")
                }
                alone.program.stop()
                back.program.stop()
                var told = first
                told.join(second)
                told.join(third)
                #expect(told.oddities == [], "\(harm), seed \(seed)")
                #expect(told.saved.count > 40)
                for name in ["dock", "hub"] {
                    #expect(try plant.verify(name).sound, "\(name), \(harm), seed \(seed)")
                    let log = try LogReading(plant.path(name))
                    #expect(log.contradictions(to: told) == [], "\(name), \(harm), seed \(seed)")
                }
            }
        }

        private static func apply(
            _ harm: String,
            _ folder: String,
            _ dice: inout SeededDice
        ) throws {
            let database = folder + "/tallyman.sqlite"
            let files = FileManager.default
            func remove(_ path: String) throws {
                if files.fileExists(atPath: path) { try files.removeItem(atPath: path) }
            }
            switch harm {
            case "deleted": try remove(database)
            case "log deleted": try remove(database + "-wal")
            case "everything of SQLite":
                for end in ["", "-wal", "-shm"] { try remove(database + end) }
            default:
                var bytes = Array(files.contents(atPath: database) ?? Data())
                if harm == "cut" {
                    bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &dice)))
                } else {
                    for index in 0..<min(8_192, bytes.count) {
                        bytes[index] = UInt8(truncatingIfNeeded: dice.next())
                    }
                }
                try Data(bytes).write(to: URL(fileURLWithPath: database))
                try remove(database + "-wal")
            }
        }

        @Test func `a terminal on a disk that is full says what to do and goes on by itself`()
            async throws
        {
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["dock"], notes: 2)
                hub.program.stop()
                terminals[0].program.stop()
                // A file may grow to so many KiB: what is beyond is a full disk to the terminal.
                let size =
                    try FileManager.default.attributesOfItem(
                        atPath: plant.path("dock") + "/tallyman.sqlite"
                    )[.size] as? NSNumber
                let limit = max(300, (size?.intValue ?? 0) / 1_024 + 40)
                let full = try plant.listening(
                    try plant.launch("dock", ["agent"], fileKiBMax: limit),
                    "dock"
                )
                var record = ShiftRecord()
                var answers: [Int: Int] = [:]
                var last = ""
                for number in 0..<400 {
                    let body = Self.report(number)
                    let reply = try full.post("/api/v1/commands", Array(body.utf8))
                    answers[reply.status, default: 0] += 1
                    struct Answer: Decodable { let saved: [String] }
                    if reply.status == 200 {
                        record.saved += try reply.decode(Answer.self).saved
                    } else {
                        last = reply.text
                    }
                    if answers[507, default: 0] + answers[503, default: 0] > 5 { break }
                }
                #expect(answers[200, default: 0] > 0, "\(answers)")
                #expect(answers[507, default: 0] + answers[503, default: 0] > 5, "\(answers)")
                #expect(last.contains("zh-CN") && last.contains("\"en\""), "\(last)")
                full.program.stop()
                // Room again.
                let again = try plant.startAgent("dock")
                let reply = try again.post("/api/v1/commands", Array(Self.report(999).utf8))
                #expect(reply.status == 200, "\(reply.text)")
                again.program.stop()
                #expect(try plant.verify("dock").sound)
                #expect(try LogReading(plant.path("dock")).contradictions(to: record) == [])
            }
        }

        /// A long exception report, as a program would send it.
        private static func report(_ number: Int) -> String {
            let words = String(repeating: "oil on the floor ", count: 100) + String(number)
            return """
                {"worker":"W005","command":{"raiseException":{"category":"quality",\
                "equipment":"INJ-01","text":"\(words)"}}}
                """
        }
    }
}
