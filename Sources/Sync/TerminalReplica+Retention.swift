import Tally

// A terminal lets go of the history that it needs no more, so that its disk stays bounded. What
// came of it stays: the scope's state is packed first, as if the terminal had begun with it.

extension Setting {
    /// Up to where a terminal has let go of the history of a scope.
    static func folded(_ scope: Scope) -> SettingKey { SettingKey("sync.folded.\(scope)") }
}

extension TerminalReplica {
    /// How long a terminal keeps an operation at least, in milliseconds: 30 days.
    public static let historyKeptMilliseconds: Int64 = 30 * 86_400_000
    /// Fewer operations than this are not worth packing the state for.
    public static let foldedCountMin = 1_000
    /// How many operations are looked at in one go.
    private static let foldedCountMax = 20_000

    /// The place up to which the history of a scope may go: the end of the last group that a
    /// backup of the hub has (promise *secured*) and that took effect before `limit`.
    ///
    /// - Parameters:
    ///   - scope: which.
    ///   - limit: what took effect later stays.
    ///   - countMin: how many operations there must be for it to be worth it.
    ///   - reading: the terminal's store.
    /// - Returns: nil when nothing is to go, or while state or history are on their way.
    /// - Throws: what the store throws.
    public func foldable(
        _ scope: Scope,
        before limit: Moment,
        countMin: Int = Self.foldedCountMin,
        in reading: any ReplicaReading
    ) throws -> UInt64? {
        guard try Self.isSettled(scope, in: reading) else { return nil }
        let cursor = try cursor(of: scope, in: reading)
        let secured = try Self.secured(of: scope, in: reading)
        let end = defects.contains(.earlyPurge) ? cursor : min(secured, cursor)
        var reached = try reading.integer(Setting.folded(scope)) ?? 0
        var position = reached
        var (passed, count) = (0, 0)
        while position < end, passed < Self.foldedCountMax {
            let page = try reading.stream(scope, after: position, limit: 500)
            if page.isEmpty { break }
            for logged in page {
                guard let judgement = logged.judgement, judgement.position <= end,
                    judgement.effective < limit
                else { return count >= max(countMin, 1) ? reached : nil }
                position = judgement.position
                passed += 1
                if logged.endsGroup { (reached, count) = (position, passed) }
            }
        }
        return count >= max(countMin, 1) ? reached : nil
    }

    /// Whether neither a restored hub, nor a repair, nor a snapshot has to do with a scope now.
    private static func isSettled(_ scope: Scope, in reading: any ReplicaReading) throws -> Bool {
        for key in [Setting.nextEpoch, Setting.search(scope), Setting.incoming(scope)]
        where try reading.setting(key) != nil {
            return false
        }
        return try shares(scope, in: reading)
    }

    /// Whether the state of a scope was packed at this place in the hub's order, or behind it.
    public static func isPacked(
        _ scope: Scope,
        upTo position: UInt64,
        in reading: any ReplicaReading
    ) throws -> Bool {
        try base(scope, in: reading)?.position ?? 0 >= position
    }

    /// Packs the state of a scope as it is, a piece in memory at a time.
    ///
    /// - Parameters:
    ///   - scope: which.
    ///   - reading: one consistent state of the store; people go on meanwhile.
    ///   - compressor: packs the pieces.
    ///   - keep: takes each piece and its hash.
    /// - Returns: what ``rest(on:in:)`` takes once all pieces are in the store.
    /// - Throws: ``SyncRefusal/repairing(_:)`` when the cells are not what the digest says.
    public func pack(
        _ scope: Scope,
        in reading: any ReplicaReading,
        compressor: any Compressor,
        keep: @escaping (_ hash: [UInt8], _ packed: [UInt8]) throws -> Void
    ) throws -> SnapshotManifest {
        try reducer.snapshot(
            of: scope,
            at: try cursor(of: scope, in: reading),
            in: reading,
            compressor: compressor,
            keep: keep
        )
    }

    /// Rests a scope on its packed state: history before that is needed no more.
    ///
    /// - Returns: false when the scope has begun anew meanwhile, or a piece is missing.
    public func rest(
        on manifest: SnapshotManifest,
        in transaction: any ReplicaTransaction
    ) throws -> Bool {
        let scope = manifest.scope
        guard try Self.isSettled(scope, in: transaction),
            manifest.epoch == (try transaction.integer(Setting.epoch) ?? 0),
            manifest.reducer == reducer.fingerprint,
            manifest.position <= (try cursor(of: scope, in: transaction)),
            try missingPiece(of: manifest, in: transaction) == nil
        else { return false }
        try transaction.set(Setting.base(scope), to: try manifest.bytes())
        try keepPieces(of: scope, in: transaction)
        return true
    }

    /// Lets operations go whose place is not behind `end`, the oldest first.
    ///
    /// What the hub may judge again stays, and so does what this terminal recorded last in each
    /// lane, to which its next record links.
    ///
    /// - Parameters:
    ///   - end: where ``foldable(_:before:countMin:in:)`` says; the state is packed up to there.
    ///   - scope: which.
    ///   - limit: how many operations at most.
    ///   - transaction: the terminal's store.
    /// - Returns: those that went, and whether there are more.
    /// - Throws: what the store throws.
    public func letGo(
        upTo end: UInt64,
        of scope: Scope,
        limit: Int,
        in transaction: any ReplicaTransaction
    ) throws -> (gone: [OperationID], more: Bool) {
        guard try Self.isSettled(scope, in: transaction),
            try Self.isPacked(scope, upTo: end, in: transaction)
        else { return ([], false) }
        let lasts = try Lane.allCases.compactMap { lane in
            try transaction.setting(Setting.lastHash(lane)).flatMap { Identifier(bytes: $0) }
        }
        let begun = try transaction.integer(Setting.folded(scope)) ?? 0
        let page = try transaction.stream(scope, after: begun, limit: limit)
        var gone: [OperationID] = []
        var reached = begun
        for logged in page {
            guard let judgement = logged.judgement, judgement.position <= end else { break }
            reached = judgement.position
            if judgement.verdict == .waiting || lasts.contains(logged.operation.hash) { continue }
            try transaction.letGo(logged.operation.id)
            gone.append(logged.operation.id)
        }
        if reached > begun { try transaction.set(Setting.folded(scope), to: reached) }
        return (gone, page.count == limit && reached > begun && reached < end)
    }
}
