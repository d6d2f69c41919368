import Foundation

/// What a server answered, whole.
struct HTTPReply {
    let status: Int
    /// By their names in small letters.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }

    /// Reads an answer that is there from its first to its last byte.
    ///
    /// - Throws: ``PlainHTTP/NoReply`` for anything less: a server that died while it answered
    ///   has answered nothing.
    init(bytes: [UInt8]) throws {
        guard let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) else {
            throw PlainHTTP.NoReply("\(bytes.count) bytes without a head")
        }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        var lines = head.components(separatedBy: "\r\n")[...]
        let words = lines.removeFirst().split(separator: " ")
        guard words.count > 1, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw PlainHTTP.NoReply("not HTTP: \(head)")
        }
        self.status = status
        let pairs = lines.compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (line[..<colon].lowercased(), value)
        }
        headers = Dictionary(pairs) { first, _ in first }
        body = Array(bytes[end.upperBound...])
        guard let length = headers["content-length"].flatMap({ Int($0) }), body.count == length
        else { throw PlainHTTP.NoReply("\(body.count) bytes of the body of: \(head)") }
    }
}

/// One request a connection, with nothing between the test and the bytes.
enum PlainHTTP {
    /// The server could not be reached, or went away before it had answered.
    struct NoReply: Error {
        /// How far it came, and what the system said last.
        let what: String

        init(_ what: String, error: Int32? = nil) {
            self.what = what + (error.map { ": \(String(cString: strerror($0)))" } ?? "")
        }
    }

    enum Place {
        /// A port on loopback.
        case port(Int)
        /// A Unix socket.
        case socket(String)
    }

    static func get(_ path: String, at place: Place) throws -> HTTPReply {
        try send("GET", path, [], at: place)
    }

    static func post(
        _ path: String,
        _ body: [UInt8],
        headers: [String: String] = [:],
        at place: Place
    ) throws -> HTTPReply {
        try send("POST", path, body, headers: headers, at: place)
    }

    static func send(
        _ method: String,
        _ path: String,
        _ body: [UInt8],
        headers: [String: String] = [:],
        at place: Place
    ) throws -> HTTPReply {
        let connection = try Connection(place)
        let more = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        let head = """
            \(method) \(path) HTTP/1.1\r
            Host: localhost\r
            Content-Length: \(body.count)\r
            Connection: close\r
            \(more)\r

            """
        try connection.send(Array(head.utf8) + body)
        return try HTTPReply(bytes: try connection.receiveAll())
    }

    /// A connection; closed when nobody holds it any more.
    final class Connection {
        private let descriptor: Int32

        init(_ place: Place) throws {
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            switch place {
            case .port(let port):
                descriptor = socket(AF_INET, kind, 0)
                var address = PlainHTTP.loopback(port)
                try open(&address)
            case .socket(let path):
                descriptor = socket(AF_UNIX, kind, 0)
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { room in
                    room.copyBytes(from: path.utf8.prefix(room.count - 1))
                }
                try open(&address)
            }
        }

        deinit { close(descriptor) }

        private func open<Address>(_ address: inout Address) throws {
            var patience = timeval(tv_sec: 30, tv_usec: 0)
            let size = socklen_t(MemoryLayout<timeval>.size)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
            let length = socklen_t(MemoryLayout<Address>.size)
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, length)
                }
            }
            guard status == 0 else { throw NoReply("no connection", error: errno) }
        }

        func send(_ bytes: [UInt8]) throws {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw NoReply("cut while asking", error: errno) }
                sent += count
            }
        }

        /// Everything until the other side closes.
        func receiveAll() throws -> [UInt8] {
            var bytes: [UInt8] = []
            var room = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &room, room.count, 0)
                guard count >= 0 else {
                    throw NoReply("cut after \(bytes.count) bytes of the answer", error: errno)
                }
                guard count > 0 else { return bytes }
                bytes += room[..<count]
            }
        }
    }

    static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}

/// A port on loopback that this process holds.
final class HeldPort {
    let port: Int
    private let descriptor: Int32

    /// Takes a port below those that the system gives to outgoing connections, so that none of them
    /// has it when a daemon wants it back.
    init(using dice: inout some RandomNumberGenerator) throws {
        let descriptor = socket(
            AF_INET,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        self.descriptor = descriptor
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000, using: &dice)
            var address = PlainHTTP.loopback(port)
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if status == 0, listen(descriptor, 1) == 0 {
                self.port = port
                return
            }
        }
        throw PlantFailure("no free port")
    }

    deinit { close(descriptor) }
}
