import Foundation
import Glibc
import Synchronization
import Tally

/// A printer on a loopback port that is not well: it takes connections, and does one thing wrong.
final class OddPrinter: Sendable {
    /// What it does wrong.
    enum Fault: Hashable, Sendable, CaseIterable {
        /// Reads nothing, ever.
        case neverReads
        /// Says that it will send no more, and reads on.
        case halfCloses
        /// Resets the connection after some bytes of a label.
        case resets
        /// Answers every question with random bytes.
        case garbage
        /// Answers with what it got, as a line with echo does.
        case echoes
        /// Answers in the form of a status, with letters for numbers.
        case nonsense
    }

    let port: UInt16
    private let listener: Int32
    /// Connections that nobody reads.
    private let unread = Mutex<[Int32]>([])

    init(_ fault: Fault, seed: UInt64) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if fault == .neverReads {
            // So little room that no label fits into what the system holds for it.
            var room: Int32 = 1
            setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &size) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            var dice = SeededDice(seed: seed)
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0, let self else { return }
                let seed = UInt64.random(in: 0...UInt64.max, using: &dice)
                if fault == .neverReads {
                    self.unread.withLock { $0.append(descriptor) }
                    continue
                }
                Thread.detachNewThread { Self.serve(descriptor, fault, SeededDice(seed: seed)) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for descriptor in unread.withLock({ $0 }) { close(descriptor) }
    }

    var address: String { "tcp://127.0.0.1:\(port)" }

    private static func serve(_ descriptor: Int32, _ fault: Fault, _ dice: SeededDice) {
        var dice = dice
        if fault == .halfCloses { shutdown(descriptor, Int32(SHUT_WR)) }
        var buffer = [UInt8](repeating: 0, count: 512)
        var taken = 0
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            taken += count
            var answer: [UInt8] = []
            switch fault {
            case .garbage:
                answer = (0..<Int.random(in: 1...40, using: &dice)).map { _ in
                    UInt8.random(in: 0...255, using: &dice)
                }
            case .echoes: answer = Array(buffer.prefix(count))
            case .nonsense:
                let line = Array("a,b,c,d,e,f,g,h,i,j,k,l".utf8)
                answer = (0..<3).flatMap { _ in [2] + line + [3, 13, 10] }
            case .resets where taken > 600:
                var now = linger(l_onoff: 1, l_linger: 0)
                let size = socklen_t(MemoryLayout<linger>.size)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, size)
                close(descriptor)
                return
            case .neverReads, .halfCloses, .resets: break
            }
            if !answer.isEmpty {
                _ = send(descriptor, answer, answer.count, Int32(MSG_NOSIGNAL))
            }
        }
        close(descriptor)
    }
}
