import Tally

extension Connection {
    /// Runs `body` in a transaction; what it throws undoes it.
    func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try script("BEGIN")
        do {
            let result = try body()
            try script("COMMIT")
            return result
        } catch {
            _ = try? script("ROLLBACK")  // the connection may be gone
            throw error
        }
    }

    /// Every site, the company's own name included.
    func sites() throws -> [String] {
        try run("SELECT name FROM home WHERE site = '' ORDER BY name").map { try $0.text(0) }
    }

    /// What may be sent to a target, earliest first, site by site.
    func due(
        _ target: String,
        _ now: Moment,
        limit: Int
    ) throws -> [(queued: Int64, delivery: OutboxDelivery)] {
        let found = try sites().flatMap { site in
            try run(
                """
                SELECT \(OutboxDelivery.columns), d.queued
                FROM outbox_delivery d CROSS JOIN LATERAL (
                    SELECT topic, payload FROM outbox
                    WHERE site = $1 AND queued = d.queued OFFSET 0
                ) o
                WHERE d.site = $1 AND d.target = $2 AND d.state IN ('waiting', 'sending')
                    AND d.due <= $3
                    AND NOT EXISTS (
                        SELECT 1 FROM outbox_delivery e
                        WHERE e.site = $1 AND e.target = $2 AND e.entity = d.entity
                            AND e.queued < d.queued AND e.state IN ('waiting', 'sending')
                        OFFSET 0
                    )
                ORDER BY d.due, d.queued LIMIT $4
                """,
                [.text(site), .text(target), .integer(now.milliseconds), .integer(limit)]
            ).map { row in
                (queued: try row.requiredInteger(18), delivery: try OutboxDelivery(row: row))
            }
        }
        return Array(
            found.sorted { ($0.delivery.due, $0.queued) < ($1.delivery.due, $1.queued) }
                .prefix(limit)
        )
    }

    /// Takes what is due, with the target's row locked.
    func take(
        _ terms: LeaseTerms,
        as lease: Identifier,
        _ now: Moment
    ) throws -> [OutboxDelivery] {
        try run(
            """
            INSERT INTO outbox_target (site, name, used_until) VALUES ('', $1, 0)
            ON CONFLICT (site, name) DO NOTHING
            """,
            [.text(terms.target)]
        )
        let used =
            try run(
                "SELECT used_until FROM outbox_target WHERE site = '' AND name = $1 FOR UPDATE",
                [.text(terms.target)]
            ).first { try $0.requiredInteger(0) } ?? 0
        let due = try due(terms.target, now, limit: terms.digestMax)
        guard let grant = terms.grant(waiting: due.count, usedUntil: used, now: now) else {
            return []
        }
        if let rate = terms.rate {
            let until = rate.spent(grant.messages, usedUntil: used, now: now)
            try run(
                "UPDATE outbox_target SET used_until = $2 WHERE site = '' AND name = $1",
                [.text(terms.target), .integer(until)]
            )
        }
        let end = now.adding(milliseconds: terms.holdMilliseconds)
        return try due.prefix(grant.deliveries).map { _, delivery in
            try run(
                """
                UPDATE outbox_delivery
                SET state = 'sending', attempts = attempts + 1, due = $4, lease = $5
                WHERE site = $1 AND key = $2 AND target = $3
                """,
                [
                    .text(delivery.site), .id(delivery.key), .text(terms.target),
                    .integer(end.milliseconds), .id(lease),
                ]
            )
            var delivery = delivery
            delivery.state = .sending
            delivery.attempts += 1
            delivery.due = end
            delivery.lease = lease
            return delivery
        }
    }

    func settle(_ outcome: OutboxOutcome, _ now: Moment) throws {
        let delivery = outcome.delivery
        switch outcome.result {
        case .delivered(let number):
            try run(
                """
                UPDATE outbox_delivery
                SET state = 'delivered', lease = NULL, error = '', detail = '', delivered = $4,
                    number = $5
                WHERE site = $1 AND key = $2 AND target = $3 AND state <> 'delivered'
                """,
                [
                    .text(delivery.site), .id(delivery.key), .text(delivery.target),
                    .integer(now.milliseconds), .text(number.withoutZeros),
                ]
            )
        case .again(let due, let error, let detail):
            try fail(delivery, "waiting", due, error, detail)
        case .dead(let error, let detail):
            try fail(delivery, "dead", now, error, detail)
        }
    }

    private func fail(
        _ delivery: OutboxDelivery,
        _ state: String,
        _ due: Moment,
        _ error: String,
        _ detail: String
    ) throws {
        try run(
            """
            UPDATE outbox_delivery
            SET state = $4, lease = NULL, due = $5, error = $6, detail = $7
            WHERE site = $1 AND key = $2 AND target = $3 AND state = 'sending' AND lease = $8
            """,
            [
                .text(delivery.site), .id(delivery.key), .text(delivery.target), .text(state),
                .integer(due.milliseconds), .text(error),
                .text(String(detail.prefix(500)).withoutZeros), .bytes(delivery.lease?.bytes),
            ]
        )
    }

    /// - Returns: whether the message is known at the site.
    func hear(_ word: OutboxWord, at site: String, _ now: Moment) throws -> Bool {
        try run(
            """
            UPDATE outbox_delivery
            SET state = 'delivered', lease = NULL, error = '', detail = '',
                delivered = coalesce(delivered, $4),
                number = CASE $5 WHEN '' THEN number ELSE $5 END,
                word_moment = CASE WHEN word = 'closed' OR word = $6 THEN word_moment ELSE $4 END,
                word = CASE word WHEN 'closed' THEN word ELSE $6 END
            WHERE site = $1 AND key = $2 AND target = $3
            RETURNING queued
            """,
            [
                .text(site), .id(word.key), .text(word.target), .integer(now.milliseconds),
                .text(word.number.withoutZeros), .text(word.state.rawValue),
            ]
        ).count > 0
    }

    /// - Returns: how many dead letters of a site go again.
    func replay(
        _ site: String,
        _ key: Identifier?,
        _ target: String?,
        _ now: Moment
    ) throws -> Int {
        try run(
            """
            UPDATE outbox_delivery SET state = 'waiting', due = $4
            WHERE site = $1 AND state = 'dead' AND ($2::bytea IS NULL OR key = $2)
                AND ($3 = '' OR target = $3)
            RETURNING queued
            """,
            [
                .text(site), .bytes(key?.bytes), .text(target ?? ""), .integer(now.milliseconds),
            ]
        ).count
    }
}

