import Glibc

/// Printers on a serial line or a USB port.
enum DeviceWire {
    /// Speeds that a printer may be set to.
    static let speeds: [Int: speed_t] = [
        1_200: speed_t(B1200), 2_400: speed_t(B2400), 4_800: speed_t(B4800),
        9_600: speed_t(B9600), 19_200: speed_t(B19200), 38_400: speed_t(B38400),
        57_600: speed_t(B57600), 115_200: speed_t(B115200),
    ]

    /// Opens a serial line for bytes as they are: eight bits, no parity, no echo (termios(3)).
    static func openSerial(
        _ path: String,
        baud: Int,
        flow: PrinterConnection.Flow
    ) throws(WireTrouble) -> Int32 {
        let descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        var line = termios()
        guard tcgetattr(descriptor, &line) == 0 else {
            close(descriptor)
            throw .off("\(path): not a serial line")
        }
        cfmakeraw(&line)
        line.c_cflag |= tcflag_t(CREAD | CLOCAL)
        switch flow {
        case .none: break
        // CRTSCTS, which Swift does not import.
        case .rtscts: line.c_cflag |= 0o20_000_000_000
        case .xonxoff: line.c_iflag |= tcflag_t(IXON | IXOFF)
        }
        let speed = speeds[baud] ?? speed_t(B9600)
        cfsetispeed(&line, speed)
        cfsetospeed(&line, speed)
        guard tcsetattr(descriptor, TCSANOW, &line) == 0 else {
            let trouble = failure(path)
            close(descriptor)
            throw trouble
        }
        return descriptor
    }

    /// Opens the kernel's printer device (usblp); a pipe in its place cannot answer.
    static func openUSB(_ path: String) throws(WireTrouble) -> (Int32, canAnswer: Bool) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path) }
        switch status.st_mode & S_IFMT {
        case S_IFCHR:
            let descriptor = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure(path) }
            if isatty(descriptor) == 1 {
                var line = termios()
                tcgetattr(descriptor, &line)
                cfmakeraw(&line)
                tcsetattr(descriptor, TCSANOW, &line)
            }
            return (descriptor, true)
        case S_IFIFO:
            let descriptor = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure(path) }
            return (descriptor, false)
        default: throw .off("\(path): no printer's device")
        }
    }

    private static func failure(_ path: String) -> WireTrouble {
        .off("\(path): \(String(cString: strerror(errno)))")
    }
}
