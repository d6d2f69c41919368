import Tally

// The hub hands out its order.

extension HubReplica {
    /// The next page of a scope: whole groups only, so that a terminal never shows half of one.
    public func pull(
        _ request: PullRequest,
        in reading: any ReplicaReading
    ) throws -> PullResponse {
        let terminal = try Self.terminal(request.replica, in: reading)
        guard terminal.scopes.contains(request.scope) else {
            throw SyncRefusal.scopeNotPermitted(request.scope)
        }
        let epoch = try reading.integer(Setting.epoch) ?? 0
        let head = try reading.head(of: request.scope)
        var page: [LoggedOperation] = []
        if request.epoch == epoch, request.after < head {
            page = try reading.groups(
                of: request.scope,
                after: request.after,
                limit: request.limit
            )
        }
        let reached = page.last?.judgement?.position ?? request.after
        let isThere = reached == head && request.epoch == epoch
        return PullResponse(
            hub: replica.id,
            epoch: epoch,
            scope: request.scope,
            after: request.after,
            operations: page.map(\.operation.bytes),
            head: head,
            digest: reached == head ? try reading.digest(of: request.scope) : nil,
            reducer: reducer.fingerprint,
            ranges: isThere ? try parts(of: request.ranges, in: request.scope, reading) : [],
            entities: isThere ? try states(of: request.entities, in: reading) : []
        )
    }
}
