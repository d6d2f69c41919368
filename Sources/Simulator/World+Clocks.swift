import Tally

/// What goes wrong with clocks.
extension World {
    func disturbClock(of machine: Machine) {
        if plan.strikes(.clockJump, &faultDice) {
            let most = [Self.minute, Self.hour, Self.day, 365 * Self.day][faultDice.below(4)]
            let jump = Int64(faultDice.below(most))
            machine.clock.jump(faultDice.happens(50) ? jump : -jump, now: now)
        }
        if plan.strikes(.clockBack, &faultDice) {
            machine.clock.jump(-Int64(faultDice.below(60_000 as UInt64)), now: now)
        }
        if plan.strikes(.leapSecond, &faultDice) {
            machine.clock.jump(faultDice.happens(50) ? 1_000 : -1_000, now: now)
        }
        if plan.strikes(.wrongZone, &faultDice) {
            let hours = Int64(faultDice.below(27)) - 12
            machine.clock.jump(hours * Int64(Self.hour), now: now)
        }
        if plan.strikes(.clockFreeze, &faultDice) { machine.clock.freeze(now) }
        if plan.strikes(.clockDrift, &faultDice) {
            let rate = Int64(faultDice.below(100_000 as UInt64)) - 50_000
            machine.clock.drift(perMillion: rate, now: now)
        }
        if plan.strikes(.clockTie, &faultDice) {
            let wall = hub.machine.clock.reading(now).wall
            for terminal in terminals { terminal.machine.clock.stop(at: wall) }
        }
        // Sooner or later somebody sets a clock right.
        if faultDice.happens(20) { machine.clock.correct() }
    }
}
