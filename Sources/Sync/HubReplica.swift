import Tally

/// What the hub's rooms add to sync: whether a payload is sound, and what follows from a change.
public struct HubRules: Sendable {
    /// A problem code when the payload is not what its type says; nil when it is sound.
    public var flaw: @Sendable (Operation) -> String?
    /// What the hub records itself when these entities have changed: called again with what that
    /// changed, until nothing follows any more.
    public var react: @Sendable (Set<EntityKey>, any ReplicaTransaction) throws -> [Draft]
    /// A decision of this hub's came back after a restore, in effect or not: numbers that it gave
    /// stay given, and who has to be told of it is told again.
    public var returned: @Sendable (Operation, Bool, any ReplicaTransaction) throws -> Void = {
        _,
        _,
        _ in
    }
    /// Whether a decision that came back goes before the one that was made anew since.
    public var outranks: @Sendable (Operation, Recorded) -> Bool = { _, _ in false }

    public init(
        flaw: @escaping @Sendable (Operation) -> String?,
        react: @escaping @Sendable (Set<EntityKey>, any ReplicaTransaction) throws -> [Draft]
    ) {
        self.flaw = flaw
        self.react = react
    }
}

/// The hub's side of sync: takes operations, gives each its place and verdict, and hands out the
/// order that comes of it.
///
/// Each call is one transaction of the caller.
public struct HubReplica: Sendable {
    /// How often reactions may follow from reactions; more is a circle.
    private static let reactionRoundsMax = 16
    /// The most of the hub's own drafts in one group, so that its acceptance fits an operation.
    private static let groupCountMax = 1_000

    public private(set) var replica: Replica
    public let reducer: Reducer
    public let rules: HubRules
    let defects: Set<Defect>
    public let speaks: ProtocolVersions

    /// - Parameters:
    ///   - replica: who it is.
    ///   - reducer: what makes state of operations.
    ///   - rules: what the hub's rooms add.
    ///   - speaks: the versions of the protocol; fewer than this program's only in the simulator.
    ///   - defects: wilful faults; none outside the simulator.
    public init(
        _ replica: Replica,
        _ reducer: Reducer,
        _ rules: HubRules,
        speaks: ProtocolVersions = .spoken,
        defects: Set<Defect> = []
    ) {
        self.speaks = speaks
        self.replica = replica
        self.reducer = reducer
        self.rules = rules
        self.defects = defects
    }

    /// The epoch of this hub's history; a hub that is restored takes another.
    ///
    /// - Parameters:
    ///   - transaction: the hub's store.
    ///   - dice: for the epoch of a new store.
    /// - Returns: the epoch, never 0.
    /// - Throws: what the store throws.
    public static func epoch(
        in transaction: any ReplicaTransaction,
        dice: inout some Dice
    ) throws -> UInt64 {
        if let epoch = try transaction.integer(Setting.epoch) { return epoch }
        return try takeNewEpoch(in: transaction, dice: &dice)
    }

    /// Gives a hub that was restored from a backup another epoch: terminals see it and send again
    /// what the backup lacks.
    @discardableResult
    public static func takeNewEpoch(
        in transaction: any ReplicaTransaction,
        dice: inout some Dice
    ) throws -> UInt64 {
        let epoch = dice.next() | 1
        if let old = try transaction.integer(Setting.epoch) {
            for scope in try transaction.scopes() {
                let head = try transaction.head(of: scope)
                try transaction.set(Setting.common(old, scope), to: head)
            }
        }
        if try transaction.integer(Setting.epoch) != nil {
            try transaction.set(Setting.restores, to: try restores(in: transaction) + 1)
        }
        try transaction.set(Setting.epoch, to: epoch)
        try beginRecovery(in: transaction)
        return epoch
    }

    /// How often this hub was restored, or lost its end, as far as its store knows.
    public static func restores(in reading: any ReplicaReading) throws -> UInt64 {
        try reading.integer(Setting.restores) ?? 0
    }

    // MARK: - Groups

    /// What one transaction takes in: every operation's place and verdict, by scope.
    struct Group {
        let reading: ClockReading
        var items: [Scope: [Acceptance.Item]] = [:]
        var changed: Set<EntityKey> = []
    }

    func place(
        _ operation: Operation,
        _ verdict: Verdict,
        _ reason: String,
        as old: Judgement? = nil,
        at derived: DerivedTime? = nil,
        into group: inout Group,
        in transaction: any ReplicaTransaction
    ) throws {
        let isOwn = operation.id.replica == replica.id
        let effective = TrueTime.effective(
            of: operation,
            now: group.reading.wall,
            derived: isOwn ? DerivedTime(operation.reading.wall, within: 1) : derived
        )
        let judgement = Judgement(
            position: try transaction.head(of: operation.scope) + 1,
            verdict: verdict,
            reason: reason,
            effective: old?.effective ?? effective.moment,
            effectiveStamp: old?.effectiveStamp ?? effective.stamp,
            timeUnsure: old?.timeUnsure ?? effective.unsure,
            seen: try seen(by: operation, in: transaction)
        )
        try transaction.append(LoggedOperation(operation: operation, judgement: judgement))
        try note(operation, judgement, into: &group, in: transaction)
    }

