import Agent
import Hub
import Sync
import Tally

/// What is between a terminal and the hub: messages that are lost, repeated, overtaken, delayed
/// and cut, and answers that are lost after the hub has acted.
extension World {
    private static let timeout: UInt64 = 30_000
    /// Between two requests after many that failed there are at least these milliseconds: half of
    /// the longest wait, less what a terminal's clock may be wrong.
    private static let failurePace: UInt64 = 12_000
    private static let foreignPage = Array("<html><body>Sign in to the guest network</body>".utf8)

    // MARK: - The terminal's side

    /// Does what the terminal's peer wants done, as the daemon's pump does.
    func pump(_ terminal: SimulatedTerminal) throws {
        guard terminal.machine.isUp, terminal.outstanding == nil else { return }
        let limit = [1, 5, 50, 500][networkDice.below(4)]
        while true {
            let time = terminal.machine.clock.monotonic(now)
            switch terminal.peer.nextStep(now: time) {
            case .rest(let until):
                terminal.timer += 1
                let wake = Event.wake(terminal: terminal.index, timer: terminal.timer)
                return schedule(wake, in: until > time ? until - time : 0)
            case .push:
                let clocks = terminal.machine.clock.reading(now)
                let request = try terminal.machine.store.read {
                    let node = terminal.node.terminal
                    return try node.upRequest(in: $0, limit: limit, at: clocks)
                }
                if let request {
                    return try send(.up(request), try request.bytes(), from: terminal)
                }
                terminal.peer.nothingToPush(now: time)
            case .pull(let scope):
                if let request = try snapshotRequest(scope, terminal) {
                    return try send(.snapshot(request), try request.bytes(), from: terminal)
                }
                let request = try terminal.machine.store.read {
                    try terminal.node.terminal.pullRequest(scope, in: $0, limit: limit)
                }
                return try send(.pull(request), try request.bytes(), from: terminal)
            }
        }
    }

    private func send(
        _ request: Exchange.Request,
        _ bytes: [UInt8],
        from terminal: SimulatedTerminal
    ) throws {
        exchanges += 1
        let exchange = Exchange(
            number: exchanges,
            terminal: terminal.index,
            process: terminal.machine.process,
            request: request
        )
        terminal.outstanding = exchange
        schedule(.timeout(exchange), in: Self.timeout)
        if case .up(.push(let request)) = request, settings.defect == .forgottenOnSend {
            try forget(request, at: terminal)
        }
        let link = terminal.link
        if now < link.refusedUntil { return schedule(.answer(exchange, .failure), in: 50) }
        if now < link.silentUntil || plan.strikes(.loss, &networkDice) { return }
        if plan.strikes(.reset, &networkDice) {
            let part = Array(bytes.prefix(networkDice.below(bytes.count)))
            fly(part, of: terminal) { .request(exchange, $0) }
            return schedule(.answer(exchange, .failure), in: 50)
        }
        fly(bytes, of: terminal) { .request(exchange, $0) }
        if plan.strikes(.repeated, &networkDice) {
            fly(bytes, of: terminal) { .request(exchange, $0) }
        }
    }

    /// The defect `forgotten-on-send`: what was sent counts as answered.
    private func forget(_ request: PushRequest, at terminal: SimulatedTerminal) throws {
        let item = PushResponse.Item(verdict: .accepted, reason: "", known: false, stored: true)
        let answer = PushResponse(
            hub: hub.node.replica.replica.id,
            epoch: request.epoch,
            items: request.operations.map { _ in item },
            batch: request.batch
        )
        _ = try terminal.machine.transact(&terminal.node) { node, _, transaction in
            try node.terminal.apply(answer, to: request, in: transaction)
        }
    }

    /// Lets bytes fly, some of them cut.
    private func fly(
        _ bytes: [UInt8],
        of terminal: SimulatedTerminal,
        _ event: ([UInt8]) -> Event
    ) {
        let link = terminal.link
        if now < link.blackHoleUntil, bytes.count > 1_400 { return }
        var bytes = bytes
        if plan.strikes(.cut, &networkDice) {
            bytes = Array(bytes.prefix(networkDice.below(bytes.count)))
        }
        var flight = 5 + networkDice.below(75 as UInt64)
        if now < link.thinUntil { flight += UInt64(bytes.count) * 8_000 / 9_600 }
        if plan.strikes(.reordered, &networkDice) { flight += networkDice.below(5_000 as UInt64) }
        if plan.strikes(.delay, &networkDice) {
            flight += networkDice.below(10 * Self.minute)
        }
        queue.put(event(bytes), at: max(now + flight, link.cloggedUntil))
    }