extension String {
    /// PostgreSQL's text has no zero bytes.
    fileprivate var withoutZeros: String { replacing("\0", with: "") }
}

extension OutboxDelivery {
    /// The columns that ``init(row:)`` reads, in its order, of a delivery `d` and its message `o`.
    static let columns = """
        d.key, d.target, d.site, o.topic, d.entity, o.payload, d.added, d.state, d.attempts, \
        d.doubted, d.due, d.lease, d.error, d.detail, d.delivered, d.number, \
        d.word, d.word_moment
        """

    init(row: Row) throws {
        self.init(
            key: try row.identifier(0),
            target: try row.text(1),
            site: try row.text(2),
            topic: try row.text(3),
            entity: try row.identifier(4),
            payload: try row.requiredBytes(5),
            added: Moment(milliseconds: try row.requiredInteger(6)),
            state: try State(stored: try row.text(7)),
            attempts: Int(try row.requiredInteger(8)),
            isDoubted: try row.requiredInteger(9) != 0,
            due: Moment(milliseconds: try row.requiredInteger(10)),
            lease: row.bytes(11).flatMap { Identifier(bytes: $0) },
            error: try row.text(12),
            detail: try row.text(13),
            delivered: row.integer(14).map { Moment(milliseconds: $0) },
            number: try row.text(15),
            word: row.bytes(16).flatMap {
                OutboxWord.State(rawValue: String(decoding: $0, as: UTF8.self))
            },
            wordMoment: row.integer(17).map { Moment(milliseconds: $0) }
        )
    }
}

extension OutboxDelivery.State {
    init(stored: String) throws {
        guard let state = Self(rawValue: stored) else {
            throw DamagedRow(what: "a delivery in an unknown state")
        }
        self = state
    }
}
