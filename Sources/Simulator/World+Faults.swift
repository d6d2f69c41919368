import Agent
import Hub
import Sync
import Tally

/// What goes wrong with machines and their clocks, once in some minutes.
extension World {
    func disturb() throws {
        guard !isCalm else { return }
        schedule(.disturb, in: Self.minute + faultDice.below(10 * Self.minute))
        if plan.strikes(.hubCrash, &faultDice), hub.machine.isUp {
            if faultDice.happens(30) {
                stopHub()
            } else {
                hub.machine.arm(Machine.Crash(), after: faultDice.below(60))
            }
        }
        disturbClock(of: hub.machine)
        if plan.strikes(.failedWrite, &faultDice) {
            hub.machine.arm(Machine.DiskFault(), after: faultDice.below(60))
        }
        guard let terminal = faultDice.pick(terminals) else { return }
        if plan.strikes(.partition, &faultDice) {
            let length = faultDice.below(
                [Self.minute, Self.hour, 6 * Self.hour][faultDice.below(3)]
            )
            // An access point that fails takes its neighbours along.
            for other in terminals where other === terminal || faultDice.happens(40) {
                other.cutOffUntil = max(other.cutOffUntil, now + length)
            }
        }
        guard terminal.machine.isUp else { return }
        disturbClock(of: terminal.machine)
        if plan.strikes(.failedWrite, &faultDice) {
            terminal.machine.arm(Machine.DiskFault(), after: faultDice.below(40))
        }
        if plan.strikes(.brokenCell, &faultDice) { try breakCell(terminal) }
        if plan.strikes(.terminalCrash, &faultDice) {
            if faultDice.happens(30) {
                stop(terminal)
            } else {
                terminal.machine.arm(Machine.Crash(), after: faultDice.below(40))
            }
        }
    }

    private func disturbClock(of machine: Machine) {
        if plan.strikes(.clockJump, &faultDice) {
            let most = [Self.minute, Self.hour, Self.day, 365 * Self.day][faultDice.below(4)]
            let jump = Int64(faultDice.below(most))
            machine.clock.jump(faultDice.happens(50) ? jump : -jump, now: now)
        }
        if plan.strikes(.clockFreeze, &faultDice) { machine.clock.freeze(now) }
        if plan.strikes(.clockDrift, &faultDice) {
            let rate = Int64(faultDice.below(100_000 as UInt64)) - 50_000
            machine.clock.drift(perMillion: rate, now: now)
        }
        // Sooner or later somebody sets a clock right.
        if faultDice.happens(20) { machine.clock.correct() }
    }

    func stop(_ terminal: SimulatedTerminal) {
        terminal.stop()
        let pause = 1_000 + faultDice.below(10 * Self.minute)
        schedule(.restart(terminal: terminal.index), in: pause)
    }

    func restart(_ terminal: SimulatedTerminal) throws {
        // A process may start again without the machine, whose clock then goes on.
        if faultDice.happens(50) {
            terminal.machine.clock.restart(boot: faultDice.next() | 1, now: now)
        }
        if plan.strikes(.boot1970, &faultDice) { terminal.machine.clock.forgetDate(now) }
        do {
            if plan.strikes(.poison, &faultDice) { try poison(terminal) }
            try terminal.restart()
        } catch is Machine.Crash {
            return schedule(.restart(terminal: terminal.index), in: 1_000)
        } catch is Machine.DiskFault {
            return schedule(.restart(terminal: terminal.index), in: 1_000)
        }
        try checkSaved(terminal)
        try pump(terminal)
    }

    // MARK: - The disk

    /// The disk loses a cell of a terminal's state, changes a byte of it, or cuts it.
    ///
    /// The log stays whole.
    private func breakCell(_ terminal: SimulatedTerminal) throws {
        guard let scope = faultDice.pick(terminal.scopes) else { return }
        let cells = terminal.machine.store.cells(in: scope)
        guard let entity = faultDice.pick(cells.keys.sorted()),
            let key = faultDice.pick((cells[entity] ?? [:]).keys.sorted { $0.bytes < $1.bytes }),
            var value = cells[entity]?[key]
        else { return }
        let isLost = value.isEmpty || faultDice.happens(40)
        if !isLost {
            value[faultDice.happens(50) ? value.count - 1 : faultDice.below(value.count)] ^= 1
            if faultDice.happens(20) { value.removeLast() }
        }
        terminal.broken.insert(scope)
        do {
            try terminal.machine.store.write {
                try $0.setCell(key, of: entity, to: isLost ? nil : value)
            }
        } catch is Machine.Crash {
            stop(terminal)
        } catch is Machine.DiskFault {
            // The disk could not even do that.
        }
    }

    // MARK: - What the hub cannot understand

    /// Another program than ours ran on the terminal for a moment, and recorded its own things.
    private func poison(_ terminal: SimulatedTerminal) throws {
        let scope = Scope(site: terminal.site, area: HubNode.floorArea)
        let receipt = EntityKey(
            scope: faultDice.happens(30) ? Scope(site: "ELSEWHERE", area: "DOCK") : scope,
            kind: "inspection",
            id: .random(&faultDice)
        )
        let garbage = (0..<faultDice.below(40)).map { _ in UInt8(faultDice.below(256)) }
        let drafts = [
            Draft(.fact, of: receipt, type: "inspection.answered", payload: garbage),
            Draft(.fact, of: receipt, type: "inspection.smelt", payload: garbage),
            Draft(.decision, of: receipt, type: "maintenance_order.issued", payload: garbage),
            Draft(.transition, of: receipt, type: "inspection.unsign"),
            Draft(.edit, of: receipt, type: "equipment.location", payload: [0xFF]),
        ]
        guard let draft = faultDice.pick(drafts) else { return }
        let before = terminal.machine.store.operationCount
        var replica = terminal.node.terminal
        let reading = terminal.machine.clock.reading(now)
        try terminal.machine.transact(&replica) { replica, dice, transaction in
            let other = try Replica.open(transaction, dice: &dice)
            replica = TerminalReplica(other, replica.reducer)
            _ = try replica.record([draft], by: "", reading: reading, dice: &dice, in: transaction)
        }
        try noteSaved(since: before, at: terminal)
        if let saved = terminal.saved.last { watch.poison.insert(saved.id) }
    }
}

extension [UInt8] {
    static func < (one: [UInt8], other: [UInt8]) -> Bool { one.lexicographicallyPrecedes(other) }
}
