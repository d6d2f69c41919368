extension Migration {
    /// Messages of the outbox on their way to targets.
    static let deliveries = Migration(
        number: 2,
        sql: """
            -- One row a message and target. While it is being sent, its due moment says when its
            -- sender is given up.
            CREATE TABLE outbox_delivery (
                site text COLLATE "C" NOT NULL,
                target text COLLATE "C" NOT NULL CHECK (target <> ''),
                queued bigint NOT NULL,
                key bytea NOT NULL CHECK (length(key) = 16),
                entity bytea NOT NULL CHECK (length(entity) = 16),
                state text COLLATE "C" NOT NULL
                    CHECK (state IN ('waiting', 'sending', 'delivered', 'dead')),
                attempts bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                doubted smallint NOT NULL DEFAULT 0 CHECK (doubted IN (0, 1)),
                added bigint NOT NULL,
                due bigint NOT NULL,
                lease bytea CHECK (length(lease) = 16),
                error text NOT NULL DEFAULT '',
                detail text NOT NULL DEFAULT '',
                delivered bigint,
                number text NOT NULL DEFAULT '',
                -- What the target says of it by itself, later.
                word text COLLATE "C" CHECK (word IN ('accepted', 'closed')),
                word_moment bigint,
                PRIMARY KEY (site, target, queued)
            );
            CREATE INDEX outbox_delivery_due ON outbox_delivery (site, target, due)
                WHERE state IN ('waiting', 'sending');
            CREATE INDEX outbox_delivery_entity ON outbox_delivery (site, target, entity, queued)
                WHERE state IN ('waiting', 'sending');
            CREATE INDEX outbox_delivery_state ON outbox_delivery (site, state, target);
            CREATE UNIQUE INDEX outbox_delivery_key ON outbox_delivery (site, key, target);

            -- How far the allowance of a target is used up, in microseconds. Who takes deliveries
            -- of a target locks its row, so that no two processes take the same.
            CREATE TABLE outbox_target (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                name text COLLATE "C" NOT NULL CHECK (name <> ''),
                used_until bigint NOT NULL,
                PRIMARY KEY (site, name)
            );
            """
    )
}
