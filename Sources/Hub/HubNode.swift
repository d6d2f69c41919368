import Codes
import ExceptionReports
import Forms
import Inspection
import Receiving
import Sync
import Tally
import Workforce

/// The hub: takes what terminals recorded, decides what follows, and answers the office.
///
/// It decides; the shells around it open transactions, move bytes and tell the time. Every call is
/// one transaction of the caller.
public struct HubNode: Sendable {
    public private(set) var replica: HubReplica
    let compressor: any Compressor
    private let defects: Set<Defect>

    /// Opens the hub of a store: makes its key and epoch when the store is new, brings the state up
    /// to this program's reducer, and judges operations that waited for it.
    ///
    /// - Parameters:
    ///   - transaction: the hub's store.
    ///   - compressor: what delivery notes are packed with.
    ///   - reading: the hub's clocks now.
    ///   - dice: for keys and the incarnation.
    ///   - speaks: the versions of the protocol; fewer than this program's only in the simulator.
    ///   - defects: wilful faults; none outside the simulator.
    /// - Throws: what the store throws.
    public init(
        opening transaction: any ReplicaTransaction,
        compressor: any Compressor,
        reading: ClockReading,
        dice: inout some Dice,
        speaks: ProtocolVersions = .spoken,
        defects: Set<Defect> = []
    ) throws {
        let reducer = Reducer(PlantVocabulary.all, defects: defects)
        try reducer.upgradeIfNeeded(in: transaction)
        _ = try HubReplica.epoch(in: transaction, dice: &dice)
        let reactions = Reactions(reducer: reducer, defects: defects)
        self.compressor = compressor
        self.defects = defects
        var rules = HubRules(
            flaw: { Self.flaw(in: $0) },
            react: { try reactions.drafts($0, $1) }
        )
        rules.returned = { try reactions.takeBack($0, inEffect: $1, in: $2) }
        rules.outranks = { reactions.outranks($0, $1) }
        replica = HubReplica(
            try Replica.open(transaction, dice: &dice),
            reducer,
            rules,
            speaks: speaks,
            defects: defects
        )
        try replica.judgeWaiting(reading: reading, dice: &dice, in: transaction)
    }

    /// Whether a payload is what its type says; a problem code when it is not.
    static func flaw(in operation: Operation) -> String? {
        guard let kind = operation.kind else { return nil }
        let flaw =
            ReceivingRoom.flaw(operation.type, operation.payload)
            ?? InspectionRoom.flaw(kind, operation.type, operation.payload)
            ?? FormsRoom.flaw(kind, operation.type, operation.payload)
            ?? ExceptionRoom.flaw(kind, operation.type, operation.payload)
        return flaw?.text
    }

    /// Reads entities as the hub knows them.
    public func reader(_ reading: any ReplicaReading) -> EntityReader {
        EntityReader(reading, replica.reducer)
    }

    // MARK: - Sync

    /// Takes a terminal's batch; see ``HubReplica/push(_:reading:dice:in:)``.
    public mutating func push(
        _ request: PushRequest,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> PushResponse {
        let ownership = WordOwnership(transaction: transaction)
        let opened = OpenedPush(request)
        let breaches = try ownership.breaches(in: opened)
        let rules = replica.rules
        if !breaches.isEmpty { judge(by: rules.with(breaches)) }
        defer { if !breaches.isEmpty { judge(by: rules) } }
        return try replica.push(opened, reading: reading, dice: &dice, in: transaction)
    }

    private mutating func judge(by rules: HubRules) {
        replica = HubReplica(
            replica.replica,
            replica.reducer,
            rules,
            speaks: replica.speaks,
            defects: defects
        )
    }

    /// Takes back what a restore lost; see ``HubReplica/giveBack(_:reading:dice:in:)``.
    public mutating func giveBack(
        _ request: ReturnRequest,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> ReturnResponse {
        try replica.giveBack(request, reading: reading, dice: &dice, in: transaction)
    }

    /// A terminal was heard, or revoked; see ``HubReplica/noteHeard(_:reading:dice:in:)``.
    public mutating func noteHeard(
        _ terminal: Identifier?,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        try replica.noteHeard(terminal, reading: reading, dice: &dice, in: transaction)
    }

    /// Waits for no terminal any more; see ``HubReplica/endRecovery(reading:dice:in:)``.
    public mutating func endRecovery(
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        try replica.endRecovery(reading: reading, dice: &dice, in: transaction)
    }

    /// Releases what is kept aside; see ``HubReplica/release(_:by:reading:dice:in:)``.
    public mutating func release(
        _ ticket: UInt64,
        by person: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> Verdict {
        try replica.release(ticket, by: person, reading: reading, dice: &dice, in: transaction)
    }

    // MARK: - Office

    /// What a registration of master data came to.
    public struct Registered: Hashable, Sendable {
        public var new = 0
        public var changed = 0
        public var unchanged = 0
    }

    /// Registers master data: a draft that says what the latest version says makes no operation, so
    /// the same file can be imported again and again.
    ///
    /// - Parameters:
    ///   - drafts: decisions, each with its whole new version.
    ///   - author: who imports; empty for a connector.
    ///   - reading: the hub's clocks now.
    ///   - dice: for the incarnation.
    ///   - transaction: the hub's store.
    /// - Returns: how many were new, changed and unchanged.
    /// - Throws: what the store throws.
    public mutating func register(
        _ drafts: [Draft],
        by author: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> Registered {
        var registered = Registered()
        var latest: [EntityKey: [UInt8]] = [:]
        var changes: [Draft] = []
        let reader = reader(transaction)
        for draft in drafts {
            let known =
                try latest[draft.entity]
                ?? reader.record(of: draft.entity).decisions[draft.type]?.payload
            switch known {
            case nil: registered.new += 1
            case draft.payload?: registered.unchanged += 1
            default: registered.changed += 1
            }
            if known != draft.payload { changes.append(draft) }
            latest[draft.entity] = draft.payload
        }
        // Groups of a bounded size, so that a terminal on a thin link gets a page at a time.
        for start in stride(from: 0, to: changes.count, by: 200) {
            let group = Array(changes[start..<min(start + 200, changes.count)])
            try replica.record(group, by: author, reading: reading, dice: &dice, in: transaction)
        }
        return registered
    }

    /// Records what a person at the hub drafted through a room: a reviewer's word, a move.
    public mutating func record(
        _ drafts: [Draft],
        by author: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        try replica.record(drafts, by: author, reading: reading, dice: &dice, in: transaction)
    }
}
