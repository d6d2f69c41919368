import Foundation
import Synchronization

/// Stands between a client and the server, on a socket of its own, and loses the answer to a
/// `COMMIT` when told: the server has done it, and the client's connection breaks.
final class DeafRelay: Sendable {
    private struct State {
        var isArmed = false
        var lostCount = 0
    }

    let folder: String
    private let server: String
    private let listener: CInt
    private let state = Mutex(State())

    /// Listens, in a folder of its own.
    ///
    /// - Parameter server: the path of the server's socket.
    /// - Throws: ``ServerFailure``.
    init(to server: String) throws {
        self.server = server
        folder = NSTemporaryDirectory() + "tallyman-relay-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let isBound = Self.withAddress(folder + "/.s.PGSQL.5432") { bind(listener, $0, $1) }
        guard isBound == 0, listen(listener, 16) == 0 else {
            throw ServerFailure("no relay: \(String(cString: strerror(errno)))")
        }
        Thread.detachNewThread { [listener, weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                guard let self else { return _ = close(client) }
                self.serve(client)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        try? FileManager.default.removeItem(atPath: folder)  // best effort: a temporary folder
    }

    func loseNextAnswerToCommit() { state.withLock { $0.isArmed = true } }

    var lostCount: Int { state.withLock(\.lostCount) }

    private static func withAddress<Result>(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Carries what either says to the other, until one of them ends.
    private func serve(_ client: CInt) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let upstream = socket(AF_UNIX, kind, 0)
        let isThere = Self.withAddress(server) { connect(upstream, $0, $1) } == 0
        Thread.detachNewThread { [weak self] in
            defer {
                close(upstream)
                close(client)
            }
            var isLosing = false
            while isThere {
                var waits = [client, upstream].map {
                    pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
                }
                guard poll(&waits, 2, -1) > 0 else { continue }
                if waits[0].revents != 0 {
                    guard let bytes = Self.receive(client) else { return }
                    if bytes.first == UInt8(ascii: "Q"), bytes.count == 12,
                        bytes[5...].elementsEqual(Array("COMMIT".utf8) + [0])
                    {
                        isLosing = self?.takeArmed() ?? false
                    }
                    guard Self.send(bytes, to: upstream) else { return }
                }
                if waits[1].revents != 0 {
                    guard let bytes = Self.receive(upstream) else { return }
                    guard !isLosing, Self.send(bytes, to: client) else { return }
                }
            }
        }
    }

    private func takeArmed() -> Bool {
        state.withLock { state in
            guard state.isArmed else { return false }
            state.isArmed = false
            state.lostCount += 1
            return true
        }
    }

    private static func receive(_ socket: CInt) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(socket, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private static func send(_ bytes: [UInt8], to socket: CInt) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.send(
                socket,
                Array(bytes[sent...]),
                bytes.count - sent,
                Int32(MSG_NOSIGNAL)
            )
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
