import Sync
import Tally

/// Photos in the hub's database, which all its processes share.
///
/// Content lies in parts as it came. One process at a time is at work (``alone(_:)``); whether
/// another has changed which blobs there are since is told by a number in the row that it locks.
public final class PostgresBlobs: BlobStore {
    private let address: DatabaseAddress
    private var connection: Connection?
    /// Whether the transaction that is open has changed which blobs there are.
    private var hasChanged = false
    /// Whether a shelf is being opened.
    private var isOpening = false

    /// - Parameter store: the hub's.
    public init(in store: PostgresStore) { address = store.address }

    /// Runs `body` in a transaction, alone among all processes; what it throws undoes it.
    ///
    /// - Parameter body: gets a number that is another when another process has changed something.
    /// - Returns: what the body gives, and the number from now on.
    /// - Throws: what the body throws, or ``PostgresRefusal``.
    public func alone<Result>(
        _ body: (UInt64) throws -> Result
    ) throws -> (result: Result, number: UInt64) {
        do {
            let connection = try ready()
            try connection.script("BEGIN; SET LOCAL synchronous_commit = off")
            hasChanged = false
            let number =
                try connection.run(
                    "SELECT number FROM blob_turn WHERE site = '' FOR UPDATE"
                ).first { try $0.unsigned(0) } ?? 0
            let result = try body(number)
            if hasChanged {
                try connection.run("UPDATE blob_turn SET number = number + 1 WHERE site = ''")
            }
            try connection.script("COMMIT")
            return (result, hasChanged ? number + 1 : number)
        } catch {
            // The connection may be gone, and the transaction with it.
            if (try? connection?.script("ROLLBACK")) == nil { connection = nil }
            guard let error = error as? ServerError else { throw error }
            throw error.refusal(address.name)
        }
    }

    /// Opens a shelf on what is stored now.
    ///
    /// A shelf drops what a cut of the power may have torn: here nothing is torn, and what is on
    /// its way to another process stays.
    ///
    /// - Returns: a new shelf.
    /// - Throws: ``PostgresRefusal``.
    public func shelf() throws -> BlobShelf {
        isOpening = true
        defer { isOpening = false }
        return try BlobShelf(self)
    }

    private func ready() throws -> Connection {
        if let connection, connection.isSound { return connection }
        let fresh = try Connection(address)
        connection = fresh
        return fresh
    }

    private func run(_ sql: String, _ values: [Parameter] = []) throws -> Rows {
        try ready().run(sql, values)
    }

    /// Every statement that was prepared, for the test that reads their plans.
    package var statements: Set<String> { Set(connection?.statements.keys.map { $0 } ?? []) }

    // MARK: - Entries

    public func entries() throws -> [BlobEntry] {
        try run(
            """
            SELECT manifest, own, ordinal, complete, held FROM blob WHERE site = ''
            ORDER BY ordinal
            """
        ).map { row in
            BlobEntry(
                manifest: try BlobManifest(bytes: try row.requiredBytes(0)),
                isOwn: try row.requiredInteger(1) != 0,
                ordinal: try row.unsigned(2),
                isComplete: try row.requiredInteger(3) != 0,
                heldEpoch: row.integer(4).map { UInt64(bitPattern: $0) }
            )
        }
    }

    public func keep(_ entry: BlobEntry) throws {
        hasChanged = true
        try waitForDisk()
        _ = try run(
            """
            INSERT INTO blob (site, id, manifest, own, ordinal, complete, held)
            VALUES ('', $1, $2, $3, $4, $5, $6)
            ON CONFLICT (site, id) DO UPDATE
            SET manifest = excluded.manifest, own = excluded.own, ordinal = excluded.ordinal,
                complete = excluded.complete, held = excluded.held
            """,
            [
                .bytes(entry.manifest.id.bytes), .bytes(try entry.manifest.bytes()),
                .integer(entry.isOwn ? 1 : 0), .unsigned(entry.ordinal),
                .integer(entry.isComplete ? 1 : 0), .unsigned(entry.heldEpoch),
            ]
        )
    }

    public func remove(_ id: ContentHash) throws {
        hasChanged = true
        _ = try run("DELETE FROM blob WHERE site = '' AND id = $1", [.bytes(id.bytes)])
        try truncate(id, to: 0)
    }

    // MARK: - Content

    public func length(of id: ContentHash) throws -> Int {
        if isOpening { return 0 }
        let last = try run(
            """
            SELECT start + length(bytes) FROM blob_part WHERE site = '' AND id = $1
            ORDER BY start DESC LIMIT 1
            """,
            [.bytes(id.bytes)]
        ).first { Int(try $0.requiredInteger(0)) }
        return last ?? 0
    }

    public func write(_ bytes: [UInt8], to id: ContentHash, at offset: Int) throws {
        guard !bytes.isEmpty else { return }
        if try length(of: id) > offset { try truncate(id, to: offset) }
        _ = try run(
            "INSERT INTO blob_part (site, id, start, bytes) VALUES ('', $1, $2, $3)",
            [.bytes(id.bytes), .integer(offset), .bytes(bytes)]
        )
    }

    public func truncate(_ id: ContentHash, to length: Int) throws {
        if isOpening { return }
        _ = try run(
            "DELETE FROM blob_part WHERE site = '' AND id = $1 AND start >= $2",
            [.bytes(id.bytes), .integer(length)]
        )
        _ = try run(
            """
            UPDATE blob_part SET bytes = substring(bytes FROM 1 FOR ($2 - start)::int)
            WHERE site = '' AND id = $1 AND start < $2 AND start + length(bytes) > $2
            """,
            [.bytes(id.bytes), .integer(length)]
        )
    }

    public func read(_ id: ContentHash, at offset: Int, count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try run(
            """
            SELECT start, bytes FROM blob_part
            WHERE site = '' AND id = $1 AND start < $3 AND start >= (
                SELECT coalesce(max(start), 0) FROM blob_part
                WHERE site = '' AND id = $1 AND start <= $2
            )
            ORDER BY start
            """,
            [.bytes(id.bytes), .integer(offset), .integer(offset + count)]
        ).each { row in
            let start = Int(try row.requiredInteger(0))
            bytes += try row.requiredBytes(1).dropFirst(max(offset - start, 0))
            return true
        }
        return Array(bytes.prefix(count))
    }

    public func sync(_ id: ContentHash) throws { try waitForDisk() }

    /// Has the commit wait for the disk.
    private func waitForDisk() throws {
        try ready().script("SET LOCAL synchronous_commit = on")
    }
}
