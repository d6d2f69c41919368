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
    ///
    /// A code that was refused makes room for the hub's latest.
    func noteTicket(_ code: String, in transaction: any ReplicaTransaction) throws {
        let known = try transaction.setting(Setting.successionCode)
        guard try known == nil || transaction.setting(Setting.successionRefused) != nil,
            known != Array(code.utf8)
        else { return }
        try transaction.set(Setting.successionCode, to: Array(code.utf8))
        try transaction.set(Setting.successionRefused, to: nil)
    }

    /// How often a code is shown before it is let go: another site's hub may have refused it.
    private static let successionTriesMax: UInt64 = 8

    private func successionRefusals(
        in reading: any ReplicaReading
    ) throws -> (count: UInt64, waits: Bool) {
        guard let bytes = try reading.setting(Setting.successionRefused) else { return (0, false) }
        var decoder = CanonicalDecoder(bytes)
        return (try decoder.integer(), try decoder.integer() != 0)
    }

    private func setSuccessionRefusals(
        _ count: UInt64,
        waits: Bool,
        in transaction: any ReplicaTransaction
    ) throws {
        var encoder = CanonicalEncoder()
        encoder.write(count)
        encoder.write(waits ? 1 : 0 as UInt64)
        try transaction.set(Setting.successionRefused, to: encoder.bytes)
    }

    /// The terminal's own hub answered, so a code that was refused may be shown once more.
    func noteAnswered(in transaction: any ReplicaTransaction) throws {
        let refusals = try successionRefusals(in: transaction)
        guard refusals.waits else { return }
        try setSuccessionRefusals(refusals.count, waits: false, in: transaction)
    }

    /// Whether this terminal knows that it is a copy, and has no identity of its own yet.
    package static func isSucceeding(in reading: any ReplicaReading) throws -> Bool {
        try reading.setting(Setting.successionCode) != nil
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

    // MARK: - A hub that has forgotten something

    /// Takes note of what a refusal says of this terminal: a hub that was restored may know it no
    /// more, or not the code that it gave to a copy.
    ///
    /// The next request reminds it, or asks anew.
    ///
    /// - Parameters:
    ///   - refusal: the hub's.
    ///   - request: what was refused; nil for what is not sent up.
    ///   - transaction: the terminal's store.
    /// - Throws: what the store throws.
    public func noteRefused(
        _ refusal: SyncRefusal,
        of request: UpRequest? = nil,
        in transaction: any ReplicaTransaction
    ) throws {
        if refusal.isForgetting { return try noteForgotten(in: transaction) }
        if let versions = refusal.versions {
            return try noteVersion(refusedBy: versions, in: transaction)
        }
        if refusal.isOfScope { return try askForScopes(in: transaction) }
        guard refusal.isOfCode, case .enroll(let request)? = request, request.known.isEmpty,
            try transaction.setting(Setting.successionCode) == Array(request.code.utf8)
        else { return }
        // Another site's hub says nothing of the code: it is shown again once this terminal's own
        // hub has answered something. The own one, restored from before the code was made, knows
        // it no more, and is asked for another one. The key stays, since a hub that takes it
        // for used has only lost the way of its answer.
        let own = try Self.hub(in: transaction)
        let count = try successionRefusals(in: transaction).count + 1
        guard refusal.hub != own, count < Self.successionTriesMax else {
            try transaction.set(Setting.successionCode, to: nil)
            try transaction.set(Setting.successionRefused, to: nil)
            return try transaction.set(Setting.successionLost, to: [1])
        }
        try setSuccessionRefusals(count, waits: true, in: transaction)
    }

    /// With what a copy asks its hub for another code: the last that it recorded in each lane, by
    /// which a hub sees whose chains these are; nil when it has no need to.
    func askingOperations(in reading: any ReplicaReading) throws -> [[UInt8]]? {
        guard try reading.setting(Setting.successionLost) != nil else { return nil }
        let last = try Lane.allCases.compactMap { lane -> [UInt8]? in
            let hash = try reading.setting(Setting.lastHash(lane))
            guard let hash = hash.flatMap({ Identifier(bytes: $0) }) else { return nil }
            let id = try reading.operation(hashed: hash, of: replica.id)
            return try id.flatMap(reading.operation)?.operation.bytes
        }
        return last.isEmpty ? nil : last
    }

    /// The hub has answered what it was asked with.
    func noteAsked(_ operations: [[UInt8]], in transaction: any ReplicaTransaction) throws {
        guard try askingOperations(in: transaction) == operations else { return }
        try transaction.set(Setting.successionLost, to: nil)
    }

    /// The hub is shown what it answered once to each identity of this terminal.
    private func noteForgotten(in transaction: any ReplicaTransaction) throws {
        let known = try enrolments(in: transaction).filter { !$0.known.certificate.isEmpty }
        guard !known.isEmpty else { return }
        try transaction.set(Setting.forgotten, to: known.flatMap(\.id.bytes))
    }

    /// What the hub answered to each identity that this terminal had, the present one last.
    private func enrolments(
        in reading: any ReplicaReading
    ) throws -> [(id: Identifier, publicKey: [UInt8], known: Enrolment)] {
        var decoder = CanonicalDecoder(try reading.setting(Setting.formerEnrolments) ?? [])
        var found: [(id: Identifier, publicKey: [UInt8], known: Enrolment)] = []
        for former in try formers(in: reading) {
            let known = try Enrolment(bytes: try decoder.byteString())
            found.append((former.id, former.publicKey, known))
        }
        if let known = try Self.enrolment(in: reading) {
            found.append((replica.id, replica.publicKey, known))
        }
        return found
    }

    func reminder(in reading: any ReplicaReading) throws -> EnrollRequest? {
        guard let forgotten = try reading.setting(Setting.forgotten) else { return nil }
        let identities = try enrolments(in: reading)
        guard let next = identities.first(where: { $0.id.bytes == Array(forgotten.prefix(16)) })
        else { return nil }
        return try EnrollRequest(showing: next.known, publicKey: next.publicKey)
    }

    func noteRemembered(
        _ answer: Enrolment,
        _ request: EnrollRequest,
        in transaction: any ReplicaTransaction
    ) throws -> PushOutcome {
        try checkHub(answer.hub, in: transaction)
        let id = Replica.id(of: request.publicKey).bytes
        if let forgotten = try transaction.setting(Setting.forgotten), forgotten.starts(with: id) {
            let rest = Array(forgotten.dropFirst(id.count))
            try transaction.set(Setting.forgotten, to: rest.isEmpty ? nil : rest)
        }
        if id == replica.id.bytes, try takeScopes(of: answer, in: transaction) { return .moved }
        return .applied(more: true)
    }

    func successionRequest(in reading: any ReplicaReading) throws -> EnrollRequest? {
        guard let code = try reading.setting(Setting.successionCode),
            let key = try reading.setting(Setting.successionKey),
            try !successionRefusals(in: reading).waits
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
        let hubKey = try Self.enrolment(in: transaction)?.hubPublicKey
        try answer.check(for: request.publicKey, by: hubKey)
        guard let key = try transaction.setting(Setting.successionKey),
            let old = try transaction.setting(Setting.privateKey)
        else { return .stale }
        let successor = try Replica(privateKey: key)
        guard successor.publicKey == request.publicKey else { return .stale }
        let formers = try transaction.setting(Setting.formerKeys) ?? []
        try transaction.set(Setting.formerKeys, to: formers + old)
        var known = CanonicalEncoder()
        known.write(try Self.enrolment(in: transaction)?.bytes() ?? [])
        let enrolments = try transaction.setting(Setting.formerEnrolments) ?? []
        try transaction.set(Setting.formerEnrolments, to: enrolments + known.bytes)
        try transaction.set(Setting.privateKey, to: key)
        try transaction.set(Setting.replica, to: successor.id.bytes)
        for lane in Lane.allCases { try transaction.set(Setting.lastHash(lane), to: nil) }
        try transaction.set(Setting.successionCode, to: nil)
        try transaction.set(Setting.successionKey, to: nil)
        try transaction.set(Setting.successionRefused, to: nil)
        try transaction.set(Setting.successionLost, to: nil)
        let left = try Self.enrolment(in: transaction)?.scopes ?? []
        try Self.enroll(answer, keepingEpochIn: transaction)
        for scope in left where !answer.scopes.contains(scope) {
            try leave(scope, in: transaction)
        }
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
