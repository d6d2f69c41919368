import Foundation
import GRDB
import Tally

extension Database {
    /// What may be sent to a target, earliest first: what is due, unless something older about the
    /// same entity is still open.
    func due(
        _ target: String,
        _ now: Moment,
        limit: Int
    ) throws -> [(queued: Int64, delivery: OutboxDelivery)] {
        try all(
            """
            SELECT \(OutboxDelivery.columns), d.queued
            FROM outbox_delivery d JOIN outbox o ON o.queued = d.queued
            WHERE d.target = ? AND d.state IN ('waiting', 'sending') AND d.due <= ?
                AND NOT EXISTS (
                    SELECT 1 FROM outbox_delivery e
                    WHERE e.target = d.target AND e.entity = d.entity AND e.queued < d.queued
                        AND e.state IN ('waiting', 'sending')
                )
            ORDER BY d.due, d.queued LIMIT ?
            """,
            [target, now.milliseconds, limit]
        ) { row in (queued: row[18], delivery: try OutboxDelivery(row: row)) }
    }

    func usedUntil(_ target: String) throws -> Int64 {
        try first("SELECT used_until FROM outbox_target WHERE name = ?", [target]) { $0[0] } ?? 0
    }

    func use(_ target: String, _ until: Int64) throws {
        try run(
            """
            INSERT INTO outbox_target (name, used_until) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET used_until = excluded.used_until
            """,
            [target, until]
        )
    }

    func settle(_ outcome: OutboxOutcome, _ now: Moment) throws {
        let (target, key) = (outcome.delivery.target, outcome.delivery.key.data)
        switch outcome.result {
        case .delivered(let number):
            try run(
                """
                UPDATE outbox_delivery
                SET state = 'delivered', lease = NULL, error = '', detail = '', delivered = ?,
                    number = ?
                WHERE target = ? AND queued = (SELECT queued FROM outbox WHERE key = ?)
                    AND state <> 'delivered'
                """,
                [now.milliseconds, number, target, key]
            )
        case .again(let due, let error, let detail):
            try fail(outcome.delivery, "waiting", due, error, detail)
        case .dead(let error, let detail):
            try fail(outcome.delivery, "dead", now, error, detail)
        }
    }

    /// - Returns: whether the message is known.
    func hear(_ word: OutboxWord, _ now: Moment) throws -> Bool {
        try run(
            """
            UPDATE outbox_delivery
            SET state = 'delivered', lease = NULL, error = '', detail = '',
                delivered = coalesce(delivered, ?1),
                number = CASE ?2 WHEN '' THEN number ELSE ?2 END,
                word_moment = CASE WHEN word = 'closed' OR word = ?3 THEN word_moment ELSE ?1 END,
                word = CASE word WHEN 'closed' THEN word ELSE ?3 END
            WHERE target = ?4 AND queued = (SELECT queued FROM outbox WHERE key = ?5)
            """,
            [now.milliseconds, word.number, word.state.rawValue, word.target, word.key.data]
        )
        return changesCount > 0
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
            SET state = ?, lease = NULL, due = ?, error = ?, detail = ?
            WHERE target = ? AND queued = (SELECT queued FROM outbox WHERE key = ?)
                AND state = 'sending' AND lease = ?
            """,
            [
                state, due.milliseconds, error, String(detail.prefix(500)), delivery.target,
                delivery.key.data, delivery.lease?.data,
            ]
        )
    }
}

extension OutboxDelivery {
    /// The columns that ``init(row:)`` reads, in its order, of a delivery `d` and its message `o`.
    static let columns = """
        d.key, d.target, o.site, o.topic, d.entity, o.payload, d.added, d.state, d.attempts, \
        d.doubted, d.due, d.lease, d.error, d.detail, d.delivered, d.number, \
        d.word, d.word_moment
        """

    init(row: Row) throws {
        self.init(
            key: try row.identifier(0),
            target: row[1],
            site: row[2],
            topic: row[3],
            entity: try row.identifier(4),
            payload: try row.requiredBytes(5),
            added: Moment(milliseconds: row[6]),
            state: try State(stored: row[7]),
            attempts: row[8],
            isDoubted: row[9],
            due: Moment(milliseconds: row[10]),
            lease: try row.bytes(11).flatMap { Identifier(bytes: $0) },
            error: row[12],
            detail: row[13],
            delivered: (row[14] as Int64?).map { Moment(milliseconds: $0) },
            number: row[15],
            word: (row[16] as String?).flatMap(OutboxWord.State.init),
            wordMoment: (row[17] as Int64?).map { Moment(milliseconds: $0) }
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
