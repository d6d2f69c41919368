import Tally

// A terminal starts from a snapshot, and follows the hub's order from there.

extension Setting {
    /// The manifest of the snapshot that is being fetched for a scope.
    static func incoming(_ scope: Scope) -> SettingKey { SettingKey("sync.incoming.\(scope)") }
    /// The manifest of the snapshot that a scope's state was begun with.
    package static func base(_ scope: Scope) -> SettingKey { SettingKey("sync.base.\(scope)") }
}

extension TerminalReplica {
    /// With more than this before it in the hub's order, a terminal starts from a snapshot.
    public static let snapshotDistance: UInt64 = 5_000

    /// Whether the terminal is so far behind that the state is sooner there than the history.
    public func wantsSnapshot(
        of scope: Scope,
        in reading: any ReplicaReading,
        distance: UInt64 = Self.snapshotDistance
    ) throws -> Bool {
        let head = try Self.hubHead(of: scope, in: reading)
        let cursor = try cursor(of: scope, in: reading)
        return head > cursor && head - cursor > distance
    }

    /// The snapshot that is being fetched; nil for none, or when it is of another epoch's order.
    public func incoming(
        _ scope: Scope,
        in reading: any ReplicaReading
    ) throws -> SnapshotManifest? {
        guard let bytes = try reading.setting(Setting.incoming(scope)) else { return nil }
        let manifest = try SnapshotManifest(bytes: bytes)
        return manifest.epoch == (try reading.integer(Setting.epoch) ?? 0) ? manifest : nil
    }

    /// The snapshot that the state of a scope was begun with; nil when it was made from the log.
    package static func base(
        _ scope: Scope,
        in reading: any ReplicaReading
    ) throws -> SnapshotManifest? {
        try reading.setting(Setting.base(scope)).map(SnapshotManifest.init(bytes:))
    }

    /// Takes the hub's offer of a snapshot.
    ///
    /// - Returns: whether it is of use here: of this hub's epoch, made by a reducer like this one,
    ///   and past what is known.
    public func take(
        _ manifest: SnapshotManifest,
        for scope: Scope,
        in transaction: any ReplicaTransaction
    ) throws -> Bool {
        guard manifest.scope == scope, manifest.reducer == reducer.fingerprint,
            manifest.epoch == (try transaction.integer(Setting.epoch) ?? 0),
            manifest.position > (try cursor(of: scope, in: transaction)),
            try Self.shares(scope, in: transaction)
        else { return false }
        try transaction.set(Setting.incoming(scope), to: try manifest.bytes())
        try keepPieces(of: scope, in: transaction)
        return true
    }

    /// The next piece to fetch; nil when all are here.
    public func missingPiece(
        of manifest: SnapshotManifest,
        in reading: any ReplicaReading
    ) throws -> SnapshotManifest.Piece? {
        try manifest.pieces.first { try !reading.hasPiece($0.hash, of: manifest.scope) }
    }

    /// Keeps a piece until all are here.
    ///
    /// - Throws: ``SyncRefusal/malformed`` when it is not the one that was asked for.
    public func take(
        _ packed: [UInt8],
        as piece: SnapshotManifest.Piece,
        for scope: Scope,
        in transaction: any ReplicaTransaction
    ) throws {
        guard ContentHash(of: packed).bytes == piece.hash else { throw SyncRefusal.malformed }
        try transaction.putPiece(piece.hash, packed, of: scope)
    }

    /// Gives the snapshot up that is being fetched: the hub has it no more, or it was no good.
    public func dropSnapshot(
        of scope: Scope,
        in transaction: any ReplicaTransaction
    ) throws {
        try transaction.set(Setting.incoming(scope), to: nil)
        try keepPieces(of: scope, in: transaction)
    }

    /// Puts the snapshot in the place of the scope's state: all of it, or nothing.
    ///
    /// Own operations that are not in the hub's order yet stay as they are and are shown on top.
    ///
    /// - Throws: ``SyncRefusal/malformed`` when the pieces do not give the digest that the hub
    ///   says; the caller's transaction is then undone.
    public func install(
        _ manifest: SnapshotManifest,
        compressor: any Compressor,
        in transaction: any ReplicaTransaction
    ) throws {
        let scope = manifest.scope
        try transaction.clearCells(of: scope)
        for piece in manifest.pieces {
            guard let packed = try transaction.piece(piece.hash, of: scope) else {
                throw SyncRefusal.malformed
            }
            let unpacked = try compressor.decompress(packed, countMax: piece.unpackedCount)
            let content = try SnapshotPiece(bytes: unpacked, in: scope)
            for state in content.entities { try transaction.load(state) }
            for held in content.held { try keep(held, in: transaction) }
        }
        if defects.contains(.clientReset) { try forgetUnsent(of: scope, in: transaction) }
        guard try transaction.digest(of: scope) == manifest.digest else {
            throw SyncRefusal.malformed
        }
        try transaction.raiseHead(of: scope, to: manifest.position)
        try transaction.set(Setting.cursor(scope), to: manifest.position)
        try transaction.set(Setting.search(scope), to: nil)
        try transaction.set(Setting.refetched(scope), to: nil)
        try transaction.set(Setting.base(scope), to: try manifest.bytes())
        try transaction.set(Setting.incoming(scope), to: nil)
        try keepPieces(of: scope, in: transaction)
    }

    private func keep(_ held: LoggedOperation, in transaction: any ReplicaTransaction) throws {
        if try transaction.operation(held.operation.id) != nil {
            try transaction.judge(held.operation.id, held.judgement)
        } else {
            try transaction.append(held)
        }
    }

    /// Drops pieces that neither the base nor what is being fetched needs.
    func keepPieces(of scope: Scope, in transaction: any ReplicaTransaction) throws {
        let base = try Self.base(scope, in: transaction)?.pieces ?? []
        let incoming = try incoming(scope, in: transaction)?.pieces ?? []
        try transaction.dropPieces(of: scope, except: Set((base + incoming).map(\.hash)))
    }
}

extension Reducer {
    /// Applies the state that a scope was begun with to `space`, before its log is replayed.
    ///
    /// - Throws: ``SyncRefusal/malformed`` when a piece is missing.
    package func loadBase(
        _ manifest: SnapshotManifest,
        from reading: any ReplicaReading,
        compressor: any Compressor,
        into space: some CellSpace
    ) throws {
        for piece in manifest.pieces {
            guard let packed = try reading.piece(piece.hash, of: manifest.scope) else {
                throw SyncRefusal.malformed
            }
            let unpacked = try compressor.decompress(packed, countMax: piece.unpackedCount)
            for state in try SnapshotPiece(bytes: unpacked, in: manifest.scope).entities {
                for (key, value) in state.cells {
                    try space.setCell(key, of: state.entity, to: value)
                }
            }
        }
    }
}
