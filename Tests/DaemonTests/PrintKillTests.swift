import Foundation
import Glibc
import Tally
import Testing

extension DaemonSuites {
    /// The print queue of a real terminal that is killed, and the printers of its profile.
    @Suite struct PrintKillTests {
        private struct Job: Decodable {
            let id: Int64
            let title: String
            let printer: String
            let state: String
            let note: String
            let reprints: Int
        }

        private static let kills = 32

        private func profile(_ plant: DaemonPlant, _ devices: [String]) throws -> String {
            let lines = devices.map { "  - {\($0)}\n" }.joined()
            return try plant.write("terminal.yaml", "devices:\n" + lines)
        }

        private func start(_ plant: DaemonPlant, _ profile: String) throws -> PlantDaemon {
            let program = try plant.launch("desk", ["agent", "--profile", profile])
            return try plant.listening(program, "desk")
        }

        private func jobs(_ daemon: PlantDaemon) throws -> [Job] {
            try daemon.get("/api/v1/print/jobs").decode([Job].self)
        }

        private func order(_ daemon: PlantDaemon, _ tag: String, at printer: String) throws -> Int64
        {
            let body = #"{"label":"plate","fields":{"tag":"\#(tag)"},"printer":"\#(printer)"}"#
            let reply = try daemon.post("/api/v1/print/jobs", Array(body.utf8))
            guard reply.status == 200 else { throw PlantFailure(reply.text) }
            return try reply.decode(Job.self).id
        }

