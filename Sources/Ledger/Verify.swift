import GRDB
import Sync
import Tally

/// What a replica holds of one scope.
public struct ScopeSummary: Hashable, Sendable {
    public let scope: Scope
    /// The last position in the hub's order that is here.
    public let head: UInt64
    public let digest: ScopeDigest

    public init(scope: Scope, head: UInt64, digest: ScopeDigest) {
        self.scope = scope
        self.head = head
        self.digest = digest
    }
}

/// What came of replaying a log from nothing.
public struct VerifyReport: Sendable {
    public internal(set) var operationCount = 0
    public internal(set) var cellCount = 0
    /// Sorted by scope; complete when the store is sound.
    public internal(set) var scopes: [ScopeSummary] = []
    /// The first difference; nil when log, chains, state and digests agree.
    public internal(set) var difference: LedgerDifference?

    public var isSound: Bool { difference == nil }
}

extension LedgerStore {
    /// Replays the whole log from nothing and holds it against what is stored.
    ///
    /// Checks, in this order: the file's structure; that each row of the log is there and its
    /// columns say what its bytes say; the chains; the hub's order and judgements against its
    /// acceptances; every cell and each scope's digest. Runs beside the daemon's work on one
    /// consistent state, with one scope's cells in memory at a time.
    ///
    /// A scope that a terminal began with a snapshot is replayed from that.
    ///
    /// - Parameters:
    ///   - reducer: the one that made the stored state.
    ///   - compressor: unpacks snapshots; without one a scope that has one is not replayed.
    /// - Returns: what was looked at, and the first difference.
    /// - Throws: when the database cannot be read at all; what differs is in the report.
    public func verify(
        _ reducer: Reducer,
        compressor: (any Compressor)? = nil
    ) throws -> VerifyReport {
        try read { reading in
            guard let reading = reading as? LedgerReading else {
                preconditionFailure("a ledger reads with its own reading")
            }
            var verifier = Verifier(reading, reducer, compressor)
            return try verifier.run()
        }
    }
}

/// Replays the whole log of `store` from nothing: see ``LedgerStore/verify(_:)``.
public func verify(_ store: LedgerStore, _ reducer: Reducer) throws -> VerifyReport {
    try store.verify(reducer)
}

/// One run of the checks on one state of the database.
private struct Verifier {
    private let reading: LedgerReading
    private let reducer: Reducer
    private let compressor: (any Compressor)?
    private var report = VerifyReport()
    private var database: Database { reading.database }

    init(_ reading: LedgerReading, _ reducer: Reducer, _ compressor: (any Compressor)?) {
        self.reading = reading
        self.reducer = reducer
        self.compressor = compressor
    }

    mutating func run() throws -> VerifyReport {
        do {
            try database.checkStructure()
            try checkRows()
            try ChainCheck(reading).run()
            for scope in try reading.scopes() {
                let base = try TerminalReplica.base(scope, in: reading)
                try OrderCheck(reading, scope, after: base?.position ?? 0).run()
                try checkCells(of: scope)
            }
        } catch let difference as LedgerDifference {
            report.difference = difference
        }
        return report
    }

    // MARK: - Log

    private mutating func checkRows() throws {
        var count: Int64 = 0
        let emptyPlaces = Int64(try reading.integer(LedgerTransaction.emptyPlaces) ?? 0)
        try database.each(
            """
            SELECT bytes, ordinal, site, area, kind, entity, replica, incarnation, sequence, hash,
                wall, author, type
            FROM operation ORDER BY ordinal
            """
        ) { row in
            count += 1
            let empty = row[1] as Int64 - count
            guard (0...emptyPlaces).contains(empty) else { throw LedgerDifference.row(count) }
            let operation: Sync.Operation
            do {
                operation = try Sync.Operation(bytes: try row.requiredBytes(0))
            } catch let error as OperationError {
                throw LedgerDifference.bytes(count, detail: error.plainText)
            }
            try Self.checkColumns(of: row, against: operation)
            return true
        }
        report.operationCount = Int(count)
    }

    private static func checkColumns(
        of row: Row,
        against operation: Sync.Operation
    ) throws {
        let id = operation.id
        let columns: [(String, Bool)] = [
            ("replica", try row.identifier(6) == id.replica),
            ("incarnation", row.unsigned(7) == id.incarnation),
            ("sequence", row.unsigned(8) == id.sequence),
            ("hash", try row.identifier(9) == operation.hash),
            ("site", row[2] == operation.scope.site),
            ("area", row[3] == operation.scope.area),
            ("kind", row[4] == operation.entity.kind),
            ("entity", try row.identifier(5) == operation.entity.id),
            ("wall", row[10] == operation.reading.wall.milliseconds),
            ("author", row[11] == operation.author),
            ("type", row[12] == operation.type),
        ]
        for (name, equal) in columns where !equal { throw LedgerDifference.column(id, name) }
    }

