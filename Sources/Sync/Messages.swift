import Foundation
import SwiftProtobuf
import Tally

// The requests and answers of `sync.proto` as values. Encoding cannot fail for what these types can
// hold; decoding refuses everything that is not such a message.

/// What is said in the messages that are the same in every version; see ``ProtocolVersions``.
public let syncProtocolVersion: UInt32 = 1

/// A terminal asks to be known: once, with the code that the hub gave out.
public struct EnrollRequest: Hashable, Sendable {
    public let code: String
    public let publicKey: [UInt8]
    /// For a copy that takes an identity of its own: Ed25519 by the key that it had before.
    public let proof: [UInt8]
    /// What the hub answered once, for a hub that has forgotten it; empty else.
    public let known: [UInt8]

    public init(code: String, publicKey: [UInt8]) {
        self.code = code
        self.publicKey = publicKey
        proof = []
        known = []
    }

    /// A terminal shows a hub that has forgotten it what it answered once.
    init(showing known: Enrolment, publicKey: [UInt8]) throws {
        code = ""
        self.publicKey = publicKey
        proof = []
        self.known = try known.bytes()
    }

    /// A copy asks for an identity of its own.
    init(code: String, publicKey: [UInt8], by former: Replica) throws {
        self.code = code
        self.publicKey = publicKey
        proof = try former.signature(over: Self.proven(code, publicKey))
        known = []
    }

    private static func proven(_ code: String, _ publicKey: [UInt8]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write("tallyman succession 1")
        encoder.write(code)
        encoder.write(publicKey)
        return encoder.bytes
    }

    /// Whether the holder of this key sent it.
    func proves(_ formerKey: [UInt8]) -> Bool {
        Replica.isValid(proof, over: Self.proven(code, publicKey), by: formerKey)
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_EnrollRequest.self, bytes)
        try SyncRefusal.check(version: wire.protocol)
        code = wire.code
        publicKey = Array(wire.publicKey)
        proof = Array(wire.proof)
        known = Array(wire.known)
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_EnrollRequest()
        wire.protocol = syncProtocolVersion
        wire.code = code
        wire.publicKey = Data(publicKey)
        wire.proof = Data(proof)
        wire.known = Data(known)
        return try wire.serializedBytes()
    }
}

/// What a terminal knows of its hub and of itself once it is enrolled.
public struct Enrolment: Hashable, Sendable {
    public let hub: Identifier
    public let hubPublicKey: [UInt8]
    public let epoch: UInt64
    /// The terminal's name.
    public let name: String
    /// What it shares with the hub, sorted.
    public let scopes: [Scope]
    /// The identity that it had before, when it is a copy that was found out.
    public let former: Identifier?
    /// The hub's signature over all of this and the terminal's key; empty from a hub that gives
    /// none.
    ///
    /// With it a hub that has forgotten the terminal knows it again.
    public let certificate: [UInt8]

    public init(
        hub: Identifier,
        hubPublicKey: [UInt8],
        epoch: UInt64,
        name: String,
        scopes: [Scope],
        former: Identifier? = nil,
        certificate: [UInt8] = []
    ) {
        self.hub = hub
        self.hubPublicKey = hubPublicKey
        self.epoch = epoch
        self.name = name
        self.scopes = scopes.sorted()
        self.former = former
        self.certificate = certificate
    }

    /// What the hub signs of a terminal.
    static func certified(
        _ publicKey: [UInt8],
        name: String,
        scopes: [Scope],
        former: Identifier?
    ) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write("tallyman terminal 1")
        encoder.write(Replica.id(of: publicKey).bytes)
        encoder.write(publicKey)
        encoder.write(name)
        encoder.write(scopes.sorted()) { $0.write($1.description) }
        encoder.write(former?.bytes ?? [])
        return encoder.bytes
    }

    /// Whether the hub with this key once gave this answer to the terminal with the other one.
    func isCertified(by hubKey: [UInt8], for publicKey: [UInt8]) -> Bool {
        let message = Self.certified(publicKey, name: name, scopes: scopes, former: former)
        return Replica.isValid(certificate, over: message, by: hubKey)
    }

    /// An answer is whole, and made for this key: one that was cut between two fields reads as one
    /// with fewer scopes.
    ///
    /// - Parameters:
    ///   - publicKey: the terminal's.
    ///   - hubKey: the hub's, if it is known; else the one that the answer names.
    /// - Throws: ``SyncRefusal/malformed``.
    package func check(for publicKey: [UInt8], by hubKey: [UInt8]? = nil) throws {
        guard isCertified(by: hubKey ?? hubPublicKey, for: publicKey) else {
            throw SyncRefusal.malformed
        }
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_EnrollResponse.self, bytes)
        try SyncRefusal.check(version: wire.protocol)
        guard let hub = Identifier(bytes: wire.hub), wire.hubPublicKey.count == 32,
            wire.epoch > 0
        else { throw SyncRefusal.malformed }
        let scopes = wire.scopes.compactMap(Scope.init(text:))
        guard scopes.count == wire.scopes.count else { throw SyncRefusal.malformed }
        self.init(
            hub: hub,
            hubPublicKey: Array(wire.hubPublicKey),
            epoch: wire.epoch,
            name: wire.name,
            scopes: scopes,
            former: Identifier(bytes: wire.former),
            certificate: Array(wire.certificate)
        )
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_EnrollResponse()
        wire.protocol = syncProtocolVersion
        wire.hub = Data(hub.bytes)
        wire.hubPublicKey = Data(hubPublicKey)
        wire.epoch = epoch
        wire.name = name
        wire.scopes = scopes.map(\.description)
        wire.former = Data(former?.bytes ?? [])
        wire.certificate = Data(certificate)
        return try wire.serializedBytes()
    }
}

