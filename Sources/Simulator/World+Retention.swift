import Agent
import Hub
import Sync
import Tally

/// Terminals that let go of old history, once every backup of the hub has it.
extension World {
    /// How long a terminal keeps what it may let go: hours, so that a day shows it.
    private static let kept = 2 * Int64(World.hour)

    /// Somebody has looked at the hub's backups; a terminal does its daily round.
    func disturbHistory(of terminal: SimulatedTerminal) throws {
        guard letsGo else { return }
        if retentionDice.happens(10) { try secure() }
        guard retentionDice.happens(4), terminal.machine.isUp, terminal.deferred == nil else {
            return
        }
        do {
            try letGo(at: terminal)
        } catch is Machine.Crash {
            stop(terminal)
        } catch is Machine.DiskFault {
            // It goes on at the next round.
        }
    }

    /// Up to where the hub's order is in every backup that may come back; all of it where none
    /// does.
    private func securedHeads() throws -> [Scope: UInt64] {
        if plan.isChosen(.hubRestored) { return backups.first?.heads ?? [:] }
        return try hub.machine.store.read { try Self.heads($0) }
    }

    static func heads(_ reading: any ReplicaReading) throws -> [Scope: UInt64] {
        var heads: [Scope: UInt64] = [:]
        for scope in try reading.scopes() { heads[scope] = try reading.head(of: scope) }
        return heads
    }

    private func secure() throws {
        guard hub.machine.isUp, hub.deferred == nil else { return }
        let heads = try securedHeads()
        do {
            try hub.machine.transact(&hub.node) { _, _, transaction in
                try HubReplica.noteSecured(heads, in: transaction)
            }
        } catch is Machine.Crash {
            stopHub()
        } catch is Machine.DiskFault {
            // It is noted with the next backup.
        }
    }

    private func letGo(at terminal: SimulatedTerminal) throws {
        let limit = terminal.machine.clock.reading(now).wall.adding(milliseconds: -Self.kept)
        for scope in terminal.scopes {
            let replica = terminal.node.terminal
            let end = try terminal.machine.store.read {
                try replica.foldable(scope, before: limit, countMin: 20, in: $0)
            }
            guard let end, try rest(scope, upTo: end, at: terminal) else { continue }
            var more = true
            while more {
                let gone: [OperationID]
                (gone, more) = try terminal.machine.transact(&terminal.node) {
                    node,
                    _,
                    transaction in
                    try node.terminal.letGo(upTo: end, of: scope, limit: 30, in: transaction)
                }
                try noteGone(gone, of: scope, at: terminal)
            }
        }
    }

    /// Packs the state of a scope, while people go on.
    private func rest(
        _ scope: Scope,
        upTo end: UInt64,
        at terminal: SimulatedTerminal
    ) throws -> Bool {
        let store = terminal.machine.store
        if try store.read({ try TerminalReplica.isPacked(scope, upTo: end, in: $0) }) {
            return true
        }
        var pieces: [(hash: [UInt8], packed: [UInt8])] = []
        let manifest: SnapshotManifest
        do {
            manifest = try store.read { reading in
                try terminal.node.terminal.pack(
                    scope,
                    in: reading,
                    compressor: IdentityCompressor(),
                    keep: { pieces.append(($0, $1)) }
                )
            }
        } catch SyncRefusal.repairing {
            try require(terminal.broken.contains(scope), .digest) {
                "terminal \(terminal.index) cannot pack \(scope)"
            }
            return false
        }
        for piece in pieces {
            if retentionDice.happens(20), !isCalm {
                try doSomething(at: terminal)
                guard terminal.machine.isUp else { return false }
            }
            try terminal.machine.transact(&terminal.node) { _, _, transaction in
                try transaction.putPiece(piece.hash, piece.packed, of: scope)
            }
        }
        let rests = try terminal.machine.transact(&terminal.node) { node, _, transaction in
            try node.terminal.rest(on: manifest, in: transaction)
        }
        if rests { terminal.folded[scope] = manifest.position }
        return rests
    }

    /// What a terminal lets go is in every backup of the hub, in its place.
    private func noteGone(
        _ gone: [OperationID],
        of scope: Scope,
        at terminal: SimulatedTerminal
    ) throws {
        guard !gone.isEmpty else { return }
        let secured = try securedHeads()[scope] ?? 0
        for id in gone {
            let judgement = try hub.machine.store.read { try $0.operation(id)?.judgement }
            try require(judgement?.position ?? .max <= secured, .retention) {
                "terminal \(terminal.index) let go of operation \(id), which no backup has yet"
            }
        }
        terminal.gone.formUnion(gone)
        letGoCount += gone.count
        note(terminal.index, gone.count, secured)
    }
}
