import Tally

/// What can go wrong in a simulated plant.
public enum Fault: String, Sendable, CaseIterable, Comparable {
    // The network.
    case loss
    case lostAnswer = "lost-answer"
    case repeated
    case reordered
    case delay
    case cut
    case foreignAnswer = "foreign-answer"
    case oldAnswer = "old-answer"
    case partition
    // The processes and their disks.
    case terminalCrash = "terminal-crash"
    case hubCrash = "hub-crash"
    case failedWrite = "failed-write"
    case brokenCell = "broken-cell"
    // The clocks.
    case boot1970 = "boot-1970"
    case clockJump = "clock-jump"
    case clockFreeze = "clock-freeze"
    case clockDrift = "clock-drift"
    // What is said.
    case poison
    case erpLostAnswer = "erp-lost-answer"

    public var about: String {
        switch self {
        case .loss: "a request never reaches the hub"
        case .lostAnswer: "the hub has acted, but its answer is lost"
        case .repeated: "a request or an answer comes twice"
        case .reordered: "messages overtake each other"
        case .delay: "a message takes up to ten minutes"
        case .cut: "a message is cut at any byte"
        case .foreignAnswer: "a proxy answers with a page of its own"
        case .oldAnswer: "a proxy answers with what the hub answered to an earlier request"
        case .partition: "terminals are cut off from the hub for up to six hours"
        case .terminalCrash: "a terminal dies at any write, or between two"
        case .hubCrash: "the hub dies at any write, or between two"
        case .failedWrite: "a disk refuses a write, and the process lives on"
        case .brokenCell: "a terminal's disk changes or loses a cell of its state"
        case .boot1970: "a terminal without a battery clock starts in 1970"
        case .clockJump: "a clock jumps by up to a year, either way"
        case .clockFreeze: "a clock stands still"
        case .clockDrift: "a clock runs up to five per cent fast or slow"
        case .poison: "a terminal records what the hub cannot understand"
        case .erpLostAnswer: "the ERP has taken an order, but its answer is lost"
        }
    }

    public static func < (one: Fault, other: Fault) -> Bool { one.rawValue < other.rawValue }

    /// Reads `all`, `none`, or names separated by commas; nil when one is none of these.
    public static func list(_ text: String) -> Set<Fault>? {
        switch text {
        case "all": return Set(allCases)
        case "none": return []
        default:
            let names = text.split(separator: ",", omittingEmptySubsequences: false)
            let faults = names.compactMap { Fault(rawValue: String($0)) }
            return faults.count == names.count ? Set(faults) : nil
        }
    }
}

/// The faults of one seed, and how often each strikes.
///
/// Each seed draws its own, so that some runs have one fault in plenty and others a little of
/// everything (Groce et al. 2012, Swarm Testing).
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
        for fault in Fault.allCases {
            // All are drawn, so that a seed with fewer faults allowed has the same rates.
            let isChosen = dice.next() % 3 != 0
            let scale = 1 + dice.next() % 100
            if isChosen, allowed.contains(fault) { rates[fault] = scale * Self.most(fault) / 100 }
        }
        self.rates = rates
    }

    func isChosen(_ fault: Fault) -> Bool { isOn && rates[fault] != nil }

    /// Whether a fault strikes now, and notes it when it does.
    mutating func strikes(_ fault: Fault, _ dice: inout SeededDice) -> Bool {
        let draw = dice.next() % 1_000_000
        guard isOn, let rate = rates[fault], draw < rate else { return false }
        note(fault)
        return true
    }

    mutating func note(_ fault: Fault) { counts[fault, default: 0] += 1 }

    /// The highest rate, in parts of a million of the chances that a fault has.
    private static func most(_ fault: Fault) -> UInt64 {
        switch fault {
        case .loss, .lostAnswer: 300_000
        case .repeated, .reordered: 500_000
        case .delay, .cut, .foreignAnswer, .oldAnswer: 100_000
        case .erpLostAnswer: 500_000
        // Chances of these come once in some minutes of virtual time; see `World.disturb`.
        case .partition, .terminalCrash, .hubCrash, .failedWrite: 300_000
        case .brokenCell, .boot1970, .clockJump, .clockFreeze, .clockDrift, .poison: 150_000
        }
    }
}
