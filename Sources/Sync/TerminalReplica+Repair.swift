import Tally

// A terminal finds out that its state is not what it should be, and mends it.

extension TerminalReplica {
    /// Takes damaged parts of the state as they are: the digest then says what the cells are, and
    /// the next comparison with the hub finds that it differs.
    public func settle(
        _ finding: Scrubber.Finding,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws {
        for leaf in finding.leaves { try transaction.settle(leaf) }
        if finding.isRootWrong { try transaction.settleRoot(of: finding.scope) }
        try RepairRecord.note(
            damagedLeaves: max(finding.leaves.count, 1),
            in: finding.scope,
            now: now,
            transaction
        )
    }

    /// The search that is on in a scope; nil for none.
    func search(
        of scope: Scope,
        in reading: any ReplicaReading
    ) throws -> DigestSearch? {
        try reading.setting(Setting.search(scope)).map { try DigestSearch(bytes: $0, in: scope) }
    }

    /// Holds the digest against the hub's at the same place, and goes on with the search when they
    /// differ.
    func compare(
        with response: PullResponse,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws -> PullOutcome {
        let scope = response.scope
        guard let theirs = response.digest, response.reducer == reducer.fingerprint,
            !defects.contains(.adoptedDigest)
        else { return .applied(more: false) }
        var search = try search(of: scope, in: transaction)
        try search?.take(response, in: transaction)
        guard try transaction.digest(of: scope) != theirs else {
            try note(same: true, scope, in: transaction)
            // What was fetched from the start has helped: the next damage is tried anew.
            if try transaction.setting(Setting.refetched(scope)) != nil {
                try transaction.set(Setting.refetched(scope), to: nil)
            }
            guard let search else { return .applied(more: false) }
            try transaction.set(Setting.search(scope), to: nil)
            try noteRepair(of: search, scope, now: now, in: transaction)
            return .repaired(refetch: false)
        }
        if let tried = try transaction.integer(Setting.refetched(scope)),
            response.head / 2 < tried
        {
            try transaction.set(Setting.search(scope), to: nil)
            try note(same: false, scope, in: transaction)
            return .differs
        }
        if search?.isOver == true { search?.beginAgain() }
        let going = search ?? DigestSearch()
        guard going.hasFailed else {
            try transaction.set(Setting.search(scope), to: going.bytes)
            return .applied(more: true)
        }
        try transaction.set(Setting.search(scope), to: nil)
        try noteRepair(of: going, scope, now: now, in: transaction)
        return try makeAnew(scope, theirs, head: response.head, in: transaction)
    }

    private func note(
        same: Bool,
        _ scope: Scope,
        in transaction: any ReplicaTransaction
    ) throws {
        var encoder = CanonicalEncoder()
        encoder.write(same)
        guard try transaction.setting(Setting.compared(scope)) != encoder.bytes else { return }
        try transaction.set(Setting.compared(scope), to: encoder.bytes)
    }

    private func noteRepair(
        of search: DigestSearch,
        _ scope: Scope,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws {
        try RepairRecord.note(
            mended: search.mended,
            exchanges: search.exchanges,
            in: scope,
            now: now,
            transaction
        )
    }

    /// Makes the state anew from the own log; where that does not help, from the hub's.
    private func makeAnew(
        _ scope: Scope,
        _ theirs: ScopeDigest,
        head: UInt64,
        in transaction: any ReplicaTransaction
    ) throws -> PullOutcome {
        if try Self.base(scope, in: transaction) == nil {
            try reducer.rebuild(scope, in: transaction)
            if try transaction.digest(of: scope) == theirs { return .repaired(refetch: false) }
        }
        try Self.forgetState(of: scope, in: transaction)
        try transaction.set(Setting.refetched(scope), to: head)
        return .repaired(refetch: true)
    }

    /// Forgets a scope's state and place, so that all of it is fetched again.
    ///
    /// The operations stay.
    static func forgetState(
        of scope: Scope,
        in transaction: any ReplicaTransaction
    ) throws {
        try transaction.clearCells(of: scope)
        try transaction.forgetJudgements(of: scope, acknowledgements: false)
        try transaction.set(Setting.cursor(scope), to: 0)
        try transaction.set(Setting.search(scope), to: nil)
        try transaction.set(Setting.base(scope), to: nil)
        try transaction.set(Setting.folded(scope), to: nil)
    }
}

extension DigestSearch {
    /// Takes what an answer has of what was asked for: entities into the state, ranges into the
    /// search.
    fileprivate mutating func take(
        _ response: PullResponse,
        in transaction: any ReplicaTransaction
    ) throws {
        var isAnswered = false
        for state in response.entities {
            guard let place = entities.firstIndex(of: state.entity) else { continue }
            entities.remove(at: place)
            isAnswered = true
            mended += 1
            try transaction.clearCells(of: state.entity)
            for (key, value) in state.cells {
                try transaction.setCell(key, of: state.entity, to: value)
            }
        }
        for parts in response.ranges where ranges.contains(parts.range) {
            isAnswered = true
            try take(parts, in: response.scope, transaction)
        }
        if isAnswered { exchanges += 1 }
        silences = isAnswered ? 0 : silences + 1
    }
}