    func giveUp(_ exchange: Exchange) throws {
        let terminal = terminals[exchange.terminal]
        guard terminal.machine.process == exchange.process,
            terminal.outstanding?.number == exchange.number
        else { return }
        try fail(terminal)
    }

    private func fail(_ terminal: SimulatedTerminal) throws {
        terminal.outstanding = nil
        try noteFailed(terminal)
        terminal.peer.failed(
            now: terminal.machine.clock.monotonic(now),
            dice: &terminal.machine.dice
        )
        try pump(terminal)
    }

    /// A hub that is down, or comes back, is not asked in haste.
    private func noteFailed(_ terminal: SimulatedTerminal) throws {
        var streak = terminal.failures ?? FailureStreak(since: now)
        streak.count += 1
        terminal.failures = streak
        let limit = 12 + (now - streak.since) / Self.failurePace
        try require(streak.count <= limit, .backPressure) {
            "terminal \(terminal.index) asked \(streak.count) times in \(now - streak.since) ms"
        }
    }

    // MARK: - The hub's side

    /// A request reaches the hub.
    func receive(_ exchange: Exchange, _ bytes: [UInt8]) throws {
        let terminal = terminals[exchange.terminal]
        if plan.strikes(.foreignAnswer, &networkDice) {
            return schedule(.answer(exchange, .body(Self.foreignPage)), in: 5)
        }
        if let old = terminal.lastAnswers[exchange.isPush],
            plan.strikes(.oldAnswer, &networkDice)
        {
            return schedule(.answer(exchange, .body(old)), in: 5)
        }
        if now < foreignUntil, let foreignHub {
            return try receive(exchange, bytes, by: foreignHub)
        }
        guard hub.machine.isUp else { return schedule(.answer(exchange, .failure), in: 5) }
        var answer = Answer.failure
        do {
            if plan.strikes(.twoProcesses, &networkDice) { try hub.takeTurns(now: now) }
            if case .up(.push) = exchange.request, settings.defect == .lostAcknowledgement,
                networkDice.happens(5), let early = try hub.answerTooEarly(bytes, now: now)
            {
                stopHub()
                return schedule(.answer(exchange, .body(early)), in: 5)
            }
            answer = .body(try hub.answer(exchange.request, bytes, now: now))
            try checkVersion(of: exchange)
            try watchHub()
        } catch is Machine.Crash {
            stopHub()
            return schedule(.answer(exchange, .failure), in: 5)
        } catch let broken as Broken {
            throw broken
        } catch let refusal as SyncRefusal {
            answer = .refused(refusal)
        } catch {
            let isFault = !(error is any Refusal || error is Machine.DiskFault)
            if isFault { throw Broken(.soundness, "the hub, asked: \(error)") }
        }
        if plan.strikes(.failover, &networkDice) {
            try failOver()
            return schedule(.answer(exchange, .failure), in: 5)
        }
        let link = terminal.link
        if now < max(link.silentUntil, link.deafUntil) { return }
        if plan.strikes(.lostAnswer, &networkDice) { return }
        guard case .body(let body) = answer else {
            return schedule(.answer(exchange, answer), in: 5)
        }
        terminal.lastAnswers[exchange.isPush] = body
        if exchange.isPush, now < hub.slowUntil {
            return schedule(.answer(exchange, .body(body)), in: 5_000)
        }
        fly(body, of: terminal) { .answer(exchange, .body($0)) }
        if plan.strikes(.repeated, &networkDice) {
            fly(body, of: terminal) { .answer(exchange, .body($0)) }
        }
    }

    private func failOver() throws {
        do {
            try hub.failOver(now: now)
            try watchHub()
        } catch is Machine.Crash {
            stopHub()
        } catch is Machine.DiskFault {
            stopHub()
        }
    }

    func stopHub() {
        let deferred = hub.deferred ?? []
        hub.stop()
        for event in deferred {
            switch event {
            // People and clocks do not stand still with it; what was asked is lost.
            case .office, .courier: schedule(event, in: 0)
            default: break
            }
        }
        schedule(.restartHub, in: 1_000 + faultDice.below(5 * Self.minute))
    }

    func restartHub() throws {
        do {
            try hub.restart(now: now)
            try watchHub()
        } catch is Machine.Crash {
            schedule(.restartHub, in: 1_000)
        } catch is Machine.DiskFault {
            schedule(.restartHub, in: Self.minute)
        }
    }
}
