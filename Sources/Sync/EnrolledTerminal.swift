import Tally

/// A terminal that the hub knows.
public struct EnrolledTerminal: Hashable, Sendable {
    public let replica: Identifier
    public let name: String
    public let publicKey: [UInt8]
    public let scopes: [Scope]

    fileprivate init(replica: Identifier, bytes: [UInt8]) throws {
        var decoder = CanonicalDecoder(bytes)
        self.replica = replica
        name = try decoder.text()
        publicKey = try decoder.byteString()
        scopes = try decoder.scopes()
    }

    fileprivate init(replica: Identifier, name: String, publicKey: [UInt8], scopes: [Scope]) {
        self.replica = replica
        self.name = name
        self.publicKey = publicKey
        self.scopes = scopes
    }

    fileprivate var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(name)
        encoder.write(publicKey)
        encoder.write(scopes) { $0.write($1.description) }
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
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        let code = String((0..<16).map { _ in alphabet[Int(dice.next() >> 59)] })
        var encoder = CanonicalEncoder()
        encoder.write(now.adding(milliseconds: enrolmentMilliseconds).milliseconds)
        encoder.write(name)
        encoder.write(scopes.sorted()) { $0.write($1.description) }
        try transaction.set(Setting.enrolment(code), to: encoder.bytes)
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
        let key = Setting.enrolment(request.code)
        guard let offer = try transaction.setting(key) else { throw SyncRefusal.enrolmentCode }
        var decoder = CanonicalDecoder(offer)
        let end = try decoder.signed()
        let name = try decoder.text()
        let scopes = try decoder.scopes()
        let id = Replica.id(of: request.publicKey)
        let user = (try? decoder.byteString()).flatMap { Identifier(bytes: $0) }  // nil: unused
        guard now.milliseconds <= end, user == nil || user == id else {
            throw SyncRefusal.enrolmentCode
        }
        let terminal = EnrolledTerminal(
            replica: id,
            name: name,
            publicKey: request.publicKey,
            scopes: scopes
        )
        try transaction.set(Setting.terminal(id), to: terminal.bytes)
        if user == nil {
            var encoder = CanonicalEncoder()
            encoder.write(id.bytes)
            try transaction.set(key, to: offer + encoder.bytes)
        }
        return Enrolment(
            hub: replica.id,
            hubPublicKey: replica.publicKey,
            epoch: try transaction.integer(Setting.epoch) ?? 0,
            name: name,
            scopes: scopes
        )
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
}
