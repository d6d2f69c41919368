import Agent
import Hub
import Sync
import Tally

/// What goes wrong with processes and links, once in some minutes.
extension World {
    func disturb() throws {
        guard !isCalm else { return }
        schedule(.disturb, in: Self.minute + faultDice.below(10 * Self.minute))
        try disturbHub()
        guard let terminal = faultDice.pick(terminals) else { return }
        disturbLink(of: terminal)
        if terminal.machine.isUp, terminal.deferred == nil {
            disturbClock(of: terminal.machine)
            try disturbDisk(of: terminal)
            disturbProcess(of: terminal)
        }
        try disturbPeople(around: terminal)
        try disturbIdentity(of: terminal)
        if plan.isStriking(.terminalMoved, &changeDice) { try move(terminal) }
        try disturbHistory(of: terminal)
    }

    func machine(_ index: Int?) -> Machine { index.map { terminals[$0].machine } ?? hub.machine }

    private func disturbHub() throws {
        if plan.strikes(.hubClock, &faultDice) { disturbClock(of: hub.machine) }
        if plan.strikes(.failedWrite, &faultDice) {
            hub.machine.arm(Machine.DiskFault(), after: faultDice.below(60))
        }
        if plan.strikes(.slowDisk, &faultDice) {
            hub.slowUntil = now + faultDice.below(Self.hour)
        }
        if plan.strikes(.diskFull, &faultDice) { fill(nil) }
        if plan.strikes(.tlsExpired, &faultDice) {
            let renewed = now + faultDice.below(6 * Self.hour)
            for terminal in terminals { terminal.link.refusedUntil = renewed }
        }
        guard hub.machine.isUp, hub.deferred == nil else { return }
        if plan.strikes(.pause, &faultDice) {
            hub.deferred = []
            schedule(.resume(terminal: nil), in: faultDice.below(Self.hour))
        }
        if plan.strikes(.hubCrash, &faultDice) {
            if faultDice.happens(30) {
                stopHub()
            } else {
                hub.machine.arm(Machine.Crash(), after: faultDice.below(60))
            }
        }
    }

    func fill(_ index: Int?) {
        machine(index).isFull = true
        schedule(.makeRoom(terminal: index), in: faultDice.below(Self.hour))
    }

    // MARK: - Links

    private func disturbLink(of terminal: SimulatedTerminal) {
        func strike(_ fault: Fault, _ until: WritableKeyPath<Link, UInt64>, most: UInt64) {
            guard plan.strikes(fault, &faultDice) else { return }
            let end = now + faultDice.below(most)
            terminal.link[keyPath: until] = max(terminal.link[keyPath: until], end)
        }
        if plan.strikes(.partition, &faultDice) {
            let length = faultDice.below(
                [Self.minute, Self.hour, 6 * Self.hour][faultDice.below(3)]
            )
            // An access point that fails takes its neighbours along.
            for other in terminals where other === terminal || faultDice.happens(40) {
                other.link.silentUntil = max(other.link.silentUntil, now + length)
            }
        }
        if plan.strikes(.longAbsence, &faultDice) { terminal.link.silentUntil = .max }
        strike(.oneWay, \.deafUntil, most: Self.hour)
        strike(.clog, \.cloggedUntil, most: 20 * Self.minute)
        strike(.refused, \.refusedUntil, most: 10 * Self.minute)
        strike(.thinLink, \.thinUntil, most: 3 * Self.hour)
        strike(.blackHole, \.blackHoleUntil, most: Self.hour)
        if plan.strikes(.swizzleClog, &faultDice) {
            for other in terminals {
                other.link.cloggedUntil = now + faultDice.below(10 * Self.minute)
            }
        }
    }

    // MARK: - Processes

    private func disturbProcess(of terminal: SimulatedTerminal) {
        if plan.strikes(.pause, &faultDice) {
            terminal.deferred = []
            schedule(.resume(terminal: terminal.index), in: faultDice.below(Self.hour))
        }
        if plan.strikes(.terminalCrash, &faultDice) {
            if faultDice.happens(30) {
                stop(terminal)
            } else {
                terminal.machine.arm(Machine.Crash(), after: faultDice.below(40))
            }
        }
    }

    /// Keeps an event for later whose process stands still.
    func isDeferred(_ event: Event) -> Bool {
        switch event {
        case .act(let index), .wake(let index, _), .photos(let index):
            return put(event, &terminals[index].deferred)
        case .photoAnswer(let exchange, _):
            return put(event, &terminals[exchange.terminal].deferred)
        case .answer(let exchange, _), .timeout(let exchange):
            return put(event, &terminals[exchange.terminal].deferred)
        case .request, .office, .courier:
            return put(event, &hub.deferred)
        default:
            return false
        }
    }

    private func put(_ event: Event, _ events: inout [Event]?) -> Bool {
        guard events != nil else { return false }
        events?.append(event)
        return true
    }

    func resume(_ index: Int?) {
        let events: [Event]?
        if let index {
            events = terminals[index].deferred
            terminals[index].deferred = nil
        } else {
            events = hub.deferred
            hub.deferred = nil
        }
        for event in events ?? [] { schedule(event, in: 0) }
    }

    func stop(_ terminal: SimulatedTerminal) {
        let deferred = terminal.deferred ?? []
        terminal.stop()
        // People do not stand still with it.
        for event in deferred { if case .act = event { schedule(event, in: 0) } }
        let pause = 1_000 + faultDice.below(10 * Self.minute)
        schedule(.restart(terminal: terminal.index), in: pause)
    }

    func restart(_ terminal: SimulatedTerminal) throws {
        guard !terminal.machine.isUp else { return }
        if plan.strikes(.brokenConfig, &faultDice) {
            return schedule(.restart(terminal: terminal.index), in: faultDice.below(Self.hour))
        }
        // A process may start again without the machine, whose clock then goes on.
        if faultDice.happens(50) {
            terminal.machine.clock.restart(boot: faultDice.next() | 1, now: now)
        }
        if plan.strikes(.boot1970, &faultDice) { terminal.machine.clock.forgetDate(now) }
        do {
            try speakNonsense(terminal)
            if photoDice.happens(50) { terminal.photos.store.losePower() }
            try terminal.restart(isOld: plan.strikes(.oldProgram, &faultDice))
        } catch is Machine.Crash {
            return schedule(.restart(terminal: terminal.index), in: 1_000)
        } catch is Machine.DiskFault {
            terminal.machine.isReadOnly = false
            return schedule(.restart(terminal: terminal.index), in: Self.minute)
        }
        try noteBases(of: terminal)
        try checkSaved(terminal)
        try pump(terminal)
    }
}
