import Foundation
import SwiftProtobuf
import Tally

// The requests and answers of `blobs.proto` as values.

/// The version of `blobs.proto` that this program speaks.
public let blobProtocolVersion: UInt32 = 1

/// A terminal tells which blobs it has for the hub.
public struct BlobOffer: Hashable, Sendable {
    /// The most blobs of one offer or query.
    public static let countMax = 64

    public let replica: Identifier
    public let manifests: [BlobManifest]
    public let signature: [UInt8]

    /// Names this request in its answer.
    public var request: Identifier { ContentHash(of: signature).identifier }

    /// An offer, signed by the replica that makes it.
    ///
    /// - Parameters:
    ///   - manifests: at most ``countMax``.
    ///   - replica: who signs.
    /// - Throws: what swift-crypto throws.
    public init(_ manifests: [BlobManifest], by replica: Replica) throws {
        self.replica = replica.id
        self.manifests = manifests
        signature = try replica.signature(over: Self.signed(replica.id, manifests))
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_BlobOffer.self, bytes)
        guard wire.protocol == blobProtocolVersion else {
            let spoken = ProtocolVersions(blobProtocolVersion...blobProtocolVersion)
            throw SyncRefusal.version(wire.protocol, speaks: spoken)
        }
        guard let replica = Identifier(bytes: wire.replica) else { throw SyncRefusal.malformed }
        guard wire.manifests.count <= Self.countMax else {
            throw BlobRefusal.tooMany(wire.manifests.count)
        }
        self.replica = replica
        manifests = try wire.manifests.map(BlobManifest.init(wire:))
        signature = Array(wire.signature)
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_BlobOffer()
        wire.protocol = blobProtocolVersion
        wire.replica = Data(replica.bytes)
        wire.manifests = manifests.map(\.wire)
        wire.signature = Data(signature)
        return try wire.serializedBytes()
    }

    func check(by publicKey: [UInt8]) throws {
        let signed = try Self.signed(replica, manifests)
        guard Replica.isValid(signature, over: signed, by: publicKey) else {
            throw SyncRefusal.badSignature(replica)
        }
    }

    private static func signed(
        _ replica: Identifier,
        _ manifests: [BlobManifest]
    ) throws -> [UInt8] {
        let hashes = try manifests.map { ContentHash(of: try $0.bytes()) }
        var encoder = CanonicalEncoder()
        encoder.write("tallyman blob offer 1")
        encoder.write(replica.bytes)
        encoder.write(hashes) { $0.write($1.bytes) }
        return encoder.bytes
    }
}

/// How much of a blob the other side has.
public struct BlobHolding: Hashable, Sendable {
    public let id: ContentHash
    /// In bytes, from the start.
    public let received: Int
    public let isComplete: Bool
    /// A problem code when it cannot be taken now; empty else.
    public let reason: String

    public init(id: ContentHash, received: Int, isComplete: Bool, reason: String = "") {
        self.id = id
        self.received = received
        self.isComplete = isComplete
        self.reason = reason
    }
}

/// The hub's answer to an offer, and with one item to the bytes of a blob.
public struct BlobHoldings: Hashable, Sendable {
    public let epoch: UInt64
    public let items: [BlobHolding]
    /// The request that this answers.
    public let request: Identifier

    public init(epoch: UInt64, items: [BlobHolding], request: Identifier) {
        self.epoch = epoch
        self.items = items
        self.request = request
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_BlobHoldings.self, bytes)
        guard wire.epoch > 0, let request = Identifier(bytes: wire.request) else {
            throw SyncRefusal.malformed
        }
        epoch = wire.epoch
        self.request = request
        items = try wire.items.map { item in
            guard let id = ContentHash(bytes: item.id), let received = Int(exactly: item.received)
            else { throw SyncRefusal.malformed }
            return BlobHolding(
                id: id,
                received: received,
                isComplete: item.complete,
                reason: item.reason
            )
        }
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_BlobHoldings()
        wire.epoch = epoch
        wire.items = items.map { item in
            var holding = Tallyman_Sync_V1_BlobHolding()
            holding.id = Data(item.id.bytes)
            holding.received = UInt64(item.received)
            holding.complete = item.isComplete
            holding.reason = item.reason
            return holding
        }
        wire.request = Data(request.bytes)
        return try wire.serializedBytes()
    }
}

/// A terminal asks what blobs are, before it fetches them.
public struct BlobQuery: Hashable, Sendable {
    public let replica: Identifier
    public let ids: [ContentHash]
    public let signature: [UInt8]

