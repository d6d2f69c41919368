import Foundation
import Tally

/// The keys under which replicas keep what is theirs.
public enum Setting {
    /// The Ed25519 private key, 32 bytes.
    public static let privateKey = SettingKey("replica.private_key")
    /// The replica's id, 16 bytes: derived from the key, kept since deriving is slow.
    package static let replica = SettingKey("replica.id")
    /// The hash of the replica's last operation of a lane, to which its next one links.
    package static func lastHash(_ lane: Lane) -> SettingKey {
        SettingKey("replica.last_hash.\(lane.rawValue)")
    }
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
    /// Up to where a hub's order of a scope is the same as it was in an earlier epoch.
    static func common(_ epoch: UInt64, _ scope: Scope) -> SettingKey {
        SettingKey("epoch.common.\(String(epoch, radix: 16)).\(scope)")
    }
    /// How often the hub took another epoch.
    static let restores = SettingKey("epoch.restores")
    /// The terminals that a restored hub waits for.
    static let awaited = SettingKey("epoch.awaited")
    /// Up to where a backup of the hub has a scope's order, at the hub and at terminals.
    static func secured(_ scope: Scope) -> SettingKey { SettingKey("sync.secured.\(scope)") }
    /// Up to where a restored hub's order of a scope has been decided upon.
    static func decided(_ scope: Scope) -> SettingKey { SettingKey("epoch.decided.\(scope)") }
    /// The version of the protocol that a terminal speaks with its hub.
    static let version = SettingKey("sync.version")
    /// The hub's epoch that a terminal has seen and not taken over yet: it is giving back.
    static let nextEpoch = SettingKey("sync.next_epoch")
    /// The position of a scope after which a terminal goes on giving back; its cursor when done.
    static func returned(_ scope: Scope) -> SettingKey { SettingKey("sync.returned.\(scope)") }
    /// An enrolled terminal, at the hub.
    static func terminal(_ replica: Identifier) -> SettingKey { SettingKey("terminal.\(replica)") }
    /// How long the hub has run, and the boot and monotonic clock up to which that was counted.
    static let age = SettingKey("hub.age")
    /// When an enrolled terminal last pushed, at the hub.
    static func sighting(_ replica: Identifier) -> SettingKey { SettingKey("sighting.\(replica)") }
    /// That the hub saw an identity in two machines.
    static func cloneAlert(_ replica: Identifier, _ incarnation: UInt64) -> SettingKey {
        SettingKey("clone.\(replica).\(String(incarnation, radix: 16))")
    }
    /// The code that the hub gives to a copy, by a chain of the copy's.
    static func cloneTicket(_ replica: Identifier, _ incarnation: UInt64) -> SettingKey {
        SettingKey("ticket.\(replica).\(String(incarnation, radix: 16))")
    }
    /// The code with which this terminal takes a new identity, and the key that it made for it.
    package static let successionCode = SettingKey("replica.succession_code")
    package static let successionKey = SettingKey("replica.succession_key")
    /// How often that code was refused in a row, and whether it waits for the hub's next answer.
    static let successionRefused = SettingKey("replica.succession_refused")
    /// Whether the hub knew that code no more, and has not been asked for another since.
    static let successionLost = SettingKey("replica.succession_lost")
    /// The identities of which the hub has to be reminded, at the terminal.
    static let forgotten = SettingKey("sync.forgotten")
    /// The private keys that this terminal had before, the latest last.
    package static let formerKeys = SettingKey("replica.former_keys")
    /// What the hub answered to each of them when it enrolled.
    package static let formerEnrolments = SettingKey("replica.former_enrolments")
    /// An enrolment code that was given out, at the hub.
    static func enrolment(_ code: String) -> SettingKey { SettingKey("enrolment.\(code)") }
}

/// One replica: its key, and the way it makes operations.
///
/// The first operation of a lane after each start mints a random incarnation, linked to the lane's
/// last operation before it; so a copied disk or an old image can never name an operation twice,
/// and two that go on from one operation are seen. Each lane is a chain of its own, so that what is
/// urgent can go first and no chain is ever sent with a gap.
public struct Replica: Sendable {
    public let id: Identifier
    public let publicKey: [UInt8]
    private let signer: any MessageSigner
    /// By lane, the chain that this value goes on with.
    private var chains: [Lane: Chain] = [:]

