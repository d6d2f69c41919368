import Tally

// Where an operation stands in its terminal's chain, and what is done when two go on from one.

extension HubReplica {
    /// Where an operation that is not in the log stands.
    enum Link {
        /// It comes next.
        case next
        /// It has no place in the order, for a reason.
        case aside(String)
        /// It lies aside already.
        case known(QuarantinedRecord)
    }

    func chain(
        _ id: OperationID,
        _ intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> ChainState? {
        if let chain = intake.chains[id.incarnation] { return chain }
        let chain = try transaction.chain(id.replica, id.incarnation)
        intake.chains[id.incarnation] = chain
        if intake.gaps == nil {
            let waiting = try transaction.heldRecords(from: id.replica).filter(\.isGap)
            let named = waiting.compactMap { record in record.operation.map { ($0.id, record) } }
            intake.gaps = Dictionary(named) { first, _ in first }
        }
        return chain
    }

    /// Finds an operation's place in its chain, and moves the chain on when it comes next.
    func link(
        _ operation: Operation,
        _ intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> Link {
        let id = operation.id
        var chain = try chain(id, &intake, in: transaction)
        if id.sequence > (chain?.sequence ?? 0) + 1 {
            chain = try catchUp(id, &intake, in: transaction)
        }
        if let chain, id.sequence <= chain.sequence {
            if let record = try transaction.quarantined(operation.hash, from: id.replica) {
                return .known(record)
            }
            try noteFork(of: operation, into: &intake, in: transaction)
            return .aside(QuarantinedRecord.Reason.fork)
        }
        let isNext = id.sequence == (chain?.sequence ?? 0) + 1
        if isNext, chain == nil || chain?.hash == operation.previous {
            try advance(chain, with: operation, into: &intake, in: transaction)
            return .next
        }
        return try linkAside(operation, chain, isNext: isNext, &intake, in: transaction)
    }

    /// The chain of an operation that is in the log, moved on as far.
    ///
    /// So a restored hub finds out copies again whose records others gave back.
    func followed(
        _ id: OperationID,
        _ intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> ChainState? {
        let chain = try chain(id, &intake, in: transaction)
        guard chain?.sequence ?? 0 < id.sequence, id.sequence < .max else { return chain }
        let next = OperationID(
            replica: id.replica,
            incarnation: id.incarnation,
            sequence: id.sequence + 1
        )
        return try catchUp(next, &intake, in: transaction)
    }

    /// Moves a chain on over what is in the log: what a restored hub was given back by others has
    /// come there without its terminal.
    private func catchUp(
        _ id: OperationID,
        _ intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> ChainState? {
        var chain = intake.chains[id.incarnation]
        while (chain?.sequence ?? 0) + 1 < id.sequence {
            let next = OperationID(
                replica: id.replica,
                incarnation: id.incarnation,
                sequence: (chain?.sequence ?? 0) + 1
            )
            guard let logged = try transaction.operation(next),
                chain == nil || logged.operation.previous == chain?.hash
            else { return chain }
            try advance(chain, with: logged.operation, into: &intake, in: transaction)
            chain = intake.chains[id.incarnation]
        }
        return chain
    }

    /// The operation before this one is not the last of the chain in the order: it may lie aside.
    private func linkAside(
        _ operation: Operation,
        _ chain: ChainState?,
        isNext: Bool,
        _ intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> Link {
        let id = operation.id
        let before = try operation.previous.flatMap {
            try transaction.quarantined($0, from: id.replica)
        }
        if let before, !before.isGap, !before.isBranch {
            // Kept aside, but a link of this chain: the chain goes on behind it.
            try advance(chain, with: operation, into: &intake, in: transaction)
            return .next
        }
        if isNext || before?.isBranch == true {
            try noteFork(of: operation, into: &intake, in: transaction)
            return .aside(
                before?.isBranch == true
                    ? QuarantinedRecord.Reason.fork : QuarantinedRecord.Reason.chainBroken
            )
        }
        let gap = PushResponse.Gap(
            incarnation: id.incarnation,
            after: chain?.sequence ?? 0,
            before: min(id.sequence, intake.missing[id.incarnation]?.before ?? .max)
        )
        intake.missing[id.incarnation] = gap
        return .aside(QuarantinedRecord.Reason.predecessorMissing)
    }

    private func advance(
        _ chain: ChainState?,
        with operation: Operation,
        into intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws {
        let id = operation.id
        var next =
            chain
            ?? ChainState(
                replica: id.replica,
                incarnation: id.incarnation,
                first: id.sequence == 1 ? operation.previous : nil,
                sequence: 0,
                hash: operation.hash
            )
        next.sequence = id.sequence
        next.hash = operation.hash
        if id.sequence == 1 {
            next.isForked = try beginsFork(operation, into: &intake, in: transaction)
        }
        if next.endedAt > 0, id.sequence > next.endedAt { next.isForked = true }
        let wasForked = chain?.isForked ?? false
        intake.chains[id.incarnation] = next
        intake.moved.insert(id.incarnation)
        if next.isForked { intake.forked.insert(id.incarnation) }
        if next.isForked, !wasForked {
            try noteFork(of: operation, into: &intake, in: transaction)
        }
    }

    /// Whether an incarnation begins where another one has gone on, or goes on from one that did;
    /// the one that it goes on from ends there.
    private func beginsFork(
        _ operation: Operation,
        into intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> Bool {
        let id = operation.id
        var others = Dictionary(
            try transaction.chains(of: id.replica).map { ($0.incarnation, $0) }
        ) { first, _ in first }
        others.merge(intake.chains) { _, moved in moved }
        others[id.incarnation] = nil
        if others.values.contains(where: {
            $0.first == operation.previous && (operation.previous != nil || $0.sequence > 0)
        }) {
            return true
        }
        guard let previous = operation.previous else { return false }
        if let before = others.values.first(where: { $0.hash == previous }) {
            return try end(before, goingOnAs: id, &intake, in: transaction)
        }
        guard let place = try transaction.operation(hashed: previous, of: id.replica),
            let before = try followed(place, &intake, in: transaction)
        else { return false }
        if before.sequence > place.sequence { return true }
        guard before.hash == previous else { return false }
        return try end(before, goingOnAs: id, &intake, in: transaction)
    }

    /// A chain ends where a later incarnation goes on from it.
    ///
    /// A copy that starts again before it has heard that it is one goes on as a copy.
    ///
    /// - Returns: whether that chain is a copy's.
    private func end(
        _ chain: ChainState,
        goingOnAs id: OperationID,
        _ intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> Bool {
        guard !chain.isForked else {
            try passTicket(from: chain.incarnation, to: id, in: transaction)
            return true
        }
        var ended = chain
        ended.endedAt = chain.sequence
        intake.chains[chain.incarnation] = ended
        intake.moved.insert(chain.incarnation)
        return false
    }

    // MARK: - Copies

    /// Records that a terminal's identity is used twice.
    func noteFork(
        of operation: Operation,
        into intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws {
        let incarnation = operation.id.incarnation
        intake.forked.insert(incarnation)
        let key = Setting.cloneAlert(operation.id.replica, incarnation)
        guard try transaction.setting(key) == nil else { return }
        let alert = CloneAlert(
            replica: operation.id.replica,
            incarnation: incarnation,
            noticed: intake.group.reading.wall
        )
        try transaction.set(key, to: alert.bytes)
    }

    /// A copy that has started again gets the code that waits for it, unless somebody used that.
    private func passTicket(
        from incarnation: UInt64,
        to id: OperationID,
        in transaction: any ReplicaTransaction
    ) throws {
        let alert = try transaction.setting(Setting.cloneAlert(id.replica, incarnation))
        guard let alert, try CloneAlert(bytes: alert).successor == nil else { return }
        let code = try transaction.setting(Setting.cloneTicket(id.replica, incarnation))
        try transaction.set(Setting.cloneTicket(id.replica, id.incarnation), to: code)
    }

    /// The code with which the copy that sent this push takes an identity of its own: the same one
    /// until it is used, since the answer may be lost.
    func cloneTicket(
        _ intake: Intake,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> String? {
        guard let incarnation = intake.forked.min() else { return nil }
        let replica = intake.terminal.replica
        // All forked chains of one push are one copy's.
        let key = Setting.cloneTicket(replica, incarnation)
        if let known = try transaction.setting(key) {
            let code = String(decoding: known, as: UTF8.self)
            let offer = try transaction.setting(Setting.enrolment(code)).map(Offer.init(bytes:))
            // A second copy of that copy cannot use what the first one has.
            if let offer, offer.user == nil { return code }
        }
        let code = try Self.offer(
            Offer(
                end: nil,
                name: intake.terminal.name,
                scopes: intake.terminal.scopes,
                former: replica
            ),
            dice: &dice,
            in: transaction
        )
        for incarnation in intake.forked {
            let key = Setting.cloneTicket(replica, incarnation)
            try transaction.set(key, to: Array(code.utf8))
        }
        return code
    }
}

/// The hub saw one identity in two machines.
public struct CloneAlert: Hashable, Sendable {
    public let replica: Identifier
    /// The chain by which the later of the two was seen.
    public let incarnation: UInt64
    public let noticed: Moment
    /// The identity that the later one took since; nil before it did.
    public var successor: Identifier?

    init(replica: Identifier, incarnation: UInt64, noticed: Moment) {
        self.replica = replica
        self.incarnation = incarnation
        self.noticed = noticed
    }

    init(bytes: [UInt8]) throws {
        var decoder = CanonicalDecoder(bytes)
        let name = try decoder.operationID()
        replica = name.replica
        incarnation = name.incarnation
        noticed = Moment(milliseconds: try decoder.signed())
        successor = Identifier(bytes: try decoder.byteString())
        try decoder.finish()
    }

    var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(OperationID(replica: replica, incarnation: incarnation, sequence: 0))
        encoder.write(noticed.milliseconds)
        encoder.write(successor?.bytes ?? [])
        return encoder.bytes
    }
}
