import Foundation
import GRDB
import Testing

extension DaemonSuites {
    /// The daemons as an operator meets them: how they start, refuse to start, tell about
    /// themselves, and stop.
    @Suite struct DaemonTests {
        // MARK: - Running

        @Test func `a terminal without a hub runs, serves, and says that it is not enrolled`()
            async throws
        {
            try await DaemonPlant.with { plant in
                struct Health: Decodable {
                    let status: String
                    let enrolled: Bool
                    let connected: Bool
                    let unsynced: Int
                }
                let agent = try plant.startAgent("new")
                let reply = try agent.get("/healthz")
                #expect(reply.status == 200)
                let health = try reply.decode(Health.self)
                #expect(health.status == "ok")
                #expect(!health.enrolled && !health.connected && health.unsynced == 0)
                #expect(try agent.get("/").status == 200)
                #expect(try agent.get("/metrics").status == 200)
                let ask = #"{"worker":"W001","command":{"closeReceipt":{"receipt":"00"}}}"#
                let refusal = try agent.post("/api/v1/commands", Array(ask.utf8))
                #expect(refusal.status == 409)
                #expect(refusal.text.contains("agent.not_enrolled"))
                #expect(agent.program.stop() == .exit(0))
            }
        }

        @Test func `the doctor finds every part of a sound terminal well`() async throws {
            try await DaemonPlant.with { plant in
                let agent = try plant.startAgent("new")
                let lines = try plant.succeed(["doctor", "--data", agent.folder]).output
                    .split(separator: "\n")
                #expect(lines.count == 8)
                #expect(lines.filter { !$0.hasPrefix("ok ") } == [])
                #expect(agent.program.stop() == .exit(0))
            }
        }

