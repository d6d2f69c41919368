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
            page = try groups(request.scope, request.after, request.limit, in: reading)
        }
        let reached = page.last?.judgement?.position ?? request.after
        let isThere = reached == head && request.epoch == epoch
        return PullResponse(
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

    private func groups(
        _ scope: Scope,
        _ after: UInt64,
        _ limit: Int,
        in reading: any ReplicaReading
    ) throws -> [LoggedOperation] {
        var limit = min(max(limit, 1), 2_000)
        while true {
            let page = try reading.stream(scope, after: after, limit: limit)
            if let end = Self.end(of: page) { return Array(page[..<end]) }
            precondition(page.count == limit, "a group of \(scope) has no end")
            limit *= 2
        }
    }

    /// Behind the last group that fits ``PullResponse/byteCountMax``, or the first if none does;
    /// nil when no group ends here.
    private static func end(of page: [LoggedOperation]) -> Int? {
        var end: Int?
        var byteCount = 0
        for (index, logged) in page.enumerated() {
            byteCount += logged.operation.bytes.count
            if end != nil, byteCount > PullResponse.byteCountMax { return end }
            if logged.endsGroup { end = index + 1 }
        }
        return end
    }
}
