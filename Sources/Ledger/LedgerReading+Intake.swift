import Foundation
import GRDB
import Sync
import Tally

// Chains, and what is kept aside.

extension LedgerReading {
    func quarantined(_ ticket: UInt64) throws -> QuarantinedRecord? {
        try database.first(
            "SELECT \(QuarantinedRecord.columns) FROM quarantine WHERE ticket = ?",
            [Int64(clamping: ticket)],
            QuarantinedRecord.init(row:)
        )
    }

    func quarantined(
        _ hash: Identifier,
        from sender: Identifier
    ) throws -> QuarantinedRecord? {
        try database.first(
            "SELECT \(QuarantinedRecord.columns) FROM quarantine WHERE sender = ? AND hash = ?",
            [sender.data, hash.data],
            QuarantinedRecord.init(row:)
        )
    }

    func quarantine(
        after ticket: UInt64,
        held: Bool,
        limit: Int
    ) throws -> [QuarantinedRecord] {
        try database.all(
            """
            SELECT \(QuarantinedRecord.columns) FROM quarantine
            WHERE ticket > ? \(held ? "AND state = 1" : "") ORDER BY ticket LIMIT ?
            """,
            [Int64(clamping: ticket), limit],
            QuarantinedRecord.init(row:)
        )
    }

    func heldRecords(from sender: Identifier) throws -> [QuarantinedRecord] {
        try database.all(
            """
            SELECT \(QuarantinedRecord.columns) FROM quarantine INDEXED BY quarantine_held
            WHERE sender = ? AND state = 1 ORDER BY ticket
            """,
            [sender.data],
            QuarantinedRecord.init(row:)
        )
    }

    func chain(_ replica: Identifier, _ incarnation: UInt64) throws -> ChainState? {
        try database.first(
            "SELECT \(ChainState.columns) FROM chain WHERE replica = ? AND incarnation = ?",
            [replica.data, incarnation.stored],
            ChainState.init(row:)
        )
    }

    func chains(of replica: Identifier) throws -> [ChainState] {
        try database.all(
            "SELECT \(ChainState.columns) FROM chain WHERE replica = ?",
            [replica.data],
            ChainState.init(row:)
        )
        .sorted { $0.incarnation < $1.incarnation }
    }

    func operation(hashed hash: Identifier, of replica: Identifier) throws -> OperationID? {
        try database.first(
            """
            SELECT incarnation, sequence FROM operation INDEXED BY operation_name
            WHERE replica = ? AND hash = ?
            """,
            [replica.data, hash.data]
        ) { row in
            OperationID(
                replica: replica,
                incarnation: row.unsigned(0),
                sequence: row.unsigned(1)
            )
        }
    }

    func settings(under prefix: String) throws -> [(key: SettingKey, value: [UInt8])] {
        // Every text that begins with the prefix sorts between it and the prefix with the last
        // character of Unicode behind it.
        try database.all(
            "SELECT key, value FROM setting WHERE key >= ? AND key < ? ORDER BY key",
            [prefix, prefix + "\u{10FFFF}"]
        ) { (SettingKey($0[0]), try $0.requiredBytes(1)) }
    }
}

extension LedgerTransaction {
    func nextTicket() throws -> UInt64 {
        let last = try database.first("SELECT coalesce(max(ticket), 0) FROM quarantine") {
            $0.unsigned(0)
        }
        return (last ?? 0) + 1
    }

    func keep(_ record: QuarantinedRecord) throws {
        try database.run(
            """
            INSERT INTO quarantine (
                ticket, sender, hash, verdict, reason, received, state, settled, person, remark,
                bytes
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \(Self.blob))
            ON CONFLICT (ticket) DO UPDATE
            SET state = excluded.state, settled = excluded.settled, person = excluded.person,
                remark = excluded.remark
            """,
            [
                record.ticket.stored, record.sender.data, record.hash.data,
                record.verdict.rawValue, record.reason, record.received.milliseconds,
                record.state.rawValue, record.settled?.milliseconds, record.person, record.remark,
                Data(record.bytes),
            ]
        )
    }

    func set(_ chain: ChainState) throws {
        try database.run(
            """
            INSERT INTO chain (replica, incarnation, first, sequence, hash, ended_at, forked)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (replica, incarnation) DO UPDATE
            SET sequence = excluded.sequence, hash = excluded.hash, ended_at = excluded.ended_at,
                forked = excluded.forked
            """,
            [
                chain.replica.data, chain.incarnation.stored, chain.first?.data,
                chain.sequence.stored, chain.hash.data, chain.endedAt.stored, chain.isForked,
            ]
        )
    }
}

extension ChainState {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns = "replica, incarnation, first, sequence, hash, ended_at, forked"

    init(row: Row) throws {
        self.init(
            replica: try row.identifier(0),
            incarnation: row.unsigned(1),
            first: Identifier(bytes: try row.requiredBytes(2)),
            sequence: row.unsigned(3),
            hash: try row.identifier(4),
            endedAt: row.unsigned(5),
            isForked: row[6]
        )
    }
}

extension QuarantinedRecord {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns =
        "ticket, sender, hash, bytes, verdict, reason, received, state, settled, person, remark"

    init(row: Row) throws {
        guard let verdict = Verdict(rawValue: row[4]), let state = State(rawValue: row[7]) else {
            throw DamagedRow(what: "a record kept aside in a state that this program does not know")
        }
        self.init(
            ticket: row.unsigned(0),
            sender: try row.identifier(1),
            hash: try row.identifier(2),
            bytes: try row.requiredBytes(3),
            verdict: verdict,
            reason: row[5],
            received: Moment(milliseconds: row[6]),
            state: state,
            settled: (row[8] as Int64?).map { Moment(milliseconds: $0) },
            person: row[9],
            remark: row[10]
        )
    }
}
