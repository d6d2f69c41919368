import Glibc
import Foundation
import Imaging
import Synchronization

/// All devices of a terminal, each on a thread of its own.
public final class DeviceRack: Sendable {
    /// How long the start waits for devices without which the daemon is not to start.
    private static let startMilliseconds: UInt64 = 5000
    /// A device that is gone is tried again after so long, then after twice as long each time.
    static let retryMilliseconds: ClosedRange<UInt64> = 250...2000
    /// A device that stayed for so long was no flicker: the next retry is quick again.
    private static let steadyMilliseconds: UInt64 = 10_000

    private let lines: [DeviceLine]
    private let drivers: [(any DeviceDriver)?]
    private let running = Mutex(0)

    /// Prepares; opens nothing.
    ///
    /// - Parameters:
    ///   - profile: what hangs on the terminal.
    ///   - taught: formats that were found by teaching, by device; they go before the profile's.
    ///   - reader: makes what reads pictures; each camera has one.
    ///   - sink: called on the devices' threads, a device's events in order; must not wait.
    public init(
        _ profile: TerminalProfile,
        taught: [String: ScanFormat] = [:],
        reader: @escaping @Sendable () -> ImagingWorkerClient = { ImagingWorkerClient() },
        sink: @escaping @Sendable (DeviceEvent) -> Void
    ) {
        lines = profile.devices.filter { $0.profile.kind != .printer }.map { device in
            DeviceLine(device, format: taught[device.name] ?? device.format, sink: sink)
        }
        drivers = lines.map { DeviceDrivers.driver(of: $0.device, reader: reader) }
    }

    /// How every device stands, in the order of the profile.
    public var statuses: [DeviceStatus] { lines.map(\.status) }

    /// How often the devices' threads went on after a wait; stands still while nothing comes.
    public var wakeups: UInt64 { lines.reduce(0) { $0 + $1.wakeups } }

    /// The format by which a device is read; nil for one that is not here.
    public func format(of device: String) -> ScanFormat? {
        line(device)?.format.format
    }

    /// Reads a device by another format from now on.
    public func change(_ format: ScanFormat, of device: String) {
        line(device)?.change(format)
    }

    /// Whether somebody teaches; then scans without their end are given on too.
    public func teach(_ isTaught: Bool) {
        for line in lines { line.teach(isTaught) }
    }

    /// Prepares with drivers of the caller's; opens nothing.
    package init(
        _ devices: [(TerminalProfile.Device, any DeviceDriver)],
        sink: @escaping @Sendable (DeviceEvent) -> Void
    ) {
        lines = devices.map { DeviceLine($0.0, format: $0.0.format, sink: sink) }
        drivers = devices.map(\.1)
    }

    private func line(_ device: String) -> DeviceLine? {
        lines.first { $0.device.name == device }
    }

    /// Starts the threads.
    ///
    /// - Throws: the fault of a device whose profile says `fail`; then nothing runs.
    public func start() throws(DeviceFault) {
        for (line, driver) in zip(lines, drivers) {
            guard let driver else {
                line.set(.ready)
                continue
            }
            running.withLock { $0 += 1 }
            Thread.detachNewThread {
                Self.run(line, driver)
                self.running.withLock { $0 -= 1 }
            }
        }
        let deadline = DeviceLine.now + Self.startMilliseconds
        for line in lines where line.device.onStartupError == .fail {
            while line.status.state == .starting, DeviceLine.now < deadline {
                usleep(5000)
            }
            if line.status.state != .ready {
                let fault = line.status.fault
                stop()
                throw fault
                    ?? .noAnswer(port: line.device.port.description, detail: "no answer in time")
            }
        }
    }

    /// Ends the threads; waits for them for a second.
    public func stop() {
        for line in lines { line.stop() }
        let deadline = DeviceLine.now + 1000
        while running.withLock({ $0 }) > 0, DeviceLine.now < deadline { usleep(2000) }
        for line in lines { line.set(.stopped) }
    }

    /// A device's life: opened, served, opened again.
    private static func run(_ line: DeviceLine, _ driver: any DeviceDriver) {
        var wait = retryMilliseconds.lowerBound
        while !line.isStopping {
            let begun = DeviceLine.now
            do {
                try driver.serve(line)
            } catch {
                guard !line.isStopping else { return }
                let status = line.status
                if status.openings == 0, line.device.onStartupError == .disable {
                    line.set(.disabled, error)
                    return
                }
                if status.state == .ready, DeviceLine.now - begun > steadyMilliseconds {
                    wait = retryMilliseconds.lowerBound
                }
                line.set(.waiting, error)
                let until = DeviceLine.now + wait
                while !line.isStopping, DeviceLine.now < until {
                    _ = line.wait([], milliseconds: until - DeviceLine.now)
                }
                wait = min(wait * 2, retryMilliseconds.upperBound)
            }
        }
    }
}
