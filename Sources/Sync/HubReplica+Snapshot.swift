import Tally

// The hub hands out snapshots.

extension HubReplica {
    /// Whether a terminal may have a scope's state.
    ///
    /// - Throws: ``SyncRefusal`` when it may not.
    public static func checkAccess(
        _ request: SnapshotRequest,
        in reading: any ReplicaReading
    ) throws {
        let terminal = try terminal(request.replica, in: reading)
        guard terminal.scopes.contains(request.scope) else {
            throw SyncRefusal.scopeNotPermitted(request.scope)
        }
    }

    /// Reads a scope's state, a piece in memory at a time.
    ///
    /// - Parameters:
    ///   - scope: which.
    ///   - reading: one consistent state of the store; work at the hub goes on meanwhile.
    ///   - compressor: packs the pieces.
    ///   - keep: takes each piece and its hash.
    /// - Returns: what to fetch.
    /// - Throws: ``SyncRefusal/repairing(_:)`` when the cells are not what the digest says.
    public func snapshot(
        of scope: Scope,
        in reading: any ReplicaReading,
        compressor: any Compressor,
        keep: @escaping (_ hash: [UInt8], _ packed: [UInt8]) throws -> Void
    ) throws -> SnapshotManifest {
        try reducer.snapshot(
            of: scope,
            at: try reading.head(of: scope),
            in: reading,
            compressor: compressor,
            keep: keep
        )
    }
}

extension Reducer {
    /// Packs a scope's state, which is the one at `position` of the hub's order.
    func snapshot(
        of scope: Scope,
        at position: UInt64,
        in reading: any ReplicaReading,
        compressor: any Compressor,
        keep: @escaping (_ hash: [UInt8], _ packed: [UInt8]) throws -> Void
    ) throws -> SnapshotManifest {
        var writer = SnapshotWriter(compressor, keep: keep)
        try reading.eachCell(of: scope) { entity, key, value in
            if case .held(let id)? = CellKey(bytes: key), let held = try reading.operation(id) {
                writer.add(held)
            }
            try writer.add(key, of: entity, value)
        }
        try writer.finish()
        guard try writer.digest == reading.digest(of: scope) else {
            throw SyncRefusal.repairing(scope)
        }
        return SnapshotManifest(
            epoch: try reading.integer(Setting.epoch) ?? 0,
            scope: scope,
            position: position,
            digest: writer.digest,
            reducer: fingerprint,
            cellCount: writer.cellCount,
            pieces: writer.pieces
        )
    }
}
