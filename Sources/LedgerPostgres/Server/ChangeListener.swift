import Foundation
import Synchronization
import Tally

/// Waits on a connection of its own for what other processes say that they have written.
///
/// The server sends a notification when the transaction that made it is committed
/// (https://www.postgresql.org/docs/15/sql-notify.html). While the connection is broken some may be
/// missed, so whoever listens is also told when there is a new one.
final class ChangeListener: Sendable {
    /// How long between two looks at whether it shall stop, and between two tries to connect.
    private static let pauseMilliseconds: Int32 = 500

    private let address: DatabaseAddress
    private let own: String
    private let tell: @Sendable () -> Void
    private let isStopped = Mutex(false)

    init(
        _ address: DatabaseAddress,
        own process: Identifier,
        _ tell: @escaping @Sendable () -> Void
    ) {
        self.address = address
        own = process.description
        self.tell = tell
    }

    func start() {
        Thread.detachNewThread { [self] in
            while !isOver {
                do {
                    try listen()
                } catch {
                    // The server is away; whoever reads or writes says so, and here it is tried
                    // again.
                    usleep(UInt32(Self.pauseMilliseconds) * 1_000)
                }
            }
        }
    }

    func stop() { isStopped.withLock { $0 = true } }

    private var isOver: Bool { isStopped.withLock { $0 } }

    private func listen() throws {
        let connection = try Connection(address)
        try connection.script("LISTEN \(Writer.channel)")
        tell()
        while !isOver {
            var wait = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Self.pauseMilliseconds) > 0 else { continue }
            let words = try connection.notifications()
            if words.contains(where: { $0 != own }) { tell() }
        }
    }
}
