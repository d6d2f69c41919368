import Foundation
import Glibc
import Synchronization

/// A printer at the far end of a pseudo-terminal that takes byte after byte, in its own time.
final class SlowLine: Sendable {
    let path: String
    private let master: Int32
    private let state: Mutex<(manner: any PrinterManner, body: PrinterBody, isStopped: Bool)>

    // Between two bytes it waits for so many microseconds; stopped, it takes none before `goOn`.
    init(_ manner: any PrinterManner, microseconds: UInt32, isStopped: Bool = false) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (unlocked, number): (Int32, Int32) = (0, 0)
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        guard master >= 0, ioctl(master, setLock, &unlocked) == 0,
            ioctl(master, getNumber, &number) == 0
        else { throw POSIXError(.ENODEV) }
        path = "/dev/pts/\(number)"
        state = Mutex((manner, PrinterBody(), isStopped))
        let slave = open(path, O_RDWR | O_NOCTTY)
        var line = termios()
        tcgetattr(slave, &line)
        cfmakeraw(&line)
        tcsetattr(slave, TCSANOW, &line)
        let master = master
        Thread.detachNewThread { [weak self] in
            defer { close(slave) }
            while true {
                guard let isStopped = self?.state.withLock({ $0.isStopped }) else { return }
                if isStopped {
                    usleep(5_000)
                    continue
                }
                var byte: UInt8 = 0
                guard read(master, &byte, 1) == 1 else { return }
                if microseconds > 0 { usleep(microseconds) }
                guard let answer = self?.take(byte) else { return }
                if !answer.isEmpty { _ = write(master, answer, answer.count) }
            }
        }
    }

    deinit { close(master) }

    var printed: Int { state.withLock { $0.body.printed.count } }
    var garbage: Int { state.withLock { $0.body.garbage } }

    func goOn() { state.withLock { $0.isStopped = false } }

    private func take(_ byte: UInt8) -> [UInt8] {
        state.withLock { $0.manner.take([byte], &$0.body).bytes }
    }
}
