import Tally

// What a person does with bytes that are kept aside.

extension HubReplica {
    /// Judges kept bytes again: a terminal's or scope's missing permission, a foreign sender, a
    /// broken chain and a fork no longer count, since a person has looked; what it says still does.
    ///
    /// An operation whose name another one has is recorded by the hub under a name of its own, with
    /// what it says unchanged.
    ///
    /// - Parameters:
    ///   - ticket: which.
    ///   - person: who releases it.
    ///   - reading: the hub's clocks now.
    ///   - dice: for the hub's incarnation.
    ///   - transaction: the hub's store.
    /// - Returns: the verdict.
    /// - Throws: ``SyncRefusal`` when it is settled already, cannot be read, or would be
    ///   quarantined again; nothing is changed then.
    public mutating func release(
        _ ticket: UInt64,
        by person: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> Verdict {
        var record = try held(ticket, in: transaction)
        guard let operation = record.operation else { throw SyncRefusal.unreadable(ticket) }
        var group = Group(reading: reading)
        let (verdict, reason) = try judge(operation, in: transaction)
        guard verdict != .quarantined else { throw SyncRefusal.quarantinedAgain(reason) }
        if let logged = try transaction.operation(operation.id) {
            if logged.operation.hash == operation.hash {
                guard let old = logged.judgement else { throw SyncRefusal.unreadable(ticket) }
                let judgement = old.changed(to: verdict, reason)
                try transaction.judge(operation.id, judgement)
                try note(operation, judgement, into: &group, in: transaction)
            } else {
                let again = try author(again: operation, reading, &dice, transaction)
                try place(again, verdict, reason, into: &group, in: transaction)
            }
        } else {
            try place(operation, verdict, reason, into: &group, in: transaction)
        }
        try close(&group, dice: &dice, in: transaction)
        record.state = .released
        record.settled = reading.wall
        record.person = person
        try transaction.keep(record)
        return verdict
    }

    /// Notes that kept bytes shall not count, and why; they stay.
    public func dismiss(
        _ ticket: UInt64,
        by person: String,
        because remark: String,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws {
        guard remark.contains(where: { !$0.isWhitespace }) else {
            throw SyncRefusal.dismissalWithoutReason
        }
        var record = try held(ticket, in: transaction)
        record.state = .dismissed
        record.settled = now
        record.person = person
        record.remark = remark
        try transaction.keep(record)
    }

    private func held(
        _ ticket: UInt64,
        in reading: any ReplicaReading
    ) throws -> QuarantinedRecord {
        guard let record = try reading.quarantined(ticket) else {
            throw SyncRefusal.noSuchTicket(ticket)
        }
        guard record.state == .held else { throw SyncRefusal.settled(ticket) }
        return record
    }

    /// The same said under a name of the hub's.
    private mutating func author(
        again operation: Operation,
        _ reading: ClockReading,
        _ dice: inout some Dice,
        _ transaction: any ReplicaTransaction
    ) throws -> Operation {
        guard let kind = operation.kind else { throw SyncRefusal.quarantinedAgain("sync.fork") }
        let draft = Draft(
            kind,
            of: operation.entity,
            type: operation.type,
            payload: operation.payload,
            bases: operation.bases
        )
        return try author(draft, by: operation.author, reading, &dice, transaction)
    }
}

extension Judgement {
    /// The same place and time with another verdict.
    func changed(to verdict: Verdict, _ reason: String) -> Judgement {
        Judgement(
            position: position,
            verdict: verdict,
            reason: reason,
            effective: effective,
            effectiveStamp: effectiveStamp,
            timeUnsure: timeUnsure,
            seen: seen
        )
    }
}
