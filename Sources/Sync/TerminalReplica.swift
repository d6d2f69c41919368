import Tally

/// A terminal's side of sync: what it does to its store.
///
/// It decides nothing about when: that is ``TerminalPeer``'s.
public struct TerminalReplica: Sendable {
    public internal(set) var replica: Replica
    public let reducer: Reducer
    let defects: Set<Defect>
    let speaks: ProtocolVersions

    /// - Parameters:
    ///   - replica: who it is.
    ///   - reducer: what makes state of operations.
    ///   - speaks: the versions of the protocol; fewer than this program's only in the simulator.
    ///   - defects: wilful faults; none outside the simulator.
    public init(
        _ replica: Replica,
        _ reducer: Reducer,
        speaks: ProtocolVersions = .spoken,
        defects: Set<Defect> = []
    ) {
        self.speaks = speaks
        self.replica = replica
        self.reducer = reducer
        self.defects = defects
    }

    // MARK: - Enrolment

    private static let enrolment = SettingKey("sync.enrolment")
    /// The hub's id in 16 bytes, beside the enrolment: each answer is held against it.
    private static let hub = SettingKey("sync.hub")
    /// The name of the enrolment's scopes beside it, for the same reason.
    private static let scopesName = SettingKey("sync.scopes_name")

    /// What the terminal knows of its hub; nil before it was enrolled.
    public static func enrolment(in reading: any ReplicaReading) throws -> Enrolment? {
        try reading.setting(enrolment).map(Enrolment.init(bytes:))
    }

    /// The hub that the terminal was enrolled at; nil before it was.
    static func hub(in reading: any ReplicaReading) throws -> Identifier? {
        if let bytes = try reading.setting(hub) { return Identifier(bytes: bytes) }
        return try enrolment(in: reading)?.hub
    }

    /// Remembers the hub's answer to the enrolment.
    public static func enroll(_ answer: Enrolment, in transaction: any ReplicaTransaction) throws {
        try enroll(answer, keepingEpochIn: transaction)
        try transaction.set(Setting.epoch, to: answer.epoch)
    }

    /// Remembers what the hub answered to a copy that took an identity of its own.
    static func enroll(
        _ answer: Enrolment,
        keepingEpochIn transaction: any ReplicaTransaction
    ) throws {
        try transaction.set(enrolment, to: try answer.bytes())
        try transaction.set(hub, to: answer.hub.bytes)
        try transaction.set(scopesName, to: Scope.name(of: answer.scopes))
    }

    /// The name of the scopes that the terminal shares; nil before it was enrolled.
    static func nameOfScopes(in reading: any ReplicaReading) throws -> UInt64? {
        if let name = try reading.integer(scopesName) { return name }
        return try enrolment(in: reading).map { Scope.name(of: $0.scopes) }
    }

    // MARK: - Recording

    /// Records what a person did.
    ///
    /// It is durable, and "saved", once the transaction is.
    ///
    /// - Parameters:
    ///   - drafts: what the rooms want recorded, in order.
    ///   - author: the worker's badge code, or empty.
    ///   - reading: the clocks now.
    ///   - dice: for a new incarnation.
    ///   - transaction: the terminal's store.
    /// - Returns: the operations, in order.
    /// - Throws: ``OperationError`` when a draft is too long or names what cannot be.
    public mutating func record(
        _ drafts: [Draft],
        by author: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> [Operation] {
        if defects.contains(.expired) { try expire(now: reading.wall, in: transaction) }
        return try drafts.map { draft in
            let lane = reducer.vocabulary.lane(of: draft.entity.kind)
            let operation = try replica.author(
                draft,
                by: author,
                lane: lane,
                seen: try cursor(of: draft.entity.scope, in: transaction),
                reading: reading,
                dice: &dice,
                in: transaction
            )
            try transaction.append(
                LoggedOperation(operation: operation, judgement: nil, lane: lane)
            )
            return operation
        }
    }

    /// The position up to which this terminal has seen a scope.
    public func cursor(of scope: Scope, in reading: any ReplicaReading) throws -> UInt64 {
        try reading.integer(Setting.cursor(scope)) ?? 0
    }

    // MARK: - Epochs

    /// The hub has another epoch, or an order that is shorter than what it gave out: it was
    /// restored.
    ///
    /// First it is given back what it lost; until then the terminal keeps to the old epoch. Then
    /// everything is fetched again.
    func noteRestored(
        epoch: UInt64,
        in transaction: any ReplicaTransaction
    ) throws {
        if try transaction.integer(Setting.nextEpoch) != epoch {
            try transaction.set(Setting.nextEpoch, to: epoch)
            for scope in try Self.enrolment(in: transaction)?.scopes ?? [] {
                try transaction.set(Setting.returned(scope), to: nil)
            }
        }
        // Also when it was known: what was still to be given back may be gone since.
        _ = try finishReturn(in: transaction)
    }

    /// Takes over the restored hub's epoch: what it holds of this terminal is unknown, so what is
    /// not secured is sent again (the hub answers what it knows) and everything fetched again.
    func adopt(epoch: UInt64, in transaction: any ReplicaTransaction) throws {
        for scope in try transaction.scopes() {
            try transaction.clearCells(of: scope)
            try transaction.forgetJudgements(of: scope, acknowledgements: true)
            try transaction.set(Setting.cursor(scope), to: 0)
            try transaction.set(Setting.refetched(scope), to: nil)
            try transaction.set(Setting.search(scope), to: nil)
            try transaction.set(Setting.base(scope), to: nil)
            try transaction.set(Setting.folded(scope), to: nil)
            try transaction.set(Setting.hubHead(scope), to: nil)
            try transaction.set(Setting.returned(scope), to: nil)
            try transaction.set(Setting.secured(scope), to: nil)
        }
        try transaction.set(Setting.nextEpoch, to: nil)
        try transaction.set(Setting.epoch, to: epoch)
    }
}