/// A terminal gives the hub what it recorded.
public struct PushRequest: Hashable, Sendable {
    /// The most operations of one request.
    public static let operationCountMax = 500
    /// About the most bytes of operations in one request; one operation always has room.
    public static let byteCountMax = 4 << 20

    public let replica: Identifier
    public let epoch: UInt64
    /// Operation bytes, verbatim, in the order recorded.
    public let operations: [[UInt8]]
    /// What the terminal's clock says; nil from one that does not say.
    public let clock: PushClock?
    /// The version that it is in.
    public let version: UInt32
    /// The newest version that the terminal speaks; 0 from one that offers none.
    public let newest: UInt32
    public let signature: [UInt8]

    /// What is signed: the replica, the epoch, every operation, and what the clock says.
    private static func signed(
        _ replica: Identifier,
        _ epoch: UInt64,
        _ operations: [[UInt8]],
        _ clock: PushClock?
    ) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write("tallyman push 1")
        encoder.write(replica.bytes)
        encoder.write(epoch)
        encoder.write(operations) { $0.write(ContentHash(of: $1).bytes) }
        clock?.write(to: &encoder)
        return encoder.bytes
    }

    /// Whether the holder of this key signed it.
    func isSigned(by publicKey: [UInt8]) -> Bool {
        let message = Self.signed(replica, epoch, operations, clock)
        return Replica.isValid(signature, over: message, by: publicKey)
    }

    /// Names this request in its answer.
    public var batch: Identifier { ContentHash(of: signature).identifier }

    /// A batch, signed by the replica that sends it.
    package init(
        _ operations: [[UInt8]],
        epoch: UInt64,
        clock: PushClock? = nil,
        by replica: Replica,
        version: UInt32 = ProtocolVersions.spoken.newest,
        newest: UInt32 = ProtocolVersions.spoken.newest
    ) throws {
        self.replica = replica.id
        self.version = version
        self.newest = newest
        self.epoch = epoch
        self.operations = operations
        self.clock = clock
        let message = Self.signed(replica.id, epoch, operations, clock)
        signature = try replica.signature(over: message)
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_PushRequest.self, bytes)
        try ProtocolVersions.spoken.check(wire.protocol)
        version = wire.protocol
        newest = wire.newest
        guard let replica = Identifier(bytes: wire.replica) else { throw SyncRefusal.malformed }
        self.replica = replica
        epoch = wire.epoch
        if !wire.packed.isEmpty {
            let pack = Array(wire.packed)
            // One more than is taken, so that the refusal can say so.
            let countMax = Self.operationCountMax + 1
            guard let unpacked = OperationPack.unpack(pack, countMax: countMax) else {
                throw SyncRefusal.malformed
            }
            operations = unpacked
        } else {
            operations = wire.operations.map { Array($0) }
        }
        clock = try PushClock(wire, operationCount: operations.count)
        signature = Array(wire.signature)
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_PushRequest()
        wire.protocol = version
        wire.newest = newest
        wire.replica = Data(replica.bytes)
        wire.epoch = epoch
        let isPacked = version >= ProtocolVersions.packs
        if isPacked {
            wire.packed = Data(OperationPack.pack(operations))
        } else {
            wire.operations = operations.map { Data($0) }
        }
        clock?.fill(&wire, isPacked: isPacked)
        wire.signature = Data(signature)
        return try wire.serializedBytes()
    }
}

/// The hub's answer to a push: a word on each operation.
public struct PushResponse: Hashable, Sendable {
    /// The word on one operation.
    public struct Item: Hashable, Sendable {
        public let verdict: Verdict
        /// A problem code; empty when accepted.
        public let reason: String
        /// The hub had it already, and this is the verdict it gave then.
        public let known: Bool
        /// It is on the hub's disk.
        ///
        /// If not, it is to be sent again.
        public let stored: Bool

        public init(verdict: Verdict, reason: String, known: Bool, stored: Bool) {
            self.verdict = verdict
            self.reason = reason
            self.known = known
            self.stored = stored
        }

        /// What most operations get, and version 2 does not spell out.
        static let plain = Item(verdict: .accepted, reason: "", known: false, stored: true)

