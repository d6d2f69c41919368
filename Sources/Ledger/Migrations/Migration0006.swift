import Foundation
import GRDB
import Sync
import Tally

extension Migration {
    /// The up path: lanes and answers at terminals; chains and what is kept aside at the hub.
    static let upPath = Migration(
        number: 6,
        sql: """
            -- How soon a terminal sends it, and the hub's answer beside the verdict.
            ALTER TABLE operation ADD COLUMN lane INTEGER NOT NULL DEFAULT 3
                CHECK (lane BETWEEN 0 AND 9);
            ALTER TABLE operation ADD COLUMN answer TEXT NOT NULL DEFAULT '';
            -- What the author had seen, counted in this epoch's order, when it wrote in another's.
            ALTER TABLE operation ADD COLUMN seen INTEGER CHECK (seen >= 0);

            DROP INDEX operation_unsent;
            CREATE INDEX operation_unsent ON operation (replica, lane)
                WHERE position IS NULL AND acknowledged IS NULL;
            -- What is not plainly accepted: few, and shown to people.
            CREATE INDEX operation_trouble ON operation (replica)
                WHERE coalesce(verdict, acknowledged) > 1;

            -- Where each chain of a terminal stands at the hub.
            CREATE TABLE chain (
                replica BLOB NOT NULL CHECK (length(replica) = 16),
                incarnation INTEGER NOT NULL,
                first BLOB CHECK (length(first) = 16),
                sequence INTEGER NOT NULL CHECK (sequence >= 0),
                hash BLOB NOT NULL CHECK (length(hash) = 16),
                ended_at INTEGER NOT NULL DEFAULT 0,
                forked INTEGER NOT NULL DEFAULT 0 CHECK (forked IN (0, 1)),
                PRIMARY KEY (replica, incarnation)
            ) STRICT, WITHOUT ROWID;

            -- Bytes that can be given no place in the order, or no effect there. Never removed.
            CREATE TABLE quarantine (
                ticket INTEGER PRIMARY KEY,
                sender BLOB NOT NULL CHECK (length(sender) = 16),
                hash BLOB NOT NULL CHECK (length(hash) = 16),
                verdict INTEGER NOT NULL CHECK (verdict BETWEEN 1 AND 5),
                reason TEXT NOT NULL CHECK (reason <> ''),
                received INTEGER NOT NULL,
                state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
                settled INTEGER,
                person TEXT NOT NULL DEFAULT '',
                remark TEXT NOT NULL DEFAULT '',
                bytes BLOB NOT NULL,
                UNIQUE (sender, hash)
            ) STRICT;

            CREATE INDEX quarantine_held ON quarantine (sender) WHERE state = 1;

            -- What waits to be sent goes before all that is recorded from now on, as it would have;
            -- the most urgent lane goes on from the one chain that there was.
            UPDATE operation SET lane = 0 WHERE position IS NULL AND acknowledged IS NULL
                OR replica = (SELECT value FROM setting WHERE key = 'replica.id');
            UPDATE operation SET answer = reason
            WHERE acknowledged IS NOT NULL AND reason IS NOT NULL;
            UPDATE setting SET key = 'replica.last_hash.0' WHERE key = 'replica.last_hash';
            -- They were good for minutes.
            DELETE FROM setting WHERE key >= 'enrolment.' AND key < 'enrolment/';
            """,
        work: { try IntakeFiller.fill($0) }
    )
}

/// Makes what a hub would have by now, had it always kept chains and what lies aside.
private enum IntakeFiller {
    static func fill(_ database: Database) throws {
        let terminals = try database.all(
            "SELECT key, value FROM setting WHERE key >= 'terminal.' AND key < 'terminal/'"
        ) { (key: $0[0] as String, value: try $0.requiredBytes(1)) }
        for (key, value) in terminals {
            // Not revoked, and no copy's.
            var encoder = CanonicalEncoder()
            encoder.write(0 as Int64)
            encoder.write([] as [UInt8])
            try database.run(
                "UPDATE setting SET value = ? WHERE key = ?",
                [Data(value + encoder.bytes), key]
            )
            guard let replica = Identifier(text: key.dropFirst("terminal.".count)) else { continue }
            try fillChains(of: replica, database)
        }
        guard !terminals.isEmpty else { return }
        try database.run(
            """
            INSERT INTO quarantine (sender, hash, verdict, reason, received, state, bytes)
            SELECT replica, hash, verdict, reason, effective, 1, bytes FROM operation
            WHERE verdict = 5 ORDER BY ordinal
            """
        )
    }

    private static func fillChains(of replica: Identifier, _ database: Database) throws {
        var chains: [UInt64: ChainState] = [:]
        var beginnings: [Identifier: UInt64] = [:]
        let operations =
            """
            SELECT incarnation, sequence, hash, CASE WHEN sequence = 1 THEN bytes END FROM operation
            WHERE replica = ? ORDER BY incarnation, sequence
            """
        try database.each(operations, [replica.data]) { row in
            let incarnation = row.unsigned(0)
            let hash = try row.identifier(2)
            var chain =
                try chains[incarnation]
                ?? ChainState(
                    replica: replica,
                    incarnation: incarnation,
                    first: row.bytes(3).flatMap { try Sync.Operation(bytes: $0).previous },
                    sequence: 0,
                    hash: hash
                )
            if chains[incarnation] == nil, let first = chain.first {
                beginnings[first] = incarnation
            }
            chain.sequence = row.unsigned(1)
            chain.hash = hash
            chains[incarnation] = chain
            return true
        }
        for (incarnation, chain) in chains where beginnings[chain.hash] != nil {
            chains[incarnation]?.endedAt = chain.sequence
        }
        let transaction = LedgerTransaction(database)
        for incarnation in chains.keys.sorted() {
            if let chain = chains[incarnation] { try transaction.set(chain) }
        }
    }
}
