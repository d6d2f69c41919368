import Foundation
import Glibc
import Synchronization

/// A label printer on loopback: takes ZPL, keeps every label that came whole, answers `~HS`.
///
/// It outlives the terminal, as a printer does, and throws half a label away when its connection
/// ends or `~JA` comes.
final class FloorPrinter: Sendable {
    let port: UInt16
    private let listener: Int32
    private let counter = LabelCounter()

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isUp = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &size) == 0
            }
        }
        guard isUp else { throw PlantFailure("no port for a printer") }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// How often each label came out; by what stands between `^XA` and `^XZ`.
    var labels: [String: Int] { counter.labels }

    private func serve(_ connection: Int32) {
        var memory: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            for byte in buffer.prefix(count) {
                memory.append(byte)
                let answer = counter.take(&memory)
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

}

/// What a Zebra makes of bytes: counts the labels that came whole, and answers `~HS`.
final class LabelCounter: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    var labels: [String: Int] { counts.withLock { $0 } }

    /// Looks at the end of what lies in the printer's memory.
    ///
    /// - Returns: what it answers.
    func take(_ memory: inout [UInt8]) -> [UInt8] {
        // The last letters of ~HS, ~JA and ^XZ.
        guard let last = memory.last, [0x53, 0x41, 0x5A].contains(last) else { return [] }
        switch String(decoding: memory.suffix(3), as: UTF8.self) {
        case "~HS":
            memory.removeLast(3)
            let half = memory.contains(UInt8(ascii: "^")) ? 1 : 0
            let lines = [
                "030,0,0,0799,000,0,0,\(half),000,0,0,0", "000,0,0,0,0,2,6,0,00000000,1,000",
                "1234,0",
            ]
            return lines.flatMap { [2] + Array($0.utf8) + [3, 13, 10] }
        case "~JA":
            memory = []
        case "^XZ":
            let text = String(decoding: memory, as: UTF8.self)
            memory = []
            guard let start = text.range(of: "^XA") else { break }
            counts.withLock { $0[String(text[start.lowerBound...]), default: 0] += 1 }
        default: break
        }
        return []
    }
}
