import Tally

/// A terminal that the hub knows.
public struct EnrolledTerminal: Hashable, Sendable {
    public let replica: Identifier
    public let name: String
    public let publicKey: [UInt8]
    public internal(set) var scopes: [Scope]
    /// When it was revoked: what it sends is kept aside since.
    public var revoked: Moment?
    /// The identity that it had before, when it is a copy that was found out.
    public let former: Identifier?

    init(replica: Identifier, bytes: [UInt8]) throws {
        var decoder = CanonicalDecoder(bytes)
        self.replica = replica
        name = try decoder.text()
        publicKey = try decoder.byteString()
        scopes = try decoder.scopes()
        let revoked = try decoder.signed()
        self.revoked = revoked == 0 ? nil : Moment(milliseconds: revoked)
        former = Identifier(bytes: try decoder.byteString())
    }

    fileprivate init(
        replica: Identifier,
        name: String,
        publicKey: [UInt8],
        scopes: [Scope],
        former: Identifier?
    ) {
        self.replica = replica
        self.name = name
        self.publicKey = publicKey
        self.scopes = scopes
        self.former = former
    }

    var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(name)
        encoder.write(publicKey)
        encoder.write(scopes) { $0.write($1.description) }
        encoder.write(revoked?.milliseconds ?? 0)
        encoder.write(former?.bytes ?? [])
        return encoder.bytes
    }
}

extension CanonicalDecoder {
    fileprivate mutating func scopes() throws -> [Scope] {
        let texts = try list { (decoder) throws(CanonicalError) in try decoder.text() }
        return texts.compactMap(Scope.init(text:))
    }
}

extension HubReplica {
    /// How long an enrolment code can be used.
    public static let enrolmentMilliseconds: Int64 = 15 * 60 * 1000

    /// What a code is good for.
    struct Offer {
        /// Until when; nil for a copy's, which may be away for months.
        let end: Moment?
        let name: String
        var scopes: [Scope]
        /// Only the holder of this identity's key may use it.
        let former: Identifier?
        /// The terminal that used it, which may repeat its request since an answer can be lost.
        var user: Identifier?

        init(end: Moment?, name: String, scopes: [Scope], former: Identifier?) {
            self.end = end
            self.name = name
            self.scopes = scopes
            self.former = former
        }

        init(bytes: [UInt8]) throws {
            var decoder = CanonicalDecoder(bytes)
            let end = try decoder.signed()
            self.end = end == 0 ? nil : Moment(milliseconds: end)
            name = try decoder.text()
            scopes = try decoder.scopes()
            former = Identifier(bytes: try decoder.byteString())
            user = Identifier(bytes: try decoder.byteString())
        }

        var bytes: [UInt8] {
            var encoder = CanonicalEncoder()
            encoder.write(end?.milliseconds ?? 0)
            encoder.write(name)
            encoder.write(scopes.sorted()) { $0.write($1.description) }
            encoder.write(former?.bytes ?? [])
            encoder.write(user?.bytes ?? [])
            return encoder.bytes
        }
    }

