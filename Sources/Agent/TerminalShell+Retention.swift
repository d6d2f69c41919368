import Sync
import Synchronization
import Tally

// A terminal lets go of old history, so that its disk stays bounded.

extension TerminalShell {
    /// How many operations go in one transaction: people at the terminal wait no longer for it.
    private static let letGoCount = 500

    /// Lets go of what a backup of the hub has and that is older than `kept`: the state stays.
    ///
    /// To be asked once a day, and cheap when nothing is to go. Stopped in the middle, it goes on
    /// the next time.
    ///
    /// - Parameters:
    ///   - kept: the age of what stays, in milliseconds.
    ///   - countMin: how many operations of a scope must be there to go.
    /// - Returns: how many operations went.
    /// - Throws: what the store throws, or ``SyncRefusal/repairing(_:)`` when the state of a scope
    ///   is not what its digest says.
    @discardableResult
    public func letGoOfHistory(
        kept: Int64 = TerminalReplica.historyKeptMilliseconds,
        countMin: Int = TerminalReplica.foldedCountMin
    ) async throws -> Int {
        let limit = clock.reading().wall.adding(milliseconds: -kept)
        let terminal = terminal
        let scopes = try await store.read { try TerminalReplica.enrolment(in: $0)?.scopes ?? [] }
        var count = 0
        for scope in scopes {
            let end = try await store.read { reading in
                try terminal.foldable(scope, before: limit, countMin: countMin, in: reading)
            }
            guard let end, try await rest(scope, upTo: end) else { continue }
            let gone = try await letGo(of: scope, upTo: end)
            if gone > 0 { report(.letGo(scope, operations: gone)) }
            count += gone
        }
        return count
    }

    /// Packs the state of a scope, unless it is packed that far already.
    private func rest(_ scope: Scope, upTo end: UInt64) async throws -> Bool {
        let terminal = terminal
        let compressor = compressor
        if try await store.read({ try TerminalReplica.isPacked(scope, upTo: end, in: $0) }) {
            return true
        }
        let (manifest, pieces) = try await store.read { reading in
            var pieces: [(hash: [UInt8], packed: [UInt8])] = []
            let manifest = try terminal.pack(
                scope,
                in: reading,
                compressor: compressor,
                keep: { pieces.append(($0, $1)) }
            )
            return (manifest, pieces)
        }
        for piece in pieces {
            try await store.write { try $0.putPiece(piece.hash, piece.packed, of: scope) }
        }
        return try await store.write { try terminal.rest(on: manifest, in: $0) }
    }

    private func letGo(of scope: Scope, upTo end: UInt64) async throws -> Int {
        let terminal = terminal
        var count = 0
        while true {
            let (gone, more) = try await store.write { transaction in
                try terminal.letGo(
                    upTo: end,
                    of: scope,
                    limit: Self.letGoCount,
                    in: transaction
                )
            }
            count += gone.count
            if !more { return count }
        }
    }
}
