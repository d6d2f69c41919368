import Drivers
import Foundation
import Glibc
import Testing

/// Scanners on the network, over loopback.
@Suite struct NetworkScannerTests {
    private static func terminal(_ port: String) throws -> TerminalProfile {
        try Carried.terminal(
            "devices:\n  - name: net\n    profile: generic-serial\n    port: \(port)\n"
        )
    }

    @Test func `the terminal calls a scanner that listens, and calls again`() throws {
        var (listener, port) = try Socket.listening()
        let ear = Ear()
        try withDevices(try Self.terminal("tcp:127.0.0.1:\(port)"), ear) { rack in
            for round in 1...2 {
                #expect(Ear.wait { rack.statuses[0].openings == UInt64(round) })
                let scanner = accept(listener, nil, nil)
                Socket.send(scanner, "]C10106901234567892\u{1D}\rHALF")
                #expect(Ear.wait { ear.scans().count == round })
                close(scanner)
                close(listener)
                #expect(Ear.wait { rack.statuses[0].state == .waiting })
                #expect(Ear.wait { ear.states(of: "net").last == "waiting devices.no_answer" })
                (listener, _) = try Socket.listening(port: port)
            }
            close(listener)
            #expect(ear.scans().allSatisfy { $0 == "]C10106901234567892\u{1D}" })
        }
    }

    @Test func `scanners call the terminal, several at once, and none disturbs another`() throws {
        let (free, port) = try Socket.listening()
        close(free)
        let ear = Ear()
        try withDevices(try Self.terminal("listen:127.0.0.1:\(port)"), ear) { rack in
            #expect(Ear.wait { rack.statuses[0].state == .ready })
            let one = try Socket.connected(port: port)
            let other = try Socket.connected(port: port)
            Socket.send(one, "ONE-")
            Socket.send(other, "OTHER-1\r")
            #expect(Ear.wait { ear.scans() == ["OTHER-1"] })
            Socket.send(one, "1\r")
            #expect(Ear.wait { ear.scans() == ["OTHER-1", "ONE-1"] })
            Socket.send(one, "HALF")
            close(one)
            #expect(Ear.wait { ear.losses.contains("unfinished 1") })
            Socket.send(other, "OTHER-2\r")
            #expect(Ear.wait { ear.scans() == ["OTHER-1", "ONE-1", "OTHER-2"] })
            #expect(rack.statuses[0].state == .ready)
            close(other)
        }
    }

    @Test func `a port that is taken is told as taken`() throws {
        let (listener, port) = try Socket.listening()
        defer { close(listener) }
        let ear = Ear()
        try withDevices(try Self.terminal("listen:127.0.0.1:\(port)"), ear) { _ in
            #expect(Ear.wait { ear.states(of: "net") == ["waiting devices.busy"] })
        }
    }

    @Test func `a flood over the network is read no faster than it is used`() throws {
        let (listener, port) = try Socket.listening()
        defer { close(listener) }
        let ear = Ear()
        try withDevices(try Self.terminal("tcp:127.0.0.1:\(port)"), ear) { rack in
            #expect(Ear.wait { rack.statuses[0].state == .ready })
            let scanner = accept(listener, nil, nil)
            _ = fcntl(scanner, F_SETFL, O_NONBLOCK)
            let end = Date(timeIntervalSinceNow: 1.5)
            var sent = 0
            let block = String(repeating: "X", count: 64 << 10)
            while Date() < end {
                let count = block.utf8.withContiguousStorageIfAvailable { bytes in
                    Glibc.send(scanner, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                }
                sent += max(0, count ?? 0)
            }
            #expect(ear.losses.first == "too_long 1")
            #expect(ear.scans().isEmpty)
            #expect(sent < 256 << 20, "\(sent) bytes were taken")
            close(scanner)
        }
    }
}
