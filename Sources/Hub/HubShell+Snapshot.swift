import Sync
import Synchronization
import Tally

// The hub makes snapshots and hands them out, piece by piece.

/// The snapshots that a hub has made since its start.
struct Snapshots: Sendable {
    /// The newest of each scope.
    var manifests: [Scope: SnapshotManifest] = [:]
    /// The one before, which a terminal may still be fetching.
    var previous: [Scope: SnapshotManifest] = [:]
    /// Scopes of which one is being made; whoever asks meanwhile follows the history until it is.
    var making: Set<Scope> = []

    /// The pieces that are of use.
    var hashes: Set<[UInt8]> {
        Set([manifests, previous].flatMap(\.values).flatMap(\.pieces).map(\.hash))
    }
}

/// A shelf that other processes of the hub share, and that says what was made.
public protocol SharedShelf: PieceShelf {
    /// The newest snapshot of a scope and the one before, the newest first.
    func manifests(of scope: Scope) throws -> [SnapshotManifest]
    /// Says that a snapshot is whole.
    func put(_ manifest: SnapshotManifest) throws
}

extension HubShell {
    /// Learns what other processes have put on a shelf that they share.
    private func learn(_ scope: Scope) throws {
        guard let shelf = shelf as? any SharedShelf else { return }
        let made = try shelf.manifests(of: scope)
        snapshots.withLock { snapshots in
            snapshots.manifests[scope] = made.first
            snapshots.previous[scope] = made.dropFirst().first
        }
    }

    /// A snapshot serves as long as what has come since is less than this, or than a tenth of it.
    private static let tailMin: UInt64 = 2_000

    /// Offers a snapshot: a `SnapshotRequest`, answered by a `SnapshotManifest`.
    ///
    /// One that is not too old is offered again; else a new one is made, on one consistent state,
    /// while pushes go on.
    public func snapshot(_ request: [UInt8]) async throws -> [UInt8] {
        let request = try SnapshotRequest(manifestRequest: request)
        let head = try await store.read { reading in
            try HubReplica.checkAccess(request, in: reading)
            return try reading.head(of: request.scope)
        }
        guard shelf != nil else { throw SyncRefusal.noSnapshot(request.scope) }
        let epoch = try await store.read { try HubReplica.epoch(in: $0) }
        try learn(request.scope)
        if let made = snapshots.withLock({ $0.manifests[request.scope] }), made.epoch == epoch,
            head >= made.position, head - made.position < max(Self.tailMin, made.position / 10)
        {
            return try made.bytes()
        }
        return try await make(request.scope).bytes()
    }

    /// Gives out a piece: a `PieceRequest`, answered by its bytes.
    public func piece(_ request: [UInt8]) async throws -> [UInt8] {
        let request = try SnapshotRequest(pieceRequest: request)
        try await store.read { try HubReplica.checkAccess(request, in: $0) }
        // Only pieces of this scope: a hash is no right to see another's.
        if !isKnown(request) { try learn(request.scope) }
        guard isKnown(request), let hash = request.piece, let bytes = try shelf?.get(hash) else {
            throw SyncRefusal.noSnapshot(request.scope)
        }
        return bytes
    }

    /// Whether a piece is one of the snapshots of its scope.
    private func isKnown(_ request: SnapshotRequest) -> Bool {
        snapshots.withLock { snapshots in
            [snapshots.manifests[request.scope], snapshots.previous[request.scope]].contains {
                $0?.pieces.contains { $0.hash == request.piece } == true
            }
        }
    }

    private func make(_ scope: Scope) async throws -> SnapshotManifest {
        guard snapshots.withLock({ $0.making.insert(scope).inserted }) else {
            throw SyncRefusal.noSnapshot(scope)
        }
        defer { snapshots.withLock { _ = $0.making.remove(scope) } }
        guard let shelf else { throw SyncRefusal.noSnapshot(scope) }
        let compressor = compressor
        do {
            let manifest = try await read { node, reading in
                try node.replica.snapshot(
                    of: scope,
                    in: reading,
                    compressor: compressor,
                    keep: { try shelf.put($0, $1) }
                )
            }
            try (shelf as? any SharedShelf)?.put(manifest)
            let kept = snapshots.withLock { snapshots in
                snapshots.previous[scope] = snapshots.manifests[scope]
                snapshots.manifests[scope] = manifest
                // Another scope's is being made: its pieces are not known yet.
                return snapshots.making.count > 1 ? nil : snapshots.hashes
            }
            if let kept { try shelf.keepOnly(kept) }
            return manifest
        } catch SyncRefusal.repairing(let scope) {
            scrubber.withLock { $0.lookAtAll() }
            throw SyncRefusal.repairing(scope)
        }
    }
}