        /// What comes out for a plate, as the same program draws it.
        private func label(_ plant: DaemonPlant, _ tag: String) throws -> String {
            let fields = try plant.write("fields.json", #"{"tag":"\#(tag)"}"#)
            let file = plant.path("label.zpl")
            try plant.succeed(["label", "make", "plate", "--fields", fields, "--out", file])
            let text = try String(contentsOfFile: file, encoding: .utf8)
            return text.trimmingCharacters(in: .newlines)
        }

        private func wait(
            _ daemon: PlantDaemon,
            for states: Set<String>,
            of id: Int64,
            note: String? = nil
        ) throws -> Job {
            let job = try Wait.until(within: .seconds(60), every: .milliseconds(20)) {
                try jobs(daemon).first {
                    $0.id == id && states.contains($0.state) && (note == nil || $0.note == note)
                }
            }
            guard let job else { throw PlantFailure("job \(id): \(try jobs(daemon))") }
            return job
        }

        @Test func `kills at random moments lose no job, and none is called printed that was not`()
            async throws
        {
            let seed = Seeds.fresh
            try await DaemonPlant.with { plant in
                let printer = try FloorPrinter()
                let port = "tcp:127.0.0.1:\(printer.port)"
                let profile = try profile(
                    plant,
                    ["name: zebra, profile: zebra-zd421, port: '\(port)'"]
                )
                var dice = SeededDice(seed: seed)
                var ordered: [Int64: String] = [:]
                for round in 0..<Self.kills {
                    let daemon = try start(plant, profile)
                    // 48 in all: the list has the latest 50.
                    for number in 0...round % 2 {
                        let tag = "K\(round)-\(number)"
                        ordered[try order(daemon, tag, at: "zebra")] = tag
                    }
                    Wait.pause(.milliseconds(Int.random(in: 0...250, using: &dice)))
                    daemon.program.kill()
                }
                let daemon = try start(plant, profile)
                let settled: Set<String> = ["printed", "sent", "unknown"]
                for id in ordered.keys { _ = try wait(daemon, for: settled, of: id) }
                var counts: [String: Int] = [:]
                let printed = printer.labels
                var unknown: [Job] = []
                for job in try jobs(daemon).filter({ ordered[$0.id] != nil }) {
                    counts[job.state, default: 0] += 1
                    let tag = try #require(ordered[job.id])
                    let times = printed[try label(plant, tag), default: 0]
                    let place =
                        "seed \(seed): \(tag) is \(job.state) (\(job.note)), came \(times) times"
                    #expect(times <= 1, "\(place): twice")
                    if job.state != "unknown" { #expect(times == 1, "\(place): lost") }
                    if job.state == "unknown" { unknown.append(job) }
                }
                #expect(counts.values.reduce(0, +) == ordered.count)
                print(
                    "print queue: seed \(seed), \(Self.kills) kills, \(ordered.count) jobs",
                    counts
                )
                // Who prints again what may be there already makes a reprint, and it says so.
                for job in unknown {
                    let reply = try daemon.post("/api/v1/print/jobs/\(job.id)/retry", [])
                    #expect(reply.status == 200, "\(reply.text)")
                    let again = try wait(daemon, for: ["printed"], of: job.id)
                    #expect(again.reprints == 1)
                    let tag = try #require(ordered[job.id])
                    #expect(
                        printer.labels[try label(plant, tag), default: 0] >= 1,
                        "\(tag) is lost"
                    )
                }
            }
        }

        @Test func `printers of the profile print: network, serial, USB; a job moves between them`()
            async throws
        {
            try await DaemonPlant.with { plant in
                let network = try FloorPrinter()
                let serial = try LinePrinter()
                let usb = try LinePrinter()
                let profile = try profile(
                    plant,
                    [
                        "name: net, profile: zebra-zd421, port: 'tcp:127.0.0.1:\(network.port)'",
                        "name: line, profile: zebra-zd421, port: 'serial:\(serial.path)', "
                            + "serial: {baud: 115200}",
                        "name: usb, profile: zebra-zd421, port: 'usb:\(usb.path)'",
                        "name: gone, profile: zebra-zd421, port: 'usb:/dev/usb/no-such-lp'",
                    ]
                )
                let daemon = try start(plant, profile)
                let ids = try ["net", "line", "usb"].map { try order(daemon, "P-\($0)", at: $0) }
                let waiting = try order(daemon, "P-moved", at: "gone")
                for id in ids { _ = try wait(daemon, for: ["printed"], of: id) }
                #expect(network.labels == [try label(plant, "P-net"): 1])
                #expect(serial.labels == [try label(plant, "P-line"): 1])
                #expect(usb.labels == [try label(plant, "P-usb"): 1])
                _ = try wait(daemon, for: ["queued"], of: waiting, note: "off")
                let reply = try daemon.post(
                    "/api/v1/print/jobs/\(waiting)/move",
                    Array(#"{"printer":"net"}"#.utf8)
                )
                #expect(reply.status == 200, "\(reply.text)")
                let moved = try wait(daemon, for: ["printed"], of: waiting)
                #expect(moved.printer == "net" && moved.reprints == 0)
                #expect(network.labels[try label(plant, "P-moved")] == 1)
            }
        }

        @Test func `onStartupError of printers and scanners: fail, retry, disable`() async throws {
            try await DaemonPlant.with { plant in
                for device in [
                    "name: p, profile: zebra-zd421, port: 'tcp:127.0.0.1:1'",
                    "name: s, profile: generic-serial, port: 'serial:/dev/no-such-tty'",
                ] {
                    let file = try profile(plant, [device + ", onStartupError: fail"])
                    let program = try plant.launch("desk", ["agent", "--profile", file])
                    let end = program.waitForEnd(within: .seconds(60))
                    program.kill()
                    #expect(end == .exit(1), "\(device): \(program.errors)")
                    #expect(program.errors.contains(device.contains("tty") ? "no-such-tty" : ":1"))
                }
                let name = "name: p, profile: zebra-zd421, port: 'tcp:127.0.0.1:1'"
                for (choice, note) in [("retry", "off"), ("disable", "disabled")] {
                    let file = try profile(
                        plant,
                        [
                            "\(name), onStartupError: \(choice)",
                            "name: s, profile: generic-serial, port: 'serial:/dev/no-such-tty', "
                                + "onStartupError: \(choice)",
                        ]
                    )
                    let daemon = try start(plant, file)
                    let id = try order(daemon, "O-\(choice)", at: "p")
                    _ = try wait(daemon, for: ["queued"], of: id, note: note)
                    let state = choice == "retry" ? "waiting" : "disabled"
                    let seen = try Wait.until(within: .seconds(60), every: .milliseconds(50)) {
                        let health = try daemon.get("/healthz").text
                        return health.contains(#""state":"\#(state)""#) ? true : nil
                    }
                    #expect(seen == true, "\(choice): no device is \(state)")
                    daemon.program.stop()
                }
            }
        }
    }
}

/// A printer at the far end of a pseudo-terminal, which is what `/dev/usb/lp*` is to a program: a
/// character device that takes bytes and answers.
final class LinePrinter: Sendable {
    let path: String
    private let master: Int32
    private let labelsTaken = LabelCounter()

    init() throws {
        // pts(4); the C library's calls for it are not imported into Swift.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (unlocked, number): (Int32, Int32) = (0, 0)
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        guard master >= 0, ioctl(master, setLock, &unlocked) == 0,
            ioctl(master, getNumber, &number) == 0
        else { throw PlantFailure("no pseudo-terminal") }
        path = "/dev/pts/\(number)"
        let slave = open(path, O_RDWR | O_NOCTTY)
        var line = termios()
        tcgetattr(slave, &line)
        cfmakeraw(&line)
        tcsetattr(slave, TCSANOW, &line)
        let (master, counter) = (master, labelsTaken)
        Thread.detachNewThread {
            // Open here too, so that the line does not hang up between jobs.
            defer { close(slave) }
            var memory: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = read(master, &buffer, buffer.count)
                guard count > 0 else { return }
                for byte in buffer.prefix(count) {
                    memory.append(byte)
                    let answer = counter.take(&memory)
                    if !answer.isEmpty { _ = write(master, answer, answer.count) }
                }
            }
        }
    }

    deinit { close(master) }

    var labels: [String: Int] { labelsTaken.labels }
}