    /// A chain as this value left it.
    private struct Chain {
        /// Minted with the lane's first operation after this value was made, or after the store was
        /// rebuilt.
        let incarnation: UInt64
        /// The last operation that this value made.
        let hash: Identifier
        /// How often the store had been rebuilt by then.
        let rebuilds: UInt64
    }

    /// The replica of a private key: 32 bytes.
    ///
    /// - Parameter privateKey: an Ed25519 seed (RFC 8032).
    /// - Throws: when it has another length.
    public init(privateKey: [UInt8]) throws {
        signer = try Signatures.scheme.signer(privateKey)
        publicKey = signer.publicKey
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
    public static func owner(of reading: any ReplicaReading) throws -> Identifier? {
        try id(in: reading)
    }

    static func id(in reading: any ReplicaReading) throws -> Identifier? {
        try reading.setting(Setting.replica).flatMap { Identifier(bytes: $0) }
    }

    /// The id that a public key gives: the first 128 bits of its SHA-256.
    public static func id(of publicKey: [UInt8]) -> Identifier {
        ContentHash(of: publicKey).identifier
    }

    /// What the first operation of a lane ever links to.
    ///
    /// Not empty, so that two copies of a terminal that had recorded nothing yet are seen too.
    public static func genesis(of replica: Identifier, _ lane: Lane) -> Identifier {
        .derived("tallyman lane", replica.description, String(lane.rawValue))
    }

    /// Ed25519 over `message`, 64 bytes.
    package func signature(over message: [UInt8]) throws -> [UInt8] {
        try signer.signature(over: message)
    }

    static func isValid(_ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]) -> Bool
    {
        Signatures.scheme.isValid(signature, over: message, by: publicKey)
    }

    /// Makes the next operation of this replica and writes where its chain now stands.
    ///
    /// The caller appends it to the log in the same transaction.
    ///
    /// - Parameters:
    ///   - draft: what a room wants recorded.
    ///   - author: the worker's badge code, or empty.
    ///   - lane: the chain that it goes into.
    ///   - seen: the position of the draft's scope that this replica has seen.
    ///   - again: the hash of the operation that this one says again.
    ///   - reading: the clocks now.
    ///   - dice: for a new incarnation.
    ///   - transaction: the replica's store.
    /// - Returns: the operation.
    /// - Throws: ``OperationError`` when the draft is too long or names what cannot be.
    mutating func author(
        _ draft: Draft,
        by author: String,
        lane: Lane,
        seen: UInt64,
        again: Identifier? = nil,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> Operation {
        let rebuilds = try transaction.integer(Setting.rebuilds) ?? 0
        let (incarnation, head) = try chain(lane, rebuilds, &dice, transaction)
        let last = Setting.lastHash(lane)
        let before = HybridStamp(bits: try transaction.integer(Setting.stamp) ?? 0)
        let stamp = before.next(wall: reading.wall)
        let operation = try Operation(
            draft,
            id: OperationID(
                replica: id,
                incarnation: incarnation,
                sequence: (head?.id.sequence ?? 0) + 1
            ),
            previous: try head?.hash
                ?? transaction.setting(last).flatMap { Identifier(bytes: $0) }
                ?? Self.genesis(of: id, lane),
            stamp: stamp,
            author: author,
            reading: reading,
            seen: seen,
            seenEpoch: try transaction.integer(Setting.epoch) ?? 0,
            again: again
        )
        try transaction.set(Setting.stamp, to: stamp.bits)
        try transaction.set(last, to: operation.hash.bytes)
        chains[lane] = Chain(
            incarnation: incarnation,
            hash: operation.hash,
            rebuilds: rebuilds
        )
        return operation
    }

    /// The incarnation of a lane to go on with, and where its chain stands.
    ///
    /// One that the store does not have as this value left it (a transaction that the disk did not
    /// take, a store rebuilt from another copy) is not gone on with: its next number may be taken.
    private func chain(
        _ lane: Lane,
        _ rebuilds: UInt64,
        _ dice: inout some Dice,
        _ transaction: any ReplicaTransaction
    ) throws -> (incarnation: UInt64, head: ChainHead?) {
        if let chain = chains[lane], chain.rebuilds == rebuilds,
            let head = try transaction.chainHead(id, chain.incarnation), head.hash == chain.hash
        {
            return (chain.incarnation, head)
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