        @Test func `hub and terminal give metrics as Prometheus reads them`() async throws {
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["dock"])
                #expect(try hub.get("/healthz").status == 200)
                #expect(try hub.get("/openapi.yaml").text.hasPrefix("openapi: 3."))
                for daemon in [hub, terminals[0]] {
                    let reply = try daemon.get("/metrics")
                    #expect(reply.headers["content-type"]?.hasPrefix("text/plain") == true)
                    let samples = try PrometheusText(reply.text).samples
                    let memory = try #require(samples["process_resident_memory_bytes"])
                    #expect(memory > 1_000_000)
                    let position = #"tallyman_scope_position{scope="company"}"#
                    #expect(try #require(samples[position]) > 0)
                }
                let samples = try PrometheusText(try terminals[0].get("/metrics").text).samples
                #expect(samples["tallyman_hub_connected"] == 1)
                #expect(samples["tallyman_unsynced_operations"] == 0)
            }
        }

        @Test func `a daemon ends soon while clients hold connections`()
            async throws
        {
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["dock"])
                for daemon in [terminals[0], hub] {
                    let place = PlainHTTP.Place.port(daemon.port)
                    let silent = try PlainHTTP.Connection(place)
                    let idle = try PlainHTTP.Connection(place)
                    try idle.send(Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
                    let half = try PlainHTTP.Connection(place)
                    let head = "POST /api/v1/commands HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"
                    try half.send(Array(head.utf8))
                    Wait.pause(.milliseconds(100))
                    let begun = ContinuousClock.now
                    daemon.program.terminate()
                    let end = daemon.program.waitForEnd(within: .seconds(30))
                    let took = ContinuousClock.now - begun
                    withExtendedLifetime((silent, idle, half)) {}
                    #expect(end == .exit(0), "\(daemon.program.errors)")
                    #expect(took < .seconds(8), "\(daemon.folder)")
                    #expect(!daemon.program.errors.contains("tallyman: "))
                    let socket = daemon.folder + "/control.sock"
                    #expect(!FileManager.default.fileExists(atPath: socket))
                }
                #expect(try plant.verify("dock").sound)
                #expect(try plant.verify("hub").sound)
            }
        }

        @Test func `an idle terminal is quick to start, small and quiet`() async throws {
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["dock"])
                terminals[0].program.stop()
                var starts: [Duration] = []
                for _ in 0..<5 {
                    let begun = ContinuousClock.now
                    let agent = try plant.startAgent("dock", poll: 5_000)
                    starts.append(ContinuousClock.now - begun)
                    agent.program.stop()
                }
                let start = try #require(starts.min())
                let agent = try plant.startAgent("dock", poll: 5_000)
                try plant.settle(hub, [agent])
                Wait.pause(.seconds(1))
                let process = try #require(agent.program.processID)
                let before = try Usage(of: process)
                Wait.pause(.seconds(4))
                let after = try Usage(of: process)
                let share = Double(after.ticks - before.ticks) / 4
                let size = "\(after.residentByteCount / 1_000_000) MB resident"
                print("idle terminal: listening after \(start), \(size), \(share) % of a core")
                #expect(start < .seconds(5))
                #expect(share < 5)
                #if !DEBUG
                // Five sixths of it are the program's own pages, which the kernel may drop.
                #expect(after.residentByteCount <= 72_000_000)
                #endif
            }
        }

        // MARK: - Refusing to start

        @Test func `a port in use is one line that names the address, and exit 1`() async throws {
            try await DaemonPlant.with { plant in
                var dice = SystemRandomNumberGenerator()
                let held = try HeldPort(using: &dice)
                let address = "127.0.0.1:\(held.port)"
                for command in [["agent"], ["hub", "serve"]] {
                    let arguments = ["--data", plant.path("late"), "--listen", address]
                    try expectRefusal(try plant.run(command + arguments), naming: address)
                }
                withExtendedLifetime(held) {}
            }
        }

        @Test func `a second daemon on a data folder is refused and the first works on`()
            async throws
        {
            try await DaemonPlant.with { plant in
                let agent = try plant.startAgent("dock")
                for command in [["agent"], ["hub", "serve"]] {
                    let arguments = ["--data", agent.folder, "--listen", "127.0.0.1:0"]
                    try expectRefusal(try plant.run(command + arguments), naming: agent.folder)
                }
                #expect(try agent.get("/healthz").status == 200)
                #expect(try agent.status().unsynced == 0)
                // Killed without a word, it leaves its socket behind, which bothers nobody.
                agent.program.kill()
                #expect(FileManager.default.fileExists(atPath: agent.folder + "/control.sock"))
                let alone = try plant.run("verify", "--data", agent.folder, within: .seconds(60))
                #expect(alone.end == .exit(0), "\(alone.errors)")
                let next = try plant.startAgent("dock")
                #expect(try next.status().unsynced == 0)
            }
        }

        @Test func `a file that is no database is refused by name and left as it was`()
            async throws
        {
            try await DaemonPlant.with { plant in
                let folder = plant.path("broken")
                try FileManager.default.createDirectory(
                    atPath: folder,
                    withIntermediateDirectories: true
                )
                let garbage = (0..<9_000).map { UInt8(truncatingIfNeeded: $0 * 31 + 7) }
                let file = try plant.write("broken/tallyman.sqlite", garbage)
                for command in [["agent"], ["hub", "serve"]] {
                    let arguments = ["--data", folder, "--listen", "127.0.0.1:0"]
                    try expectRefusal(try plant.run(command + arguments), naming: file)
                }
                let verification = try plant.run("verify", "--data", folder)
                #expect(verification.end == .exit(1))
                #expect(verification.errors.contains(file))
                #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data(garbage))
            }
        }

        @Test func `a database of a newer program is refused by name and left as it was`()
            async throws
        {
            try await DaemonPlant.with { plant in
                try plant.startAgent("dock").program.stop()
                let file = plant.path("dock/tallyman.sqlite")
                let queue = try DatabaseQueue(path: file)
                try await queue.write { try $0.execute(sql: "PRAGMA user_version = 4711") }
                try queue.close()
                for command in [["agent"], ["hub", "serve"]] {
                    let arguments = ["--data", plant.path("dock"), "--listen", "127.0.0.1:0"]
                    let outcome = try plant.run(command + arguments)
                    try expectRefusal(outcome, naming: file)
                    #expect(outcome.errors.contains("4711"))
                }
                let again = try DatabaseQueue(path: file)
                let version = try await again.read {
                    try Int.fetchOne($0, sql: "PRAGMA user_version")
                }
                #expect(version == 4711)
            }
        }

        @Test func `a wrong enrolment code ends the terminal with the reason`() async throws {
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let code = try plant.enrolmentCode("dock-1")
                let hub = try plant.startHub()
                let address = ["--hub", "http://127.0.0.1:\(hub.port)", "--enroll"]
                func enroll(_ name: String, _ code: String) throws -> DaemonPlant.Outcome {
                    let place = ["--data", plant.path(name), "--listen", "127.0.0.1:0"]
                    return try plant.run(["agent"] + address + [code] + place)
                }
                try expectRefusal(
                    try enroll("dock-1", "WRONGWRONGWRONG1"),
                    naming: "sync.enrolment_code"
                )
                let first = try plant.startAgent("dock-1", hub: hub.port, code: code)
                try plant.settle(hub, [first])
                // A code is good once.
                try expectRefusal(try enroll("dock-2", code), naming: "sync.enrolment_code")
            }
        }

        @Test func `addresses that cannot be are refused by name`() async throws {
            try await DaemonPlant.with { plant in
                let data = ["--data", plant.path("dock")]
                let noPort = try plant.run(["agent", "--listen", "localhost"] + data)
                #expect(noPort.end == .exit(64))
                let hub = try plant.run(["agent", "--hub", "ftp://hub"] + data)
                try expectRefusal(hub, naming: "ftp://hub")
            }
        }

        /// Exit 1, and one line for people that names the thing.
        private func expectRefusal(_ outcome: DaemonPlant.Outcome, naming thing: String) throws {
            #expect(outcome.end == .exit(1), "\(outcome.errors)")
            #expect(outcome.complaint.count == 1, "\(outcome.errors)")
            #expect(outcome.complaint.first?.contains(thing) == true, "\(outcome.errors)")
            #expect(outcome.complaint.first?.hasPrefix("tallyman: ") == true)
        }
    }
}