    /// Names this request in its answer.
    public var request: Identifier { ContentHash(of: signature).identifier }

    public init(_ ids: [ContentHash], by replica: Replica) throws {
        self.replica = replica.id
        self.ids = ids
        signature = try replica.signature(over: Self.signed(replica.id, ids))
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_BlobQuery.self, bytes)
        guard wire.protocol == blobProtocolVersion else {
            let spoken = ProtocolVersions(blobProtocolVersion...blobProtocolVersion)
            throw SyncRefusal.version(wire.protocol, speaks: spoken)
        }
        let ids = wire.ids.compactMap { ContentHash(bytes: $0) }
        guard let replica = Identifier(bytes: wire.replica), ids.count == wire.ids.count else {
            throw SyncRefusal.malformed
        }
        guard ids.count <= BlobOffer.countMax else { throw BlobRefusal.tooMany(ids.count) }
        self.replica = replica
        self.ids = ids
        signature = Array(wire.signature)
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_BlobQuery()
        wire.protocol = blobProtocolVersion
        wire.replica = Data(replica.bytes)
        wire.ids = ids.map { Data($0.bytes) }
        wire.signature = Data(signature)
        return try wire.serializedBytes()
    }

    func check(by publicKey: [UInt8]) throws {
        guard Replica.isValid(signature, over: Self.signed(replica, ids), by: publicKey) else {
            throw SyncRefusal.badSignature(replica)
        }
    }

    private static func signed(_ replica: Identifier, _ ids: [ContentHash]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write("tallyman blob find 1")
        encoder.write(replica.bytes)
        encoder.write(ids) { $0.write($1.bytes) }
        return encoder.bytes
    }
}

/// What the hub knows of the blobs that were asked for.
public struct BlobManifests: Hashable, Sendable {
    public let epoch: UInt64
    public let manifests: [BlobManifest]
    /// The request that this answers.
    public let request: Identifier

    public init(epoch: UInt64, manifests: [BlobManifest], request: Identifier) {
        self.epoch = epoch
        self.manifests = manifests
        self.request = request
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_BlobManifests.self, bytes)
        guard wire.epoch > 0, let request = Identifier(bytes: wire.request) else {
            throw SyncRefusal.malformed
        }
        epoch = wire.epoch
        self.request = request
        manifests = try wire.manifests.map(BlobManifest.init(wire:))
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_BlobManifests()
        wire.epoch = epoch
        wire.manifests = manifests.map(\.wire)
        wire.request = Data(request.bytes)
        return try wire.serializedBytes()
    }
}

/// What stands in the headers of a request that carries bytes of a blob, or asks for them.
public struct BlobPart: Hashable, Sendable {
    /// Which way the bytes go.
    public enum Verb: String, Sendable {
        case put
        case get
    }

    public let replica: Identifier
    public let id: ContentHash
    public let offset: Int
    /// How many bytes are sent, or asked for at most.
    public let count: Int
    public let signature: [UInt8]

    /// Names this request in its answer.
    public var request: Identifier { ContentHash(of: signature).identifier }

    /// A part, signed by the replica that asks.
    public init(
        _ verb: Verb,
        _ id: ContentHash,
        offset: Int,
        count: Int,
        by replica: Replica
    ) throws {
        self.replica = replica.id
        self.id = id
        self.offset = offset
        self.count = count
        signature = try replica.signature(
            over: Self.signed(verb, replica.id, id, offset: offset, count: count)
        )
    }

    /// What came in a request's path and headers; it says nothing yet of who sent it.
    public init(
        replica: Identifier,
        id: ContentHash,
        offset: Int,
        count: Int,
        signature: [UInt8]
    ) throws {
        guard offset >= 0, count > 0, count <= BlobManifest.lengthMax else {
            throw SyncRefusal.malformed
        }
        self.replica = replica
        self.id = id
        self.offset = offset
        self.count = count
        self.signature = signature
    }

    func check(_ verb: Verb, by publicKey: [UInt8]) throws {
        let signed = Self.signed(verb, replica, id, offset: offset, count: count)
        guard Replica.isValid(signature, over: signed, by: publicKey) else {
            throw SyncRefusal.badSignature(replica)
        }
    }

    private static func signed(
        _ verb: Verb,
        _ replica: Identifier,
        _ id: ContentHash,
        offset: Int,
        count: Int
    ) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write("tallyman blob \(verb.rawValue) 1")
        encoder.write(replica.bytes)
        encoder.write(id.bytes)
        encoder.write(UInt64(offset))
        encoder.write(UInt64(count))
        return encoder.bytes
    }
}
