import Crypto
import Foundation
import Tally

/// The keys under which replicas keep what is theirs.
public enum Setting {
    /// The Ed25519 private key, 32 bytes.
    public static let privateKey = SettingKey("replica.private_key")
    /// The replica's id, 16 bytes: derived from the key, kept since deriving is slow.
    package static let replica = SettingKey("replica.id")
    /// The hash of the replica's last operation, to which its next one links.
    package static let lastHash = SettingKey("replica.last_hash")
    package static let stamp = SettingKey("replica.stamp")
    /// How often the store was rebuilt from other copies; absent for never.
    package static let rebuilds = SettingKey("replica.rebuilds")
    package static let epoch = SettingKey("sync.epoch")
    /// The fingerprint of the reducer that made the cells.
    static let reducer = SettingKey("state.reducer")

    /// A terminal's place in the hub's order of a scope.
    package static func cursor(_ scope: Scope) -> SettingKey { SettingKey("sync.cursor.\(scope)") }
    /// The length of a scope's order when a terminal last fetched it from the start and still
    /// differed.
    static func refetched(_ scope: Scope) -> SettingKey { SettingKey("sync.refetched.\(scope)") }
    /// An enrolled terminal, at the hub.
    static func terminal(_ replica: Identifier) -> SettingKey { SettingKey("terminal.\(replica)") }
    /// An enrolment code that was given out, at the hub.
    static func enrolment(_ code: String) -> SettingKey { SettingKey("enrolment.\(code)") }
}

/// One replica: its key, and the way it makes operations.
///
/// The first operation after each start mints a random incarnation, linked to the last operation
/// before it; so a copied disk or an old image can never name an operation twice.
public struct Replica: Sendable {
    public let id: Identifier
    public let publicKey: [UInt8]
    private let privateKey: Curve25519.Signing.PrivateKey
    /// Minted with the first operation after this value was made, or after the store was rebuilt.
    private var incarnation: UInt64?
    /// The last operation that this value made, and how often the store was rebuilt before it.
    private var last: (hash: Identifier, rebuilds: UInt64)?

    /// The replica of a private key: 32 bytes.
    ///
    /// - Parameter privateKey: an Ed25519 seed (RFC 8032).
    /// - Throws: when it has another length.
    public init(privateKey: [UInt8]) throws {
        self.privateKey = try Curve25519.Signing.PrivateKey(rawRepresentation: privateKey)
        publicKey = Array(self.privateKey.publicKey.rawRepresentation)
        id = Self.id(of: publicKey)
    }

    /// The replica that a store belongs to; made, with its key, when the store is new.
    public static func open(
        _ transaction: any ReplicaTransaction,
        dice: inout some Dice
    ) throws -> Replica {
        if let key = try transaction.setting(Setting.privateKey) {
            return try Replica(privateKey: key)
        }
        let key = (0..<4).flatMap { _ in dice.next().bigEndianBytes }
        let replica = try Replica(privateKey: key)
        try transaction.set(Setting.privateKey, to: key)
        try transaction.set(Setting.replica, to: replica.id.bytes)
        return replica
    }

    /// The id of the replica that a store belongs to; nil for a new store.
    static func id(in reading: any ReplicaReading) throws -> Identifier? {
        try reading.setting(Setting.replica).flatMap { Identifier(bytes: $0) }
    }

    /// The id that a public key gives: the first 128 bits of its SHA-256.
    public static func id(of publicKey: [UInt8]) -> Identifier {
        ContentHash(of: publicKey).identifier
    }

    /// Ed25519 over `message`, 64 bytes.
    package func signature(over message: [UInt8]) throws -> [UInt8] {
        Array(try privateKey.signature(for: message))
    }

    static func isValid(_ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]) -> Bool
    {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else {
            return false  // best effort: a key that is none has signed nothing
        }
        return key.isValidSignature(signature, for: message)
    }

    /// Makes the next operation of this replica and writes where its chain now stands.
    ///
    /// The caller appends it to the log in the same transaction.
    ///
    /// - Parameters:
    ///   - draft: what a room wants recorded.
    ///   - author: the worker's badge code, or empty.
    ///   - seen: the position of the draft's scope that this replica has seen.
    ///   - reading: the clocks now.
    ///   - dice: for a new incarnation.
    ///   - transaction: the replica's store.
    /// - Returns: the operation.
    /// - Throws: ``OperationError`` when the draft is too long or names what cannot be.
    mutating func author(
        _ draft: Draft,
        by author: String,
        seen: UInt64,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> Operation {
        let rebuilds = try transaction.integer(Setting.rebuilds) ?? 0
        let (incarnation, head) = try chain(rebuilds, &dice, transaction)
        let last = HybridStamp(bits: try transaction.integer(Setting.stamp) ?? 0)
        let stamp = last.next(wall: reading.wall)
        let operation = try Operation(
            draft,
            id: OperationID(
                replica: id,
                incarnation: incarnation,
                sequence: (head?.id.sequence ?? 0) + 1
            ),
            previous: try transaction.setting(Setting.lastHash).flatMap { Identifier(bytes: $0) },
            stamp: stamp,
            author: author,
            reading: reading,
            seen: seen
        )
        try transaction.set(Setting.stamp, to: stamp.bits)
        try transaction.set(Setting.lastHash, to: operation.hash.bytes)
        self.incarnation = incarnation
        self.last = (operation.hash, rebuilds)
        return operation
    }

    /// The incarnation to go on with, and where its chain stands.
    ///
    /// One that the store does not have as this value left it (a transaction that the disk did not
    /// take, a store rebuilt from another copy) is not gone on with: its next number may be taken.
    private func chain(
        _ rebuilds: UInt64,
        _ dice: inout some Dice,
        _ transaction: any ReplicaTransaction
    ) throws -> (incarnation: UInt64, head: ChainHead?) {
        if let incarnation, let last, last.rebuilds == rebuilds,
            let head = try transaction.chainHead(id, incarnation), head.hash == last.hash
        {
            return (incarnation, head)
        }
        return (dice.next() | 1, nil)
    }

    /// Takes a stamp that came from another replica into the clock, so that what is recorded here
    /// later has a later stamp; one far ahead of `now` is clamped.
    static func observe(
        _ stamp: HybridStamp,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws {
        let latest = HybridStamp(now.adding(milliseconds: TrueTime.aheadMillisecondsMax))
        let last = HybridStamp(bits: try transaction.integer(Setting.stamp) ?? 0)
        let seen = min(stamp, latest)
        if seen > last { try transaction.set(Setting.stamp, to: seen.bits) }
    }
}
