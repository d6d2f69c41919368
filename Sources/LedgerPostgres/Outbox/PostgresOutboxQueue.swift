import Tally

/// The hub's deliveries in the database that its processes share.
///
/// Who takes deliveries of a target locks the target's row, so no two processes take the same, and
/// they share its allowance. A delivery whose process died goes again when its time is up, by the
/// clock of whoever looks; clocks of several machines should agree to some seconds.
public struct PostgresOutboxQueue: OutboxQueue {
    private let store: PostgresStore

    /// - Parameter store: the hub's.
    public init(in store: PostgresStore) { self.store = store }

    public func add(_ orders: [OutboxOrder], now: Moment) async throws {
        try await store.beside { connection in
            try connection.transaction {
                for order in orders where !order.targets.isEmpty {
                    try connection.run(
                        """
                        INSERT INTO outbox_delivery
                            (site, target, queued, key, entity, state, added, due)
                        SELECT o.site, t.name, o.queued, o.key, o.entity, 'waiting', $4, $4
                        FROM outbox o CROSS JOIN unnest($3::text[]) AS t (name)
                        WHERE o.site = $1 AND o.key = $2
                        ON CONFLICT (site, target, queued) DO NOTHING
                        """,
                        [
                            .text(order.site), .id(order.key), .texts(order.targets),
                            .integer(now.milliseconds),
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
        try await store.beside { connection in
            // Whoever has nothing to do locks nothing.
            guard try !connection.due(terms.target, now, limit: 1).isEmpty else { return [] }
            return try connection.transaction {
                try connection.take(terms, as: lease, now)
            }
        }
    }

    public func settle(_ outcomes: [OutboxOutcome], now: Moment) async throws {
        try await store.beside { connection in
            try connection.transaction {
                for outcome in outcomes { try connection.settle(outcome, now) }
            }
        }
    }

    public func replay(
        _ key: Identifier?,
        of target: String?,
        now: Moment
    ) async throws -> Int {
        try await store.beside { connection in
            try connection.transaction {
                try connection.sites().reduce(0) { count, site in
                    try count + connection.replay(site, key, target, now)
                }
            }
        }
    }

    public func hear(_ word: OutboxWord, now: Moment) async throws -> Bool {
        try await store.beside { connection in
            try connection.transaction {
                try connection.sites().contains { try connection.hear(word, at: $0, now) }
            }
        }
    }

    public func deliveries(_ question: OutboxQuestion) async throws -> [OutboxDelivery] {
        let states = question.states.map(\.rawValue).sorted()
        return try await store.beside { connection in
            let found = try connection.sites().flatMap { site in
                try connection.run(
                    """
                    SELECT \(OutboxDelivery.columns)
                    FROM outbox_delivery d CROSS JOIN LATERAL (
                        SELECT topic, payload FROM outbox
                        WHERE site = $1 AND queued = d.queued OFFSET 0
                    ) o
                    WHERE d.site = $1 AND d.state = ANY ($2) AND ($3 = '' OR d.target = $3)
                    ORDER BY d.added DESC, d.queued DESC, d.target LIMIT $4
                    """,
                    [
                        .text(site), .texts(states), .text(question.target ?? ""),
                        .integer(question.limit),
                    ]
                ).map { try OutboxDelivery(row: $0) }
            }
            return Array(found.sorted { $0.added > $1.added }.prefix(question.limit))
        }
    }

    public func counts() async throws -> [OutboxCount] {
        try await store.beside { connection in
            let found = try connection.sites().flatMap { site in
                try connection.run(
                    """
                    SELECT target, state, count(*), min(added) FROM outbox_delivery
                    WHERE site = $1 GROUP BY target, state
                    """,
                    [.text(site)]
                ).map { row in
                    OutboxCount(
                        target: try row.text(0),
                        state: try OutboxDelivery.State(stored: try row.text(1)),
                        count: Int(try row.requiredInteger(2)),
                        oldest: Moment(milliseconds: try row.requiredInteger(3))
                    )
                }
            }
            let groups = Dictionary(grouping: found) { [$0.target, $0.state.rawValue] }
            return groups.values.compactMap { group in
                guard let first = group.first else { return nil }
                return OutboxCount(
                    target: first.target,
                    state: first.state,
                    count: group.reduce(0) { $0 + $1.count },
                    oldest: group.map(\.oldest).min() ?? first.oldest
                )
            }
            .sorted { ($0.target, $0.state.rawValue) < ($1.target, $1.state.rawValue) }
        }
    }
}
