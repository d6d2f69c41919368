import CLinuxDevices
import Glibc
import Synchronization
import Tally

/// Between a device's thread and the terminal: what the driver tells goes out by it, and what the
/// terminal wants (another format, the end) comes in.
package final class DeviceLine: Sendable {
    let device: TerminalProfile.Device
    private let sink: @Sendable (DeviceEvent) -> Void
    private let state: Mutex<State>
    /// An eventfd(2): readable when something changed for the driver.
    let wake: Int32

    private struct State {
        var status: DeviceStatus
        var format: ScanFormat
        var generation = 0
        var isStopping = false
        var rate = ScanRate()
        var floods: [ScanLoss: Flood] = [:]
        var wakeups: UInt64 = 0
        /// Whether somebody teaches: then unfinished scans are given on too.
        var isTaught = false
    }

    init(
        _ device: TerminalProfile.Device,
        format: ScanFormat,
        sink: @escaping @Sendable (DeviceEvent) -> Void
    ) {
        self.device = device
        self.sink = sink
        state = Mutex(State(status: DeviceStatus(device), format: format))
        wake = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        precondition(wake >= 0, "no eventfd: the process has no file left")
    }

    deinit { close(wake) }

    /// Milliseconds of a clock that does not go back.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    var status: DeviceStatus { state.withLock { $0.status } }
    var isStopping: Bool { state.withLock { $0.isStopping } }
    /// How often its thread went on after it had waited.
    var wakeups: UInt64 { state.withLock { $0.wakeups } }

    /// The format, and a number that changes with it.
    var format: (format: ScanFormat, generation: Int) {
        state.withLock { ($0.format, $0.generation) }
    }

    // MARK: For the terminal

    func change(_ format: ScanFormat) {
        state.withLock { state in
            state.format = format
            state.generation += 1
        }
        ring()
    }

    func teach(_ isTaught: Bool) {
        state.withLock { $0.isTaught = isTaught }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        ring()
    }

    private func ring() {
        var one: UInt64 = 1
        // Fails only when it rang so often that it rings anyway.
        _ = write(wake, &one, 8)
    }

    // MARK: For the driver

    /// Takes back the ring; the driver then looks what changed.
    func quiet() {
        var count: UInt64 = 0
        _ = read(wake, &count, 8)
    }

    /// Waits on files, and on the terminal.
    ///
    /// - Parameters:
    ///   - files: to be readable; empty to wait for the terminal alone.
    ///   - events: what to wait for.
    ///   - milliseconds: nil waits as long as it takes.
    /// - Returns: those that are ready, with what poll(2) says of each.
    func wait(
        _ files: [Int32],
        _ events: Int32 = POLLIN,
        milliseconds: UInt64?
    ) -> [(file: Int32, events: Int32)] {
        var polled = ([wake] + files).map { file in
            pollfd(fd: file, events: Int16(file == wake ? POLLIN : events), revents: 0)
        }
        let timeout = milliseconds.map { Int32(clamping: $0) } ?? -1
        let count = poll(&polled, nfds_t(polled.count), timeout)
        state.withLock { $0.wakeups += 1 }
        guard count > 0 else { return [] }
        if polled[0].revents != 0 { quiet() }
        return polled.dropFirst().filter { $0.revents != 0 }.map { ($0.fd, Int32($0.revents)) }
    }

    func set(_ new: DeviceStatus.State, _ fault: DeviceFault? = nil) {
        let changed: DeviceStatus? = state.withLock { state in
            guard state.status.state != new || state.status.fault != fault else { return nil }
            state.status.state = new
            state.status.fault = fault
            if new == .ready { state.status.openings += 1 }
            return state.status
        }
        if let changed { sink(.changed(changed)) }
    }

    /// Gives on what a stream found.
    ///
    /// - Returns: whether anything was thrown away.
    func give(_ outputs: [ScanStream.Output], _ format: ScanFormat) -> Bool {
        var isLossy = false
        for output in outputs {
            switch output {
            case .loss(let loss):
                isLossy = true
                lose(loss)
            case .scan(let raw):
                let isTaught = state.withLock { $0.isTaught }
                guard raw.isEnded || isTaught else { continue }
                let reading = ScanReading(raw, format)
                if !give(reading.text, aim: reading.aim, raw) { isLossy = true }
            }
        }
        return isLossy
    }

    /// Gives on a scan, unless there were too many.
    func give(_ text: String, aim: String? = nil, _ raw: RawScan) -> Bool {
        let isEmpty = !text.unicodeScalars.contains { !$0.properties.isWhitespace }
        if isEmpty { return true }
        let scan: DeviceScan? = state.withLock { state in
            guard state.rate.take(at: Self.now) else { return nil }
            state.status.scans += 1
            state.status.lastText = String(text.prefix(60))
            return DeviceScan(
                device: device.name,
                number: state.status.scans,
                text: text,
                aim: aim,
                raw: raw
            )
        }
        guard let scan else {
            lose(.tooMany)
            return false
        }
        sink(.scan(scan))
        return true
    }

    /// Milliseconds until a scan may be given on.
    var paceMilliseconds: UInt64 { state.withLock { $0.rate.wait(at: Self.now) } }

    /// Losses that follow one another.
    private struct Flood {
        var count: UInt64 = 0
        var last: UInt64 = 0
        var told: UInt64 = 0
    }

    /// After so long without a loss, the next one is told at once again.
    private static let floodRestMilliseconds: UInt64 = 2000
    /// A flood that goes on is told again after so long.
    private static let floodTellMilliseconds: UInt64 = 5000

    /// Counts a loss; the first of a flood is told at once, the others now and then.
    func lose(_ loss: ScanLoss) {
        let now = Self.now
        let told: UInt64? = state.withLock { state in
            state.status.losses[loss, default: 0] += 1
            var flood = state.floods[loss] ?? Flood()
            if now - flood.last > Self.floodRestMilliseconds { flood = Flood() }
            flood.count += 1
            flood.last = now
            let isTold = flood.count == 1 || now - flood.told >= Self.floodTellMilliseconds
            if isTold { flood.told = now }
            state.floods[loss] = flood
            return isTold ? flood.count : nil
        }
        if let told { sink(.loss(device: device.name, loss, count: told)) }
    }
}
