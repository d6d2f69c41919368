import Glibc
import Labels

/// What went wrong on the way to a printer.
enum WireTrouble: Error {
    /// No connection: nothing went out.
    case off(String)
    /// The connection broke, or the printer stopped taking bytes.
    case cutOff(String)
}

/// An open connection to a printer: bytes out, and answers in where the wire has a way back.
///
/// Every call has a time limit and blocks its thread until then.
final class PrinterWire: Sendable {
    private let descriptor: Int32
    private let kind: PrinterConnection.Kind
    /// False for a pipe: it cannot answer.
    let canAnswer: Bool

    /// Connects.
    ///
    /// - Throws: ``WireTrouble/off(_:)``.
    init(_ connection: PrinterConnection, milliseconds: Int) throws(WireTrouble) {
        kind = connection.kind
        switch connection.kind {
        case .network(let host, let port):
            descriptor = try NetworkWire.open(host, port, milliseconds: milliseconds)
            canAnswer = true
        case .serial(let path, let baud, let flow):
            descriptor = try DeviceWire.openSerial(path, baud: baud, flow: flow)
            canAnswer = true
        case .usb(let path): (descriptor, canAnswer) = try DeviceWire.openUSB(path)
        case .server: throw .off("a print server is asked otherwise")
        }
    }

    deinit { close(descriptor) }

    /// Sends all bytes, and waits until the printer's side has them.
    ///
    /// - Parameters:
    ///   - bytes: what to send.
    ///   - milliseconds: how long it may take no byte at all.
    /// - Throws: ``WireTrouble/cutOff(_:)``; how much arrived is not known then.
    func send(_ bytes: [UInt8], milliseconds: Int) throws(WireTrouble) {
        var sent = 0
        while sent < bytes.count {
            guard wait(for: Int16(POLLOUT), milliseconds: milliseconds) else {
                throw .cutOff("it takes no more, \(sent) of \(bytes.count) bytes sent")
            }
            let count = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            if count > 0 {
                sent += count
            } else if errno != EAGAIN && errno != EINTR {
                throw .cutOff(String(cString: strerror(errno)))
            }
        }
        try drain(milliseconds: milliseconds)
    }

    /// Waits until nothing is left on this side: for TCP, until the peer acknowledged it all.
    private func drain(milliseconds: Int) throws(WireTrouble) {
        let start = Self.now()
        var last: Int32 = .max
        var moved = start
        while true {
            if hasEnded() { throw .cutOff("the connection ended") }
            guard let left = unsent(), left > 0 else { return }
            if left < last {
                last = left
                moved = Self.now()
            }
            guard Self.now() - moved < milliseconds else {
                throw .cutOff("it takes no more, \(left) bytes left")
            }
            poll(nil, 0, 5)
        }
    }

    /// Bytes that are on this side still; nil where nobody can say (tcp(7), tty_ioctl(4)).
    private func unsent() -> Int32? {
        var left: Int32 = 0
        switch kind {
        case .network, .serial:
            // SIOCOUTQ and TIOCOUTQ are one number.
            return ioctl(descriptor, UInt(TIOCOUTQ), &left) == 0 ? left : nil
        default: return nil
        }
    }

    /// Asks the printer how it stands.
    ///
    /// - Parameters:
    ///   - language: the printer's.
    ///   - milliseconds: how long to wait for the answer.
    ///   - keepingEarlier: whether what came before the question is part of the answer.
    /// - Returns: its answer; nil when none comes in time.
    /// - Throws: ``WireTrouble/cutOff(_:)``.
    func ask(
        _ language: any PrinterLanguage,
        milliseconds: Int,
        keepingEarlier: Bool = false
    ) throws(WireTrouble) -> PrinterReport? {
        guard canAnswer else { return nil }
        // A printer that says by itself that a label is done may have done so by now.
        var answer = keepingEarlier ? received() : []
        if !keepingEarlier { _ = received() }
        try send(language.question, milliseconds: milliseconds)
        let end = Self.now() + milliseconds
        while Self.now() < end {
            if let report = language.report(answer) { return report }
            guard wait(for: Int16(POLLIN), milliseconds: end - Self.now()) else { break }
            let more = received()
            if more.isEmpty, hasEnded() { throw .cutOff("the connection ended") }
            answer += more
        }
        return language.report(answer)
    }

    /// What has come and was not read yet.
    func received() -> [UInt8] {
        var bytes: [UInt8] = []
        guard canAnswer else { return bytes }
        var buffer = [UInt8](repeating: 0, count: 1_024)
        while bytes.count < 65_536 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }

    /// Whether the other side hung up.
    private func hasEnded() -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&state, 1, 0) > 0 else { return false }
        if state.revents & Int16(POLLERR | POLLNVAL) != 0 { return true }
        if state.revents & Int16(POLLHUP) != 0 { return true }
        guard case .network = kind, state.revents & Int16(POLLIN) != 0 else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
    }

    private func wait(for events: Int16, milliseconds: Int) -> Bool {
        var state = pollfd(fd: descriptor, events: events, revents: 0)
        let ready = poll(&state, 1, Int32(clamping: max(0, milliseconds)))
        return ready > 0 && state.revents & events != 0
    }

    /// The monotonic clock, in milliseconds.
    static func now() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int(now.tv_sec) * 1000 + Int(now.tv_nsec) / 1_000_000
    }
}
