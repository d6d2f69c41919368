import Tally

// The hub says which scopes a terminal shares, and may change that at any time. Each of its answers
// names them; a terminal that knows others asks for its enrolment once more, and takes over what
// the hub certifies.

extension Scope {
    /// Names a set of scopes, whatever their order.
    static func name(of scopes: [Scope]) -> UInt64 {
        let texts = scopes.map(\.description).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        var encoder = CanonicalEncoder()
        encoder.write(texts) { $0.write($1) }
        return ContentHash(of: encoder.bytes).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension TerminalReplica {
    /// Whether the terminal shares a scope; one that was never enrolled shares what it is given.
    static func shares(_ scope: Scope, in reading: any ReplicaReading) throws -> Bool {
        try enrolment(in: reading)?.scopes.contains(scope) ?? true
    }

    /// An answer of the hub names the scopes of this terminal; 0 from a hub that does not say.
    func noteScopes(_ name: UInt64, in transaction: any ReplicaTransaction) throws {
        guard name != 0, let known = try Self.nameOfScopes(in: transaction), known != name
        else { return }
        try askForScopes(in: transaction)
    }

    /// The next request shows the hub what it answered to this identity, and is answered what
    /// holds now.
    func askForScopes(in transaction: any ReplicaTransaction) throws {
        guard let known = try Self.enrolment(in: transaction), !known.certificate.isEmpty,
            try transaction.setting(Setting.forgotten) == nil
        else { return }
        try transaction.set(Setting.forgotten, to: replica.id.bytes)
    }

    /// Takes over the scopes that the hub certifies, and leaves those that are not among them.
    ///
    /// - Returns: whether they are others than before.
    func takeScopes(of answer: Enrolment, in transaction: any ReplicaTransaction) throws -> Bool {
        guard let known = try Self.enrolment(in: transaction), known.scopes != answer.scopes,
            answer.isCertified(by: known.hubPublicKey, for: replica.publicKey)
        else { return false }
        try Self.enroll(answer, keepingEpochIn: transaction)
        for scope in known.scopes where !answer.scopes.contains(scope) {
            try leave(scope, in: transaction)
        }
        return true
    }

    /// Forgets the state of a scope and the place in its order.
    ///
    /// What was recorded here stays, and what is unsent is sent: the hub keeps it for a person.
    func leave(_ scope: Scope, in transaction: any ReplicaTransaction) throws {
        try transaction.clearCells(of: scope)
        try transaction.forgetJudgements(of: scope, acknowledgements: false)
        try transaction.dropPieces(of: scope, except: [])
        for key in [
            Setting.cursor(scope), Setting.refetched(scope), Setting.search(scope),
            Setting.base(scope), Setting.hubHead(scope), Setting.returned(scope),
            Setting.secured(scope), Setting.incoming(scope), Setting.folded(scope),
        ] {
            try transaction.set(key, to: nil)
        }
    }
}
