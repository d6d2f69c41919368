import Sync
import Tally

extension HubNode {
    /// Messages that the world may be told, oldest first: those about decisions that would survive
    /// the hub.
    ///
    /// A decision that the world knows and nobody else holds would be made anew by a hub that was
    /// restored, under another number: a second order. So it is told once some terminal has it; a
    /// hub that is restored tells nothing until it has back what it lost. Where no terminal shares
    /// a scope, nothing is waited for.
    ///
    /// - Parameters:
    ///   - held: up to where some terminal, or a backup, holds each scope's order.
    ///   - limit: the most messages.
    ///   - reading: the hub's store.
    /// - Returns: the messages.
    /// - Throws: what the store throws.
    public func tellable(
        _ held: [Scope: UInt64],
        limit: Int,
        in reading: any ReplicaReading
    ) throws -> [OutboxMessage] {
        let waiting = try reading.outbox(limit: Self.outboxLook)
        guard !waiting.isEmpty, try !HubReplica.isRecovering(in: reading) else { return [] }
        var shared: Set<Scope>?
        let reader = reader(reading)
        var messages: [OutboxMessage] = []
        for message in waiting where messages.count < limit {
            let decisions = try reader.record(of: message.entity).decisions.values
            let place = decisions.compactMap(\.evidence.position).max() ?? 0
            let scope = message.entity.scope
            if place > held[scope] ?? 0 {
                let known = try shared ?? HubReplica.sharedScopes(in: reading)
                shared = known
                if known.contains(scope) { continue }
            }
            messages.append(message)
        }
        return messages
    }

    /// How many messages are looked at: some may wait for a terminal that is away.
    private static let outboxLook = 1_000
}
