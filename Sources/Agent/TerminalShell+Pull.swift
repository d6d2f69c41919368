import Sync
import Synchronization
import Tally

// The terminal follows the hub's order, and looks after its own state.

extension TerminalShell {
    /// Fetches the next page of a scope, after a look at a part of the own cells.
    ///
    /// - Returns: whether the hub has more.
    public func pull(_ scope: Scope, over link: some HubLink) async throws -> Bool {
        try await scrub(scope)
        let terminal = terminal
        let request = try await store.read { try terminal.pullRequest(scope, in: $0) }
        let answer: PullResponse
        do {
            answer = try PullResponse(bytes: try await link.pull(try request.bytes()))
        } catch let refusal as SyncRefusal {
            try await store.write { try terminal.noteRefused(refusal, in: $0) }
            throw refusal
        }
        let now = clock.reading().wall
        let outcome = try await store.write { transaction in
            try terminal.apply(answer, to: request, now: now, in: transaction)
        }
        tellChanged.yield()
        switch outcome {
        case .applied(let more):
            if more { try await startFromSnapshot(scope, over: link) }
            return more
        case .stale: return true
        case .newEpoch:
            // Before anything else is fetched the hub is given back what it lost.
            _ = try await push(over: link)
            return true
        case .repaired(let refetch):
            let record = try await store.read { try RepairRecord.of(scope, in: $0) }
            report(.repaired(scope, record))
            return refetch
        case .differs:
            report(.differs(scope))
            return false
        }
    }

    /// Waits until the hub has something, or for half a minute.
    ///
    /// - Returns: whether it has; nil before the terminal was enrolled.
    public func watch(over link: some HubLink) async throws -> Bool? {
        let terminal = terminal
        let request = try await store.read { try terminal.watchRequest(in: $0) }
        guard !request.places.isEmpty else { return nil }
        return try WatchResponse(bytes: try await link.watch(try request.bytes())).changed
    }

    /// Reads own cells and holds them against the digest: a part in each round, all of them in the
    /// first and after somebody else has written to the database.
    private func scrub(_ scope: Scope) async throws {
        let writes = try await store.outsideWrites()
        scrubber.withLock { $0.noteOutsideWrites(writes) }
        while let look = scrubber.withLock({ $0.next(scope, now: milliseconds) }) {
            let (slice, finding) = try await store.read { try Scrubber.look(look, in: $0) }
            if !finding.isEmpty {
                let terminal = terminal
                let now = clock.reading().wall
                try await store.write { try terminal.settle(finding, now: now, in: $0) }
                report(.damaged(scope, leaves: max(finding.leaves.count, 1)))
            }
            scrubber.withLock { $0.looked(look, slice, now: milliseconds) }
        }
    }

    private var milliseconds: UInt64 { clock.reading().monotonicMilliseconds }
}
