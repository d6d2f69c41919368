import Tally

/// How often a terminal speaks to its hub.
public struct PeerSettings: Hashable, Sendable {
    /// Rest between rounds when there is nothing to send, in milliseconds.
    public var pollMilliseconds: UInt64 = 2_000
    /// The longest first wait after a failure; it doubles with each.
    public var retryMilliseconds: UInt64 = 500
    /// The longest wait after failures.
    public var retryMillisecondsMax: UInt64 = 30_000

    public init() {}
}

/// Says what a terminal sends to its hub, and when: a pure state machine.
///
/// A round pushes until nothing is unsent, then pulls each scope until the hub has no more, then
/// rests. What is recorded meanwhile starts the next round at once. A failure waits with jitter and
/// starts again from the push; no answer is needed to go on, since every request may be repeated.
/// Times are milliseconds of the monotonic clock.
public struct TerminalPeer: Sendable {
    /// What to do next.
    public enum Step: Hashable, Sendable {
        case push
        case pull(Scope)
        /// Nothing until this time, or until ``TerminalPeer/nudge()``.
        case rest(until: UInt64)
    }

    private enum Phase: Hashable {
        case push
        case pull(index: Int)
        case rest(until: UInt64)
    }

    private var scopes: [Scope]
    private let settings: PeerSettings
    private var phase = Phase.push
    private var failures = 0
    private var nudged = false
    private let defects: Set<Defect>

    /// - Parameters:
    ///   - scopes: what the terminal shares with the hub.
    ///   - settings: how often to speak.
    ///   - defects: wilful faults; none outside the simulator.
    public init(
        scopes: [Scope],
        settings: PeerSettings = PeerSettings(),
        defects: Set<Defect> = []
    ) {
        self.defects = defects
        self.scopes = scopes
        self.settings = settings
    }

    /// Whether the last exchange succeeded.
    public var isConnected: Bool { failures == 0 }

    /// What to do now.
    public mutating func nextStep(now: UInt64) -> Step {
        if case .rest(let until) = phase {
            let isWoken = nudged && (failures == 0 || defects.contains(.notRetried))
            guard now >= until || isWoken else { return .rest(until: until) }
            phase = .push
        }
        switch phase {
        case .push:
            nudged = false
            return .push
        case .pull(let index):
            return .pull(scopes[index])
        case .rest(let until):
            return .rest(until: until)
        }
    }

    /// Something was recorded, or the hub woke the terminal: no need to rest.
    public mutating func nudge() { nudged = true }

    /// The push was answered.
    ///
    /// - Parameters:
    ///   - more: whether more is unsent.
    ///   - now: the monotonic clock.
    public mutating func pushed(more: Bool, now: UInt64) {
        failures = 0
        if !more { nothingToPush(now: now) }
    }

    /// There was nothing to push: nobody was asked, so it is no sign that the hub is there.
    ///
    /// - Parameter now: the monotonic clock.
    public mutating func nothingToPush(now: UInt64) {
        if defects.contains(.hastyRetry) { failures = 0 }
        phase = scopes.isEmpty ? .rest(until: now + settings.pollMilliseconds) : .pull(index: 0)
    }

    /// The pull was answered and its page applied.
    ///
    /// - Parameters:
    ///   - more: whether the hub has more of this scope.
    ///   - now: the monotonic clock.
    public mutating func pulled(more: Bool, now: UInt64) {
        failures = 0
        guard !more, case .pull(let index) = phase else { return }
        phase =
            index + 1 < scopes.count
            ? .pull(index: index + 1) : .rest(until: now + settings.pollMilliseconds)
    }

    /// The terminal shares other scopes from now on.
    public mutating func follow(_ scopes: [Scope]) {
        self.scopes = scopes
        if case .pull = phase { phase = .push }
    }

    /// The hub was restored: it is given back what it lost before anything else is fetched.
    public mutating func hubRestored() {
        failures = 0
        phase = .push
    }

    /// A request failed, was not answered in time, or its answer made no sense.
    public mutating func failed(now: UInt64, dice: inout some Dice) {
        failures += 1
        let (doubled, overflow) = settings.retryMilliseconds
            .multipliedReportingOverflow(by: 1 << UInt64(min(failures - 1, 16)))
        let wait = min(overflow ? .max : doubled, settings.retryMillisecondsMax)
        if defects.contains(.notRetried) {
            phase = .rest(until: now + 1 << 50)
            return
        }
        // Half of the wait is dice, so that terminals which lost the hub together do not come back
        // together.
        phase = .rest(until: now + wait / 2 + dice.next() % (wait / 2 + 1))
    }
}
