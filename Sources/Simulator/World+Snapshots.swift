import Agent
import Hub
import Sync
import Tally

/// Terminals that are new or were away long start from the hub's state instead of its history.
extension World {
    /// What a terminal asks for before its next page: the offer of a snapshot, or a piece of one;
    /// nil when the history serves.
    func snapshotRequest(
        _ scope: Scope,
        _ terminal: SimulatedTerminal
    ) throws -> SnapshotRequest? {
        guard let snapshotDistance, !terminal.refusedSnapshots.contains(scope) else { return nil }
        return try terminal.machine.store.read { reading in
            let replica = terminal.node.terminal
            guard try replica.wantsSnapshot(of: scope, in: reading, distance: snapshotDistance)
            else { return nil }
            guard let manifest = try replica.incoming(scope, in: reading),
                let piece = try replica.missingPiece(of: manifest, in: reading)
            else { return SnapshotRequest(replica: replica.replica.id, scope: scope) }
            return SnapshotRequest(replica: replica.replica.id, scope: scope, piece: piece.hash)
        }
    }

    /// Takes the hub's answer: a manifest or a piece; with the last piece the state is there.
    func take(
        _ bytes: [UInt8],
        to request: SnapshotRequest,
        at terminal: SimulatedTerminal
    ) throws {
        let scope = request.scope
        // People do not wait for it: what they record meanwhile has to outlive it.
        if photoDice.happens(50), !isCalm {
            try doSomething(at: terminal)
            guard terminal.machine.isUp else { return }
        }
        var isOfUse = true
        let installed = try terminal.machine.transact(&terminal.node) {
            node,
            _,
            transaction -> SnapshotManifest? in
            let replica = node.terminal
            let manifest: SnapshotManifest
            if let hash = request.piece {
                guard let incoming = try replica.incoming(scope, in: transaction),
                    let piece = incoming.pieces.first(where: { $0.hash == hash })
                else { return nil }
                manifest = incoming
                try replica.take(bytes, as: piece, for: scope, in: transaction)
            } else {
                manifest = try SnapshotManifest(bytes: bytes)
                isOfUse = try replica.take(manifest, for: scope, in: transaction)
                guard isOfUse else { return nil }
            }
            guard try replica.missingPiece(of: manifest, in: transaction) == nil,
                manifest.position > (try replica.cursor(of: scope, in: transaction))
            else { return nil }
            try replica.install(manifest, compressor: IdentityCompressor(), in: transaction)
            return manifest
        }
        guard let installed else {
            // Of an offer that is of no use: the history serves until the next start.
            if !isOfUse { terminal.refusedSnapshots.insert(scope) }
            return
        }
        snapshots += 1
        note(terminal.index, installed.cellCount, installed.position)
        terminal.reached[scope] = installed.position
        terminal.based[scope] = installed.position
        terminal.broken.remove(scope)
        try require(
            terminal.machine.store.read { try $0.digest(of: scope) } == installed.digest,
            .snapshot
        ) { "terminal \(terminal.index) does not have the state that it was given of \(scope)" }
    }

    /// A snapshot that is no good, or that the hub has no more, is given up; no answer at all says
    /// nothing about it.
    func giveUp(
        _ request: SnapshotRequest,
        after answer: Answer,
        at terminal: SimulatedTerminal
    ) throws {
        if case .failure = answer { return }
        do {
            try terminal.machine.transact(&terminal.node) { node, _, transaction in
                try node.terminal.dropSnapshot(of: request.scope, in: transaction)
            }
        } catch is Machine.Crash {
            stop(terminal)
        } catch is Machine.DiskFault {
            // It is given up another time.
        }
    }

    /// A program that makes other cells of the same operations cannot go on from a state that it
    /// did not make, and fetches the history.
    func noteBases(of terminal: SimulatedTerminal) throws {
        try terminal.machine.store.read { reading in
            for scope in Set(terminal.based.keys).union(terminal.folded.keys) {
                let cursor = try terminal.node.terminal.cursor(of: scope, in: reading)
                guard cursor == 0 else { continue }
                terminal.based[scope] = nil
                terminal.folded[scope] = nil
                terminal.reached[scope] = 0
            }
        }
    }

    /// Where a terminal began from a state, what it shows of its own records is what the hub shows.
    func checkShown(_ terminal: SimulatedTerminal) throws {
        guard !terminal.based.isEmpty, !terminal.isRevoked else { return }
        for saved in terminal.saved {
            let own = try terminal.machine.store.read { try $0.operation(saved.id) }
            guard let own, own.judgement == nil, own.word?.verdict.inEffect == true else {
                continue
            }
            let entity = own.operation.entity
            guard terminal.scopes.contains(entity.scope) else { continue }
            let (here, there) = (
                try terminal.read { try $0.record(of: entity) },
                try hub.read { try $0.record(of: entity) }
            )
            try require(here == there, .snapshot) {
                "terminal \(terminal.index) shows \(entity.kind) \(entity.id) in another way"
            }
        }
    }
}

extension SimulatedHub {
    /// How much may come after a snapshot before another is made.
    private static let tailMax: UInt64 = 100

    /// A snapshot of a scope, and its pieces, as the hub's shell keeps them.
    struct Snapshot {
        let manifest: SnapshotManifest
        let pieces: [[UInt8]: [UInt8]]
    }

    /// Offers a snapshot, or gives out a piece.
    func answer(_ request: SnapshotRequest) throws -> [UInt8] {
        try machine.store.read { try HubReplica.checkAccess(request, in: $0) }
        let scope = request.scope
        if let hash = request.piece {
            guard let piece = snapshots[scope]?.pieces[hash] else {
                throw SyncRefusal.noSnapshot(scope)
            }
            return piece
        }
        let (head, epoch) = try machine.store.read {
            (try $0.head(of: scope), try HubReplica.epoch(in: $0))
        }
        if let made = snapshots[scope]?.manifest, made.epoch == epoch, head >= made.position,
            head - made.position < Self.tailMax
        {
            return try made.bytes()
        }
        var pieces: [[UInt8]: [UInt8]] = [:]
        let manifest = try machine.store.read { reading in
            try node.replica.snapshot(
                of: scope,
                in: reading,
                compressor: IdentityCompressor(),
                keep: { pieces[$0] = $1 }
            )
        }
        snapshots[scope] = Snapshot(manifest: manifest, pieces: pieces)
        return try manifest.bytes()
    }
}
