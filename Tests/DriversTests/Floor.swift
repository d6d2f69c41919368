import Drivers
import Foundation
import Glibc
import Synchronization
import Tally

/// Takes what devices tell, and waits for it.
final class Ear: Sendable {
    private let events = Mutex<[DeviceEvent]>([])

    var sink: @Sendable (DeviceEvent) -> Void {
        { event in self.events.withLock { $0.append(event) } }
    }

    func scans(of device: String? = nil) -> [String] {
        events.withLock { events in
            events.compactMap { event in
                guard case .scan(let scan) = event, device == nil || scan.device == device else {
                    return nil
                }
                return scan.text
            }
        }
    }

    var losses: [String] {
        events.withLock { events in
            events.compactMap { event in
                guard case .loss(_, let loss, let count) = event else { return nil }
                return "\(loss.rawValue) \(count)"
            }
        }
    }

    func states(of device: String) -> [String] {
        events.withLock { events in
            events.compactMap { event in
                guard case .changed(let status) = event, status.name == device else { return nil }
                return status.state.rawValue + (status.fault.map { " \($0.code.text)" } ?? "")
            }
        }
    }

    /// Waits until something is so.
    ///
    /// - Returns: whether it became so in time.
    static func wait(seconds: Double = 60, _ isSo: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        while !isSo() {
            guard Date() < end else { return false }
            usleep(2000)
        }
        return true
    }
}

/// A serial line: what is written at one end arrives at the other, whose path it has.
///
/// The path is a link, as udev makes them, so that a device that is plugged in again has the same.
final class SerialLine {
    let link: String
    private var main: Int32 = -1

    init(_ link: String) throws {
        self.link = link
        try plug()
    }

    func plug() throws {
        main = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2): unlock the other end, and its number.
        var locked: Int32 = 0
        var number: UInt32 = 0
        try check(main >= 0)
        try check(ioctl(main, 0x4004_5431, &locked) == 0 && ioctl(main, 0x8004_5430, &number) == 0)
        let path = "/dev/pts/\(number)"
        unlink(link)
        try check(symlink(path, link) == 0)
    }

    func unplug() {
        close(main)
        main = -1
        unlink(link)
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(main, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private func check(_ isGood: Bool) throws {
        guard isGood else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit { if main >= 0 { close(main) } }
}

/// A TCP socket on loopback, as a scanner on the network has.
enum Socket {
    /// A listening socket and its port.
    static func listening(port: Int = 0) throws -> (file: Int32, port: Int) {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = self.address(port)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(file, $0, 16) }
        }
        guard status == 0, listen(file, 4) == 0 else { throw POSIXError(.EADDRINUSE) }
        var size = socklen_t(16)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(file, $0, &size)
            }
        }
        return (file, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func connected(port: Int) throws -> Int32 {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = self.address(port)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, 16) }
        }
        guard status == 0 else {
            close(file)
            throw POSIXError(.ECONNREFUSED)
        }
        return file
    }

    static func send(_ file: Int32, _ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

/// Runs devices for a test, and stops them.
@discardableResult
func withDevices<Result>(
    _ terminal: TerminalProfile,
    _ ear: Ear,
    _ body: (DeviceRack) throws -> Result
) throws -> Result {
    let rack = DeviceRack(terminal, reader: WorkerFixture.reader, sink: ear.sink)
    try rack.start()
    defer { rack.stop() }
    return try body(rack)
}
