import Sync
import Synchronization
import Tally

// The hub hands out its order, and looks after its own state.

extension HubShell {
    /// Throws unless the terminal that a request names has signed it; see ``RequestProof``.
    public func check(
        _ proof: [UInt8],
        _ question: RequestProof.Question,
        _ request: [UInt8]
    ) async throws {
        try await store.read { try RequestProof.check(proof, question, request, in: $0) }
    }

    /// Gives a terminal the next page: a `PullRequest`, answered by a `PullResponse`.
    public func pull(_ bytes: [UInt8]) async throws -> [UInt8] {
        let request = try PullRequest(bytes: bytes)
        do {
            let (page, head, isNews) = try await read { node, reading in
                var page = try node.replica.pull(request, in: reading)
                page.request = PullRequest.name(of: bytes)
                let isNews = try node.replica.isAwaited(request, in: reading)
                return (try page.bytes(), page.head, isNews)
            }
            noteHeld(request, head: head)
            if isNews {
                try await write { node, dice, reading, transaction in
                    let terminal = request.replica
                    try node.noteHeard(terminal, reading: reading, dice: &dice, in: transaction)
                }
            }
            return page
        } catch SyncRefusal.repairing(let scope) {
            // Something was found; the caretaker looks at the rest before it answers again.
            scrubber.withLock { $0.lookAtAll() }
            throw SyncRefusal.repairing(scope)
        }
    }

    /// Looks at a part of the hub's own cells, and makes anew from the log what is damaged.
    ///
    /// - Returns: what was damaged and is mended, by scope, with the entities that it took.
    public func careForState() async throws -> [Scope: Int] {
        let writes = try await store.outsideWrites()
        scrubber.withLock { $0.noteOutsideWrites(writes) }
        var mended: [Scope: Int] = [:]
        for scope in try await store.read({ try $0.scopes() }) {
            while let look = scrubber.withLock({ $0.next(scope, now: milliseconds) }) {
                let (slice, finding) = try await store.read { try Scrubber.look(look, in: $0) }
                if !finding.isEmpty { mended[scope, default: 0] += try await mend(finding) }
                scrubber.withLock { $0.looked(look, slice, now: milliseconds) }
            }
        }
        return mended
    }

    private func mend(_ finding: Scrubber.Finding) async throws -> Int {
        let remade = try await read { node, reading in
            try node.replica.remake(finding, in: reading)
        }
        return try await write { node, _, reading, transaction in
            try node.replica.mend(finding, remade, now: reading.wall, in: transaction)
        }
    }

    private var milliseconds: UInt64 { clock.reading().monotonicMilliseconds }
}
