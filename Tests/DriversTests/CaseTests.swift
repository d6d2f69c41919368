import Drivers
import Foundation
import Testing

/// Each folder of `Cases` is a case: a terminal's profile with one device, what that device sent,
/// and the scans and losses that a terminal must make of it.
@Suite struct CaseTests {
    static let cases: [String] = {
        do {
            return try Carried.names(in: Carried.cases)
        } catch {
            return []
        }
    }()

    @Test func `there are cases for every scanner's profile`() throws {
        #expect(Self.cases.count >= 25)
        let library = try Carried.library()
        var covered: Set<String> = []
        for name in Self.cases {
            let path = "\(Carried.cases)/\(name)/device.yaml"
            covered.formUnion(try library.terminal(path).devices.map(\.profile.name))
        }
        let scanners = try library.names.filter { try library.profile($0).kind == .scanner }
        #expect(Set(scanners).subtracting(covered).isEmpty)
    }

    @Test(arguments: cases)
    func `the scans are those expected`(_ name: String) throws {
        let folder = "\(Carried.cases)/\(name)"
        let terminal = try Carried.library().terminal(folder + "/device.yaml")
        let device = try #require(terminal.devices.first)
        let capture = try Capture(String(contentsOfFile: folder + "/capture", encoding: .utf8))
        let expected = try JSONDecoder().decode(
            Outcome.self,
            from: Data(contentsOf: URL(filePath: folder + "/expected.json"))
        )
        let source: ScanStream.Source =
            if case .evdev = device.port { .inputEvents } else { .bytes }
        #expect(capture.played(device.format, from: source) == expected)
    }

    /// However a system cuts what a device sends, the scans are the same.
    @Test(arguments: cases)
    func `cutting the bytes anywhere changes nothing`(_ name: String) throws {
        let folder = "\(Carried.cases)/\(name)"
        let device = try #require(
            try Carried.library().terminal(folder + "/device.yaml").devices.first
        )
        let capture = try Capture(String(contentsOfFile: folder + "/capture", encoding: .utf8))
        let source: ScanStream.Source =
            if case .evdev = device.port { .inputEvents } else { .bytes }
        let whole = capture.played(device.format, from: source)
        let byteCount = capture.steps.reduce(0) { sum, entry in
            if case .bytes(let bytes) = entry.step { sum + bytes.count } else { sum }
        }
        // A flood is played once, in pieces of a size that no reading of ours has.
        for size in byteCount > 100_000 ? [4099] : [1, 5, 7] {
            var stream = ScanStream(device.format, from: source)
            var outputs: [ScanStream.Output] = []
            for (at, step) in capture.steps {
                while let deadline = stream.deadlineMilliseconds, deadline <= at {
                    outputs += stream.pause(at: deadline)
                }
                switch step {
                case .hangUp: outputs += stream.hangUp()
                case .bytes(let bytes):
                    var rest = bytes[...]
                    while !rest.isEmpty {
                        outputs += stream.take(rest.prefix(size), at: at)
                        rest = rest.dropFirst(size)
                    }
                }
            }
            if let deadline = stream.deadlineMilliseconds {
                outputs += stream.pause(at: deadline)
            }
            #expect(Outcome(outputs, device.format) == whole, "cut every \(size) bytes")
        }
    }
}
