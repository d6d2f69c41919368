import CLinuxDevices
import Drivers
import Foundation
import Glibc
import Tally
import Testing

/// Serial scanners on pseudo-terminals: real ports of the kernel, whose other end the test holds.
@Suite struct SerialScannerTests {
    private static func terminal(_ path: String, _ more: String = "") throws -> TerminalProfile {
        try Carried.terminal(
            """
            devices:
              - name: dock
                profile: generic-serial
                port: serial:\(path)
            \(more)
            """
        )
    }

    @Test func `a scan arrives whole, with its GS, as soon as its end does`() throws {
        try Carried.withFolder { folder in
            let line = try SerialLine(folder + "/tty")
            let ear = Ear()
            try withDevices(try Self.terminal(line.link), ear) { rack in
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                let sent = Date()
                line.send("010690123456789210LOT-9\u{1D}21SN77\r")
                #expect(Ear.wait { ear.scans().count == 1 })
                // Milliseconds; a machine under load may take a hundred times that.
                #expect(Date().timeIntervalSince(sent) < 2)
                line.send("收货\r\n")
                #expect(Ear.wait { ear.scans().count == 2 })
                #expect(ear.scans() == ["010690123456789210LOT-9\u{1D}21SN77", "收货"])
            }
        }
    }

    @Test func `unplugged in the middle of a scan and plugged in again, it goes on`() throws {
        try Carried.withFolder { folder in
            let line = try SerialLine(folder + "/tty")
            let ear = Ear()
            try withDevices(try Self.terminal(line.link), ear) { rack in
                for round in 1...3 {
                    #expect(Ear.wait { rack.statuses[0].openings == UInt64(round) })
                    line.send("SCAN-\(round)\rHALF-")
                    #expect(Ear.wait { ear.scans().count == round })
                    line.unplug()
                    #expect(Ear.wait { rack.statuses[0].state == .waiting })
                    usleep(300_000)
                    try line.plug()
                }
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                #expect(ear.scans() == ["SCAN-1", "SCAN-2", "SCAN-3"])
                let told = ear.states(of: "dock")
                #expect(told.first == "ready")
                #expect(told.contains("waiting devices.gone"))
                #expect(told.contains("waiting devices.not_there"))
            }
        }
    }

    @Test func `a device that is not there stops the start, is waited for, or is left`() throws {
        try Carried.withFolder { folder in
            let path = folder + "/tty"
            let ear = Ear()
            let strict = try Self.terminal(path, "    onStartupError: fail\n")
            #expect(throws: DeviceFault.notThere(port: "serial:\(path)")) {
                try withDevices(strict, ear) { _ in }
            }
            let patient = try Self.terminal(path, "    onStartupError: retry\n")
            try withDevices(patient, ear) { rack in
                #expect(Ear.wait { rack.statuses[0].state == .waiting })
                let line = try SerialLine(path)
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                line.unplug()
            }
            let lazy = try Self.terminal(path, "    onStartupError: disable\n")
            try withDevices(lazy, ear) { rack in
                #expect(Ear.wait { rack.statuses[0].state == .disabled })
                let line = try SerialLine(path)
                usleep(1_200_000)
                #expect(rack.statuses[0].state == .disabled)
                line.unplug()
            }
        }
    }

    @Test func `what is no serial port is told as that`() throws {
        try Carried.withFolder { folder in
            let path = folder + "/plain"
            try Data("x".utf8).write(to: URL(filePath: path))
            let strict = try Self.terminal(path, "    onStartupError: fail\n")
            let fault = #expect(throws: DeviceFault.self) {
                try withDevices(strict, Ear()) { _ in }
            }
            #expect(fault?.code == "devices.wrong_kind")
        }
    }

    @Test func `another format is read from the next scan on`() throws {
        try Carried.withFolder { folder in
            let line = try SerialLine(folder + "/tty")
            let ear = Ear()
            try withDevices(try Self.terminal(line.link), ear) { rack in
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                line.send("A{GS}B\r")
                #expect(Ear.wait { ear.scans().count == 1 })
                var format = try #require(rack.format(of: "dock"))
                format.gsTexts = ["{GS}"]
                format.suffix = "\t"
                rack.change(format, of: "dock")
                usleep(50_000)
                line.send("A{GS}B\t")
                #expect(Ear.wait { ear.scans().count == 2 })
                #expect(ear.scans() == ["A{GS}B", "A\u{1D}B"])
            }
        }
    }

    /// A scanner gone mad: 1,000 scans a second for three seconds, then 1 MiB without an end.
    ///
    /// In a process of its own, whose memory and processor time nothing else uses.
    @Test func `a mad scanner is held back and told of, and the other one goes on`() async {
        await #expect(processExitsWith: .success) {
            try SerialScannerTests.playMadScanner()
        }
    }

    private static func playMadScanner() throws {
        try Carried.withFolder { folder in
            let mad = try SerialLine(folder + "/mad")
            let good = try SerialLine(folder + "/good")
            let terminal = try Carried.terminal(
                """
                devices:
                  - {name: mad, profile: generic-serial, port: "serial:\(mad.link)"}
                  - {name: good, profile: generic-serial, port: "serial:\(good.link)"}
                """
            )
            let ear = Ear()
            try withDevices(terminal, ear) { rack in
                #expect(Ear.wait { rack.statuses.allSatisfy { $0.state == .ready } })
                let memory = residentBytes
                let used = processorSeconds
                nonisolated(unsafe) let line = mad
                let sender = Thread {
                    for number in 0..<3000 {
                        line.send("MAD-\(number)\r")
                        if number % 10 == 0 { usleep(9000) }
                    }
                    line.send([UInt8](repeating: 0x41, count: 1 << 20))
                    line.send("\rAFTER\r")
                }
                sender.start()
                for number in 1...5 {
                    good.send("GOOD-\(number)\r")
                    #expect(Ear.wait { ear.scans(of: "good").count == number })
                    // Nobody had to wait for the mad one's end.
                    #expect(number > 1 || !sender.isFinished)
                    usleep(400_000)
                }
                #expect(Ear.wait { sender.isFinished })
                #expect(ear.scans(of: "good") == (1...5).map { "GOOD-\($0)" })
                #expect(Ear.wait { ear.losses.contains("too_long 1") })
                #expect(ear.losses.contains("too_many 1"))
                // A person is not flooded in turn.
                #expect(ear.losses.count < 8, "\(ear.losses)")
                #expect(ear.scans(of: "mad").count <= ScanRate.burst + 2)
                #expect(residentBytes - memory < 8 << 20)
                #expect(processorSeconds - used < 5)
            }
        }
    }

    @Test func `devices at rest use no processor`() throws {
        try Carried.withFolder { folder in
            let line = try SerialLine(folder + "/tty")
            try withDevices(try Self.terminal(line.link), Ear()) { rack in
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                #expect(rack.statuses[0].openings == 1)
                let switches = rack.wakeups
                usleep(1_000_000)
                #expect(rack.wakeups - switches <= 1)
            }
        }
    }

    private static var residentBytes: Int {
        let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    private static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}
