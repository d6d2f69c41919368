import Glibc

/// Reads files of scanners until they end, and gives on what they hold.
///
/// Waits in poll(2) alone. What sends more than it may is read more slowly, which a network
/// scanner feels, and which keeps the processor free.
struct InputLoop {
    private static let readMax = 4096
    private static let slowMilliseconds: UInt64 = 20
    /// Scanners that may be connected to one listener.
    static let connectionsMax = 8

    let line: DeviceLine
    let source: ScanStream.Source
    private var streams: [Int32: ScanStream] = [:]
    private var generation = -1

    init(_ line: DeviceLine, _ source: ScanStream.Source) {
        self.line = line
        self.source = source
    }

    /// Serves one open file, and closes it.
    ///
    /// - Throws: ``DeviceFault/gone(port:detail:)`` when it ends before the line stops.
    mutating func serve(_ file: Int32) throws(DeviceFault) {
        defer { closeAll() }
        add(file)
        while !line.isStopping {
            if let end = step(listener: nil) {
                throw .gone(port: line.device.port.description, detail: end)
            }
        }
    }

    /// Serves whoever connects to a listening socket, and closes it.
    mutating func serve(listener: Int32) {
        defer {
            closeAll()
            close(listener)
        }
        while !line.isStopping { _ = step(listener: listener) }
    }

    private mutating func add(_ file: Int32) {
        let (format, generation) = line.format
        self.generation = generation
        streams[file] = ScanStream(format, from: source)
    }

    private mutating func closeAll() {
        for file in streams.keys { close(file) }
        streams = [:]
    }

    /// Waits once and takes what came.
    ///
    /// - Returns: why a file ended, if one did.
    private mutating func step(listener: Int32?) -> String? {
        let deadline = streams.values.compactMap(\.deadlineMilliseconds).min()
        let now = DeviceLine.now
        let timeout = deadline.map { $0 > now ? $0 - now : 0 }
        let files = Array(streams.keys) + (listener.map { [$0] } ?? [])
        let ready = line.wait(files, milliseconds: timeout)
        refresh()
        var isLossy = false
        var end: String?
        for (file, events) in ready {
            if file == listener {
                accept(file)
            } else if let why = take(file, events, &isLossy) {
                end = why
                drop(file)
            }
        }
        // Nothing was there to be read when it was looked at, or until the time was up: only then
        // did a device pause. This thread may have been kept waiting itself.
        let silentAt = ready.isEmpty ? DeviceLine.now : now
        let busy = Set(ready.map(\.file))
        for file in streams.keys where !busy.contains(file) {
            guard var stream = streams[file] else { continue }
            let outputs = stream.pause(at: silentAt)
            streams[file] = stream
            if !outputs.isEmpty { isLossy = line.give(outputs, stream.format) || isLossy }
        }
        if isLossy, !line.isStopping { _ = line.wait([], milliseconds: Self.slowMilliseconds) }
        return end
    }

    /// Another format was wanted: what is under way is given up.
    private mutating func refresh() {
        let (format, generation) = line.format
        guard generation != self.generation else { return }
        self.generation = generation
        for file in streams.keys { streams[file] = ScanStream(format, from: source) }
    }

    private mutating func take(_ file: Int32, _ events: Int32, _ isLossy: inout Bool) -> String? {
        guard events & POLLIN != 0 else { return "hung up" }
        var buffer = [UInt8](repeating: 0, count: Self.readMax)
        let count = read(file, &buffer, buffer.count)
        if count < 0 {
            let number = errno
            return number == EAGAIN || number == EINTR ? nil : String(cString: strerror(number))
        }
        guard count > 0 else { return "ended" }
        guard var stream = streams[file] else { return nil }
        let outputs = stream.take(buffer[..<count], at: DeviceLine.now)
        streams[file] = stream
        isLossy = line.give(outputs, stream.format) || isLossy
        return nil
    }

    private mutating func drop(_ file: Int32) {
        if var stream = streams.removeValue(forKey: file) {
            _ = line.give(stream.hangUp(), stream.format)
        }
        close(file)
    }

    private mutating func accept(_ listener: Int32) {
        let file = Glibc.accept(listener, nil, nil)
        guard file >= 0 else { return }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        _ = fcntl(file, F_SETFL, O_NONBLOCK)
        guard streams.count < Self.connectionsMax else {
            close(file)
            return
        }
        add(file)
    }
}
