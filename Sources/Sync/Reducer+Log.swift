import Tally

extension Operation {
    /// The hub's own operations are accepted as it makes them.
    func selfJudgement(at position: UInt64) -> Judgement {
        Judgement(
            position: position,
            verdict: .accepted,
            effective: reading.wall,
            effectiveStamp: stamp
        )
    }
}

extension Reducer {
    /// Makes the cells of all scopes anew when another reducer made them: an older program, which
    /// did not know some operations, or a newer one.
    ///
    /// Called at start, before anything else; a hub then judges what waited for this program
    /// (``HubReplica/judgeWaiting(reading:dice:in:)``).
    ///
    /// - Returns: whether anything was made anew.
    @discardableResult
    public func upgradeIfNeeded(in transaction: any ReplicaTransaction) throws -> Bool {
        guard try transaction.setting(Setting.reducer) != fingerprint else { return false }
        let scopes = try transaction.scopes()
        for scope in scopes {
            guard try TerminalReplica.base(scope, in: transaction) == nil else {
                // The history before the snapshot is not here, so the hub's state is fetched anew.
                try TerminalReplica.forgetState(of: scope, in: transaction)
                continue
            }
            try rebuild(scope, in: transaction)
        }
        try transaction.set(Setting.reducer, to: fingerprint)
        return !scopes.isEmpty
    }

    /// Makes a scope's cells anew from the log, in the hub's order.
    ///
    /// What the hub judged later than its place (an operation that waited for a newer program) is
    /// applied where it was judged.
    public func rebuild(_ scope: Scope, in transaction: any ReplicaTransaction) throws {
        try transaction.clearCells(of: scope)
        try replay(scope, from: transaction, into: transaction)
    }

    /// Applies a scope's judged operations to `space`, in the hub's order.
    ///
    /// - Parameters:
    ///   - scope: which.
    ///   - log: where the operations are.
    ///   - base: the place at which `space` already is.
    ///   - space: where the cells go.
    /// - Throws: ``OperationError`` when an acceptance cannot be read.
    public func replay(
        _ scope: Scope,
        from log: any ReplicaReading,
        after base: UInt64 = 0,
        into space: some CellSpace
    ) throws {
        var position = base
        while true {
            let page = try log.stream(scope, after: position, limit: 500)
            guard let last = page.last?.judgement else { return }
            for logged in page {
                if logged.endsGroup {
                    for item in try Acceptance(payload: logged.operation.payload).items {
                        guard let subject = try log.operation(item.operation) else { continue }
                        try apply(subject.operation, item.judgement, to: space)
                    }
                }
            }
            position = last.position
        }
    }
}
