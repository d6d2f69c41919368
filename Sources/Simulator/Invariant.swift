/// What must hold in every simulated plant, after every step or once all is quiet.
///
/// The numbers are those of SYNC.md §3.1; `rule` says each in one sentence.
public enum Invariant: String, Sendable, CaseIterable {
    /// 1
    case storedIsKept = "stored-is-kept"
    /// 2
    case savedIsKept = "saved-is-kept"
    /// 3
    case exactlyOnce = "exactly-once"
    /// 3
    case countsAddUp = "counts-add-up"
    /// 4
    case oneOrderAReceipt = "one-order-a-receipt"
    /// 4
    case onePayloadAKey = "one-payload-a-key"
    /// 4
    case erpAgrees = "erp-agrees"
    /// 5
    case convergence
    /// 5 and 6
    case referenceModel = "reference-model"
    /// 7
    case readYourWrites = "read-your-writes"
    /// 7
    case causality
    /// 8
    case wholeGroups = "whole-groups"
    /// 9
    case lifecycle
    /// 9
    case verdictIsSeen = "verdict-is-seen"
    /// 10
    case uniqueNumbers = "unique-numbers"
    /// 10
    case oneOpenOrder = "one-open-order"
    /// 10
    case noFindingLost = "no-finding-lost"
    /// 11
    case conflictIsHeld = "conflict-is-held"
    /// 13
    case scope
    /// 14
    case digest
    /// 15
    case chain
    /// 16
    case quarantine
    /// 13
    case leaving
    /// 19
    case versions
    /// 17
    case photos
    /// 18
    case snapshot
    /// 18
    case retention
    /// 20
    case revocation
    /// 6 of DESIGN.md §2: at what true time.
    case trueTime = "true-time"
    /// 21
    case backPressure = "back-pressure"
    /// Liveness.
    case liveness
    /// No message and no stored state makes a node fail.
    case soundness

    public var rule: String {
        switch self {
        case .storedIsKept: "what a terminal was told is stored is in the hub's log"
        case .savedIsKept: "what was saved is in the terminal's log, whatever crashed since"
        case .exactlyOnce: "an operation has one place in the hub's order"
        case .countsAddUp:
            "a line's sum is that of the distinct counts and cartons that stand"
        case .oneOrderAReceipt: "a closed receipt has one arrival order, and says its sums"
        case .onePayloadAKey: "the ERP never sees two payloads under one key"
        case .erpAgrees: "once all is quiet, the ERP has every order that is not held"
        case .convergence: "replicas that have seen the same hold the same cells"
        case .referenceModel: "the hub's cells are those that a plain sequential model gives"
        case .readYourWrites: "what was recorded is seen at once where it was recorded"
        case .causality: "a terminal's place in the hub's order has no gap and never goes back"
        case .wholeGroups: "a terminal never shows part of what the hub took at once"
        case .lifecycle: "a move stands exactly where the lifecycle has it"
        case .verdictIsSeen: "an author sees the hub's verdict on every operation"
        case .uniqueNumbers: "no two orders have one number"
        case .oneOpenOrder: "a machine and check has at most one open maintenance order"
        case .noFindingLost: "a finding that stands is in an order that deals with it"
        case .conflictIsHeld: "an order is held exactly for the counts that nobody has ruled on"
        case .scope: "nothing of a scope reaches a terminal that does not share it"
        case .digest: "a digest is that of the cells which are there"
        case .chain: "each incarnation's operations are a chain without gap or fork"
        case .quarantine: "what cannot take effect is kept, with a reason, and holds up nothing"
        case .leaving: "what a terminal had not sent when it left a scope is at the hub"
        case .versions: "terminal and hub speak the newest version that both know, and no other"
        case .photos: "a photo that was kept is at its terminal and at the hub, as it was taken"
        case .snapshot: "who starts from a snapshot has, and shows, what the history would give"
        case .retention: "what a terminal lets go of is in every backup that may come back"
        case .revocation: "what a revoked terminal records is kept aside and takes no effect"
        case .trueTime: "a time that is not marked unsure is right to 2 seconds"
        case .backPressure: "a terminal that is not answered asks less and less often"
        case .liveness: "with the faults gone, all is sent, fetched and told within an hour"
        case .soundness: "no message and no state makes a node fail"
        }
    }
}

/// An invariant that did not hold.
struct Broken: Error {
    let invariant: Invariant
    /// What was seen, for whoever looks for the cause.
    let detail: String

    init(_ invariant: Invariant, _ detail: @autoclosure () -> String = "") {
        self.invariant = invariant
        self.detail = detail()
    }
}

/// Throws unless `holds`.
func require(
    _ holds: Bool,
    _ invariant: Invariant,
    _ detail: () -> String
) throws(Broken) {
    if !holds { throw Broken(invariant, detail()) }
}
