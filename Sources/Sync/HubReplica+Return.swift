import Tally

// A hub that was restored from a backup is given back the end of its order.
//
//   a group                                         what is done
//   that is here, at the same place                 nothing; the two orders agree so far
//   whose acceptance this hub did not sign          the request is refused
//   that comes next, with nothing new since         taken as it was: same places, same verdicts
//   after something new was taken here              each operation that is not here is judged anew
//                                                   and gets a new place; a decision that was made
//                                                   anew meanwhile is kept, and not in effect
//
// How far the orders agree is kept an epoch and scope: what an author had seen in the old order
// counts in the new one up to there.

extension HubReplica {
    /// The most operations of one piece.
    static let returnCountMax = 20_000

    /// Takes back a piece of the order.
    ///
    /// - Parameters:
    ///   - request: whole groups.
    ///   - reading: the hub's clocks now.
    ///   - dice: for a new epoch and the hub's incarnation.
    ///   - transaction: the hub's store.
    /// - Returns: where to go on.
    /// - Throws: ``SyncRefusal`` when it is not this hub's order.
    public mutating func giveBack(
        _ request: ReturnRequest,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> ReturnResponse {
        let terminal = try Self.terminal(request.replica, in: transaction)
        guard terminal.revoked == nil, terminal.scopes.contains(request.scope) else {
            throw SyncRefusal.scopeNotPermitted(request.scope)
        }
        guard request.isSigned(by: terminal.publicKey) else {
            throw SyncRefusal.badSignature(request.replica)
        }
        guard request.operations.count <= Self.returnCountMax else {
            throw SyncRefusal.tooMany(request.operations.count)
        }
        let groups = try Self.groups(of: request, hub: replica)
        let reached: UInt64
        if groups.isEmpty {
            reached = try agreed(with: request, in: transaction)
        } else {
            reached = try take(groups, request, reading, &dice, transaction)
        }
        return ReturnResponse(
            hub: replica.id,
            epoch: try transaction.integer(Setting.epoch) ?? 0,
            scope: request.scope,
            after: reached,
            batch: request.batch
        )
    }

    /// Up to where the two orders are known to agree: where a terminal shall begin.
    private func agreed(
        with request: ReturnRequest,
        in reading: any ReplicaReading
    ) throws -> UInt64 {
        if let common = try reading.integer(Setting.common(request.epoch, request.scope)) {
            return min(common, request.after)
        }
        // An end that was lost without a restore: the order is still that of the same epoch.
        let head = try reading.head(of: request.scope)
        let epoch = try reading.integer(Setting.epoch)
        return request.epoch == epoch && head < request.after ? head : 0
    }

    // MARK: - Reading a piece

    /// One group of the old order.
    private struct OldGroup {
        var members: [Operation] = []
        let acceptance: Operation
        let items: [Acceptance.Item]
        /// The positions before its first member, and of its acceptance.
        let start: UInt64
        var end: UInt64 { start + UInt64(members.count) + 1 }
    }

    private static func groups(of request: ReturnRequest, hub: Replica) throws -> [OldGroup] {
        var groups: [OldGroup] = []
        var members: [Operation] = []
        var position = request.after
        for bytes in request.operations {
            let operation = try Operation(bytes: bytes)
            guard operation.scope == request.scope else { throw SyncRefusal.malformed }
            guard operation.isAcceptance, operation.id.replica == hub.id else {
                members.append(operation)
                continue
            }
            let acceptance = try Acceptance(payload: operation.payload)
            guard try acceptance.isSigned(by: hub.publicKey, in: request.scope) else {
                throw SyncRefusal.foreignOrder
            }
            let group = OldGroup(
                members: members,
                acceptance: operation,
                items: acceptance.items,
                start: position
            )
            try check(group)
            groups.append(group)
            position = group.end
            members = []
        }
        guard members.isEmpty else { throw SyncRefusal.malformed }
        return groups
    }

    /// The members are what the acceptance names, at the places that it gives.
    private static func check(_ group: OldGroup) throws {
        let items = group.items.filter { $0.judgement.position > group.start }
        let isWhole = items.elementsEqual(group.members) { item, member in
            item.operation == member.id && item.hash == member.hash
        }
        let places = items.map(\.judgement.position)
        let expected = (0..<UInt64(items.count)).map { group.start + 1 + $0 }
        guard isWhole, places == expected else { throw SyncRefusal.malformed }
    }

    // MARK: - Taking it

    private mutating func take(
        _ groups: [OldGroup],
        _ request: ReturnRequest,
        _ reading: ClockReading,
        _ dice: inout some Dice,
        _ transaction: any ReplicaTransaction
    ) throws -> UInt64 {
        let scope = request.scope
        let key = Setting.common(request.epoch, scope)
        var common = try transaction.integer(key) ?? 0
        var fresh = Group(reading: reading)
        var end = request.after
        for group in groups {
            end = group.end
            let known = try transaction.operation(group.acceptance.id)
            if known?.operation.hash == group.acceptance.hash,
                known?.judgement?.position == group.end
            {
                common = max(common, group.end)
                continue
            }
            if request.epoch == (try transaction.integer(Setting.epoch)) {
                // This hub signed it in this very epoch and does not have it: its end was lost.
                try Self.takeNewEpoch(in: transaction, dice: &dice)
                common = try transaction.integer(key) ?? 0
            }
            let head = try transaction.head(of: scope)
            if fresh.items.isEmpty, group.start == head, common == head {
                try restore(group, reading, in: transaction)
                common = group.end
            } else {
                for member in group.members {
                    let judgement = group.items.first { $0.operation == member.id }?.judgement
                    try place(again: member, judgement, common, into: &fresh, in: transaction)
                }
            }
        }
        try transaction.set(key, to: common)
        try close(&fresh, dice: &dice, in: transaction)
        return end
    }

    /// Takes a group as it was.
    private func restore(
        _ group: OldGroup,
        _ reading: ClockReading,
        in transaction: any ReplicaTransaction
    ) throws {
        let members = Dictionary(group.members.map { ($0.id, $0) }) { first, _ in first }
        for item in group.items {
            let judgement = item.judgement
            let operation: Operation
            if let member = members[item.operation] {
                operation = member
                if try transaction.operation(member.id) != nil {
                    throw SyncRefusal.malformed
                }
                try transaction.append(LoggedOperation(operation: member, judgement: judgement))
            } else {
                guard let logged = try transaction.operation(item.operation) else {
                    throw SyncRefusal.malformed
                }
                operation = logged.operation
                try transaction.judge(operation.id, judgement)
            }
            try reducer.apply(operation, judgement, to: transaction)
            try Replica.observe(judgement.effectiveStamp, now: reading.wall, in: transaction)
            try noteReturned(operation, judgement, reading, in: transaction)
        }
        let judgement = group.acceptance.selfJudgement(at: group.end)
        try transaction.append(LoggedOperation(operation: group.acceptance, judgement: judgement))
    }

    /// Judges an operation of the old order anew, unless it is here.
    private func place(
        again operation: Operation,
        _ old: Judgement?,
        _ common: UInt64,
        into group: inout Group,
        in transaction: any ReplicaTransaction
    ) throws {
        guard try transaction.operation(operation.id) == nil else { return }
        var (verdict, reason) = try judge(operation, in: transaction)
        if operation.id.replica == replica.id, verdict.inEffect, operation.kind == .decision,
            try isOvertaken(operation, common, in: transaction)
        {
            (verdict, reason) = (.rejected, "sync.decision_overtaken")
        }
        try place(operation, verdict, reason, as: old, into: &group, in: transaction)
        let judgement = try transaction.operation(operation.id)?.judgement
        if let judgement {
            try noteReturned(operation, judgement, group.reading, in: transaction)
        }
    }

    /// Whether the hub has decided the same anew since it was restored.
    private func isOvertaken(
        _ operation: Operation,
        _ common: UInt64,
        in reading: any ReplicaTransaction
    ) throws -> Bool {
        guard let cell = try reading.cell(.decision(operation.type), of: operation.entity) else {
            return false
        }
        let present = try Recorded(cell: cell)
        return present.evidence.position ?? 0 > common && !rules.outranks(operation, present)
    }

    /// The rooms take note of a decision that came back; what cannot take effect lies aside again.
    private func noteReturned(
        _ operation: Operation,
        _ judgement: Judgement,
        _ reading: ClockReading,
        in transaction: any ReplicaTransaction
    ) throws {
        if operation.id.replica == replica.id {
            try rules.returned(operation, judgement.verdict.inEffect, transaction)
        } else if judgement.verdict == .quarantined,
            try transaction.quarantined(operation.hash, from: operation.id.replica) == nil
        {
            try transaction.keep(
                QuarantinedRecord(
                    ticket: try transaction.nextTicket(),
                    sender: operation.id.replica,
                    hash: operation.hash,
                    bytes: operation.bytes,
                    verdict: .quarantined,
                    reason: judgement.reason,
                    received: reading.wall
                )
            )
        }
    }
}
