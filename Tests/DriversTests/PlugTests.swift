import Drivers
import Foundation
import Glibc
import Tally
import Testing

/// Scanners that vanish and come back amid scans, at random moments.
@Suite struct PlugTests {
    /// A device that flickers is let alone for up to two seconds each time, so a run of 50 rounds
    /// (`TALLYMAN_PLUG_ROUNDS=50`) takes minutes.
    private static let rounds =
        ProcessInfo.processInfo.environment["TALLYMAN_PLUG_ROUNDS"].flatMap { Int($0) } ?? 10

    /// What one stay of a scanner sends: whole scans, and the half of one that is cut off.
    private struct Stay {
        let whole: [String]
        let half: String

        // The round makes its scans unlike those of all others.
        init(_ round: Int, _ dice: inout SeededDice) {
            whole = (0..<Int.random(in: 0...2, using: &dice)).map { number in
                let length = Int.random(in: 1...60, using: &dice)
                return "S\(round)-\(number)-" + String(repeating: "x", count: length)
            }
            half = Bool.random(using: &dice) ? "" : "HALF\(round)"
        }

        var bytes: String { whole.map { $0 + "\r" }.joined() + half }
    }

    private static func terminal(_ port: String) throws -> TerminalProfile {
        try Carried.terminal(
            "devices:\n  - {name: gate, profile: generic-serial, port: \"\(port)\"}\n"
        )
    }

    /// Sends in pieces, since a scan comes as it comes.
    private static func inPieces(
        _ text: String,
        _ dice: inout SeededDice,
        _ send: (String) -> Void
    ) {
        var rest = text[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...40, using: &dice))
            send(String(piece))
            rest = rest.dropFirst(piece.count)
        }
    }

    private func check(_ ear: Ear, _ stays: [Stay], _ seed: UInt64) {
        let wanted = stays.flatMap(\.whole)
        #expect(Ear.wait(seconds: 30) { ear.scans().count >= wanted.count }, "seed \(seed)")
        #expect(ear.scans() == wanted, "seed \(seed)")
        #expect(!ear.losses.contains { $0.hasPrefix("too_many") })
        let halves = stays.filter { !$0.half.isEmpty }.count
        #expect(halves == 0 || ear.losses.contains { $0.hasPrefix("unfinished") })
    }

    // The kernel throws away what nobody has read of a serial device that is gone: the last scans
    // of a stay may be lost that way. What came is whole and came once, whatever stood before it.
    @Test func `a serial scanner that comes and goes loses, doubles and joins no scan`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var dice = SeededDice(seed: seed)
        try Carried.withFolder { folder in
            let line = try SerialLine(folder + "/tty")
            let ear = Ear()
            var wanted: [String] = []
            try withDevices(try Self.terminal("serial:\(line.link)"), ear) { rack in
                for round in 1...Self.rounds {
                    try #require(
                        Ear.wait(seconds: 30) { rack.statuses[0].openings == UInt64(round) },
                        "seed \(seed), round \(round)"
                    )
                    let stay = Stay(round, &dice)
                    let isHeardOut = Bool.random(using: &dice)
                    Self.inPieces(stay.bytes, &dice) { line.send($0) }
                    let count = wanted.count + stay.whole.count
                    if isHeardOut {
                        #expect(Ear.wait(seconds: 30) { ear.scans().count == count })
                    } else {
                        usleep(UInt32.random(in: 0...2_000, using: &dice))
                    }
                    line.unplug()
                    try #require(Ear.wait(seconds: 30) { rack.statuses[0].state == .waiting })
                    let came = Array(ear.scans().dropFirst(wanted.count))
                    #expect(stay.whole.starts(with: came), "seed \(seed): \(came) of \(stay)")
                    #expect(!isHeardOut || came == stay.whole, "seed \(seed): \(came) of \(stay)")
                    wanted += came
                    try line.plug()
                }
                #expect(ear.scans() == wanted, "seed \(seed)")
            }
        }
    }

    @Test func `a network scanner that comes and goes loses, doubles and joins no scan`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var dice = SeededDice(seed: seed)
        let (listener, port) = try Socket.listening()
        defer { close(listener) }
        let ear = Ear()
        var stays: [Stay] = []
        try withDevices(try Self.terminal("tcp:127.0.0.1:\(port)"), ear) { _ in
            for round in 1...Self.rounds {
                let scanner = accept(listener, nil, nil)
                let stay = Stay(round, &dice)
                stays.append(stay)
                Self.inPieces(stay.bytes, &dice) { Socket.send(scanner, $0) }
                usleep(UInt32.random(in: 0...2_000, using: &dice))
                close(scanner)
            }
            check(ear, stays, seed)
        }
    }

    @Test func `scanners that call and hang up lose, double and join no scan`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var dice = SeededDice(seed: seed)
        let (free, port) = try Socket.listening()
        close(free)
        let ear = Ear()
        var stays: [Stay] = []
        try withDevices(try Self.terminal("listen:127.0.0.1:\(port)"), ear) { rack in
            try #require(Ear.wait(seconds: 30) { rack.statuses[0].state == .ready })
            for round in 1...Self.rounds {
                let scanner = try Socket.connected(port: port)
                let stay = Stay(round, &dice)
                stays.append(stay)
                Self.inPieces(stay.bytes, &dice) { Socket.send(scanner, $0) }
                usleep(UInt32.random(in: 0...2_000, using: &dice))
                close(scanner)
                // No faster than a terminal hears one device.
                let count = stays.reduce(0) { $0 + $1.whole.count }
                try #require(Ear.wait(seconds: 30) { ear.scans().count >= count }, "seed \(seed)")
                usleep(100_000)
            }
            check(ear, stays, seed)
        }
    }
}
