import Sync
import Tally

// A terminal that is far behind starts from a snapshot.

extension TerminalShell {
    /// Fetches a snapshot when the hub's order is far ahead; nothing when it is not, or when the
    /// hub has none that is of use here: the history then serves.
    ///
    /// What was fetched stays when the connection is lost, and is not fetched again.
    func startFromSnapshot(_ scope: Scope, over link: some HubLink) async throws {
        let terminal = terminal
        let (isWanted, known) = try await store.read { reading in
            (
                try terminal.wantsSnapshot(of: scope, in: reading),
                try terminal.incoming(scope, in: reading)
            )
        }
        guard isWanted else { return }
        do {
            guard let manifest = try await manifest(known, of: scope, over: link) else { return }
            try await fetch(manifest, over: link)
            let compressor = compressor
            try await store.write {
                try terminal.install(manifest, compressor: compressor, in: $0)
            }
            report(.snapshot(scope, cells: manifest.cellCount))
        } catch let refusal as SyncRefusal {
            // Thrown away by the hub meanwhile, or no good: the next round asks for another.
            try await store.write { try terminal.dropSnapshot(of: scope, in: $0) }
            if case .remote(let code, _) = refusal, code == SyncRefusal.noSnapshot(scope).code.text
            {
                return
            }
            throw refusal
        }
    }

    private func manifest(
        _ known: SnapshotManifest?,
        of scope: Scope,
        over link: some HubLink
    ) async throws -> SnapshotManifest? {
        if let known { return known }
        let terminal = terminal
        let request = SnapshotRequest(replica: terminal.replica.id, scope: scope)
        let bytes = try await link.snapshot(try request.bytes())
        let manifest = try SnapshotManifest(bytes: bytes)
        let isOfUse = try await store.write { try terminal.take(manifest, for: scope, in: $0) }
        return isOfUse ? manifest : nil
    }

    private func fetch(_ manifest: SnapshotManifest, over link: some HubLink) async throws {
        let terminal = terminal
        while let piece = try await store.read({ try terminal.missingPiece(of: manifest, in: $0) })
        {
            let request = SnapshotRequest(
                replica: terminal.replica.id,
                scope: manifest.scope,
                piece: piece.hash
            )
            let packed = try await link.piece(try request.bytes())
            try await store.write {
                try terminal.take(packed, as: piece, for: manifest.scope, in: $0)
            }
        }
    }
}
