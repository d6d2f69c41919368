import Foundation
import GRDB
import Tally

/// The hub's deliveries in its database.
///
/// Each call is one transaction, on the disk when it returns, as everything of ``LedgerStore``.
public struct LedgerOutboxQueue: OutboxQueue {
    private let store: LedgerStore

    public init(_ store: LedgerStore) { self.store = store }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await store.rows(read: body)
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await store.rows(write: body)
    }

    public func add(_ orders: [OutboxOrder], now: Moment) async throws {
        try await write { database in
            for order in orders {
                for target in order.targets {
                    try database.run(
                        """
                        INSERT INTO outbox_delivery (target, queued, key, entity, state, added, due)
                        SELECT ?, queued, key, entity, 'waiting', ?, ? FROM outbox
                        WHERE key = ? AND site = ?
                        ON CONFLICT (target, queued) DO NOTHING
                        """,
                        [
                            target, now.milliseconds, now.milliseconds, order.key.data, order.site,
                        ]
                    )
                }
            }
        }
    }

    public func lease(
        _ terms: LeaseTerms,
        as lease: Identifier,
        now: Moment
    ) async throws -> [OutboxDelivery] {
        // Whoever has nothing to do does not disturb those who write.
        let isDue = try await read { try !$0.due(terms.target, now, limit: 1).isEmpty }
        guard isDue else { return [] }
        return try await write { database in
            let due = try database.due(terms.target, now, limit: terms.digestMax)
            let used = try database.usedUntil(terms.target)
            guard let grant = terms.grant(waiting: due.count, usedUntil: used, now: now) else {
                return []
            }
            if let rate = terms.rate {
                try database.use(
                    terms.target,
                    rate.spent(grant.messages, usedUntil: used, now: now)
                )
            }
            return try due.prefix(grant.deliveries).map { queued, delivery in
                try database.run(
                    """
                    UPDATE outbox_delivery
                    SET state = 'sending', attempts = attempts + 1, due = ?, lease = ?
                    WHERE target = ? AND queued = ?
                    """,
                    [
                        now.adding(milliseconds: terms.holdMilliseconds).milliseconds, lease.data,
                        terms.target, queued,
                    ]
                )
                var delivery = delivery
                delivery.state = .sending
                delivery.attempts += 1
                delivery.due = now.adding(milliseconds: terms.holdMilliseconds)
                delivery.lease = lease
                return delivery
            }
        }
    }

    public func settle(_ outcomes: [OutboxOutcome], now: Moment) async throws {
        try await write { database in
            for outcome in outcomes { try database.settle(outcome, now) }
        }
    }

    public func replay(
        _ key: Identifier?,
        of target: String?,
        now: Moment
    ) async throws -> Int {
        try await write { database in
            try database.run(
                """
                UPDATE outbox_delivery SET state = 'waiting', due = ?
                WHERE state = 'dead' AND (?2 IS NULL OR key = ?2) AND (?3 IS NULL OR target = ?3)
                """,
                [now.milliseconds, key?.data, target]
            )
            return database.changesCount
        }
    }

    public func hear(_ word: OutboxWord, now: Moment) async throws -> Bool {
        try await write { try $0.hear(word, now) }
    }

    public func deliveries(_ question: OutboxQuestion) async throws -> [OutboxDelivery] {
        let states = question.states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        return try await read { database in
            try database.all(
                """
                SELECT \(OutboxDelivery.columns)
                FROM outbox_delivery d JOIN outbox o ON o.queued = d.queued
                WHERE d.state IN (\(states)) AND (?1 IS NULL OR d.target = ?1)
                ORDER BY d.added DESC, d.queued DESC, d.target LIMIT ?2
                """,
                [question.target, question.limit]
            ) { try OutboxDelivery(row: $0) }
        }
    }

    public func counts() async throws -> [OutboxCount] {
        try await read { database in
            try database.all(
                """
                SELECT target, state, count(*), min(added) FROM outbox_delivery
                GROUP BY target, state ORDER BY target, state
                """
            ) { row in
                OutboxCount(
                    target: row[0],
                    state: try OutboxDelivery.State(stored: row[1]),
                    count: row[2],
                    oldest: Moment(milliseconds: row[3])
                )
            }
        }
    }
}
