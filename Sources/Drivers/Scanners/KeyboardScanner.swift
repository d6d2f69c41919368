import CLinuxDevices
import Glibc

/// A scanner that types, read by the daemon: its keys come here and nowhere else, so neither a
/// browser nor an input method can lose any.
struct KeyboardScanner: DeviceDriver {
    let path: String
    let port: DevicePort
    /// Takes a keyboard for this program alone: 0, or the number of what went wrong.
    var grab: @Sendable (Int32) -> Int32 = { file in
        ioctl(file, UInt(tallyman_EVIOCGRAB), 1) == 0 ? 0 : errno
    }

    func serve(_ line: DeviceLine) throws(DeviceFault) {
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
