import Foundation
import Glibc
import Imaging
import Synchronization

/// A printer at the far end of a pseudo-terminal.
final class SerialPrinter: Sendable {
    let path: String
    private let master: Int32
    private let state: Mutex<(manner: any PrinterManner, body: PrinterBody)>

    init(_ manner: any PrinterManner) throws {
        // pts(4); the C library's calls for it are not imported into Swift.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (unlocked, number): (Int32, Int32) = (0, 0)
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        guard master >= 0, ioctl(master, setLock, &unlocked) == 0,
            ioctl(master, getNumber, &number) == 0
        else { throw POSIXError(.ENODEV) }
        path = "/dev/pts/\(number)"
        state = Mutex((manner, PrinterBody()))
        // Raw from the start, so that nothing is echoed before the spooler sets it.
        let slave = open(path, O_RDWR | O_NOCTTY)
        var line = termios()
        tcgetattr(slave, &line)
        cfmakeraw(&line)
        tcsetattr(slave, TCSANOW, &line)
        let master = master
        Thread.detachNewThread { [weak self] in
            // The slave stays open here: a line does not hang up between jobs.
            defer { close(slave) }
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = read(master, &buffer, buffer.count)
                guard count > 0, let self else { return }
                let bytes = self.state.withLock { state in
                    state.manner.take(Array(buffer.prefix(count)), &state.body).bytes
                }
                if !bytes.isEmpty { _ = write(master, bytes, bytes.count) }
            }
        }
    }

    deinit { close(master) }

    var printed: [DotPicture] { state.withLock { $0.body.printed } }
}

/// A printer that reads a pipe and cannot answer.
final class PipePrinter: Sendable {
    private let state: Mutex<(manner: any PrinterManner, body: PrinterBody)>

    init(_ path: String, _ manner: any PrinterManner) throws {
        state = Mutex((manner, PrinterBody()))
        let descriptor = open(path, O_RDWR)
        guard descriptor >= 0 else { throw POSIXError(.ENODEV) }
        Thread.detachNewThread { [weak self] in
            defer { close(descriptor) }
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                guard count > 0, let self else { return }
                self.state.withLock { state in
                    _ = state.manner.take(Array(buffer.prefix(count)), &state.body)
                }
            }
        }
    }

    var printed: [DotPicture] { state.withLock { $0.body.printed } }
}
