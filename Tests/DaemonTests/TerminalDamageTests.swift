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
                // A file may grow to so many KiB: what is beyond is a full disk to the terminal. A
                // start finds room for what it writes itself.
                let limit = try Self.longestKiB(plant.path("dock")) + 200
                let full = try plant.listening(
                    try plant.launch("dock", ["agent"], disk: .files(KiB: limit)),
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

        @Test(.enabled(if: SmallDisk.hasMemory, "needs a file system in memory of its own"))
        func `photos go first, then views, then records, and all come back by themselves`()
            async throws
        {
            try await DaemonPlant.with { plant in
                try plant.makeHub(notes: 2)
                let code = try plant.enrolmentCode("dock")
                let hub = try plant.startHub()
                let place = plant.path("dock")
                try FileManager.default.createDirectory(
                    atPath: place,
                    withIntermediateDirectories: true
                )
                let words = ["agent", "--ballast", "1", "--poll", "50", "--enroll", code]
                let program = try plant.launch(
                    "dock",
                    words + ["--hub", "http://127.0.0.1:\(hub.port)"],
                    disk: .memory(MiB: 40, at: place)
                )
                let port = try plant.listening(program, "dock").port
                let process = try #require(program.processID)
                // The program's own file system, as seen from here.
                let folder = "/proc/\(process)/root" + place
                let terminal = PlantDaemon(program, folder: folder, port: port)
                try plant.settle(hub, [terminal])
                var disk = TightDisk(terminal)
                try Self.tighten(&disk)
                try plant.settle(hub, [terminal])
                program.stop()
                hub.program.stop()
                #expect(try plant.verify("hub").sound)
                let log = try LogReading(plant.path("hub"))
                #expect(log.contradictions(to: disk.told) == [])
                print("small disk: \(disk.told.saved.count) saved, \(disk.refused) refused")
            }
        }

        private static func tighten(_ disk: inout TightDisk) throws {
            // Free MiB; what a photo and a record are answered; what `/healthz` says of the room.
            let steps: [(free: Double, photo: Int, record: Int, room: String)] = [
                (8, 200, 200, "all"), (3, 507, 200, "noPhotos"), (1.5, 507, 200, "noViews"),
            ]
            for step in steps {
                try disk.leave(step.free)
                #expect(try disk.record() == step.record, "\(step)")
                #expect(try disk.photo() == step.photo, "\(step)")
                #expect(try disk.room() == step.room, "\(step)")
                #expect(disk.hasBallast, "\(step)")
            }
            // Nothing is free, but for the ballast; then that is used up too.
            try disk.leave(0)
            #expect(try disk.record() == 200, "\(disk.lastRefusal)")
            #expect(!disk.hasBallast)
            try disk.leave(0)
            try disk.recordUntilNothingIsLeft()
            #expect(disk.lastRefusal.contains("\"en\"") && disk.lastRefusal.contains("zh-CN"))
            try disk.leave(10)
            #expect(try disk.record() == 200, "\(disk.lastRefusal)")
            #expect(try disk.photo() == 200)
            #expect(try disk.room() == "all")
            #expect(disk.hasBallast)
        }

        /// A terminal on a disk of its own, which a file fills up.
        private struct TightDisk {
            let terminal: PlantDaemon
            var told = ShiftRecord()
            var refused = 0
            var lastRefusal = ""
            private var count = 0

            init(_ terminal: PlantDaemon) { self.terminal = terminal }

            private var folder: String { terminal.folder }

            var hasBallast: Bool { FileManager.default.fileExists(atPath: folder + "/ballast") }

            /// Fills the disk until so many MiB are free.
            func leave(_ free: Double) throws {
                let path = folder + "/filler"
                var status = statvfs()
                guard statvfs(folder, &status) == 0 else { throw PlantFailure("no \(folder)") }
                let now = Int(status.f_bavail) * Int(status.f_frsize)
                let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
                guard file >= 0 else { throw PlantFailure("no filler") }
                defer { close(file) }
                let long = Int(lseek(file, 0, SEEK_END)) + now - Int(free * Double(1 << 20))
                guard ftruncate(file, off_t(min(long, Int(lseek(file, 0, SEEK_END))))) == 0 else {
                    throw PlantFailure("no filler")
                }
                // The terminal may have taken some of it meanwhile.
                for less in stride(from: 0, through: 96 << 10, by: 32 << 10)
                where posix_fallocate(file, 0, off_t(long - less)) == 0 {
                    return
                }
                throw PlantFailure("no filler of \(long)")
            }

            mutating func record() throws -> Int {
                count += 1
                let body = TerminalDamageTests.report(count)
                let reply = try terminal.post("/api/v1/commands", Array(body.utf8))
                struct Answer: Decodable { let saved: [String] }
                if reply.status == 200 {
                    told.saved += try reply.decode(Answer.self).saved
                } else {
                    refused += 1
                    lastRefusal = reply.text
                }
                return reply.status
            }

            /// Records until one is refused and `/healthz` says so too.
            ///
            /// A smaller write of the terminal's own, as a round with the hub makes, may still
            /// find room after a refusal, and ends it: then the disk is filled some more.
            mutating func recordUntilNothingIsLeft() throws {
                var rooms: [String] = []
                for _ in 0..<2_000 {
                    let status = try record()
                    guard status == 200 || status == 507 else {
                        throw PlantFailure("\(status): \(lastRefusal)")
                    }
                    guard status == 507 else { continue }
                    rooms.append(try room())
                    if rooms.last == "none" { return }
                }
                let last = rooms.suffix(5)
                throw PlantFailure("refused \(rooms.count) times, with room for: \(last)")
            }

            mutating func photo() throws -> Int {
                count += 1
                let bytes = [0xFF, 0xD8, 0xFF] + Array("photo \(count)".utf8)
                return try terminal.post("/api/v1/photos", bytes).status
            }

            func room() throws -> String {
                try terminal.get("/healthz").decode(Health.self).room
            }
        }

        /// The length of the longest file of SQLite's or the second journal's, in KiB.
        private static func longestKiB(_ folder: String) throws -> Int {
            let names = ["tallyman.sqlite", "tallyman.sqlite-wal", "tallyman.sqlite-shm"]
            let journals = try FileManager.default.contentsOfDirectory(atPath: folder + "/journal")
            let paths = (names + journals.map { "journal/" + $0 }).map { folder + "/" + $0 }
            let sizes = try paths.filter(FileManager.default.fileExists).map { path in
                let about = try FileManager.default.attributesOfItem(atPath: path)
                return (about[.size] as? NSNumber)?.intValue ?? 0
            }
            return (sizes.max() ?? 0) / 1_024
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