/// What a process costs, from proc_pid_stat(5).
private struct Usage {
    /// Hundredths of a second of a core.
    let ticks: Int
    let residentByteCount: Int

    init(of process: pid_t) throws {
        let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        // The name in brackets may hold anything; the third field follows it.
        let fields = (text.split(separator: ")").last ?? "").split(separator: " ")
        guard fields.count > 21, let user = Int(fields[11]), let system = Int(fields[12]),
            let pages = Int(fields[21])
        else { throw PlantFailure("cannot read \(text)") }
        ticks = user + system
        residentByteCount = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

/// Prometheus' text format 0.0.4, read strictly.
private struct PrometheusText {
    /// Values by name and labels, as written.
    private(set) var samples: [String: Double] = [:]

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw PlantFailure("no line end at the end") }
        let name = "[a-zA-Z_:][a-zA-Z0-9_:]*"
        let label = #"[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\n"])*""#
        let sample = try Regex("(\(name))((?:\\{\(label)(?:,\(label))*\\})?) ([-+.eE0-9]+|NaN)")
        let type = try Regex("# TYPE (\(name)) (counter|gauge)")
        let help = try Regex("# HELP (\(name)) .*")
        var typed: Set<Substring> = []
        for line in text.split(separator: "\n") {
            if let match = try type.wholeMatch(in: line) {
                typed.insert(match[1].substring ?? "")
            } else if try help.wholeMatch(in: line) == nil {
                guard let match = try sample.wholeMatch(in: line),
                    let value = match[3].substring.flatMap({ Double($0) }),
                    let series = match[1].substring, typed.contains(series)
                else { throw PlantFailure("not a sample: \(line)") }
                let key = String(series) + (match[2].substring ?? "")
                guard samples[key] == nil else { throw PlantFailure("twice: \(line)") }
                samples[key] = value
            }
        }
    }
}