    /// Gives out a one-time code with which one terminal can enrol.
    ///
    /// - Parameters:
    ///   - name: the terminal's name.
    ///   - scopes: what it will share.
    ///   - now: the code is good for ``enrolmentMilliseconds`` from now.
    ///   - dice: the operating system's, so that codes cannot be guessed.
    ///   - transaction: the hub's store.
    /// - Returns: 16 characters of Crockford's base 32: 80 bits.
    /// - Throws: what the store throws.
    public static func offerEnrolment(
        name: String,
        scopes: [Scope],
        now: Moment,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> String {
        let end = now.adding(milliseconds: enrolmentMilliseconds)
        let offer = Offer(end: end, name: name, scopes: scopes, former: nil)
        return try self.offer(offer, dice: &dice, in: transaction)
    }

    static func offer(
        _ offer: Offer,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> String {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        let code = String((0..<16).map { _ in alphabet[Int(dice.next() >> 59)] })
        try transaction.set(Setting.enrolment(code), to: offer.bytes)
        return code
    }

    /// Takes a terminal in.
    ///
    /// The same terminal may repeat its request while the code is good, since an answer can be
    /// lost; another terminal cannot use the code any more.
    public func enroll(
        _ request: EnrollRequest,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws -> Enrolment {
        guard request.publicKey.count == 32 else { throw SyncRefusal.publicKey }
        if !request.known.isEmpty { return try readmit(request, in: transaction) }
        let key = Setting.enrolment(request.code)
        guard var offer = try transaction.setting(key).map(Offer.init(bytes:)) else {
            throw SyncRefusal.enrolmentCode(replica.id)
        }
        let id = Replica.id(of: request.publicKey)
        guard offer.end.map({ now <= $0 }) ?? true, offer.user == nil || offer.user == id else {
            throw SyncRefusal.enrolmentCode(replica.id)
        }
        if let former = offer.former {
            let known = try Self.terminal(former, in: transaction)
            guard request.proves(known.publicKey) else { throw SyncRefusal.badSignature(former) }
            // It may have been moved since its code was made.
            offer.scopes = known.scopes
        }
        let known = try transaction.setting(Setting.terminal(id))
        var terminal = EnrolledTerminal(
            replica: id,
            name: offer.name,
            publicKey: request.publicKey,
            scopes: offer.scopes,
            former: offer.former
        )
        terminal.revoked = try known.map { try EnrolledTerminal(replica: id, bytes: $0) }?.revoked
        try transaction.set(Setting.terminal(id), to: terminal.bytes)
        if offer.user == nil {
            offer.user = id
            try transaction.set(key, to: offer.bytes)
            try noteSuccessor(id, of: offer.former, code: request.code, in: transaction)
        }
        return try answer(to: terminal, in: transaction)
    }

    private func answer(
        to terminal: EnrolledTerminal,
        in reading: any ReplicaReading
    ) throws -> Enrolment {
        Enrolment(
            hub: replica.id,
            hubPublicKey: replica.publicKey,
            epoch: try reading.integer(Setting.epoch) ?? 0,
            name: terminal.name,
            scopes: terminal.scopes,
            former: terminal.former,
            certificate: try replica.signature(
                over: Enrolment.certified(
                    terminal.publicKey,
                    name: terminal.name,
                    scopes: terminal.scopes,
                    former: terminal.former
                )
            )
        )
    }

    /// Knows a terminal again that was enrolled after the backup was made from which this hub was
    /// restored; one that it knows stays as it is, revoked or not.
    private func readmit(
        _ request: EnrollRequest,
        in transaction: any ReplicaTransaction
    ) throws -> Enrolment {
        let known = try Enrolment(bytes: request.known)
        guard known.hub == replica.id,
            known.isCertified(by: replica.publicKey, for: request.publicKey)
        else { throw SyncRefusal.enrolmentCode(replica.id) }
        let id = Replica.id(of: request.publicKey)
        if let bytes = try transaction.setting(Setting.terminal(id)) {
            return try answer(to: EnrolledTerminal(replica: id, bytes: bytes), in: transaction)
        }
        let terminal = EnrolledTerminal(
            replica: id,
            name: known.name,
            publicKey: request.publicKey,
            scopes: known.scopes,
            former: known.former
        )
        try transaction.set(Setting.terminal(id), to: terminal.bytes)
        return try answer(to: terminal, in: transaction)
    }

    /// The alerts of the chains whose copy used this code are settled.
    private func noteSuccessor(
        _ successor: Identifier,
        of former: Identifier?,
        code: String,
        in transaction: any ReplicaTransaction
    ) throws {
        guard let former else { return }
        for (key, value) in try transaction.settings(under: "clone.\(former).") {
            var alert = try CloneAlert(bytes: value)
            let ticket = Setting.cloneTicket(former, alert.incarnation)
            guard try transaction.setting(ticket) == Array(code.utf8) else { continue }
            alert.successor = successor
            try transaction.set(key, to: alert.bytes)
        }
    }

    static func terminal(
        _ replica: Identifier,
        in reading: any ReplicaReading
    ) throws -> EnrolledTerminal {
        guard let bytes = try reading.setting(Setting.terminal(replica)) else {
            throw SyncRefusal.unknownTerminal(replica)
        }
        return try EnrolledTerminal(replica: replica, bytes: bytes)
    }

    // MARK: - What the office sees

    /// An enrolled terminal and what is known of it.
    public struct TerminalState: Hashable, Sendable {
        public let terminal: EnrolledTerminal
        /// When it last pushed; nil before it did.
        public let seen: Moment?
        /// Where its chains stand.
        public let chains: [ChainState]
        public let clones: [CloneAlert]
        /// How many of what it sent wait aside, for a person or for what comes before.
        public let heldCount: Int
    }

    /// Every terminal that was ever enrolled, by name.
    public static func terminals(in reading: any ReplicaReading) throws -> [TerminalState] {
        try reading.settings(under: "terminal.").compactMap { key, value in
            guard let replica = Identifier(text: key.text.dropFirst("terminal.".count)) else {
                return nil
            }
            return TerminalState(
                terminal: try EnrolledTerminal(replica: replica, bytes: value),
                seen: try sighting(of: replica, in: reading)?.wall,
                chains: try reading.chains(of: replica),
                clones: try reading.settings(under: "clone.\(replica).")
                    .map { try CloneAlert(bytes: $0.value) },
                heldCount: try reading.heldRecords(from: replica).count
            )
        }
        .sorted {
            ($0.terminal.name, $0.terminal.replica) < ($1.terminal.name, $1.terminal.replica)
        }
    }

    /// Gives a terminal other scopes; it learns of them with the hub's next answer.
    ///
    /// What it recorded in a scope that it leaves and had not sent is kept aside for a person.
    public static func setScopes(
        _ scopes: [Scope],
        of replica: Identifier,
        in transaction: any ReplicaTransaction
    ) throws {
        var terminal = try terminal(replica, in: transaction)
        terminal.scopes = scopes.sorted()
        try transaction.set(Setting.terminal(replica), to: terminal.bytes)
    }

    /// Revokes a terminal: what it sends from now on is kept aside for a person.
    public static func revoke(
        _ replica: Identifier,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws {
        var terminal = try terminal(replica, in: transaction)
        guard terminal.revoked == nil else { return }
        terminal.revoked = now
        try transaction.set(Setting.terminal(replica), to: terminal.bytes)
    }
}
