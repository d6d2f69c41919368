import Glibc

/// TCP connections with a time limit.
enum NetworkWire {
    /// Connects to the first address of a name that answers.
    ///
    /// - Throws: ``WireTrouble/off(_:)``.
    static func open(
        _ host: String,
        _ port: UInt16,
        milliseconds: Int
    ) throws(WireTrouble) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0 else { throw .off("\(host): \(String(cString: gai_strerror(status)))") }
        defer { freeaddrinfo(found) }
        var reason = "\(host): no address"
        var next = found
        while let address = next {
            switch connected(address.pointee, milliseconds: milliseconds) {
            case .success(let descriptor): return descriptor
            case .failure(let failure): reason = "\(host):\(port): \(failure.text)"
            }
            next = address.pointee.ai_next
        }
        throw .off(reason)
    }

    private struct Failure: Error {
        let text: String

        init(_ number: Int32) { text = String(cString: strerror(number)) }
    }

    private static func connected(
        _ address: addrinfo,
        milliseconds: Int
    ) -> Result<Int32, Failure> {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.ai_family, type, 0)
        guard descriptor >= 0 else { return .failure(Failure(errno)) }
        if connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 {
            return .success(descriptor)
        }
        var reason = errno
        if reason == EINPROGRESS {
            var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            var size = socklen_t(MemoryLayout<Int32>.size)
            if poll(&state, 1, Int32(clamping: milliseconds)) <= 0 {
                reason = ETIMEDOUT
            } else {
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &size)
                if reason == 0 { return .success(descriptor) }
            }
        }
        close(descriptor)
        return .failure(Failure(reason))
    }
}
