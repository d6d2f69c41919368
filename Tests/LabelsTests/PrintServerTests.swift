import Drivers
import Foundation
import Glibc
import Imaging
import Labels
import Ledger
import Synchronization
import Tally
import Testing

/// A CUPS of a test's own, on loopback, with one raw queue.
///
/// It is spawned with no signal blocked: threads of Swift's block them all, a child inherits that,
/// and a cupsd that never hears of SIGCHLD and SIGTERM neither ends its jobs nor itself.
final class PrivateCUPS: Sendable {
    static let program = "/usr/sbin/cupsd"
    static var isHere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    let root: String
    let port: UInt16
    private let process = Mutex<pid_t>(0)

    init(deviceURI: String, errorPolicy: String = "retry-job", state: String = "Idle") throws {
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
            JobRetryInterval 1
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
            Printcap \(root)/printcap

            """
        )
        try writeQueue(deviceURI, errorPolicy, state)
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: root)  // best effort
    }

    var address: String { "ipp://127.0.0.1:\(port)/printers/zebra" }

    /// Sets the queue up; cupsd must not run.
    func writeQueue(_ deviceURI: String, _ errorPolicy: String, _ state: String) throws {
        try write(
            "printers.conf",
            """
            <Printer zebra>
            Info zebra
            DeviceURI \(deviceURI)
            State \(state)
            Accepting Yes
            Shared No
            JobSheets none none
            ErrorPolicy \(errorPolicy)
            </Printer>

            """
        )
    }

    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: root + "/" + name, atomically: true, encoding: .utf8)
    }

    func start() async throws {
        let words = [
            Self.program, "-f", "-c", root + "/cupsd.conf", "-s", root + "/cups-files.conf",
        ]
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var pid: pid_t = 0
        let status = posix_spawn(&pid, Self.program, nil, &attributes, &argv, environ)
        guard status == 0 else {
            throw Desk.Late(what: "cupsd: \(String(cString: strerror(status)))")
        }
        process.withLock { $0 = pid }
        let end = ContinuousClock.now + .seconds(60)
        while !TestPrinter.canConnect(port) {
            guard ContinuousClock.now < end, !hasEnded else {
                let log = (try? String(contentsOfFile: root + "/log/error", encoding: .utf8)) ?? ""
                throw Desk.Late(what: "cupsd does not listen: \(log)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private var hasEnded: Bool {
        process.withLock { pid in
            guard pid > 0 else { return true }
            guard waitpid(pid, nil, WNOHANG) == pid else { return false }
            pid = 0
            return true
        }
    }

    /// SIGTERM, as systemd does; SIGKILL after five seconds.
    func stop() async throws {
        process.withLock { if $0 > 0 { _ = Glibc.kill($0, SIGTERM) } }
        let end = ContinuousClock.now + .seconds(5)
        while !hasEnded, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(10)) }
        kill()
    }

    /// SIGKILL: nothing is written any more.
    func kill() {
        process.withLock { pid in
            guard pid > 0 else { return }
            _ = Glibc.kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            pid = 0
        }
    }
}

/// Through a real CUPS; its word is never taken for the printer's.
@Suite(
    .serialized,
    .enabled(if: PrivateCUPS.isHere, "/usr/sbin/cupsd is missing: .ci/install tests brings it"),
    .timeLimit(.minutes(3))
)
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

    @Test func `a printer of CUPS that a terminal's profile names prints`() async throws {
        let printer = try TestPrinter(ZebraManner())
        let cups = try PrivateCUPS(deviceURI: "socket://127.0.0.1:\(printer.port)")
        let desk = try Desk()
        let file = desk.root + "/terminal.yaml"
        try """
        devices:
          - name: office
            profile: zebra-zd421
            port: cups:127.0.0.1:\(cups.port)/zebra

        """.write(toFile: file, atomically: true, encoding: .utf8)
        let carried = LabelBench.templates.deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Devices").path
        let library = try ProfileLibrary(folders: [carried])
        let named = try #require(try library.terminal(file).printers().first)
        #expect(throws: DeviceFault.self) { try named.open(milliseconds: 500) }
        try await cups.start()
        try named.open()
        try await desk.queue.save(named.printer)
        let id = try await desk.order("office")
        try await desk.running {
            let job = try await desk.wait(id, for: [.sent, .failed, .unknown], seconds: 40)
            #expect(job.state == .sent)
            #expect(job.note == PrintNote.serverDone.rawValue)
        }
        #expect(printer.printed.count == 1)
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
            let held = try await desk.waitForTicket(id)
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
                    try await desk.wait(id, for: [.sent, .unknown, .failed], seconds: 60)
                }
                #expect(job.state == .sent, "write \(writes), done \(lastIsDone)")
                #expect(
                    printer.printed.count == expected,
                    "write \(writes), done \(lastIsDone): once and only once"
                )
            }
        }
    }

    @Test func `a job that CUPS gives up fails, and a person may print it elsewhere`()
        async throws
    {
        let off = try TestPrinter(ZebraManner(), isOn: false)
        let other = try TestPrinter(ZebraManner())
        let cups = try PrivateCUPS(
            deviceURI: "socket://127.0.0.1:\(off.port)/?contimeout=1",
            errorPolicy: "abort-job"
        )
        try await cups.start()
        let desk = try Desk()
        try await desk.addPrinter("office", cups.address, .zpl)
        try await desk.addPrinter("other", other.address, .zpl)
        let id = try await desk.order("office")
        try await desk.running {
            let job = try await desk.wait(id, for: [.failed, .sent, .printed], seconds: 40)
            #expect(job.state == .failed)
            #expect(job.note == PrintNote.serverRefused.rawValue)
            _ = try await desk.queue.move(id, to: "other", now: Moment(milliseconds: 2))
            let moved = try await desk.wait(id, for: [.printed])
            #expect(moved.reprints == 0)
        }
        #expect(other.printed.count == 1)
    }

    @Test func `a job that CUPS holds, since its queue is stopped, waits and then prints`()
        async throws
    {
        let printer = try TestPrinter(ZebraManner())
        let uri = "socket://127.0.0.1:\(printer.port)"
        let cups = try PrivateCUPS(deviceURI: uri, state: "Stopped")
        try await cups.start()
        let desk = try Desk()
        try await desk.addPrinter("office", cups.address, .zpl)
        let id = try await desk.order("office")
        try await desk.running {
            let held = try await desk.wait(id, for: [.sending, .sent], note: .atServer)
            #expect(held.state == .sending)
            try await Task.sleep(for: .milliseconds(500))
            #expect(try await desk.queue.job(id)?.state == .sending)
            #expect(printer.printed.isEmpty)
            try await cups.stop()
            try cups.writeQueue(uri, "retry-job", "Idle")
            try await cups.start()
            let job = try await desk.wait(id, for: [.sent, .unknown, .failed], seconds: 40)
            #expect(job.state == .sent)
        }
        #expect(printer.printed.count == 1)
    }

    @Test
    func `CUPS killed in the middle of a job: once again up it is asked, and nothing doubles`()
        async throws
    {
        let printer = try TestPrinter(ZebraManner(), isOn: false)
        let cups = try PrivateCUPS(deviceURI: "socket://127.0.0.1:\(printer.port)")
        try await cups.start()
        let desk = try Desk()
        try await desk.addPrinter("office", cups.address, .zpl)
        let id = try await desk.order("office")
        try await desk.running {
            _ = try await desk.waitForTicket(id)
            cups.kill()
            let cut = try await desk.wait(id, for: [.sending], note: .interrupted)
            #expect(!cut.ticket.isEmpty)
            try printer.switchOn()
            try await cups.start()
            let job = try await desk.wait(id, for: [.sent, .unknown, .failed], seconds: 40)
            // CUPS may have lost a job that it had not written; then nobody can say any more.
            #expect(job.state == .sent || job.state == .unknown)
            if job.state == .sent { #expect(printer.printed.count == 1) }
        }
        #expect(printer.printed.count <= 1)
        #expect(printer.garbage == 0)
    }
}
