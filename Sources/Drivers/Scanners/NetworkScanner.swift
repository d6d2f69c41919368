import Glibc

/// A scanner on the network: it listens and the terminal calls, or the other way round.
struct NetworkScanner: DeviceDriver {
    private static let connectMilliseconds: UInt64 = 3000

    let host: String
    let number: Int
    let isListener: Bool
    let port: DevicePort

    func serve(_ line: DeviceLine) throws(DeviceFault) {
        let file = isListener ? try listening() : try connected(line)
        line.set(.ready)
        var loop = InputLoop(line, .bytes)
        if isListener {
            loop.serve(listener: file)
        } else {
            try loop.serve(file)
        }
    }

    /// The first socket with which `use` succeeds, of those that the host's name stands for.
    private func socket(
        _ flags: Int32,
        _ use: (Int32, UnsafeMutablePointer<addrinfo>) -> Int32
    ) throws(DeviceFault) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(number), &hints, &found)
        guard status == 0, let first = found else {
            throw .noAnswer(port: port.description, detail: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(first) }
        var last = ECONNREFUSED
        var candidate: UnsafeMutablePointer<addrinfo>? = first
        while let info = candidate {
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let file = Glibc.socket(info.pointee.ai_family, type, 0)
            if file >= 0 {
                last = use(file, info)
                if last == 0 { return file }
                close(file)
            } else {
                last = errno
            }
            candidate = info.pointee.ai_next
        }
        throw .system(last, port: port)
    }

    private func listening() throws(DeviceFault) -> Int32 {
        try socket(AI_PASSIVE) { file, info in
            var yes: Int32 = 1
            setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(4))
            guard bind(file, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
                listen(file, Int32(InputLoop.connectionsMax)) == 0
            else { return errno == EADDRINUSE ? EBUSY : errno }
            return 0
        }
    }

    private func connected(_ line: DeviceLine) throws(DeviceFault) -> Int32 {
        let file = try socket(0) { file, info in
            if connect(file, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 { return 0 }
            guard errno == EINPROGRESS else { return errno }
            let until = DeviceLine.now + Self.connectMilliseconds
            while !line.isStopping {
                let now = DeviceLine.now
                guard now < until else { return ETIMEDOUT }
                guard !line.wait([file], POLLOUT, milliseconds: until - now).isEmpty else {
                    continue
                }
                var status: Int32 = 0
                var size = socklen_t(4)
                getsockopt(file, SOL_SOCKET, SO_ERROR, &status, &size)
                return status
            }
            return ECANCELED
        }
        // A scanner whose cable is pulled says nothing more; these ask it (tcp(7)).
        for (level, option, value) in [
            (SOL_SOCKET, SO_KEEPALIVE, 1), (Int32(IPPROTO_TCP), TCP_KEEPIDLE, 10),
            (Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5), (Int32(IPPROTO_TCP), TCP_KEEPCNT, 3),
        ] {
            var value = Int32(value)
            setsockopt(file, level, option, &value, socklen_t(4))
        }
        return file
    }
}
