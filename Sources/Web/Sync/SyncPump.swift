import Agent
import Logging
import ServiceLifecycle
import Sync
import Synchronization
import Tally

/// Moves what the peer says between a terminal and its hub, until the daemon stops.
public final class SyncPump: Service {
    private let shell: TerminalShell
    private let link: any HubLink
    private let enrolmentCode: String?
    private let settings: PeerSettings
    private let logger: Logger
    private let connected = Mutex(false)
    /// What was last told of the link; nil before the first word.
    private let told = Mutex<Bool?>(nil)
    /// Something was recorded since the last step; a timer that wakes the pump does not say so.
    private let nudged = Mutex(false)

    /// - Parameters:
    ///   - shell: the terminal.
    ///   - link: the way to the hub.
    ///   - enrolmentCode: with which a terminal that is not enrolled enrols; nil for none.
    ///   - settings: how often to speak.
    ///   - logger: where to tell of links that come and go.
    public init(
        _ shell: TerminalShell,
        link: some HubLink,
        enrolmentCode: String? = nil,
        settings: PeerSettings = PeerSettings(),
        logger: Logger
    ) {
        self.shell = shell
        self.link = link
        self.enrolmentCode = enrolmentCode
        self.settings = settings
        self.logger = logger
    }

    /// Whether the last exchange with the hub succeeded.
    public var isConnected: Bool { connected.withLock { $0 } }

    /// Runs until the daemon is asked to stop; what is not sent then is sent after the next start.
    public func run() async throws {
        let (wakes, wake) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask {
                    for await _ in self.shell.recorded {
                        self.nudged.withLock { $0 = true }
                        wake.yield()
                    }
                }
                group.addTask { await self.watch(wake) }
                try await self.pump(wakes, wake, &group)
                group.cancelAll()
            }
        } onGracefulShutdown: {
            wake.finish()
        }
    }

    private func pump(
        _ wakes: AsyncStream<Void>,
        _ wake: AsyncStream<Void>.Continuation,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        try await enroll()
        var peer = TerminalPeer(scopes: try await shell.scopes(), settings: settings)
        var dice = SystemRandomDice()
        let clock = ContinuousClock()
        let start = clock.now
        func now() -> UInt64 { UInt64((clock.now - start) / .milliseconds(1)) }
        var armed: UInt64?
        wake.yield()
        for await _ in wakes {
            while !Task.isShuttingDownGracefully {
                let isNudged = nudged.withLock { value in
                    defer { value = false }
                    return value
                }
                if isNudged { peer.nudge() }
                let step = peer.nextStep(now: now())
                if case .rest(let until) = step {
                    // One timer at a time: an earlier one that is armed still wakes us, and then
                    // the peer says how much longer to rest.
                    if armed.map({ $0 > until || $0 <= now() }) ?? true {
                        armed = until
                        let wait = until > now() ? until - now() : 0
                        group.addTask {
                            // Cancelled only when the pump ends.
                            try? await Task.sleep(for: .milliseconds(wait))
                            wake.yield()
                        }
                    }
                    break
                }
                await take(step, &peer, &dice, now: now)
            }
        }
    }

    /// Lets the hub tell when there is something, so that the terminal need not wait for its turn.
    ///
    /// Whatever happens to these requests, the rounds of the pump go on.
    private func watch(_ wake: AsyncStream<Void>.Continuation) async {
        var rest: UInt64 = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            rest = await watchOnce(after: rest, wake)
            // Cancelled only when the pump ends, which the loop sees.
            if rest > 0 { try? await Task.sleep(for: .milliseconds(rest)) }
        }
    }

    /// - Returns: how long to rest before the next time, in milliseconds.
    private func watchOnce(
        after rest: UInt64,
        _ wake: AsyncStream<Void>.Continuation
    ) async -> UInt64 {
        do {
            guard isConnected, let changed = try await shell.watch(over: link) else {
                return settings.retryMilliseconds
            }
            guard changed else { return 0 }
            nudged.withLock { $0 = true }
            wake.yield()
            // The round that this begins needs a moment; what is news after it is not asked for in
            // haste.
            return min(max(rest * 2, 25), 200)
        } catch {
            // No hub, or one that keeps nobody waiting: the pump's rounds find out.
            return max(settings.retryMilliseconds, 500)
        }
    }

    /// Enrols a terminal that is not, trying until the hub answers; its refusal ends the daemon,
    /// since without a site there is nothing to do here.
    private func enroll() async throws {
        guard let enrolmentCode else { return }
        while !Task.isShuttingDownGracefully {
            do {
                return try await shell.enroll(code: enrolmentCode, at: link)
            } catch let refusal as any Refusal {
                throw refusal
            } catch {
                note(connected: false, error)
                // Cancelled only when the daemon ends, which the loop sees.
                try? await Task.sleep(for: .milliseconds(settings.retryMilliseconds))
                if Task.isCancelled { return }
            }
        }
    }

    private func take(
        _ step: TerminalPeer.Step,
        _ peer: inout TerminalPeer,
        _ dice: inout SystemRandomDice,
        now: () -> UInt64
    ) async {
        do {
            switch step {
            case .push:
                if let more = try await shell.push(over: link) {
                    peer.pushed(more: more, now: now())
                } else {
                    peer.nothingToPush(now: now())
                }
                if let scopes = try await shell.newScopes() { peer.follow(scopes) }
            case .pull(let scope):
                peer.pulled(more: try await shell.pull(scope, over: link), now: now())
                // Each round pulls; a push that had nothing to send spoke to nobody.
                note(connected: true, nil)
            case .rest: return
            }
        } catch {
            peer.failed(now: now(), dice: &dice)
            note(connected: false, error)
        }
    }

    private func note(connected isConnected: Bool, _ error: (any Error)?) {
        connected.withLock { $0 = isConnected }
        let was = told.withLock { value in
            defer { value = isConnected }
            return value
        }
        guard was != isConnected else { return }
        if isConnected {
            logger.info("the hub is reachable")
        } else if let refusal = error as? SyncRefusal, refusal.isOfVersion {
            logger.error(
                "the hub speaks another version of the protocol; records wait here",
                metadata: ["problem": "\(refusal.code.text) \(refusal.facts)"]
            )
        } else {
            // Work goes on; only when this lasts should somebody look at the network.
            logger.notice(
                "the hub is not reachable; records wait here",
                metadata: ["error": "\(error.map(String.init(describing:)) ?? "")"]
            )
        }
    }
}

/// The operating system's dice, for jitter.
struct SystemRandomDice: Dice {
    private var generator = SystemRandomNumberGenerator()

    mutating func next() -> UInt64 { generator.next() }
}
