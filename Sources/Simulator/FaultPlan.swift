import Tally

/// The faults of one seed, and how often each strikes.
///
/// Each seed draws its own, and how many, so that some runs have one fault in plenty and others a
/// little of everything (Groce et al. 2012, Swarm Testing).
struct FaultPlan {
    /// Faults that are on, with their rates in parts of a million.
    private let rates: [Fault: UInt64]
    /// How often each struck.
    private(set) var counts: [Fault: Int] = [:]
    /// Off in the liveness phase.
    var isOn = true

    /// Draws the faults of a seed.
    ///
    /// - Parameters:
    ///   - allowed: what may be on.
    ///   - dice: the seed's.
    init(_ allowed: Set<Fault>, dice: inout SeededDice) {
        var rates: [Fault: UInt64] = [:]
        let share = [10, 30, 60, 90][dice.below(4)] as UInt64
        for fault in Fault.allCases {
            // All are drawn, so that a seed with fewer faults allowed has the same rates. What is
            // allowed alone is on, so that a fault can be looked at by itself.
            let isChosen = dice.happens(share) || allowed.count == 1
            let scale = 1 + dice.next() % 100
            if isChosen, allowed.contains(fault) { rates[fault] = scale * fault.most / 100 }
        }
        self.rates = rates
    }

    func isChosen(_ fault: Fault) -> Bool { isOn && rates[fault] != nil }

    /// Whether a fault strikes now, and notes it when it does.
    mutating func strikes(_ fault: Fault, _ dice: inout SeededDice) -> Bool {
        guard isStriking(fault, &dice) else { return false }
        note(fault)
        return true
    }

    /// Whether a fault would strike now; the caller notes it once it has.
    func isStriking(_ fault: Fault, _ dice: inout SeededDice) -> Bool {
        let draw = dice.next() % 1_000_000
        guard isOn, let rate = rates[fault] else { return false }
        return draw < rate
    }

    mutating func note(_ fault: Fault) { counts[fault, default: 0] += 1 }
}
