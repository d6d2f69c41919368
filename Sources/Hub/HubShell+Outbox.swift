import Sync
import Synchronization
import Tally

// Messages to the world, from the outbox to those who are told.

extension HubShell {
    /// Takes note of what a terminal that asks for more holds already: see
    /// ``HubNode/tellable(_:limit:in:)``.
    func noteHeld(_ request: PullRequest, head: UInt64) {
        let place = min(request.after, head)
        held.withLock { held in
            if place > held[request.scope] ?? 0 { held[request.scope] = place }
        }
    }

    /// Gives messages that the world may be told to their targets, oldest first.
    ///
    /// Cut off between its two steps, it gives the same messages to the same targets again, which
    /// changes nothing.
    ///
    /// - Parameters:
    ///   - queue: the deliveries of the same store.
    ///   - limit: the most messages.
    ///   - targets: by topic and site, who is told; nobody is an answer, too.
    /// - Returns: how many messages there were.
    /// - Throws: what the store throws.
    public func giveOut(
        to queue: any OutboxQueue,
        limit: Int = 100,
        _ targets: (_ topic: String, _ site: String) -> [String]
    ) async throws -> Int {
        let held = held.withLock { $0 }
        let messages = try await read { node, reading in
            try node.tellable(held, limit: limit, in: reading)
        }
        guard !messages.isEmpty else { return 0 }
        let orders = messages.map { message in
            let site = message.entity.scope.site
            return OutboxOrder(
                key: message.key,
                site: site,
                targets: targets(message.topic, site)
            )
        }
        try await queue.add(orders, now: clock.reading().wall)
        try await write { _, _, _, transaction in
            for message in messages { try transaction.delivered(message.key) }
        }
        return messages.count
    }

    /// Whether an earlier life of this hub may have told what this one does not know of.
    public func wasRestored() async throws -> Bool {
        try await read { _, reading in try HubReplica.restores(in: reading) > 0 }
    }
}
