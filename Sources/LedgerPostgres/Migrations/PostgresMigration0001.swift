extension Migration {
    /// The first schema.
    ///
    /// Every key and index leads with the site; what belongs to the company and not to one site
    /// has the site '', as the company's own scope has. Numbers of 64 bits without a sign
    /// (incarnations, stamps) are kept by their bit pattern and never compared in SQL. Names that
    /// come from outside (`kind`) are bytes, since `text` cannot hold every one. Text is ordered
    /// by its bytes.
    static let first = Migration(
        number: 1,
        sql: """
            -- Which steps of the schema were taken.
            CREATE TABLE migration (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                number bigint NOT NULL,
                taken timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (site, number)
            );

            -- One row: whoever writes locks it first. The counters of what is added.
            CREATE TABLE hub (
                site text COLLATE "C" NOT NULL CHECK (site = '') PRIMARY KEY,
                schema bigint NOT NULL,
                ordinal bigint NOT NULL DEFAULT 0,
                queued bigint NOT NULL DEFAULT 0
            );
            INSERT INTO hub (site, schema) VALUES ('', 0);

            -- The last transaction of each process: what a broken connection leaves open.
            CREATE TABLE process (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                id bytea NOT NULL CHECK (length(id) = 16),
                turn bigint NOT NULL,
                seen timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (site, id)
            );

            CREATE TABLE setting (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                key text COLLATE "C" NOT NULL,
                value bytea NOT NULL,
                PRIMARY KEY (site, key)
            );

            -- The sites of which anything is here.
            CREATE TABLE home (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                name text COLLATE "C" NOT NULL,
                PRIMARY KEY (site, name)
            );

            -- The sites in which operations of a replica lie.
            CREATE TABLE author (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                replica bytea NOT NULL CHECK (length(replica) = 16),
                home text COLLATE "C" NOT NULL,
                PRIMARY KEY (site, replica, home)
            );

            -- The last operation of each incarnation of a replica.
            CREATE TABLE chain_head (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                replica bytea NOT NULL CHECK (length(replica) = 16),
                incarnation bigint NOT NULL,
                sequence bigint NOT NULL CHECK (sequence > 0),
                hash bytea NOT NULL CHECK (length(hash) = 16),
                PRIMARY KEY (site, replica, incarnation)
            ) WITH (fillfactor = 70);

            -- Where each chain of a terminal stands at the hub.
            CREATE TABLE chain (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                replica bytea NOT NULL CHECK (length(replica) = 16),
                incarnation bigint NOT NULL,
                first bytea CHECK (length(first) = 16),
                sequence bigint NOT NULL CHECK (sequence >= 0),
                hash bytea NOT NULL CHECK (length(hash) = 16),
                ended_at bigint NOT NULL DEFAULT 0,
                forked smallint NOT NULL DEFAULT 0 CHECK (forked IN (0, 1)),
                PRIMARY KEY (site, replica, incarnation)
            ) WITH (fillfactor = 70);

            -- Bytes that can be given no place in the order, or no effect there. Never removed.
            CREATE TABLE quarantine (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                ticket bigint NOT NULL,
                sender bytea NOT NULL CHECK (length(sender) = 16),
                hash bytea NOT NULL CHECK (length(hash) = 16),
                verdict smallint NOT NULL CHECK (verdict BETWEEN 1 AND 5),
                reason text NOT NULL CHECK (reason <> ''),
                received bigint NOT NULL,
                state smallint NOT NULL CHECK (state BETWEEN 1 AND 5),
                settled bigint,
                person text NOT NULL DEFAULT '',
                remark text NOT NULL DEFAULT '',
                bytes bytea NOT NULL,
                PRIMARY KEY (site, ticket),
                UNIQUE (site, sender, hash)
            );
            CREATE INDEX quarantine_held ON quarantine (site, sender, ticket) WHERE state = 1;
            CREATE INDEX quarantine_open ON quarantine (site, ticket) WHERE state = 1;

            -- What a set of terminals shares: the last position, and the sum over its cells.
            CREATE TABLE scope (
                site text COLLATE "C" NOT NULL,
                area text COLLATE "C" NOT NULL,
                head bigint NOT NULL DEFAULT 0 CHECK (head >= 0),
                digest bytea NOT NULL CHECK (length(digest) = 16),
                PRIMARY KEY (site, area),
                CHECK ((site = '') = (area = ''))
            ) WITH (fillfactor = 50);

            -- Every entity of which an operation or a cell was ever here.
            CREATE TABLE entity (
                site text COLLATE "C" NOT NULL,
                area text COLLATE "C" NOT NULL,
                kind bytea NOT NULL CHECK (length(kind) > 0),
                id bytea NOT NULL CHECK (length(id) = 16),
                PRIMARY KEY (site, area, kind, id),
                FOREIGN KEY (site, area) REFERENCES scope (site, area)
            );

            -- The log. Rows are added and never removed; ordinals have no gap over all sites.
            CREATE TABLE operation (
                site text COLLATE "C" NOT NULL,
                area text COLLATE "C" NOT NULL,
                ordinal bigint NOT NULL CHECK (ordinal > 0),
                kind bytea NOT NULL,
                entity bytea NOT NULL,
                replica bytea NOT NULL CHECK (length(replica) = 16),
                incarnation bigint NOT NULL,
                sequence bigint NOT NULL CHECK (sequence > 0),
                hash bytea NOT NULL CHECK (length(hash) = 16),
                wall bigint NOT NULL,
                acceptance smallint NOT NULL CHECK (acceptance IN (0, 1)),
                lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 9),
                position bigint CHECK (position > 0),
                verdict smallint CHECK (verdict BETWEEN 1 AND 5),
                reason text,
                effective bigint,
                stamp bigint,
                unsure smallint CHECK (unsure IN (0, 1)),
                seen bigint CHECK (seen >= 0),
                acknowledged smallint CHECK (acknowledged BETWEEN 1 AND 5),
                answer text NOT NULL DEFAULT '',
                bytes bytea NOT NULL,
                PRIMARY KEY (site, ordinal),
                CHECK (
                    (position IS NULL) = (verdict IS NULL)
                    AND (position IS NULL) = (reason IS NULL)
                    AND (position IS NULL) = (effective IS NULL)
                    AND (position IS NULL) = (stamp IS NULL)
                    AND (position IS NULL) = (unsure IS NULL)
                ),
                FOREIGN KEY (site, area, kind, entity) REFERENCES entity (site, area, kind, id)
            );
            CREATE UNIQUE INDEX operation_name
                ON operation (site, replica, incarnation, sequence) INCLUDE (hash);
            CREATE UNIQUE INDEX operation_place ON operation (site, area, position)
                WHERE position IS NOT NULL;
            CREATE INDEX operation_acceptance ON operation (site, area, position)
                WHERE position IS NOT NULL AND acceptance = 1;
            CREATE INDEX operation_unsent ON operation (site, replica, lane, ordinal)
                WHERE position IS NULL AND acknowledged IS NULL;
            CREATE INDEX operation_unjudged ON operation (site, area, kind, entity, ordinal)
                WHERE position IS NULL;
            CREATE INDEX operation_waiting ON operation (site, position) WHERE verdict = 3;
            CREATE INDEX operation_trouble ON operation (site, replica, ordinal)
                WHERE coalesce(verdict, acknowledged) > 1;

            -- State: what the reducers made of the log. Keys and values are Sync's (Cell.swift).
            CREATE TABLE cell (
                site text COLLATE "C" NOT NULL,
                area text COLLATE "C" NOT NULL,
                kind bytea NOT NULL,
                entity bytea NOT NULL,
                key bytea NOT NULL CHECK (length(key) > 0),
                value bytea NOT NULL,
                PRIMARY KEY (site, area, kind, entity, key),
                FOREIGN KEY (site, area, kind, entity) REFERENCES entity (site, area, kind, id)
            );

            -- Sums over the cells of the entities of one kind whose ids begin with the same two
            -- bytes: the leaves of a scope's digest tree (Sync, DigestTree.swift).
            CREATE TABLE leaf (
                site text COLLATE "C" NOT NULL,
                area text COLLATE "C" NOT NULL,
                kind bytea NOT NULL,
                bucket bigint NOT NULL CHECK (bucket BETWEEN 0 AND 65535),
                sum bytea NOT NULL CHECK (length(sum) = 16),
                PRIMARY KEY (site, area, kind, bucket)
            ) WITH (fillfactor = 70);

            -- Pieces of snapshots, named by the hash of their bytes, and of what each snapshot is
            -- made: any process hands out what another has made, so both are the company's.
            CREATE TABLE piece (
                site text COLLATE "C" NOT NULL,
                area text COLLATE "C" NOT NULL,
                hash bytea NOT NULL CHECK (length(hash) = 32),
                bytes bytea NOT NULL,
                made timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (site, area, hash)
            );
            CREATE TABLE snapshot (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                scope text COLLATE "C" NOT NULL,
                number bigint NOT NULL,
                manifest bytea NOT NULL,
                PRIMARY KEY (site, scope, number)
            );

            -- Photos: what is known of each, and the content in parts as they came. One row says
            -- how often the list has changed.
            CREATE TABLE blob_turn (
                site text COLLATE "C" NOT NULL CHECK (site = '') PRIMARY KEY,
                number bigint NOT NULL
            );
            INSERT INTO blob_turn (site, number) VALUES ('', 1);
            CREATE TABLE blob (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                id bytea NOT NULL CHECK (length(id) = 32),
                manifest bytea NOT NULL,
                own smallint NOT NULL CHECK (own IN (0, 1)),
                ordinal bigint NOT NULL,
                complete smallint NOT NULL CHECK (complete IN (0, 1)),
                held bigint,
                PRIMARY KEY (site, id)
            );
            CREATE TABLE blob_part (
                site text COLLATE "C" NOT NULL CHECK (site = ''),
                id bytea NOT NULL CHECK (length(id) = 32),
                start bigint NOT NULL CHECK (start >= 0),
                bytes bytea NOT NULL CHECK (length(bytes) > 0),
                PRIMARY KEY (site, id, start)
            );
            ALTER TABLE blob_part ALTER bytes SET STORAGE EXTERNAL;

            -- Messages to the world. A delivered one stays: its key may never be queued again.
            CREATE TABLE outbox (
                site text COLLATE "C" NOT NULL,
                area text COLLATE "C" NOT NULL,
                queued bigint NOT NULL,
                key bytea NOT NULL CHECK (length(key) = 16),
                topic text NOT NULL,
                kind bytea NOT NULL,
                entity bytea NOT NULL CHECK (length(entity) = 16),
                payload bytea NOT NULL,
                delivered smallint NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1)),
                PRIMARY KEY (site, queued),
                UNIQUE (site, key)
            );
            CREATE INDEX outbox_queue ON outbox (site, queued) WHERE delivered = 0;
            """
    )
}
