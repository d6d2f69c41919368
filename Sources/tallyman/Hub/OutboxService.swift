import AsyncHTTPClient
import Connectors
import Hub
import Logging
import ServiceLifecycle
import Tally
import Web

/// Tells the world of the hub's decisions: gives messages to their targets, and brings them there.
struct OutboxService: Service {
    let desk: HubDesk
    let targets: [OutboxTarget]
    let logger: Logger

    func run() async throws {
        guard !targets.isEmpty else {
            // Without targets messages wait in the outbox.
            try? await gracefulShutdown()
            return
        }
        let client = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup,
            configuration: OutboxCourier.configuration
        )
        let courier = OutboxCourier(
            targets,
            queue: desk.outbox,
            clock: try MachineClock(),
            words: { key, language, facts in
                Texts.shared.text(key, language: language, facts)
            },
            isSureOfPast: try await !desk.shell.wasRestored(),
            client: client,
            tell: { [logger] in Self.log($0, logger) }
        )
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await courier.run() }
                group.addTask { await giveOut() }
            }
        }
        try await client.shutdown()
    }

    private func giveOut() async {
        while !Task.isCancelled {
            do {
                let count = try await desk.shell.giveOut(to: desk.outbox) { topic, site in
                    targets.filter { $0.takes(topic, of: site) }.map(\.name)
                }
                if count > 0 { continue }
            } catch is CancellationError {
                return
            } catch {
                logger.error(
                    "messages cannot be taken from the outbox",
                    metadata: ["error": "\(Output.words(error))"]
                )
            }
            // Cancelled when the daemon stops, which the loop sees.
            try? await Task.sleep(for: .milliseconds(250))
        }
    }

    private static func log(_ event: OutboxCourier.Event, _ logger: Logger) {
        switch event {
        case .troubled(let target, let detail):
            logger.error(
                "the outbox does not work",
                metadata: ["target": "\(target)", "error": "\(detail)"]
            )
        case .settled(let outcome):
            var metadata: Logger.Metadata = [
                "target": "\(outcome.delivery.target)", "key": "\(outcome.delivery.key)",
                "attempts": "\(outcome.delivery.attempts)",
            ]
            switch outcome.result {
            case .delivered: logger.debug("told", metadata: metadata)
            case .again(let due, let error, let detail):
                metadata["error"] = "\(error)"
                metadata["detail"] = "\(detail)"
                metadata["due"] = "\(due)"
                logger.notice("not told yet; it is tried again", metadata: metadata)
            case .dead(let error, let detail):
                metadata["error"] = "\(error)"
                metadata["detail"] = "\(detail)"
                logger.error(
                    "a dead letter: mend the cause, then tallyman hub outbox replay",
                    metadata: metadata
                )
            }
        }
    }
}
