import Tally

// The hub takes what terminals recorded.

extension HubReplica {
    /// Takes a terminal's batch.
    ///
    /// - Parameters:
    ///   - request: the batch.
    ///   - reading: the hub's clocks now.
    ///   - dice: for the hub's incarnation.
    ///   - transaction: the hub's store.
    /// - Returns: the hub's word on each operation, in the order of the request.
    /// - Throws: ``SyncRefusal`` when the request as a whole cannot be taken.
    public mutating func push(
        _ request: PushRequest,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> PushResponse {
        let terminal = try Self.terminal(request.replica, in: transaction)
        let signed = PushRequest.signed(request.replica, request.epoch, request.operations)
        guard Replica.isValid(request.signature, over: signed, by: terminal.publicKey) else {
            throw SyncRefusal.badSignature(request.replica)
        }
        guard request.operations.count <= PushRequest.operationCountMax else {
            throw SyncRefusal.tooMany(request.operations.count)
        }
        let epoch = try transaction.integer(Setting.epoch) ?? 0
        guard request.epoch == epoch else {
            return PushResponse(epoch: epoch, items: [], batch: request.batch)
        }
        var group = Group(reading: reading)
        var items: [PushResponse.Item] = []
        for bytes in request.operations {
            items.append(try take(bytes, from: terminal, into: &group, in: transaction))
        }
        try close(&group, dice: &dice, in: transaction)
        return PushResponse(epoch: epoch, items: items, batch: request.batch)
    }

    private func take(
        _ bytes: [UInt8],
        from terminal: EnrolledTerminal,
        into group: inout Group,
        in transaction: any ReplicaTransaction
    ) throws -> PushResponse.Item {
        func refused(
            _ verdict: Verdict,
            _ reason: String,
            stored: Bool = false
        )
            -> PushResponse.Item
        {
            PushResponse.Item(verdict: verdict, reason: reason, known: false, stored: stored)
        }
        let operation: Operation
        do {
            operation = try Operation(bytes: bytes)
        } catch {
            return refused(.quarantined, error.code.text)
        }
        guard operation.id.replica == terminal.replica else {
            return refused(.quarantined, "sync.foreign_operation")
        }
        if let logged = try transaction.operation(operation.id) {
            guard logged.operation.hash == operation.hash, let judgement = logged.judgement else {
                return refused(.quarantined, "sync.fork")
            }
            if defects.contains(.doubleApply) {
                try reducer.apply(operation, judgement, to: transaction)
            }
            return PushResponse.Item(
                verdict: judgement.verdict,
                reason: judgement.reason,
                known: true,
                stored: true
            )
        }
        let before = try transaction.chainHead(terminal.replica, operation.id.incarnation)
        guard operation.id.sequence == (before?.id.sequence ?? 0) + 1 else {
            return refused(.waiting, "sync.predecessor_missing")
        }
        let chained = before == nil || before?.hash == operation.previous
        let (verdict, reason) =
            chained
            ? try judge(operation, by: terminal, in: transaction)
            : (.quarantined, "sync.chain_broken")
        try place(operation, verdict, reason, into: &group, in: transaction)
        return refused(verdict, reason, stored: true)
    }

    private func judge(
        _ operation: Operation,
        by terminal: EnrolledTerminal,
        in transaction: any ReplicaTransaction
    ) throws -> (Verdict, reason: String) {
        guard terminal.scopes.contains(operation.scope) else {
            return (.quarantined, "sync.scope_not_permitted")
        }
        return try judge(operation, in: transaction)
    }

    /// The verdict on an operation of any author that may speak in its scope.
    func judge(
        _ operation: Operation,
        in transaction: any ReplicaTransaction
    ) throws -> (Verdict, reason: String) {
        if operation.kind == .decision, operation.id.replica != replica.id {
            return (.quarantined, "sync.decision_by_terminal")
        }
        if reducer.knows(operation), let flaw = rules.flaw(operation) {
            return (.quarantined, flaw)
        }
        return try reducer.verdict(on: operation, in: transaction)
    }
}