        init(_ wire: Tallyman_Sync_V1_PushResponse.Item) throws {
            guard let verdict = Verdict(wire: wire.verdict) else { throw SyncRefusal.malformed }
            self.verdict = verdict
            reason = wire.reason
            known = wire.known
            stored = wire.stored
        }

        func wire(_ index: Int) -> Tallyman_Sync_V1_PushResponse.Item {
            var wire = Tallyman_Sync_V1_PushResponse.Item()
            wire.verdict = verdict.wire
            wire.reason = reason
            wire.known = known
            wire.stored = stored
            wire.index = UInt32(index)
            return wire
        }
    }

    /// Operations that the hub misses in a chain, between two that it has.
    public struct Gap: Hashable, Sendable {
        public let incarnation: UInt64
        public let after: UInt64
        public let before: UInt64

        public init(incarnation: UInt64, after: UInt64, before: UInt64) {
            self.incarnation = incarnation
            self.after = after
            self.before = before
        }
    }

    /// Who answers.
    public let hub: Identifier
    public let epoch: UInt64
    public var items: [Item]
    /// The request that this answers; see ``PushRequest/batch``.
    public let batch: Identifier
    /// What is asked for again, by incarnation.
    public var gaps: [Gap] = []
    /// The terminal is a copy of another: the code with which it takes an identity of its own.
    public var ticket: String?
    /// The hub's time; nil from a hub that does not say.
    public var now: Moment?
    /// What the request said of the terminal's clock.
    public var clock: PushClock.Sending?
    /// The version that it is in.
    public var version: UInt32 = 1
    /// The version that the terminal says next; 0 from a hub that does not say.
    public var picked: UInt32 = 0
    /// Names the scopes that the terminal shares; see ``Scope/name(of:)``; 0 from a hub that does
    /// not say.
    public var scopes: UInt64 = 0

    public init(hub: Identifier, epoch: UInt64, items: [Item] = [], batch: Identifier) {
        self.hub = hub
        self.epoch = epoch
        self.items = items
        self.batch = batch
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_PushResponse.self, bytes)
        // No hub has epoch 0: the answer lost its beginning, or all of itself.
        guard wire.epoch > 0, let batch = Identifier(bytes: wire.batch),
            let hub = Identifier(bytes: wire.hub)
        else { throw SyncRefusal.malformed }
        self.hub = hub
        epoch = wire.epoch
        ticket = wire.ticket.isEmpty ? nil : wire.ticket
        gaps = wire.gaps.map {
            Gap(incarnation: $0.incarnation, after: $0.after, before: $0.before)
        }
        self.batch = batch
        now = wire.now == 0 ? nil : Moment(milliseconds: wire.now)
        clock = wire.hasSent ? PushClock.Sending(boot: wire.boot, monotonic: wire.sent) : nil
        picked = wire.protocol
        scopes = wire.scopes
        version = wire.hasCount ? ProtocolVersions.sparseAnswers : 1
        items = try wire.hasCount ? Self.items(wire) : wire.items.map(Item.init)
    }

    /// What a sparse answer says of each operation.
    private static func items(_ wire: Tallyman_Sync_V1_PushResponse) throws -> [Item] {
        guard wire.count <= PushRequest.operationCountMax else { throw SyncRefusal.malformed }
        var items = Array(repeating: Item.plain, count: Int(wire.count))
        var next: UInt32 = 0
        for item in wire.items {
            guard item.index >= next, item.index < wire.count else { throw SyncRefusal.malformed }
            items[Int(item.index)] = try Item(item)
            next = item.index + 1
        }
        return items
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_PushResponse()
        wire.epoch = epoch
        if version >= ProtocolVersions.sparseAnswers {
            wire.count = UInt32(items.count)
            for (index, item) in items.enumerated() where item != .plain {
                wire.items.append(item.wire(index))
            }
        } else {
            wire.items = items.map { $0.wire(0) }
        }
        wire.protocol = picked
        wire.scopes = scopes
        wire.hub = Data(hub.bytes)
        wire.ticket = ticket ?? ""
        wire.gaps = gaps.map { gap in
            var wireGap = Tallyman_Sync_V1_PushResponse.Gap()
            wireGap.incarnation = gap.incarnation
            wireGap.after = gap.after
            wireGap.before = gap.before
            return wireGap
        }
        wire.now = now?.milliseconds ?? 0
        if let clock {
            wire.boot = clock.boot
            wire.sent = clock.monotonic
        }
        // Written last: an answer that was cut between two fields lacks it.
        wire.batch = Data(batch.bytes)
        return try wire.serializedBytes()
    }
}

/// Reads a message, and refuses what is none.
func decode<Wire: Message>(_ type: Wire.Type, _ bytes: [UInt8]) throws -> Wire {
    do {
        return try Wire(serializedBytes: bytes)
    } catch {
        throw SyncRefusal.malformed
    }
}
