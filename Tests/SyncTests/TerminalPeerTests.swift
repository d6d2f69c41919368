import Sync
import Tally
import Testing

@Suite struct TerminalPeerTests {
    private let scopes = [Scope.company, Carton.dock, Carton.floor]

    @Test func `a round pushes, pulls each scope, and rests`() {
        var peer = TerminalPeer(scopes: scopes)
        #expect(peer.nextStep(now: 0) == .push)
        peer.pushed(more: true, now: 0)
        #expect(peer.nextStep(now: 1) == .push)
        peer.pushed(more: false, now: 1)
        for scope in scopes {
            #expect(peer.nextStep(now: 2) == .pull(scope))
            peer.pulled(more: true, now: 2)
            #expect(peer.nextStep(now: 3) == .pull(scope))
            peer.pulled(more: false, now: 3)
        }
        #expect(peer.nextStep(now: 4) == .rest(until: 2_003))
        #expect(peer.nextStep(now: 2_002) == .rest(until: 2_003))
        #expect(peer.nextStep(now: 2_003) == .push)
    }

    @Test func `a terminal without scopes rests after its push`() {
        var peer = TerminalPeer(scopes: [])
        peer.pushed(more: false, now: 10)
        #expect(peer.nextStep(now: 10) == .rest(until: 2_010))
    }

    @Test func `what is recorded while at rest is pushed at once`() {
        var peer = TerminalPeer(scopes: [])
        peer.pushed(more: false, now: 0)
        peer.nudge()
        #expect(peer.nextStep(now: 1) == .push)
    }

    @Test func `what is recorded in the middle of a round starts the next at once`() {
        var peer = TerminalPeer(scopes: [Carton.dock])
        _ = peer.nextStep(now: 0)
        peer.nudge()
        peer.pushed(more: false, now: 0)
        #expect(peer.nextStep(now: 0) == .pull(Carton.dock))
        peer.pulled(more: false, now: 0)
        #expect(peer.nextStep(now: 0) == .push)
    }

    @Test func `failures wait longer and longer, with jitter, and a nudge does not hurry them`() {
        var settings = PeerSettings()
        settings.retryMilliseconds = 100
        settings.retryMillisecondsMax = 1_000
        var waits: [[UInt64]] = []
        for seed in seedBase..<seedBase + 50 {
            var dice = SeededDice(seed: seed)
            var peer = TerminalPeer(scopes: scopes, settings: settings)
            waits.append([])
            for wait in [100, 200, 400, 800, 1_000, 1_000] as [UInt64] {
                _ = peer.nextStep(now: 0)
                peer.failed(now: 0, dice: &dice)
                #expect(!peer.isConnected)
                peer.nudge()
                guard case .rest(let until) = peer.nextStep(now: 0) else {
                    Issue.record("seed \(seed): no rest after a failure")
                    return
                }
                #expect((wait / 2...wait).contains(until), "seed \(seed)")
                waits[waits.count - 1].append(until)
                #expect(peer.nextStep(now: until) == .push)
            }
        }
        #expect(Set(waits).count > 40)
    }

    @Test func `a success after failures starts the waits anew`() {
        var dice = SeededDice(seed: 1)
        var peer = TerminalPeer(scopes: [])
        for _ in 0..<10 { peer.failed(now: 0, dice: &dice) }
        peer.pushed(more: false, now: 0)
        #expect(peer.isConnected)
        peer.failed(now: 0, dice: &dice)
        guard case .rest(let until) = peer.nextStep(now: 0) else {
            Issue.record("no rest after a failure")
            return
        }
        #expect(until <= PeerSettings().retryMilliseconds)
    }

    @Test func `settings out of all proportion do not crash`() {
        var dice = SeededDice(seed: 1)
        var settings = PeerSettings()
        settings.retryMilliseconds = 1 << 60
        settings.retryMillisecondsMax = 7
        var peer = TerminalPeer(scopes: [], settings: settings)
        for _ in 0..<100 {
            peer.failed(now: 0, dice: &dice)
            guard case .rest(let until) = peer.nextStep(now: 0) else {
                Issue.record("no rest after a failure")
                return
            }
            #expect((3...7).contains(until))
        }
        settings.retryMilliseconds = 0
        peer = TerminalPeer(scopes: [], settings: settings)
        peer.failed(now: 5, dice: &dice)
        #expect(peer.nextStep(now: 5) == .push)
    }

    /// A pull that fails again and again, with nothing to push, is a hub that is down.
    @Test func `having nothing to push is no success: the wait after failures grows on`() {
        var dice = SeededDice(seed: seedBase)
        var peer = TerminalPeer(scopes: [Carton.dock])
        var now: UInt64 = 0
        for count in 0..<12 {
            #expect(peer.nextStep(now: now) == .push)
            peer.nothingToPush(now: now)
            #expect(peer.nextStep(now: now) == .pull(Carton.dock))
            peer.failed(now: now, dice: &dice)
            guard case .rest(let until) = peer.nextStep(now: now) else {
                Issue.record("no rest after failure \(count)")
                return
            }
            #expect(until - now >= min(250 << UInt64(count), 15_000))
            now = until
        }
        #expect(!peer.isConnected)
    }

    /// Answers may come late, twice, or to a step that is over; nudges at any time.
    @Test func `from whatever state, with successes it comes to rest, and failures arm a timer`() {
        for seed in seedBase..<seedBase + 3_000 {
            var dice = SeededDice(seed: seed)
            var peer = TerminalPeer(scopes: Array(scopes.prefix(dice.roll(4))))
            var now: UInt64 = 0
            for _ in 0..<dice.roll(40) {
                now += UInt64(dice.roll(3_000))
                switch dice.roll(7) {
                case 0: peer.pushed(more: dice.once(in: 2), now: now)
                case 1: peer.pulled(more: dice.once(in: 2), now: now)
                case 2: peer.nudge()
                case 4: peer.nothingToPush(now: now)
                case 3:
                    peer.failed(now: now, dice: &dice)
                    guard case .rest(let until) = peer.nextStep(now: now) else {
                        Issue.record("seed \(seed): no rest after a failure")
                        return
                    }
                    #expect(until > now && until <= now + 30_000, "seed \(seed)")
                default: _ = peer.nextStep(now: now)
                }
            }
            #expect(self.stepsToRest(&peer, now: now) <= 12, "seed \(seed)")
        }
    }

    /// Answers every step with a success until the peer rests with no nudge open.
    private func stepsToRest(_ peer: inout TerminalPeer, now: UInt64) -> Int {
        var now = now
        for count in 0..<50 {
            switch peer.nextStep(now: now) {
            case .push: peer.pushed(more: false, now: now)
            case .pull: peer.pulled(more: false, now: now)
            case .rest(let until):
                if peer.isConnected { return count }
                now = until
            }
        }
        return .max
    }
}
