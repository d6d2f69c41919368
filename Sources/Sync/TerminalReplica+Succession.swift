import Tally

// A terminal whose disk was copied finds out from the hub, and takes a new identity by itself. What
// it recorded before stays in its log and is sent in the old identity's name.

extension TerminalReplica {
    /// The identities that this terminal had, the latest last.
    func formers(in reading: any ReplicaReading) throws -> [Replica] {
        guard let bytes = try reading.setting(Setting.formerKeys) else { return [] }
        return try stride(from: 0, to: bytes.count, by: 32).map {
            try Replica(privateKey: Array(bytes[$0..<min($0 + 32, bytes.count)]))
        }
    }

    /// The ids under which this terminal ever recorded, the present one last.
    public func identities(in reading: any ReplicaReading) throws -> [Identifier] {
        try formers(in: reading).map(\.id) + [replica.id]
    }

    /// The hub says that this identity is another machine's too: from now on a new one is asked
    /// for.
    func noteTicket(_ code: String, in transaction: any ReplicaTransaction) throws {
        guard try transaction.setting(Setting.successionCode) == nil else { return }
        try transaction.set(Setting.successionCode, to: Array(code.utf8))
    }

    /// Makes the key of the new identity, when one is asked for and there is none yet.
    ///
    /// It is on the disk before it is shown to the hub, so that a request which is sent twice is
    /// the same one.
    public func prepareSuccession(
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        guard try transaction.setting(Setting.successionCode) != nil,
            try transaction.setting(Setting.successionKey) == nil
        else { return }
        let known = try identities(in: transaction)
        var key: [UInt8]
        // Dice that were copied with the disk may give the same key once more.
        repeat {
            key = (0..<4).flatMap { _ in dice.next().bigEndianBytes }
        } while known.contains(try Replica(privateKey: key).id)
        try transaction.set(Setting.successionKey, to: key)
    }

    // MARK: - A hub that has forgotten this terminal

    /// The hub says that it knows no such terminal: it is shown what it answered once.
    ///
    /// - Returns: whether there is something to show.
    @discardableResult
    public func noteForgotten(in transaction: any ReplicaTransaction) throws -> Bool {
        guard try Self.enrolment(in: transaction)?.certificate.isEmpty == false else {
            return false
        }
        try transaction.set(Setting.forgotten, to: [1])
        return true
    }

    func reminder(in reading: any ReplicaReading) throws -> EnrollRequest? {
        guard try reading.setting(Setting.forgotten) != nil,
            let known = try Self.enrolment(in: reading)
        else { return nil }
        return try EnrollRequest(showing: known, publicKey: replica.publicKey)
    }

    func noteRemembered(
        _ answer: Enrolment,
        in transaction: any ReplicaTransaction
    ) throws -> PushOutcome {
        try checkHub(answer.hub, in: transaction)
        try transaction.set(Setting.forgotten, to: nil)
        return .applied(more: true)
    }

    func successionRequest(in reading: any ReplicaReading) throws -> EnrollRequest? {
        guard let code = try reading.setting(Setting.successionCode),
            let key = try reading.setting(Setting.successionKey)
        else { return nil }
        return try EnrollRequest(
            code: String(decoding: code, as: UTF8.self),
            publicKey: try Replica(privateKey: key).publicKey,
            by: replica
        )
    }

    /// The hub knows the new identity: everything is recorded under it from now on, and what the
    /// hub keeps aside as a fork is recorded again.
    mutating func succeed(
        _ answer: Enrolment,
        _ request: EnrollRequest,
        in transaction: any ReplicaTransaction
    ) throws -> PushOutcome {
        try checkHub(answer.hub, in: transaction)
        guard let key = try transaction.setting(Setting.successionKey),
            let old = try transaction.setting(Setting.privateKey)
        else { return .stale }
        let successor = try Replica(privateKey: key)
        guard successor.publicKey == request.publicKey else { return .stale }
        let formers = try transaction.setting(Setting.formerKeys) ?? []
        try transaction.set(Setting.formerKeys, to: formers + old)
        try transaction.set(Setting.privateKey, to: key)
        try transaction.set(Setting.replica, to: successor.id.bytes)
        for lane in Lane.allCases { try transaction.set(Setting.lastHash(lane), to: nil) }
        try transaction.set(Setting.successionCode, to: nil)
        try transaction.set(Setting.successionKey, to: nil)
        try Self.enroll(answer, keepingEpochIn: transaction)
        let former = replica.id
        replica = successor
        try recordAgain(of: former, in: transaction)
        return .renewed
    }

    /// Says again what the hub keeps aside as a fork: the words, clocks and author stay, the name
    /// is new.
    private mutating func recordAgain(
        of former: Identifier,
        in transaction: any ReplicaTransaction
    ) throws {
        // Seeded from the key: the incarnation needs no more than to be new.
        var dice = SeededDice(seed: replica.id.low)
        var names: [OperationID: OperationID] = [:]
        for logged in try transaction.troubled(of: former, limit: .max).reversed() {
            guard let word = logged.word, word.verdict == .quarantined,
                word.reason == QuarantinedRecord.Reason.fork
                    || word.reason == QuarantinedRecord.Reason.chainBroken,
                let kind = logged.operation.kind
            else { continue }
            let old = logged.operation
            let draft = Draft(
                kind,
                of: old.entity,
                type: old.type,
                payload: old.payload,
                bases: old.bases.map { names[$0] ?? $0 }
            )
            let again = try replica.author(
                draft,
                by: old.author,
                lane: logged.lane,
                seen: old.seen,
                again: old.hash,
                reading: old.reading,
                dice: &dice,
                in: transaction
            )
            names[old.id] = again.id
            try transaction.append(
                LoggedOperation(operation: again, judgement: nil, lane: logged.lane)
            )
        }
    }
}
