import Tally

// A terminal takes the hub's order.

extension TerminalReplica {
    /// What came of applying a page.
    public enum PullOutcome: Hashable, Sendable {
        /// The page is not the next one (repeated, late, or of another round); nothing changed.
        case stale
        /// Applied; whether the hub has more.
        case applied(more: Bool)
        /// The hub has another epoch: it was restored or replaced. Everything is sent and fetched
        /// again, with nobody doing anything.
        case newEpoch
        /// The state differed from the hub's at the same position; it was rebuilt from the own log,
        /// or, where that did not help, is fetched again.
        case repaired(refetch: Bool)
        /// The state differs from the hub's, and neither the own log nor fetching everything again
        /// helped: a fault of one of the programs, for a person to see. It is tried again when the
        /// order has grown to twice its length.
        case differs
    }

    /// Up to where a backup of the hub has a scope's order, as the hub said last.
    public static func secured(of scope: Scope, in reading: any ReplicaReading) throws -> UInt64 {
        try reading.integer(Setting.secured(scope)) ?? 0
    }

    /// What to ask the hub for next in a scope.
    public func pullRequest(
        _ scope: Scope,
        in reading: any ReplicaReading,
        limit: Int = 500
    ) throws -> PullRequest {
        let search = try search(of: scope, in: reading)
        return PullRequest(
            replica: replica.id,
            scope: scope,
            epoch: try reading.integer(Setting.epoch) ?? 0,
            after: try cursor(of: scope, in: reading),
            limit: limit,
            ranges: search?.ranges.prefix(PullRequest.rangeCountMax).map { $0 } ?? [],
            entities: search?.entities.prefix(PullRequest.entityCountMax).map { $0 } ?? [],
            version: try version(in: reading),
            newest: speaks.newest
        )
    }

    /// Applies a page: all of it, or nothing.
    ///
    /// - Parameters:
    ///   - response: the hub's answer.
    ///   - request: what it has to be the answer to; nil when there can be no doubt.
    ///   - now: the wall clock, to clamp stamps.
    ///   - transaction: the terminal's store.
    /// - Returns: what came of it.
    /// - Throws: ``SyncRefusal/malformed`` when the page is cut, has gaps, or is not what the hub
    ///   says it is; the caller's transaction is then undone.
    public func apply(
        _ response: PullResponse,
        to request: PullRequest? = nil,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws -> PullOutcome {
        try checkHub(response.hub, in: transaction)
        if let request {
            // What a proxy kept from before a restore would look like another one.
            guard response.request == PullRequest.name(of: try request.bytes()) else {
                throw SyncRefusal.malformed
            }
            let epoch = try transaction.integer(Setting.epoch) ?? 0
            guard request.epoch == epoch else { return .stale }
        }
        guard response.epoch == (try transaction.integer(Setting.epoch) ?? 0) else {
            try noteRestored(epoch: response.epoch, in: transaction)
            return .newEpoch
        }
        try noteAnswered(in: transaction)
        try noteVersion(response.picked, in: transaction)
        try noteScopes(response.scopes, in: transaction)
        // The page of a scope that was left since it was asked for.
        guard try Self.shares(response.scope, in: transaction) else { return .stale }
        let cursor = try cursor(of: response.scope, in: transaction)
        guard response.after == cursor else { return .stale }
        guard response.head >= cursor else {
            // The hub's order is shorter than what it has given out: it lost its end.
            try noteRestored(epoch: response.epoch, in: transaction)
            return .newEpoch
        }
        let hub = try Self.hub(in: transaction)
        var page = PageReader(scope: response.scope, hub: hub, position: cursor)
        let judged = try page.judged(response.operations, log: transaction)
        try take(judged, now: now, from: response, in: transaction)
        guard page.position <= response.head, page.position > cursor || cursor == response.head
        else { throw SyncRefusal.malformed }
        var reached = page.position
        if defects.contains(.skippedCursor), reached > cursor, reached.isMultiple(of: 7) {
            reached += 1
        }
        if defects.contains(.earlyDone) { reached = response.head }
        try transaction.set(Setting.cursor(response.scope), to: reached)
        if try transaction.integer(Setting.hubHead(response.scope)) != response.head {
            try transaction.set(Setting.hubHead(response.scope), to: response.head)
        }
        if try Self.secured(of: response.scope, in: transaction) != response.secured {
            try transaction.set(Setting.secured(response.scope), to: response.secured)
        }
        guard reached >= response.head else { return .applied(more: true) }
        return try compare(with: response, now: now, in: transaction)
    }

    private func take(
        _ judged: [(Operation, Judgement)],
        now: Moment,
        from response: PullResponse,
        in transaction: any ReplicaTransaction
    ) throws {
        var isRebuilt = false
        for (operation, judgement) in judged {
            try log(operation, judgement, now: now, in: transaction)
            do {
                try reducer.apply(operation, judgement, to: transaction)
            } catch is CanonicalError {
                // A cell that it builds on is damaged. Taking an operation a second time changes
                // nothing, so the page goes on; what the entity lacks now is found at the head.
                let isComparable = response.reducer == reducer.fingerprint
                if try isComparable || Self.base(response.scope, in: transaction) != nil {
                    try transaction.clearCells(of: operation.entity)
                } else if !isRebuilt {
                    isRebuilt = true
                    try reducer.rebuild(response.scope, in: transaction)
                }
                try reducer.apply(operation, judgement, to: transaction)
            }
        }
    }

    private func log(
        _ operation: Operation,
        _ judgement: Judgement,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws {
        if let logged = try transaction.logged(operation) {
            guard logged.operation.hash == operation.hash else {
                guard isRecordedAgain(logged) else { throw SyncRefusal.malformed }
                try transaction.replace(LoggedOperation(operation: operation, judgement: judgement))
                return try Replica.observe(judgement.effectiveStamp, now: now, in: transaction)
            }
            try transaction.judge(operation.id, judgement)
            // Its own, under whatever identity it was recorded; and what was given back.
            if logged.judgement == nil {
                try transaction.acknowledge(operation.id, judgement.verdict, judgement.reason)
            }
        } else {
            try transaction.append(LoggedOperation(operation: operation, judgement: judgement))
        }
        try Replica.observe(judgement.effectiveStamp, now: now, in: transaction)
    }

    /// Whether an operation of ours lost its name to another machine's, and has another one now.
    private func isRecordedAgain(_ logged: LoggedOperation) -> Bool {
        guard logged.operation.id.replica != replica.id, logged.judgement == nil,
            let word = logged.word, word.verdict == .quarantined
        else { return false }
        return word.reason == QuarantinedRecord.Reason.fork
            || word.reason == QuarantinedRecord.Reason.chainBroken
    }
}
