extension Migration {
    /// Messages of the outbox on their way to targets.
    static let deliveries = Migration(
        number: 7,
        sql: """
            -- One row a message and target. While it is being sent, its due moment says when its
            -- sender is given up.
            CREATE TABLE outbox_delivery (
                target TEXT NOT NULL CHECK (target <> ''),
                queued INTEGER NOT NULL REFERENCES outbox (queued),
                key BLOB NOT NULL CHECK (length(key) = 16),
                entity BLOB NOT NULL CHECK (length(entity) = 16),
                state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'dead')),
                attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                doubted INTEGER NOT NULL DEFAULT 0 CHECK (doubted IN (0, 1)),
                added INTEGER NOT NULL,
                due INTEGER NOT NULL,
                lease BLOB CHECK (length(lease) = 16),
                error TEXT NOT NULL DEFAULT '',
                detail TEXT NOT NULL DEFAULT '',
                delivered INTEGER,
                number TEXT NOT NULL DEFAULT '',
                -- What the target says of it by itself, later.
                word TEXT CHECK (word IN ('accepted', 'closed')),
                word_moment INTEGER,
                PRIMARY KEY (target, queued)
            ) STRICT, WITHOUT ROWID;

            CREATE INDEX outbox_delivery_due ON outbox_delivery (target, due)
                WHERE state IN ('waiting', 'sending');
            CREATE INDEX outbox_delivery_entity ON outbox_delivery (target, entity, queued)
                WHERE state IN ('waiting', 'sending');
            CREATE INDEX outbox_delivery_state ON outbox_delivery (target, state);

            -- How far the allowance of a target with a limit is used up, in microseconds.
            CREATE TABLE outbox_target (
                name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
                used_until INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            """
    )
}
