import Drivers
import Foundation
import Glibc
import Synchronization
import Testing

/// Scanners that type, read from a pipe with a name.
///
/// That is what a machine without input devices has in their place. The grab itself is held against
/// the kernel's refusal.
@Suite struct KeyboardScannerTests {
    private static func device(_ path: String, _ more: String = "") throws -> TerminalProfile.Device
    {
        let terminal = try Carried.terminal(
            "devices:\n  - name: gun\n    profile: generic-wedge\n    port: evdev:\(path)\n\(more)"
        )
        return terminal.devices[0]
    }

    private static func typed(_ text: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        func tell(_ code: UInt16, _ value: Int32) {
            bytes +=
                Capture.event(4, 4, Int32(code)) + Capture.event(1, code, value)
                + Capture.event(0, 0, 0)
        }
        for character in text {
            if character == "\u{1D}" {
                tell(29, 1)
                tell(27, 1)
                tell(27, 0)
                tell(29, 0)
                continue
            }
            let key = try #require(KeyboardLayout.us.key(for: character))
            if key.shift { tell(42, 1) }
            tell(key.code, 1)
            tell(key.code, 0)
            if key.shift { tell(42, 0) }
        }
        tell(28, 1)
        tell(28, 0)
        return bytes
    }

    @Test func `grabbed keys become scans with their GS, and it comes back after it was gone`()
        throws
    {
        try Carried.withFolder { folder in
            let path = folder + "/event5"
            #expect(mkfifo(path, 0o600) == 0)
            let count = Counter()
            let driver = KeyboardScanner(path: path) { _ in
                count.add()
                return 0
            }
            let ear = Ear()
            let rack = DeviceRack([(try Self.device(path), driver)], sink: ear.sink)
            let keep = open(path, O_RDWR)
            try rack.start()
            defer { rack.stop() }
            #expect(Ear.wait { rack.statuses[0].state == .ready })
            let bytes = try Self.typed("]C1010690123456789210LOT-9\u{1D}21SN77")
            let sent = Date()
            _ = write(keep, bytes, bytes.count)
            #expect(Ear.wait { ear.scans() == ["]C1010690123456789210LOT-9\u{1D}21SN77"] })
            // Milliseconds; a machine under load may take a hundred times that.
            #expect(Date().timeIntervalSince(sent) < 2)
            close(keep)
            #expect(Ear.wait { ear.states(of: "gun").contains("waiting devices.gone") })
            let again = open(path, O_RDWR)
            #expect(Ear.wait { rack.statuses[0].state == .ready && rack.statuses[0].openings > 1 })
            let more = try Self.typed("TM:C:HOME")
            _ = write(again, more, more.count)
            #expect(Ear.wait { ear.scans().last == "TM:C:HOME" })
            #expect(count.value >= 2, "every opening grabs")
            close(again)
        }
    }

    @Test func `a keyboard that another program has grabbed is told as busy`() throws {
        try Carried.withFolder { folder in
            let path = folder + "/event5"
            #expect(mkfifo(path, 0o600) == 0)
            let driver = KeyboardScanner(path: path) { _ in EBUSY }
            let device = try Self.device(path, "    onStartupError: fail\n")
            let rack = DeviceRack([(device, driver)], sink: Ear().sink)
            #expect(throws: DeviceFault.busy(port: "evdev:\(path)")) { try rack.start() }
        }
    }

    @Test func `what is no keyboard cannot be grabbed, and the kernel's word for it is told`()
        throws
    {
        try Carried.withFolder { folder in
            let path = folder + "/event5"
            #expect(mkfifo(path, 0o600) == 0)
            let device = try Self.device(path, "    onStartupError: fail\n")
            let rack = DeviceRack([(device, KeyboardScanner(path: path))], sink: Ear().sink)
            let fault = #expect(throws: DeviceFault.self) { try rack.start() }
            guard case .wrongKind(let port, let detail) = fault else {
                Issue.record("\(String(describing: fault))")
                return
            }
            #expect(port == "evdev:\(path)")
            #expect(detail == String(cString: strerror(ENOTTY)))
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }
}
