import Foundation
import Glibc
import Imaging
import Synchronization

/// What a printer makes of the bytes that it gets: one maker's manner.
protocol PrinterManner: Sendable {
    /// Takes bytes into the printer's memory and does what can be done with them.
    mutating func take(_ bytes: [UInt8], _ body: inout PrinterBody) -> PrinterAnswer
    /// What is left of a label that was begun.
    var holdsHalf: Bool { get }
    mutating func forget()
}

struct PrinterAnswer {
    var bytes: [UInt8] = []
    var closes = false
}

/// Paper, head, and what came out.
struct PrinterBody: Sendable {
    var hasPaper = true
    var isOpen = false
    var isPaused = false
    /// Labels that came in while there was no paper.
    var waiting: [DotPicture] = []
    var printed: [DotPicture] = []
    /// Whether status questions are answered.
    var answers = true
    /// Bytes that it did not understand.
    var garbage = 0

    /// Answers that wait for what is not printed yet.
    var marks: [UInt8] = []

    var isReady: Bool { hasPaper && !isOpen && !isPaused }

    mutating func print(_ picture: DotPicture, copies: Int = 1) {
        let labels = Array(repeating: picture, count: copies)
        if isReady { printed += labels } else { waiting += labels }
    }

    mutating func goOn() {
        guard isReady else { return }
        printed += waiting
        waiting = []
    }
}

/// A printer on a loopback port that answers in one maker's manner, can be off, run out of paper,
/// and lose its plug after so many bytes.
final class TestPrinter: Sendable {
    private struct State: Sendable {
        var manner: any PrinterManner
        var body = PrinterBody()
        var listener: Int32 = -1
        var connections: Set<Int32> = []
        var takesOnly: Int?
        var taken = 0
        var isStalled = false
    }

    let port: UInt16
    private let state: Mutex<State>

    init(_ manner: any PrinterManner, isOn: Bool = true) throws {
        let (listener, port) = try Self.listen(on: 0)
        self.port = port
        state = Mutex(State(manner: manner))
        close(listener)
        if isOn { try switchOn() }
    }

    deinit { switchOff() }

    var address: String { "tcp://127.0.0.1:\(port)" }
    var printed: [DotPicture] { state.withLock { $0.body.printed } }
    var garbage: Int { state.withLock { $0.body.garbage } }
    var taken: Int { state.withLock { $0.taken } }

    func change(_ body: @Sendable (inout PrinterBody) -> Void) {
        state.withLock { state in
            body(&state.body)
            state.body.goOn()
        }
    }

    /// The cable comes out when so many more bytes have come; nil puts it back in.
    func cutAfter(_ count: Int?) { state.withLock { $0.takesOnly = count } }

    /// Its memory is lost, and nobody can connect.
    func switchOff() {
        let open = state.withLock { state in
            let open = state.connections.union([state.listener])
            state.connections = []
            state.listener = -1
            state.manner.forget()
            state.body.waiting = []
            return open
        }
        for descriptor in open where descriptor >= 0 { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    func switchOn() throws {
        let (listener, _) = try Self.listen(on: port)
        state.withLock { $0.listener = listener }
        Thread.detachNewThread { [weak self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0, let self else { break }
                self.state.withLock { _ = $0.connections.insert(descriptor) }
                Thread.detachNewThread { [weak self] in
                    while let printer = self, printer.serve(descriptor) {}
                    self?.state.withLock { _ = $0.connections.remove(descriptor) }
                    close(descriptor)
                }
            }
            close(listener)
        }
    }

    /// Takes what has come; false when the connection is over.
    private func serve(_ descriptor: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return false }
        let answer = take(Array(buffer.prefix(count)))
        guard let answer else { return false }
        if !answer.bytes.isEmpty {
            _ = answer.bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        }
        return !answer.closes
    }

    /// Nil when the plug came out.
    private func take(_ bytes: [UInt8]) -> PrinterAnswer? {
        state.withLock { state in
            var bytes = bytes
            var isCut = false
            if let left = state.takesOnly {
                bytes = Array(bytes.prefix(left))
                state.takesOnly = left - bytes.count
                isCut = left <= bytes.count
            }
            state.taken += bytes.count
            var answer = state.manner.take(bytes, &state.body)
            if !state.body.answers { answer.bytes = [] }
            return isCut ? nil : answer
        }
    }

    /// A port that nobody listens on now.
    static func freePort() throws -> UInt16 {
        let (descriptor, port) = try listen(on: 0)
        close(descriptor)
        return port
    }

    static func canConnect(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func listen(on port: UInt16) throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 && Glibc.listen(descriptor, 16) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
        guard status else { throw POSIXError(.EADDRINUSE) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