    // MARK: - State

    private func load(
        _ base: SnapshotManifest,
        _ compressor: any Compressor,
        into cells: ReplayedCells
    ) throws {
        do {
            try reducer.loadBase(base, from: reading, compressor: compressor, into: cells)
        } catch {
            throw LedgerDifference.snapshot(base.scope)
        }
        guard cells.digest == base.digest else { throw LedgerDifference.snapshot(base.scope) }
    }

    private mutating func checkCells(of scope: Scope) throws {
        let replayed = ReplayedCells()
        let base = try TerminalReplica.base(scope, in: reading)
        if let base {
            guard let compressor else { return }
            try load(base, compressor, into: replayed)
        }
        try reducer.replay(scope, from: reading, after: base?.position ?? 0, into: replayed)
        let expected = replayed.digest
        var sum = ScopeDigest()
        var count = 0
        try database.eachCell(of: scope) { entity, key, value in
            guard let cell = replayed.take(key, of: entity) else {
                throw LedgerDifference.cell(entity, key, .extra)
            }
            guard cell == value else { throw LedgerDifference.cell(entity, key, .differs) }
            sum.replace(key, of: entity, from: nil, to: value)
            count += 1
        }
        if let (entity, key) = replayed.first {
            throw LedgerDifference.cell(entity, key, .missing)
        }
        // Log and cells agree by now, so a look at the sums finds only sums that are wrong.
        if let leaf = try reading.scrub(scope, after: nil, cellCount: .max).differing.first {
            throw LedgerDifference.leaf(leaf)
        }
        let stored = try reading.digest(of: scope)
        guard stored == expected, stored == sum else {
            throw LedgerDifference.digest(scope, stored: stored, replayed: expected)
        }
        report.cellCount += count
        report.scopes.append(
            ScopeSummary(scope: scope, head: try reading.head(of: scope), digest: stored)
        )
    }
}

/// The cells of one scope, made from the log alone.
private final class ReplayedCells: CellSpace {
    private var cells: [EntityKey: [CellKey: [UInt8]]] = [:]
    /// Kept as the cells change; ``take(_:of:)`` leaves it.
    private(set) var digest = ScopeDigest()

    func cell(_ key: CellKey, of entity: EntityKey) -> [UInt8]? { cells[entity]?[key] }

    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) {
        digest.replace(key, of: entity, from: cells[entity]?[key], to: value)
        cells[entity, default: [:]][key] = value
    }

    /// Takes a cell out, so that what is left at the end was missing.
    func take(_ key: CellKey, of entity: EntityKey) -> [UInt8]? {
        cells[entity]?.removeValue(forKey: key)
    }

    /// The first cell that was not taken.
    var first: (EntityKey, CellKey)? {
        guard let entity = cells.filter({ !$0.value.isEmpty }).keys.min(),
            let key = cells[entity]?.keys.min(by: {
                $0.bytes.lexicographicallyPrecedes($1.bytes)
            })
        else { return nil }
        return (entity, key)
    }
}

extension Database {
    /// SQLite's own look at the file, and at the references between tables.
    ///
    /// - Throws: ``LedgerDifference/structure(_:)``.
    func checkStructure() throws {
        let verdict = try String.fetchOne(self, sql: "PRAGMA integrity_check(1)") ?? ""
        guard verdict == "ok" else { throw LedgerDifference.structure(verdict) }
        if let stray = try Row.fetchOne(self, sql: "PRAGMA foreign_key_check") {
            let tables = "\(stray[0] as String) names a missing \(stray[2] as String)"
            throw LedgerDifference.structure(tables)
        }
    }

    /// Goes through the cells of a scope in the order of entity and key.
    func eachCell(
        of scope: Scope,
        _ visit: (EntityKey, CellKey, [UInt8]) throws -> Void
    ) throws {
        try each(
            """
            SELECT kind, entity, key, value FROM cell
            WHERE site = ? AND area = ? ORDER BY kind, entity, key
            """,
            scope.arguments
        ) { row in
            let entity = EntityKey(scope: scope, kind: row[0], id: try row.identifier(1))
            try visit(entity, try CellKey(row: row, 2), try row.requiredBytes(3))
            return true
        }
    }
}
