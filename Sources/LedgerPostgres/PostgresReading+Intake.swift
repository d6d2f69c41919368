import Sync
import Tally

// Chains, and what is kept aside: the company's, since a terminal may move from site to site.

extension PostgresReading {
    func quarantined(_ ticket: UInt64) throws -> QuarantinedRecord? {
        try first(
            "SELECT \(QuarantinedRecord.columns) FROM quarantine WHERE site = '' AND ticket = $1",
            [.integer(Int64(clamping: ticket))],
            QuarantinedRecord.init
        )
    }

    func quarantined(
        _ hash: Identifier,
        from sender: Identifier
    ) throws -> QuarantinedRecord? {
        try first(
            """
            SELECT \(QuarantinedRecord.columns) FROM quarantine
            WHERE site = '' AND sender = $1 AND hash = $2
            """,
            [.id(sender), .id(hash)],
            QuarantinedRecord.init
        )
    }

    func quarantine(
        after ticket: UInt64,
        held: Bool,
        limit: Int
    ) throws -> [QuarantinedRecord] {
        try all(
            """
            SELECT \(QuarantinedRecord.columns) FROM quarantine
            WHERE site = '' AND ticket > $1 \(held ? "AND state = 1" : "")
            ORDER BY ticket LIMIT $2
            """,
            [.integer(Int64(clamping: ticket)), .integer(limit)],
            QuarantinedRecord.init
        )
    }

    func heldRecords(from sender: Identifier) throws -> [QuarantinedRecord] {
        try all(
            """
            SELECT \(QuarantinedRecord.columns) FROM quarantine
            WHERE site = '' AND sender = $1 AND state = 1 ORDER BY ticket
            """,
            [.id(sender)],
            QuarantinedRecord.init
        )
    }

    func chain(_ replica: Identifier, _ incarnation: UInt64) throws -> ChainState? {
        try first(
            """
            SELECT \(ChainState.columns) FROM chain
            WHERE site = '' AND replica = $1 AND incarnation = $2
            """,
            [.id(replica), .unsigned(incarnation)],
            ChainState.init
        )
    }

    func chains(of replica: Identifier) throws -> [ChainState] {
        try all(
            "SELECT \(ChainState.columns) FROM chain WHERE site = '' AND replica = $1",
            [.id(replica)],
            ChainState.init
        )
        .sorted { $0.incarnation < $1.incarnation }
    }

    func operation(hashed hash: Identifier, of replica: Identifier) throws -> OperationID? {
        try bringUpToDate()
        for home in try homes(of: replica) {
            let found = try first(
                """
                SELECT incarnation, sequence FROM operation
                WHERE site = $1 AND replica = $2 AND hash = $3 LIMIT 1
                """,
                [.text(home), .id(replica), .id(hash)]
            ) { row in
                OperationID(
                    replica: replica,
                    incarnation: try row.unsigned(0),
                    sequence: try row.unsigned(1)
                )
            }
            if let found { return found }
        }
        return nil
    }

    func settings(under prefix: String) throws -> [(key: SettingKey, value: [UInt8])] {
        guard !prefix.utf8.contains(0) else { return [] }
        try bringUpToDate()
        // Every text that begins with the prefix sorts between it and the prefix with the last
        // character of Unicode behind it.
        return try all(
            """
            SELECT key, value FROM setting WHERE site = '' AND key >= $1 AND key < $2 ORDER BY key
            """,
            [.text(prefix), .text(prefix + "\u{10FFFF}")]
        ) { (SettingKey(try $0.text(0)), try $0.requiredBytes(1)) }
    }
}
