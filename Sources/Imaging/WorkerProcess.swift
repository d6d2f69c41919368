import Glibc

/// The child process and the socket to it, owned by one ``ImagingWorkerClient`` under its lock.
struct WorkerProcess: ~Copyable {
    let processID: pid_t
    private let socket: Int32
    private var requestCount: UInt64 = 0

    /// Starts the child.
    ///
    /// A socket pair instead of pipes, since writing to a dead child's socket can be kept from
    /// raising SIGPIPE in this process. The child closes whatever else it inherits before it looks
    /// at anything: a fault in a decoder must not reach the database's files.
    init(executable: String, environment: [String]) throws(ImagingError) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw .workerMissing(path: executable, errorNumber: errno)
        }
        defer { close(ends[1]) }
        var child: pid_t = 0
        let status = Self.spawn(executable, environment, socket: ends[1], child: &child)
        guard status == 0 else {
            close(ends[0])
            throw .workerMissing(path: executable, errorNumber: status)
        }
        processID = child
        socket = ends[0]
    }

    deinit {
        close(socket)
        kill(processID, SIGKILL)
        var status: Int32 = 0
        while waitpid(processID, &status, 0) == -1, errno == EINTR {}
    }

    /// Ends the child.
    ///
    /// - Parameter force: whether to kill it first; else it has closed its end already.
    /// - Returns: why it ended.
    consuming func end(force: Bool) -> ImagingError {
        if force { kill(processID, SIGKILL) }
        var status: Int32 = 0
        close(socket)
        while waitpid(processID, &status, 0) == -1, errno == EINTR {}
        discard self
        // The layout of the status is the C library's macros WIFSIGNALED, WTERMSIG, WEXITSTATUS.
        let signal = status & 0x7F
        return .workerDied(
            signal: signal == 0 ? nil : signal,
            status: signal == 0 ? status >> 8 & 0xFF : nil
        )
    }

    private static func spawn(
        _ executable: String,
        _ variables: [String],
        socket: Int32,
        child: inout pid_t
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // A group of its own: Ctrl-C in a terminal ends the command, which then ends the child.
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(executable), nil]
        var environment: [UnsafeMutablePointer<CChar>?] = []
        for variable in Self.environment + variables { environment.append(strdup(variable)) }
        environment.append(nil)
        defer { for text in arguments + environment { free(text) } }
        return executable.withCString { path in
            posix_spawn(&child, path, &actions, &attributes, &arguments, &environment)
        }
    }

    /// What the child needs of our environment, and two words to its libraries: a crash is to end
    /// it at once, without a report; and a large picture's memory is to go back to the system when
    /// it is done (a fixed threshold keeps the C library from raising it), so that it stays small.
    private static var environment: [String] {
        let kept = ["LD_LIBRARY_PATH", "PATH"].compactMap { (name: String) -> String? in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
        return kept + ["SWIFT_BACKTRACE=enable=no", "MALLOC_MMAP_THRESHOLD_=262144"]
    }

    /// How an exchange ends badly; the child cannot be used again after any of them.
    enum Trouble: Error {
        /// The other end is closed.
        case closed
        case late
        case broken
    }

    /// How much may be on its way to the child unanswered, in bytes and in requests (each costs the
    /// socket up to as much again as it holds, and some hundred bytes): below the quarter of a
    /// socket's 208 KiB up to which Linux calls it writable, so that sending never waits for a
    /// child that waits for us to take its reply.
    private static let bytesAhead = 16 << 10
    private static let requestsAhead = 16

    /// Sends requests and waits for their replies.
    ///
    /// The next ones are sent while the child is at work, so that it need not wait for us.
    ///
    /// - Parameters:
    ///   - requests: what to ask, in order.
    ///   - timeout: how long each may take.
    /// - Returns: a reply for each request, in order.
    /// - Throws: what befell the child; it cannot be used again then.
    mutating func exchange(
        _ requests: [ImagingRequest],
        timeout: Duration
    ) throws(Trouble) -> [ImagingReply] {
        let first = requestCount + 1
        var replies: [ImagingReply] = []
        replies.reserveCapacity(requests.count)
        /// The size of each frame that was sent, or is to be sent next.
        var sizes: [Int] = []
        var waiting: [UInt8]?
        var bytesSent = 0
        var deadline = ContinuousClock.now + timeout
        for index in requests.indices {
            while let frame = waiting ?? nextFrame(of: requests, &sizes) {
                let isFirst = sizes.count == index + 1
                let isAhead =
                    bytesSent + frame.count <= Self.bytesAhead
                    && sizes.count - index <= Self.requestsAhead
                waiting = frame
                guard isFirst || isAhead else { break }
                try send(frame, deadline)
                bytesSent += frame.count
                waiting = nil
            }
            replies.append(try receiveReply(number: first + UInt64(index), deadline))
            bytesSent -= sizes[index]
            deadline = .now + timeout
        }
        return replies
    }

    /// The frame of the first request that has none; nil when all have.
    private mutating func nextFrame(
        of requests: [ImagingRequest],
        _ sizes: inout [Int]
    ) -> [UInt8]? {
        guard sizes.count < requests.count else { return nil }
        requestCount += 1
        let frame = Self.frame(requests[sizes.count].encoded(number: requestCount))
        sizes.append(frame.count)
        return frame
    }

    /// A body after its length, in one piece: the child would wake for the length alone.
    private static func frame(_ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + body
    }

    private func receiveReply(
        number: UInt64,
        _ deadline: ContinuousClock.Instant
    ) throws(Trouble) -> ImagingReply {
        let count = try receive(4, deadline).reduce(0) { $0 << 8 | Int($1) }
        guard count <= ImagingLimits.frameCountMax else { throw .broken }
        let answer: (number: UInt64, reply: ImagingReply)
        do {
            answer = try ImagingReply.decoded(try receive(count, deadline))
        } catch let trouble as Trouble {
            throw trouble
        } catch {
            throw .broken
        }
        guard answer.number == number else { throw .broken }
        return answer.reply
    }

    private func send(
        _ bytes: [UInt8],
        _ deadline: ContinuousClock.Instant
    ) throws(Trouble) {
        var sent = 0
        while sent < bytes.count {
            try wait(for: Int16(POLLOUT), deadline)
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    socket,
                    buffer.baseAddress.map { $0 + sent },
                    buffer.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                )
            }
            if count >= 0 { sent += count } else { try Self.retry(errno) }
        }
    }

    private func receive(
        _ count: Int,
        _ deadline: ContinuousClock.Instant
    ) throws(Trouble) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            try wait(for: Int16(POLLIN), deadline)
            let more = bytes.withUnsafeMutableBytes { buffer in
                recv(
                    socket,
                    buffer.baseAddress.map { $0 + received },
                    count - received,
                    Int32(MSG_DONTWAIT)
                )
            }
            if more == 0 { throw .closed }
            if more > 0 { received += more } else { try Self.retry(errno) }
        }
        return bytes
    }

    private static func retry(_ error: Int32) throws(Trouble) {
        guard error == EINTR || error == EAGAIN else { throw .closed }
    }

    private func wait(
        for events: Int16,
        _ deadline: ContinuousClock.Instant
    ) throws(Trouble) {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw .late }
            var descriptor = pollfd(fd: socket, events: events, revents: 0)
            let milliseconds = Int32(clamping: Int(left / .milliseconds(1)) + 1)
            if poll(&descriptor, 1, milliseconds) > 0 { return }
        }
    }
}
