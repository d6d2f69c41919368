import Drivers
import ServiceLifecycle

/// The spooler as a service of the terminal's daemon: it ends with it, and leaves every job in the
/// state that is known.
struct SpoolerService: Service {
    let spooler: PrintSpooler

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await spooler.run()
        }
    }
}
