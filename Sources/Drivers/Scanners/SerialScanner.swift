import Glibc

/// A scanner on a serial port: RS-232, or a USB device that looks like one.
struct SerialScanner: DeviceDriver {
    let path: String
    let settings: SerialSettings
    let port: DevicePort

    func serve(_ line: DeviceLine) throws(DeviceFault) {
        let file = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw .system(errno, port: port) }
        do {
            try set(file)
        } catch {
            close(file)
            throw error
        }
        line.set(.ready)
        var loop = InputLoop(line, .bytes)
        try loop.serve(file)
    }

    /// Raw, at the wanted speed, and for this program alone.
    private func set(_ file: Int32) throws(DeviceFault) {
        var terminal = termios()
        guard tcgetattr(file, &terminal) == 0 else { throw .system(errno, port: port) }
        guard let speed = Self.speeds[settings.baud] else {
            throw .wrongKind(port: port.description, detail: "\(settings.baud) baud")
        }
        cfmakeraw(&terminal)
        cfsetispeed(&terminal, speed)
        cfsetospeed(&terminal, speed)
        terminal.c_cflag |= tcflag_t(CLOCAL | CREAD)
        terminal.c_cflag &= ~tcflag_t(CSIZE | PARENB | PARODD | CSTOPB)
        terminal.c_cflag &= ~tcflag_t(UInt32(CRTSCTS))
        terminal.c_cflag |= tcflag_t(settings.bits == 7 ? CS7 : CS8)
        if settings.parity != .none { terminal.c_cflag |= tcflag_t(PARENB) }
        if settings.parity == .odd { terminal.c_cflag |= tcflag_t(PARODD) }
        if settings.stopBits == 2 { terminal.c_cflag |= tcflag_t(CSTOPB) }
        if settings.flow == .hardware { terminal.c_cflag |= tcflag_t(UInt32(CRTSCTS)) }
        if settings.flow == .software { terminal.c_iflag |= tcflag_t(IXON | IXOFF) }
        guard tcsetattr(file, TCSANOW, &terminal) == 0 else { throw .system(errno, port: port) }
        // Only a courtesy to other programs, which some ports do not know.
        _ = ioctl(file, UInt(TIOCEXCL), 0)
        // What was sent before anybody listened is no scan of now.
        tcflush(file, TCIFLUSH)
    }

    private static let speeds: [Int: speed_t] = [
        300: speed_t(B300), 600: speed_t(B600), 1200: speed_t(B1200), 2400: speed_t(B2400),
        4800: speed_t(B4800), 9600: speed_t(B9600), 19200: speed_t(B19200),
        38400: speed_t(B38400), 57600: speed_t(B57600), 115_200: speed_t(B115200),
        230_400: speed_t(B230400), 460_800: speed_t(B460800), 921_600: speed_t(B921600),
    ]
}