    /// What an author of another epoch had seen, counted in this one's order: never more than what
    /// the two orders have in common; nil for an author of this epoch.
    private func seen(
        by operation: Operation,
        in reading: any ReplicaReading
    ) throws -> UInt64? {
        let epoch = try reading.integer(Setting.epoch) ?? 0
        guard operation.seenEpoch > 0, operation.seenEpoch != epoch else { return nil }
        let common = try reading.integer(Setting.common(operation.seenEpoch, operation.scope)) ?? 0
        return min(operation.seen, common)
    }

    func note(
        _ operation: Operation,
        _ judgement: Judgement,
        into group: inout Group,
        in transaction: any ReplicaTransaction
    ) throws {
        try reducer.apply(operation, judgement, to: transaction)
        try Replica.observe(judgement.effectiveStamp, now: group.reading.wall, in: transaction)
        let item = Acceptance.Item(
            operation: operation.id,
            hash: operation.hash,
            judgement: judgement
        )
        group.items[operation.scope, default: []].append(item)
        if judgement.verdict.inEffect { group.changed.insert(operation.entity) }
    }

    /// Lets the rooms react, then ends the group in each scope that it touched.
    mutating func close(
        _ group: inout Group,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        if try Self.isRecovering(in: transaction) { group.changed = [] }
        for _ in 0..<Self.reactionRoundsMax where !group.changed.isEmpty {
            let changed = group.changed.sorted()
            group.changed = []
            // One at a time: two inspections may call for one order, and the second must see it.
            for entity in changed {
                for draft in try rules.react([entity], transaction) {
                    try author(draft, by: "", into: &group, dice: &dice, in: transaction)
                }
            }
        }
        precondition(group.changed.isEmpty, "reactions follow from each other in a circle")
        for (scope, items) in group.items.sorted(by: { $0.key < $1.key }) {
            let draft = Draft(
                .decision,
                of: EntityKey(scope: scope, kind: "sync", id: replica.id),
                type: Acceptance.type,
                payload: try Acceptance(
                    items: items,
                    epoch: try transaction.integer(Setting.epoch) ?? 0,
                    scope: scope,
                    by: replica
                ).payload()
            )
            let operation = try author(draft, by: "", group.reading, &dice, transaction)
            let judgement = operation.selfJudgement(at: try transaction.head(of: scope) + 1)
            try transaction.append(LoggedOperation(operation: operation, judgement: judgement))
        }
    }

    mutating func author(
        _ draft: Draft,
        by author: String,
        into group: inout Group,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        let operation = try self.author(draft, by: author, group.reading, &dice, transaction)
        let (verdict, reason) = try reducer.verdict(on: operation, in: transaction)
        try place(operation, verdict, reason, into: &group, in: transaction)
    }

    mutating func author(
        _ draft: Draft,
        by author: String,
        _ reading: ClockReading,
        _ dice: inout some Dice,
        _ transaction: any ReplicaTransaction
    ) throws -> Operation {
        try replica.author(
            draft,
            by: author,
            lane: .safety,
            seen: try transaction.head(of: draft.entity.scope),
            reading: reading,
            dice: &dice,
            in: transaction
        )
    }

    // MARK: - Work at the hub

    /// Records what was entered at the hub (master data, a reviewer's word), and what follows.
    ///
    /// - Parameters:
    ///   - drafts: what to record, in order.
    ///   - author: the person's code, or empty.
    ///   - reading: the hub's clocks now.
    ///   - dice: for the hub's incarnation.
    ///   - transaction: the hub's store.
    /// - Throws: ``OperationError`` when a draft is too long for an operation.
    public mutating func record(
        _ drafts: [Draft],
        by author: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        for start in stride(from: 0, to: drafts.count, by: Self.groupCountMax) {
            var group = Group(reading: reading)
            for draft in drafts[start...].prefix(Self.groupCountMax) {
                try self.author(draft, by: author, into: &group, dice: &dice, in: transaction)
            }
            try close(&group, dice: &dice, in: transaction)
        }
    }

    /// Judges operations anew that waited for a program which knows them; called at start.
    public mutating func judgeWaiting(
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        let known = try transaction.waiting(limit: .max).filter { reducer.knows($0.operation) }
        for start in stride(from: 0, to: known.count, by: Self.groupCountMax) {
            var group = Group(reading: reading)
            try judge(known[start...].prefix(Self.groupCountMax), into: &group, in: transaction)
            try close(&group, dice: &dice, in: transaction)
        }
    }

    private func judge(
        _ waiting: ArraySlice<LoggedOperation>,
        into group: inout Group,
        in transaction: any ReplicaTransaction
    ) throws {
        for logged in waiting {
            guard let old = logged.judgement else { continue }
            let operation = logged.operation
            let (verdict, reason) = try judge(operation, in: transaction)
            let judgement = old.changed(to: verdict, reason)
            try transaction.judge(operation.id, judgement)
            try note(operation, judgement, into: &group, in: transaction)
        }
    }
}
