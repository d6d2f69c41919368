import CLinuxDevices
import Glibc

/// A scanner that types, read by the daemon: its keys come here and nowhere else, so neither a
/// browser nor an input method can lose any.
package struct KeyboardScanner: DeviceDriver {
    private let path: String
    private let port: DevicePort
    private let grab: @Sendable (Int32) -> Int32

    /// A keyboard device.
    ///
    /// - Parameters:
    ///   - path: of the device, best one of `/dev/input/by-id`, which stays the same.
    ///   - grab: takes the keyboard for this program alone: 0, or the number of what went wrong.
    package init(
        path: String,
        grab: @escaping @Sendable (Int32) -> Int32 = KeyboardScanner.grabbed
    ) {
        self.path = path
        port = .evdev(path: path)
        self.grab = grab
    }

    /// Asks the kernel to give the keys of an open device to nobody else (EVIOCGRAB).
    package static func grabbed(_ file: Int32) -> Int32 {
        ioctl(file, UInt(tallyman_EVIOCGRAB), 1) == 0 ? 0 : errno
    }

    package func serve(_ line: DeviceLine) throws(DeviceFault) {
        let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw .system(errno, port: port) }
        let status = grab(file)
        guard status == 0 else {
            close(file)
            throw .system(status, port: port)
        }
        line.set(.ready)
        var loop = InputLoop(line, .inputEvents)
        try loop.serve(file)
    }
}
