import Drivers
import Foundation
import Glibc
import Imaging
import Labels
import Ledger
import Tally
import Testing

/// A CUPS of a test's own, on loopback, with one raw queue.
final class PrivateCUPS: Sendable {
    static let program = "/usr/sbin/cupsd"
    static var isHere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    let root: String
    let port: UInt16
    private let process = Holder()

    /// Guarded by being touched by one test at a time.
    private final class Holder: @unchecked Sendable {
        var process: Process?
    }

    init(deviceURI: String) throws {
        root = NSTemporaryDirectory() + "tallyman-cups-" + UUID().uuidString
        port = try TestPrinter.freePort()
        for folder in ["spool/tmp", "cache", "state", "log"] {
            try FileManager.default.createDirectory(
                atPath: root + "/" + folder,
                withIntermediateDirectories: true
            )
        }
        try write(
            "cupsd.conf",
            """
            Listen 127.0.0.1:\(port)
            Browsing No
            DefaultAuthType None
            WebInterface No
            LogLevel warn
            PreserveJobHistory Yes
            MaxJobs 100
            <Location />
              Order allow,deny
              Allow from 127.0.0.1
            </Location>
            <Policy default>
              <Limit All>
                Order deny,allow
              </Limit>
            </Policy>

            """
        )
        try write(
            "cups-files.conf",
            """
            ServerRoot \(root)
            RequestRoot \(root)/spool
            TempDir \(root)/spool/tmp
            CacheDir \(root)/cache
            StateDir \(root)/state
            AccessLog \(root)/log/access
            ErrorLog \(root)/log/error
            PageLog \(root)/log/page
            FileDevice Yes

            """
        )
        try write(
            "printers.conf",
            """
            <Printer zebra>
            Info zebra
            DeviceURI \(deviceURI)
            State Idle
            Accepting Yes
            Shared No
            JobSheets none none
            ErrorPolicy retry-job
            </Printer>

            """
        )
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: root)  // best effort
    }

    var address: String { "ipp://127.0.0.1:\(port)/printers/zebra" }

    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: root + "/" + name, atomically: true, encoding: .utf8)
    }

    func start() async throws {
        let cups = Process()
        cups.executableURL = URL(filePath: Self.program)
        cups.arguments = ["-f", "-c", root + "/cupsd.conf", "-s", root + "/cups-files.conf"]
        try cups.run()
        process.process = cups
        let end = ContinuousClock.now + .seconds(15)
        while !TestPrinter.canConnect(port) {
            guard ContinuousClock.now < end, cups.isRunning else {
                throw Desk.Late(what: "cupsd does not listen")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func stop() {
        process.process?.terminate()
        process.process?.waitUntilExit()
        process.process = nil
    }
}

/// Through a real CUPS; its word is never taken for the printer's.
@Suite(.serialized, .enabled(if: PrivateCUPS.isHere, "cupsd is not installed"))
struct PrintServerTests {
    @Test func `a label goes through CUPS and is called sent, since CUPS cannot know`()
        async throws
    {
        let printer = try TestPrinter(ZebraManner())
        let cups = try PrivateCUPS(deviceURI: "socket://127.0.0.1:\(printer.port)")
        let desk = try Desk()
        try await desk.addPrinter("office", cups.address, .zpl)
        let id = try await desk.order("office", copies: 2)
        try await desk.running {
            // Nobody listens yet: the job waits, and says why.
            _ = try await desk.wait(id, for: [.queued], note: .off)
            try await cups.start()
            let job = try await desk.wait(id, for: [.sent], seconds: 40)
            #expect(job.note == PrintNote.serverDone.rawValue)
            #expect(!job.ticket.isEmpty)
        }
        #expect(printer.printed.count == 2)
        #expect(printer.garbage == 0)
    }

    @Test func `a job that CUPS holds for a printer that is off is taken back there`()
        async throws
    {
        let printer = try TestPrinter(ZebraManner(), isOn: false)
        let cups = try PrivateCUPS(deviceURI: "socket://127.0.0.1:\(printer.port)")
        try await cups.start()
        let desk = try Desk()
        try await desk.addPrinter("office", cups.address, .zpl)
        let id = try await desk.order("office")
        try await desk.running {
            let end = ContinuousClock.now + .seconds(20)
            while try await desk.queue.job(id)?.ticket.isEmpty != false,
                ContinuousClock.now < end
            {
                try await Task.sleep(for: .milliseconds(10))
            }
            let held = try #require(try await desk.queue.job(id))
            #expect(held.state == .sending)
            #expect(held.note == PrintNote.atServer.rawValue)
            _ = try await desk.queue.cancel(id, now: Moment(milliseconds: 1))
            _ = try await desk.wait(id, for: [.cancelled], seconds: 20)
        }
        #expect(printer.printed.isEmpty)
    }

    @Test func `a program that dies at any moment asks CUPS before it sends again`()
        async throws
    {
        let printer = try TestPrinter(ZebraManner())
        let cups = try PrivateCUPS(deviceURI: "socket://127.0.0.1:\(printer.port)")
        try await cups.start()
        var expected = 0
        for writes in 1...3 {
            for lastIsDone in [false, true] {
                let desk = try Desk()
                try await desk.addPrinter("office", cups.address, .zpl)
                let id = try await desk.order("office")
                let mortal = MortalQueue(desk.queue, writes: writes, lastIsDone: lastIsDone)
                // Each queue is another terminal to CUPS, since every desk counts from 1.
                let plant = "t\(writes)\(lastIsDone)"
                try await desk.running(mortal, plant: plant) {
                    let end = ContinuousClock.now + .seconds(10)
                    while await !mortal.hasDied, ContinuousClock.now < end {
                        if try await desk.queue.job(id)?.state == .sent { break }
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                expected += 1
                let job = try await desk.running(plant: plant) {
                    try await desk.wait(id, for: [.sent, .unknown, .failed], seconds: 30)
                }
                #expect(job.state == .sent, "write \(writes), done \(lastIsDone)")
                #expect(
                    printer.printed.count == expected,
                    "write \(writes), done \(lastIsDone): once and only once"
                )
            }
        }
    }
}
