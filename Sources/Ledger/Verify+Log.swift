import GRDB
import Sync
import Tally

/// Checks that operations follow from one another as their replicas made them.
///
/// A replica's own log has every operation that it made. A hub has all of its terminals' too; a
/// terminal has of others only what its scopes brought, so there gaps mean nothing and links are
/// looked at where two operations are neighbours.
struct ChainCheck {
    private let reading: LedgerReading
    private let own: Identifier?
    private let isTerminal: Bool
    /// A replica that was rebuilt has what other copies had of its operations.
    private let isRebuilt: Bool
    /// Whether this is a hub that was restored: of what it was given back, some may be missing.
    private let isRestored: Bool
    /// What of our own was let go, since it is safe elsewhere.
    private let letGo: OwnOperations
    private let hasLetGo: Bool
    /// What lies aside, by sender and hash: links of chains that have no place in the log.
    private var aside: Set<[UInt8]> = []

    init(_ reading: LedgerReading) throws {
        self.reading = reading
        own = try reading.setting(Setting.privateKey).map { try Replica(privateKey: $0).id }
        isTerminal = try TerminalReplica.enrolment(in: reading) != nil
        isRebuilt = try reading.setting(Setting.rebuilds) != nil
        isRestored = try !isTerminal && !reading.settings(under: "epoch.common.").isEmpty
        letGo = try OwnOperations(reading.database)
        hasLetGo = try reading.setting(LedgerTransaction.emptyPlaces) != nil
        let kept = try reading.database.all("SELECT sender, hash FROM quarantine") { row in
            try row.requiredBytes(0) + row.requiredBytes(1)
        }
        aside = Set(kept)
    }

    func run() throws {
        var before: (id: OperationID, hash: Identifier)?
        // What the first operations of our own incarnations link to.
        var links: [Identifier: OperationID] = [:]
        let all = try Prepared(
            """
            SELECT \(LoggedOperation.columns) FROM operation
            ORDER BY replica, incarnation, sequence
            """,
            reading.database
        )
        try all.each { row in
            let logged = try LoggedOperation(row: row)
            let operation = logged.operation
            let id = operation.id
            let sameChain =
                before?.id.replica == id.replica && before?.id.incarnation == id.incarnation
            let last = sameChain ? before?.id.sequence ?? 0 : 0
            let isNeighbour = id.sequence == last + 1
            let isWhole = id.replica == own ? !isRebuilt : !isTerminal
            if !isNeighbour, isWhole, try !mayFollowGap(operation) {
                throw LedgerDifference.gap(id)
            }
            if isNeighbour, last > 0 {
                let linked = operation.previous == before?.hash
                guard linked || isKnownBreak(logged) else { throw LedgerDifference.link(id) }
            } else if id.replica == own, isNeighbour, let previous = operation.previous {
                links[previous] = id
            }
            before = (id, operation.hash)
        }
        try checkOwn(links)
    }

    /// Whether what comes before an operation has no place in the log, was let go, or was lost and
    /// not given back.
    private func mayFollowGap(_ operation: Operation) throws -> Bool {
        if operation.id.replica == own, operation.id.sequence > 1 {
            let before = OperationID(
                replica: operation.id.replica,
                incarnation: operation.id.incarnation,
                sequence: operation.id.sequence - 1
            )
            if try letGo.wasLetGo(before) { return true }
        }
        guard let previous = operation.previous else { return isRestored }
        return isRestored || aside.contains(operation.id.replica.bytes + previous.bytes)
            || aside.contains(operation.id.replica.bytes + operation.hash.bytes)
    }

    /// The hub keeps what does not link, and says so in its verdict, or in a person's.
    private func isKnownBreak(_ logged: LoggedOperation) -> Bool {
        let id = logged.operation.id
        return id.replica != own
            && (logged.judgement?.verdict == .quarantined
                || aside.contains(id.replica.bytes + logged.operation.hash.bytes))
    }

    /// Every incarnation of ours starts from an operation of ours, and those that we made last are
    /// here.
    private func checkOwn(_ links: [Identifier: OperationID]) throws {
        guard let own else { return }
        var lasts = Set(
            try Lane.allCases.compactMap { lane in
                try reading.setting(Setting.lastHash(lane)).flatMap { Identifier(bytes: $0) }
            }
        )
        var links = links
        for lane in Lane.allCases { links[Replica.genesis(of: own, lane)] = nil }
        try reading.database.each("SELECT hash FROM operation WHERE replica = ?", [own.data]) {
            let hash = try $0.identifier(0)
            links[hash] = nil
            lasts.remove(hash)
            return true
        }
        if let broken = links.values.min(), !isRebuilt, !hasLetGo {
            throw LedgerDifference.link(broken)
        }
        if let lost = lasts.min() { throw LedgerDifference.lastOperation(lost) }
    }
}

/// Checks a scope's positions and judgements against the acceptances that gave them.
struct OrderCheck {
    private static let pageCount = 500

    private let reading: LedgerReading
    private let scope: Scope
    private var position: UInt64 = 0
    /// Operations of the group that is being read, until its acceptance comes.
    private var group: [OperationID: LoggedOperation] = [:]

    /// - Parameters:
    ///   - reading: the database.
    ///   - scope: whose order.
    ///   - base: the place at which a snapshot began it.
    init(_ reading: LedgerReading, _ scope: Scope, after base: UInt64) {
        self.reading = reading
        self.scope = scope
        position = base
    }

    /// Reads the scope's order from its beginning.
    func run() throws {
        var check = self
        try check.readAll()
    }

    private mutating func readAll() throws {
        while true {
            let page = try reading.stream(scope, after: position, limit: Self.pageCount)
            if page.isEmpty { break }
            for logged in page { try take(logged) }
        }
        let head = try reading.head(of: scope)
        guard head == position else {
            throw LedgerDifference.position(scope, min(head, position) + 1)
        }
        if let stray = group.keys.min() { throw LedgerDifference.judgement(stray) }
    }

    private mutating func take(_ logged: LoggedOperation) throws {
        position += 1
        guard logged.judgement?.position == position else {
            throw LedgerDifference.position(scope, position)
        }
        let operation = logged.operation
        guard logged.endsGroup else {
            group[operation.id] = logged
            return
        }
        let expected = Judgement(
            position: position,
            verdict: .accepted,
            effective: operation.reading.wall,
            effectiveStamp: operation.stamp
        )
        guard logged.judgement == expected else {
            throw LedgerDifference.judgement(operation.id)
        }
        for item in try Acceptance(payload: operation.payload).items { try check(item) }
        if let stray = group.keys.min() { throw LedgerDifference.judgement(stray) }
    }

    private mutating func check(_ item: Acceptance.Item) throws {
        let id = item.operation
        guard let subject = try group.removeValue(forKey: id) ?? reading.operation(id) else {
            throw LedgerDifference.position(scope, item.judgement.position)
        }
        guard subject.operation.hash == item.hash else { throw LedgerDifference.column(id, "hash") }
        // What waited was judged again later; that acceptance is checked when it comes.
        guard subject.judgement == item.judgement || item.judgement.verdict == .waiting else {
            throw LedgerDifference.judgement(id)
        }
    }
}
