import Sync
import Tally

/// What follows at the hub when entities have changed: one file a feature, joined here.
///
/// Reactions are idempotent: asked again with nothing new, they draft nothing. Messages to the
/// world outside are queued in the same transaction as the decision that they tell of.
struct Reactions: Sendable {
    let reducer: Reducer
    let defects: Set<Defect>

    /// The drafts that follow from changes of these entities.
    func drafts(
        _ changed: Set<EntityKey>,
        _ transaction: any ReplicaTransaction
    ) throws -> [Draft] {
        let reader = EntityReader(transaction, reducer)
        var drafts: [Draft] = []
        for entity in changed.sorted() {
            drafts += try arrivalOrder(entity, reader, transaction)
            drafts += try maintenanceOrders(entity, reader, transaction)
            drafts += try exceptionReports(entity, reader, transaction)
        }
        return drafts
    }

    static func counter(_ prefix: String, _ site: String) -> SettingKey {
        SettingKey("number.\(prefix).\(site)")
    }

    /// How often the hub had been restored when a counter gave its last number.
    private static func counted(_ prefix: String, _ site: String) -> SettingKey {
        SettingKey("number.restores.\(prefix).\(site)")
    }

    /// How many numbers a restored hub leaves out: it may have given them before, to orders that
    /// nobody who was heard knows of.
    private static let numbersLeftOut: UInt64 = 1_000

    /// The next number of a site: unique, increasing, never reused; gaps may occur.
    ///
    /// After a restore a counter goes on a thousand further, so that what two backups of different
    /// pasts, or a terminal that comes back late, say of a number is never said of another order.
    func nextNumber(
        _ prefix: String,
        site: String,
        in transaction: any ReplicaTransaction
    ) throws -> String {
        let key = Self.counter(prefix, site)
        var last = try transaction.integer(key) ?? 0
        let restores = try HubReplica.restores(in: transaction)
        if try transaction.integer(Self.counted(prefix, site)) ?? 0 != restores {
            last += Self.numbersLeftOut
            try transaction.set(Self.counted(prefix, site), to: restores)
        }
        let next = last + 1
        try transaction.set(key, to: next)
        let digits = String(next)
        let padding = String(repeating: "0", count: max(0, 6 - digits.count))
        return "\(prefix)-\(site)-\(padding)\(digits)"
    }

    /// Queues a message about a decision.
    ///
    /// Its key derives from the entity, the revision and what is said, so a hub that was restored
    /// and decides the same again makes the same key, and never says two things under one.
    func announce(
        _ draft: Draft,
        topic: String,
        revision: Int,
        in transaction: any ReplicaTransaction
    ) throws {
        let key = Identifier.derived(
            "outbox",
            draft.entity.id.description,
            String(revision),
            ContentHash(of: draft.payload).identifier.description
        )
        let message = OutboxMessage(
            key: key,
            topic: topic,
            entity: draft.entity,
            payload: draft.payload
        )
        try transaction.enqueue(message)
    }
}
