import ArgumentParser
import Foundation
import Hummingbird
import HummingbirdCore
import Ledger
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Tally
import UnixSignals

/// Runs a daemon: its pages on an address, its control on a Unix socket, its other services, until
/// it is asked to stop; then it finishes what is in hand and ends within 3 seconds.
struct Daemon {
    let name: String
    let listen: ListenAddress
    let controlSocket: String
    let logger: Logger
    /// How the pages are served: plain, or over TLS.
    var server = HTTPServerBuilder.http1()

    /// Where the pages are served, once they are.
    var address = AddressBox()

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Throws: ``DaemonRefusal`` when the address cannot be taken.
    func run(
        pages: Router<BasicRequestContext>,
        control: Router<BasicRequestContext>,
        services: [any Service]
    ) async throws {
        unlink(controlSocket)
        defer { unlink(controlSocket) }
        let box = address
        let logger = logger
        let name = name
        // Told when both servers stand, so that a command may follow the word at once.
        let ready = Rendezvous(of: 2) {
            logger.info(
                "listening",
                metadata: ["daemon": "\(name)", "address": "\(box.text)"]
            )
        }
        let web = Application(
            router: pages,
            server: server,
            configuration: .init(
                address: .hostname(listen.host, port: listen.port),
                serverName: "tallyman"
            ),
            onServerRunning: { channel in
                box.set(channel.localAddress)
                ready.arrive()
            },
            logger: Self.quiet
        )
        let controlServer = Application(
            router: control,
            configuration: .init(address: .unixDomainSocket(path: controlSocket)),
            onServerRunning: { _ in
                chmod(controlSocket, 0o600)
                ready.arrive()
            },
            logger: Self.quiet
        )
        var configuration = ServiceGroupConfiguration(
            services: ([web, controlServer] + services).map { service in
                .init(
                    service: service,
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup
                )
            },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Self.quiet
        )
        configuration.maximumGracefulShutdownDuration = .milliseconds(2_000)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            // A service was still waiting for something when its time to stop was up.
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw DaemonRefusal.addressInUse(listen.description)
        } catch let error as IOError where error.errnoCode == EACCES {
            throw DaemonRefusal.addressNotAllowed(listen.description)
        }
        logger.info("stopped", metadata: ["daemon": "\(name)"])
    }

    /// The libraries' own chatter is not for the operator; what matters is thrown.
    static var quiet: Logger {
        var logger = Logger(label: "library", factory: { _ in SwiftLogNoOpLogHandler() })
        logger.logLevel = .critical
        return logger
    }

    /// A logger for this process: one line of `key=value` an event, on standard error.
    static func logger(_ label: String) -> Logger {
        Logger(label: label) { StreamLogHandler.standardError(label: $0) }
    }
}

/// Does something once, when all have come.
private final class Rendezvous: Sendable {
    private let missing: Mutex<Int>
    private let work: @Sendable () -> Void

    init(of count: Int, then work: @escaping @Sendable () -> Void) {
        missing = Mutex(count)
        self.work = work
    }

    func arrive() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { work() }
    }
}

/// The address that a server got.
final class AddressBox: Sendable {
    private let value = Mutex("")

    var text: String { value.withLock { $0 } }

    func set(_ address: SocketAddress?) {
        guard let host = address?.ipAddress, let port = address?.port else { return }
        let text = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        value.withLock { $0 = text }
    }
}

/// Why a daemon does not start.
enum DaemonRefusal: Refusal, Equatable {
    case addressInUse(String)
    case addressNotAllowed(String)
    case badHubAddress(String)
    case plainHub(String)

    var code: ProblemCode {
        switch self {
        case .addressInUse: "daemon.address_in_use"
        case .addressNotAllowed: "daemon.address_not_allowed"
        case .badHubAddress: "daemon.bad_hub_address"
        case .plainHub: "daemon.plain_hub"
        }
    }

    var facts: [String: String] {
        switch self {
        case .addressInUse(let address), .addressNotAllowed(let address),
            .badHubAddress(let address), .plainHub(let address):
            ["address": address]
        }
    }
}

/// The Unix socket of a data folder.
enum ControlSocket {
    /// The longest path that a socket address holds (unix(7): 108 bytes with the final zero).
    private static let byteCountMax = 107

    /// In the folder; for a folder with too long a path, in the folder for temporary files, under a
    /// name made from that path.
    static func path(of folder: String) -> String {
        let path = URL(fileURLWithPath: folder).standardizedFileURL.path
        let inside = path + "/control.sock"
        guard inside.utf8.count > byteCountMax else { return inside }
        let name = ContentHash(of: Array(path.utf8)).identifier.description.prefix(16)
        return NSTemporaryDirectory() + "tallyman-\(name).sock"
    }
}
