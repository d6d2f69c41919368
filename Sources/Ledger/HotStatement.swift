import Sync
import Tally

/// The statements that run with every operation, or with every row of a page.
enum HotStatement: Int, CaseIterable {
    case operation
    case cell
    case cells
    case append
    case entity
    case putCell
    case dropCell
    case judge
    case acknowledge
    case stream
    case unsent

    var sql: String {
        switch self {
        case .operation:
            """
            SELECT \(LoggedOperation.columns) FROM operation
            WHERE replica = ? AND incarnation = ? AND sequence = ?
            """
        case .cell:
            """
            SELECT value FROM cell
            WHERE site = ? AND area = ? AND kind = ? AND entity = ? AND key = ?
            """
        case .cells:
            """
            SELECT key, value FROM cell
            WHERE site = ? AND area = ? AND kind = ? AND entity = ?
            """
        case .append:
            """
            INSERT INTO operation (
                site, area, kind, entity, replica, incarnation, sequence, hash, wall, author, type,
                position, verdict, reason, effective, stamp, unsure, seen, acknowledged, answer,
                lane, bytes
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        case .entity:
            """
            INSERT INTO entity (site, area, kind, id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
            """
        case .putCell:
            """
            INSERT INTO cell (site, area, kind, entity, key, value) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET value = excluded.value
            """
        case .dropCell:
            """
            DELETE FROM cell
            WHERE site = ? AND area = ? AND kind = ? AND entity = ? AND key = ?
            """
        case .judge:
            """
            UPDATE operation
            SET position = ?, verdict = ?, reason = ?, effective = ?, stamp = ?, unsure = ?,
                seen = ?
            WHERE replica = ? AND incarnation = ? AND sequence = ?
            RETURNING site, area
            """
        case .acknowledge:
            """
            UPDATE operation SET acknowledged = ?, answer = ?
            WHERE replica = ? AND incarnation = ? AND sequence = ?
            """
        case .stream:
            """
            SELECT \(LoggedOperation.columns) FROM operation INDEXED BY operation_place
            WHERE site = ? AND area = ? AND position > ?
            ORDER BY position LIMIT ?
            """
        case .unsent:
            """
            SELECT \(LoggedOperation.columns) FROM operation INDEXED BY operation_unsent
            WHERE replica = ? AND position IS NULL AND acknowledged IS NULL
            ORDER BY lane, ordinal LIMIT ?
            """
        }
    }
}

extension LoggedOperation {
    /// Reads a row of ``columns``.
    init(row: StatementRow) throws { try self.init(row: row, known: nil) }

    /// Reads a row of ``columns``, of which the operation may be known already.
    init(row: StatementRow, known: Sync.Operation?) throws {
        let operation: Sync.Operation
        if let known {
            operation = known
        } else {
            operation = try Self.operation(row)
        }
        self.init(
            operation: operation,
            judgement: try Judgement(row: row),
            acknowledged: row.isNull(8)
                ? nil : UInt8(exactly: row.integer(8)).flatMap(Verdict.init(rawValue:)),
            answer: row.text(9),
            lane: UInt8(exactly: row.integer(10)).flatMap(Lane.init(rawValue:)) ?? .edits
        )
    }

    private static func operation(_ row: StatementRow) throws -> Sync.Operation {
        do {
            return try Sync.Operation(bytes: row.bytes(0))
        } catch {
            throw DamagedRow(what: "operation \(row.integer(11)) of the log: \(error.plainText)")
        }
    }
}

extension Judgement {
    /// Reads the judgement of a row of ``LoggedOperation/columns``; nil when it has none.
    init?(row: StatementRow) throws {
        guard !row.isNull(1) else { return nil }
        guard let verdict = UInt8(exactly: row.integer(2)).flatMap(Verdict.init(rawValue:)) else {
            throw DamagedRow(what: "a verdict that this program does not know")
        }
        self.init(
            position: row.unsigned(1),
            verdict: verdict,
            reason: row.text(3),
            effective: Moment(milliseconds: row.integer(4)),
            effectiveStamp: HybridStamp(bits: row.unsigned(5)),
            timeUnsure: row.integer(6) != 0,
            seen: row.isNull(7) ? nil : row.unsigned(7)
        )
    }
}
