import Tally

// A terminal gives a hub that was restored what it lost: others' operations and the hub's own
// decisions too, so that a dead terminal's records come back.

extension TerminalReplica {
    /// The next piece for a restored hub; nil when nothing is to be given back.
    func returnRequest(
        in reading: any ReplicaReading,
        limit: Int
    ) throws -> ReturnRequest? {
        guard try reading.setting(Setting.nextEpoch) != nil,
            let scope = try unreturned(in: reading).first
        else { return nil }
        let epoch = try reading.integer(Setting.epoch) ?? 0
        guard let after = try reading.integer(Setting.returned(scope)) else {
            let cursor = try cursor(of: scope, in: reading)
            return try ReturnRequest(scope, epoch: epoch, after: cursor, [], by: replica)
        }
        let piece = try piece(of: scope, after: after, limit: limit, in: reading)
        guard let first = piece.first?.judgement?.position else { return nil }
        return try ReturnRequest(
            scope,
            epoch: epoch,
            after: first - 1,
            piece.map(\.operation.bytes),
            by: replica
        )
    }

    /// The next whole groups behind a place; empty when there are none.
    ///
    /// What was let go here, or a snapshot stands for, cannot be given back: the piece begins
    /// behind it, or ends before it.
    private func piece(
        of scope: Scope,
        after place: UInt64,
        limit: Int,
        in reading: any ReplicaReading
    ) throws -> [LoggedOperation] {
        let folded = try reading.integer(Setting.folded(scope)) ?? 0
        return try reading.groups(of: scope, after: max(place, folded), limit: limit)
    }

    /// Scopes of which something is still to be given back.
    private func unreturned(in reading: any ReplicaReading) throws -> [Scope] {
        try (Self.enrolment(in: reading)?.scopes ?? []).filter { scope in
            let cursor = try cursor(of: scope, in: reading)
            guard let returned = try reading.integer(Setting.returned(scope)) else {
                return cursor > 0
            }
            return try returned < cursor
                && !piece(of: scope, after: returned, limit: 1, in: reading).isEmpty
        }
    }

    /// Notes how far the hub has it; takes over its epoch once it has everything.
    func apply(
        _ response: ReturnResponse,
        to request: ReturnRequest,
        in transaction: any ReplicaTransaction
    ) throws -> PushOutcome {
        try checkHub(response.hub, in: transaction)
        guard response.batch == request.batch, response.scope == request.scope else {
            throw SyncRefusal.malformed
        }
        guard request.epoch == (try transaction.integer(Setting.epoch) ?? 0),
            let next = try transaction.integer(Setting.nextEpoch)
        else { return .stale }
        // A hub that found out by this request that it lost its end takes its new epoch now; one
        // that was restored once more begins anew.
        if response.epoch != next {
            if next == request.epoch {
                try transaction.set(Setting.nextEpoch, to: response.epoch)
            } else {
                try noteRestored(epoch: response.epoch, in: transaction)
                return .newEpoch
            }
        }
        let reached = try transaction.integer(Setting.returned(request.scope))
        // A late answer to a piece that was answered before says nothing about the next one.
        let isNext = request.operations.isEmpty ? reached == nil : request.after >= reached ?? 0
        guard isNext else { return .stale }
        let isForward = request.operations.isEmpty || response.after > reached ?? 0
        let end = isForward ? response.after : try cursor(of: request.scope, in: transaction)
        try transaction.set(Setting.returned(request.scope), to: end)
        return try finishReturn(in: transaction)
    }

    /// Takes over the epoch of a restored hub when nothing is left to give back.
    func finishReturn(in transaction: any ReplicaTransaction) throws -> PushOutcome {
        guard let next = try transaction.integer(Setting.nextEpoch) else { return .stale }
        if try unreturned(in: transaction).isEmpty {
            try adopt(epoch: next, in: transaction)
        }
        return .newEpoch
    }
}

extension ReplicaReading {
    /// Whole groups of a scope past a position that follow one another without a gap: as many as
    /// fit about `limit` operations and ``PullResponse/byteCountMax``, and one at least.
    ///
    /// Where parts of the history were let go, or were never here, the first groups behind them;
    /// single operations that stayed are no whole groups.
    func groups(
        of scope: Scope,
        after position: UInt64,
        limit: Int
    ) throws -> [LoggedOperation] {
        var limit = min(max(limit, 1), 2_000)
        while true {
            let page = try stream(scope, after: position, limit: limit)
            for run in Self.runs(of: page) {
                if let end = Self.end(of: run) { return Array(run.prefix(end)) }
            }
            guard page.count == limit else { return [] }
            limit *= 2
        }
    }

    /// Cuts a page wherever a place is missing.
    private static func runs(of page: [LoggedOperation]) -> [ArraySlice<LoggedOperation>] {
        var runs: [ArraySlice<LoggedOperation>] = []
        var start = 0
        for index in page.indices.dropFirst() {
            let before = page[index - 1].judgement?.position ?? 0
            if page[index].judgement?.position != before + 1 {
                runs.append(page[start..<index])
                start = index
            }
        }
        if start < page.endIndex { runs.append(page[start...]) }
        return runs
    }

    /// How many operations the groups have that fit ``PullResponse/byteCountMax``, or the first
    /// group if none does; nil when no group ends here.
    private static func end(of page: ArraySlice<LoggedOperation>) -> Int? {
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
