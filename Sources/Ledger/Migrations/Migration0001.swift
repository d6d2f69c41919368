extension Migration {
    /// The first schema: scopes, entities, the operation log, cells, settings, outbox.
    ///
    /// Integers of 64 bits without a sign (incarnations, stamps) are kept by their bit pattern and
    /// never compared in SQL. Indexes are partial where a query asks for the few: they stay as
    /// small as what is still to be done, however long the history grows.
    static let first = Migration(
        number: 1,
        sql: """
            -- What a set of terminals shares: the last position, and the sum over its cells.
            CREATE TABLE scope (
                site TEXT NOT NULL,
                area TEXT NOT NULL,
                head INTEGER NOT NULL DEFAULT 0 CHECK (head >= 0),
                digest BLOB NOT NULL DEFAULT (zeroblob(16)) CHECK (length(digest) = 16),
                PRIMARY KEY (site, area),
                CHECK ((site = '') = (area = ''))
            ) STRICT, WITHOUT ROWID;

            -- Every entity of which an operation or a cell was ever here.
            CREATE TABLE entity (
                site TEXT NOT NULL,
                area TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind <> ''),
                id BLOB NOT NULL CHECK (length(id) = 16),
                PRIMARY KEY (site, area, kind, id),
                FOREIGN KEY (site, area) REFERENCES scope (site, area)
            ) STRICT, WITHOUT ROWID;

            -- The log. Rows are added and never removed, so ordinals have no gap. The bytes come
            -- last: what is asked for often lies before them, on the row's first page.
            CREATE TABLE operation (
                site TEXT NOT NULL,
                area TEXT NOT NULL,
                ordinal INTEGER PRIMARY KEY,
                kind TEXT NOT NULL,
                entity BLOB NOT NULL,
                replica BLOB NOT NULL CHECK (length(replica) = 16),
                incarnation INTEGER NOT NULL,
                sequence INTEGER NOT NULL CHECK (sequence > 0),
                hash BLOB NOT NULL CHECK (length(hash) = 16),
                wall INTEGER NOT NULL,
                author TEXT NOT NULL,
                type TEXT NOT NULL CHECK (type <> ''),
                position INTEGER CHECK (position > 0),
                verdict INTEGER CHECK (verdict BETWEEN 1 AND 5),
                reason TEXT,
                effective INTEGER,
                stamp INTEGER,
                unsure INTEGER CHECK (unsure IN (0, 1)),
                acknowledged INTEGER CHECK (acknowledged BETWEEN 1 AND 5),
                bytes BLOB NOT NULL,
                CHECK (
                    (position IS NULL) = (verdict IS NULL)
                    AND (position IS NULL) = (reason IS NULL)
                    AND (position IS NULL) = (effective IS NULL)
                    AND (position IS NULL) = (stamp IS NULL)
                    AND (position IS NULL) = (unsure IS NULL)
                ),
                FOREIGN KEY (site, area, kind, entity) REFERENCES entity (site, area, kind, id)
            ) STRICT;

            CREATE UNIQUE INDEX operation_name ON operation (replica, incarnation, sequence);
            CREATE UNIQUE INDEX operation_place ON operation (site, area, position)
                WHERE position IS NOT NULL;
            CREATE INDEX operation_unsent ON operation (replica)
                WHERE position IS NULL AND acknowledged IS NULL;
            CREATE INDEX operation_unjudged ON operation (site, area, kind, entity)
                WHERE position IS NULL;
            CREATE INDEX operation_waiting ON operation (position) WHERE verdict = 3;

            -- State: what the reducers made of the log. Keys and values are Sync's (Cell.swift).
            CREATE TABLE cell (
                site TEXT NOT NULL,
                area TEXT NOT NULL,
                kind TEXT NOT NULL,
                entity BLOB NOT NULL,
                key BLOB NOT NULL CHECK (length(key) > 0),
                value BLOB NOT NULL,
                PRIMARY KEY (site, area, kind, entity, key),
                FOREIGN KEY (site, area, kind, entity) REFERENCES entity (site, area, kind, id)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE setting (
                key TEXT NOT NULL PRIMARY KEY,
                value BLOB NOT NULL
            ) STRICT, WITHOUT ROWID;

            -- Messages to the world. A delivered one stays: its key may never be queued again.
            CREATE TABLE outbox (
                site TEXT NOT NULL,
                area TEXT NOT NULL,
                queued INTEGER PRIMARY KEY,
                key BLOB NOT NULL UNIQUE CHECK (length(key) = 16),
                topic TEXT NOT NULL,
                kind TEXT NOT NULL,
                entity BLOB NOT NULL CHECK (length(entity) = 16),
                payload BLOB NOT NULL,
                delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1))
            ) STRICT;

            CREATE INDEX outbox_queue ON outbox (queued) WHERE delivered = 0;
            """
    )
}
