extension Migration {
    /// The up path: lanes and answers at terminals; chains and what is kept aside at the hub.
    static let second = Migration(
        number: 2,
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

            INSERT INTO chain (replica, incarnation, sequence, hash)
            SELECT replica, incarnation, max(sequence), hash FROM operation
            GROUP BY replica, incarnation;

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
            """
    )
}
