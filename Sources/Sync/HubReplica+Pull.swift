import Tally

// The hub hands out its order.

extension HubReplica {
    /// Notes that a backup which was read back holds these scopes up to these places.
    public static func noteSecured(
        _ heads: [Scope: UInt64],
        in transaction: any ReplicaTransaction
    ) throws {
        for (scope, head) in heads where try secured(of: scope, in: transaction) < head {
            try transaction.set(Setting.secured(scope), to: head)
        }
    }

    /// Up to where a backup holds a scope's order.
    public static func secured(of scope: Scope, in reading: any ReplicaReading) throws -> UInt64 {
        try reading.integer(Setting.secured(scope)) ?? 0
    }

    /// The next page of a scope: whole groups only, so that a terminal never shows half of one.
    public func pull(
        _ request: PullRequest,
        in reading: any ReplicaReading
    ) throws -> PullResponse {
        try speaks.check(request.version)
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
        var response = PullResponse(
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
        response.picked = speaks.picked(request.version, offered: request.newest)
        response.scopes = Scope.name(of: terminal.scopes)
        response.isPacked = request.version >= ProtocolVersions.packs
        response.secured = min(try Self.secured(of: request.scope, in: reading), head)
        return response
    }
}
