import Tally

// A hub that was restored decides nothing until it has heard from its terminals: they hold what it
// decided before, numbers that the world knows by now included. What it takes meanwhile is judged
// and handed on as ever; what follows from it waits.

extension HubReplica {
    /// A terminal that was last seen so long before the others, in the hub's running time, is away
    /// for good, and not waited for.
    static let absenceMilliseconds: UInt64 = 30 * 24 * 60 * 60 * 1000

    /// The terminals that a restored hub still waits for, sorted; none when it goes on as ever.
    public static func awaited(in reading: any ReplicaReading) throws -> [Identifier] {
        guard let bytes = try reading.setting(Setting.awaited) else { return [] }
        var decoder = CanonicalDecoder(bytes)
        let ids = try decoder.list { (decoder) throws(CanonicalError) in try decoder.byteString() }
        return try ids.compactMap { Identifier(bytes: $0) }
            .filter { try terminal($0, in: reading).revoked == nil }
    }

    /// The scopes that some terminal shares which is not revoked.
    public static func sharedScopes(in reading: any ReplicaReading) throws -> Set<Scope> {
        try enrolled(in: reading).reduce(into: []) { scopes, terminal in
            if terminal.revoked == nil { scopes.formUnion(terminal.scopes) }
        }
    }

    private static func enrolled(in reading: any ReplicaReading) throws -> [EnrolledTerminal] {
        try reading.settings(under: "terminal.").compactMap { key, value in
            try Identifier(text: key.text.dropFirst("terminal.".count))
                .map { try EnrolledTerminal(replica: $0, bytes: value) }
        }
    }

    /// Whether what follows from operations waits; what a person decides does not.
    public static func isRecovering(in reading: any ReplicaReading) throws -> Bool {
        try reading.setting(Setting.awaited) != nil
    }

    /// Whether a restored hub waits for the terminal that asks, which has given back all by now.
    public func isAwaited(_ request: PullRequest, in reading: any ReplicaReading) throws -> Bool {
        guard try Self.isRecovering(in: reading),
            request.epoch == (try reading.integer(Setting.epoch) ?? 0)
        else { return false }
        let awaited = try Self.awaited(in: reading)
        return awaited.isEmpty || awaited.contains(request.replica)
    }

    static func setAwaited(
        _ replicas: [Identifier],
        in transaction: any ReplicaTransaction
    ) throws {
        var encoder = CanonicalEncoder()
        encoder.write(replicas.sorted()) { $0.write($1.bytes) }
        try transaction.set(Setting.awaited, to: encoder.bytes)
    }

    /// Waits for every terminal that may hold what this hub lost.
    ///
    /// Called when it takes a new epoch.
    static func beginRecovery(in transaction: any ReplicaTransaction) throws {
        let isGoingOn = try isRecovering(in: transaction)
        for scope in try transaction.scopes() where !isGoingOn {
            try transaction.set(Setting.decided(scope), to: try transaction.head(of: scope))
        }
        let sightings = try enrolled(in: transaction).map {
            ($0, try sighting(of: $0.replica, in: transaction)?.age)
        }
        let last = sightings.compactMap(\.1).max() ?? 0
        let awaited = sightings.filter { terminal, seen in
            terminal.revoked == nil && seen.map { $0 + absenceMilliseconds > last } ?? true
        }
        guard isGoingOn || !awaited.isEmpty else { return }
        try setAwaited(awaited.map(\.0.replica), in: transaction)
    }

    /// A terminal speaks of this hub's epoch, so it has given back what it had; once nobody is
    /// waited for, what follows from all that came back is decided.
    ///
    /// - Parameters:
    ///   - terminal: who was heard; nil when somebody was revoked.
    ///   - reading: the hub's clocks now.
    ///   - dice: for the hub's incarnation.
    ///   - transaction: the hub's store.
    /// - Throws: what the store throws.
    public mutating func noteHeard(
        _ terminal: Identifier?,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        guard try Self.isRecovering(in: transaction) else { return }
        let awaited = try Self.awaited(in: transaction).filter { $0 != terminal }
        guard awaited.isEmpty else {
            return try Self.setAwaited(awaited, in: transaction)
        }
        try endRecovery(reading: reading, dice: &dice, in: transaction)
    }

    /// Waits for nobody any more: a person says so, or everybody was heard.
    public mutating func endRecovery(
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        guard try Self.isRecovering(in: transaction) else { return }
        try transaction.set(Setting.awaited, to: nil)
        for scope in try transaction.scopes() {
            // What is decided here comes behind, and has been decided upon.
            let head = try transaction.head(of: scope)
            var place = try transaction.integer(Setting.decided(scope)) ?? 0
            while place < head {
                let page = try transaction.stream(scope, after: place, limit: 200)
                guard let last = page.last?.judgement?.position else { break }
                place = last
                var group = Group(reading: reading)
                for logged in page where logged.judgement?.verdict.inEffect == true {
                    if !logged.endsGroup { group.changed.insert(logged.operation.entity) }
                }
                try close(&group, dice: &dice, in: transaction)
            }
            try transaction.set(Setting.decided(scope), to: nil)
        }
    }
}
