import AsyncHTTPClient
import NIOCore
import Tally

/// Brings what is due to every target, until its task is cancelled.
public struct OutboxCourier: Sendable {
    /// What happened, for the operator's log and for figures.
    public enum Event: Sendable {
        case settled(OutboxOutcome)
        /// The hub's own store, or something else that should work, does not.
        case troubled(target: String, detail: String)
    }

    private let targets: [OutboxTarget]
    private let queue: any OutboxQueue
    private let clock: any Tally.Clock
    private let words: OutboxWords
    private let isSureOfPast: Bool
    private let client: HTTPClient
    private let tell: @Sendable (Event) -> Void

    /// How long a target that had nothing is left alone.
    private static let idle = Duration.milliseconds(250)
    /// How long one that does not answer is left alone, at most.
    private static let pauseMax: Int64 = 30_000

    /// How an HTTP client for couriers is set up: what a target redirects to is not the target.
    public static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        return configuration
    }

    /// A courier.
    ///
    /// - Parameters:
    ///   - targets: whom it serves.
    ///   - queue: the hub's deliveries.
    ///   - clock: the machine's.
    ///   - words: texts for people.
    ///   - isSureOfPast: false at a hub that was restored.
    ///   - client: set up by ``configuration``.
    ///   - tell: told of everything that happens.
    public init(
        _ targets: [OutboxTarget],
        queue: any OutboxQueue,
        clock: any Tally.Clock,
        words: @escaping OutboxWords,
        isSureOfPast: Bool,
        client: HTTPClient,
        tell: @escaping @Sendable (Event) -> Void
    ) {
        self.targets = targets
        self.queue = queue
        self.clock = clock
        self.words = words
        self.isSureOfPast = isSureOfPast
        self.client = client
        self.tell = tell
    }

    /// Runs until it is cancelled; an attempt that is going on is finished first.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for target in targets {
                let connector = target.connector(client, words)
                group.addTask { await serve(target, connector) }
            }
        }
    }

    private func serve(_ target: OutboxTarget, _ connector: any Connector) async {
        while !Task.isCancelled {
            // A task of its own, so that what was begun is written down though the hub stops.
            let turn = await Task { await self.turn(target, connector) }.value
            let pause: Duration? =
                switch turn {
                case .went: nil
                case .idle: Self.idle
                case .unreachable:
                    .milliseconds(min(Self.pauseMax, target.retry.delaysMilliseconds[0]))
                case .troubled: .seconds(1)
                }
            // Cancelled when the daemon stops, which the loop sees.
            if let pause { try? await Task.sleep(for: pause) }
        }
    }

    private enum Turn {
        case went, idle, unreachable, troubled
    }

    /// One message, if one is due.
    private func turn(_ target: OutboxTarget, _ connector: any Connector) async -> Turn {
        do {
            let lease = Identifier(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
            let taken = try await queue.lease(target.terms, as: lease, now: now)
            guard !taken.isEmpty else { return .idle }
            let (outcomes, isUnreachable) = await deliver(taken, target, connector)
            try await queue.settle(outcomes, now: now)
            for outcome in outcomes { tell(.settled(outcome)) }
            return isUnreachable ? .unreachable : .went
        } catch {
            tell(.troubled(target: target.name, detail: "\(error)"))
            return .troubled
        }
    }

    private var now: Moment { clock.reading().wall }

    // MARK: - An attempt

    private func deliver(
        _ taken: [OutboxDelivery],
        _ target: OutboxTarget,
        _ connector: any Connector
    ) async -> (outcomes: [OutboxOutcome], isUnreachable: Bool) {
        var outcomes: [OutboxOutcome] = []
        var going: [(machine: DeliveryMachine, message: OutboundMessage)] = []
        var senders: [OutboxDelivery] = []
        for delivery in taken {
            var machine = DeliveryMachine(
                delivery,
                target.retry,
                canBeAsked: connector.canBeAsked,
                isSureOfPast: isSureOfPast
            )
            do {
                let message = try self.message(delivery, target)
                switch await step(&machine, message, connector) {
                case .settle(let result): outcomes.append(OutboxOutcome(delivery, result))
                case .ask, .send:
                    going.append((machine, message))
                    senders.append(delivery)
                }
            } catch {
                let code = OutboxRefusal.unknownTopic(delivery.topic).code.text
                let result = OutboxOutcome.Result.dead(error: code, detail: "\(error)")
                outcomes.append(OutboxOutcome(delivery, result))
            }
        }
        guard !going.isEmpty else { return (outcomes, isUnreachable(outcomes)) }
        let answer = await connector.send(going.map(\.message), now: now)
        for (index, delivery) in senders.enumerated() {
            let result = going[index].machine.sent(answer, now: now)
            outcomes.append(OutboxOutcome(delivery, result))
        }
        if case .failed(let failure) = answer { return (outcomes, failure.isUnreachable) }
        return (outcomes, false)
    }

    /// Goes as far as the sending, which may be of several at once.
    private func step(
        _ machine: inout DeliveryMachine,
        _ message: OutboundMessage,
        _ connector: any Connector
    ) async -> DeliveryMachine.Step {
        let first = machine.begin()
        guard case .ask = first else { return first }
        return machine.asked(await connector.ask(message), now: now)
    }

    private func isUnreachable(_ outcomes: [OutboxOutcome]) -> Bool {
        let code = SendFailure.Kind.unreachable.code.text
        return outcomes.contains { outcome in
            if case .again(_, let error, _) = outcome.result { return error == code }
            return false
        }
    }

    private func message(
        _ delivery: OutboxDelivery,
        _ target: OutboxTarget
    ) throws -> OutboundMessage {
        func message(_ link: String) throws -> OutboundMessage {
            OutboundMessage(
                key: delivery.key,
                topic: delivery.topic,
                site: delivery.site,
                entity: delivery.entity,
                isRepeat: delivery.mayBeThere,
                content: try MessageContent.read(delivery.topic, delivery.payload),
                link: link
            )
        }
        let bare = try message("")
        guard let link = target.link else { return bare }
        return try message(link.text(bare))
    }
}
