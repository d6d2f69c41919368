extension Migration {
    /// Printers of a terminal, and their queue.
    static let printing = Migration(
        number: 4,
        sql: """
            CREATE TABLE printer (
                name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
                connection TEXT NOT NULL,
                language TEXT NOT NULL CHECK (language IN ('zpl', 'tspl', 'escpos', 'pdf')),
                -- Dots an inch, and micrometres.
                resolution INTEGER NOT NULL CHECK (resolution > 0),
                width INTEGER NOT NULL CHECK (width > 0),
                -- Half a label may lie in the printer's memory.
                cut_off INTEGER NOT NULL DEFAULT 0 CHECK (cut_off IN (0, 1))
            ) STRICT, WITHOUT ROWID;

            -- A job keeps the name of a printer that was removed. The newest job is never deleted,
            -- so numbers are never given twice.
            -- The pages (Labels/Sheet/LabelSheet+Wire.swift) come last: they are long.
            CREATE TABLE print_job (
                id INTEGER PRIMARY KEY,
                title TEXT NOT NULL,
                printer TEXT NOT NULL,
                copies INTEGER NOT NULL CHECK (copies > 0),
                queued INTEGER NOT NULL,
                state TEXT NOT NULL CHECK (
                    state IN (
                        'queued', 'sending', 'sent', 'printed', 'failed', 'unknown', 'confirmed',
                        'cancelled'
                    )
                ),
                note TEXT NOT NULL,
                detail TEXT NOT NULL,
                changed INTEGER NOT NULL,
                attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                reprints INTEGER NOT NULL DEFAULT 0 CHECK (reprints >= 0),
                run INTEGER NOT NULL DEFAULT 0 CHECK (run >= 0),
                ticket TEXT NOT NULL DEFAULT '',
                armed INTEGER NOT NULL DEFAULT 0 CHECK (armed IN (0, 1)),
                recalled INTEGER NOT NULL DEFAULT 0 CHECK (recalled IN (0, 1)),
                pages BLOB NOT NULL
            ) STRICT;

            CREATE INDEX print_job_open ON print_job (id) WHERE state IN ('queued', 'sending');
            """
    )
}
