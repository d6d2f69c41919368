import Glibc

/// One POST over a connection of its own (RFC 9112), for IPP on the floor's network.
struct HTTPPost {
    private static let answerMax = 8 << 20

    let host: String
    let port: UInt16
    let path: String
    let milliseconds: Int

    /// Sends a body and waits for the answer's.
    ///
    /// - Throws: ``WireTrouble/off(_:)`` when nothing went out, else ``WireTrouble/cutOff(_:)``.
    func send(_ body: [UInt8], type: String) throws(WireTrouble) -> [UInt8] {
        let descriptor = try NetworkWire.open(host, port, milliseconds: milliseconds)
        defer { close(descriptor) }
        let head = """
            POST \(path) HTTP/1.1\r
            Host: \(host):\(port)\r
            Content-Type: \(type)\r
            Content-Length: \(body.count)\r
            Connection: close\r
            \r

            """
        try write(Array(head.utf8) + body, to: descriptor)
        let answer = try readAll(descriptor)
        guard let (head, rest) = Self.split(answer) else { throw .cutOff("no answer in HTTP") }
        let lines = head.split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first, status == "200"
        else { throw .cutOff(String(lines.first ?? "no answer in HTTP")) }
        let isChunked = lines.contains {
            $0.lowercased().hasPrefix("transfer-encoding:") && $0.lowercased().hasSuffix("chunked")
        }
        return isChunked ? Self.joined(rest) : rest
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(WireTrouble) {
        var sent = 0
        while sent < bytes.count {
            var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&state, 1, Int32(clamping: milliseconds)) > 0 else {
                throw .cutOff("it takes no more")
            }
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor,
                    buffer.baseAddress.map { $0 + sent },
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count > 0 {
                sent += count
            } else if errno != EAGAIN && errno != EINTR {
                throw .cutOff(String(cString: strerror(errno)))
            }
        }
    }

    /// Everything until the other side closes, which it was asked to, or the answer is whole.
    private func readAll(_ descriptor: Int32) throws(WireTrouble) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while !Self.isWhole(answer) {
            var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&state, 1, Int32(clamping: milliseconds)) > 0 else {
                throw .cutOff("no answer in time")
            }
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { break }
            if count < 0 {
                guard errno == EAGAIN || errno == EINTR else {
                    throw .cutOff(String(cString: strerror(errno)))
                }
                continue
            }
            answer += buffer.prefix(count)
            guard answer.count <= Self.answerMax else { throw .cutOff("the answer is too long") }
        }
        return answer
    }

    private static func isWhole(_ answer: [UInt8]) -> Bool {
        guard let (head, rest) = split(answer) else { return false }
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].filter { $0 != " " }.lowercased()
            switch parts[0].lowercased() {
            case "content-length": return Int(value).map { rest.count >= $0 } ?? false
            case "transfer-encoding": return rest.suffix(5) == Array("0\r\n\r\n".utf8)[...]
            default: continue
            }
        }
        return false
    }

    /// Head and body of the final answer; `100 Continue` before it is skipped.
    private static func split(_ answer: [UInt8]) -> (head: String, body: [UInt8])? {
        var start = 0
        while true {
            let rest = answer[start...]
            guard
                let end = rest.indices.dropLast(3).first(where: { index in
                    rest[index] == 13 && rest[index + 1] == 10 && rest[index + 2] == 13
                        && rest[index + 3] == 10
                })
            else { return nil }
            let head = String(decoding: rest[start..<end], as: UTF8.self)
            guard head.split(separator: " ").dropFirst().first == "100" else {
                return (head, Array(rest[(end + 4)...]))
            }
            start = end + 4
        }
    }

    /// The chunks' contents.
    private static func joined(_ body: [UInt8]) -> [UInt8] {
        var joined: [UInt8] = []
        var index = 0
        while index < body.count {
            guard let end = body[index...].firstIndex(of: 13),
                let size = Int(String(decoding: body[index..<end], as: UTF8.self), radix: 16),
                size > 0, end + 2 + size <= body.count
            else { break }
            joined += body[end + 2..<end + 2 + size]
            index = end + 2 + size + 2
        }
        return joined
    }
}
