import Foundation
import SwiftProtobuf
import Tally

/// A terminal gives a hub that was restored a piece of the order that it lost.
public struct ReturnRequest: Hashable, Sendable {
    public let replica: Identifier
    public let scope: Scope
    /// The epoch in whose order the groups stand.
    public let epoch: UInt64
    public let after: UInt64
    /// Whole groups, each ended by the hub's acceptance; none asks where to begin.
    public let operations: [[UInt8]]
    public let signature: [UInt8]

    /// A piece, signed by the replica that gives it back.
    package init(
        _ scope: Scope,
        epoch: UInt64,
        after: UInt64,
        _ operations: [[UInt8]],
        by replica: Replica
    ) throws {
        self.replica = replica.id
        self.scope = scope
        self.epoch = epoch
        self.after = after
        self.operations = operations
        signature = try replica.signature(
            over: Self.signed(replica.id, scope, epoch, after, operations)
        )
    }

    private static func signed(
        _ replica: Identifier,
        _ scope: Scope,
        _ epoch: UInt64,
        _ after: UInt64,
        _ operations: [[UInt8]]
    ) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write("tallyman return 1")
        encoder.write(replica.bytes)
        encoder.write(scope.description)
        encoder.write(epoch)
        encoder.write(after)
        encoder.write(operations) { $0.write(ContentHash(of: $1).bytes) }
        return encoder.bytes
    }

    /// Whether the holder of this key signed it.
    func isSigned(by publicKey: [UInt8]) -> Bool {
        let message = Self.signed(replica, scope, epoch, after, operations)
        return Replica.isValid(signature, over: message, by: publicKey)
    }

    /// Names this request in its answer.
    public var batch: Identifier { ContentHash(of: signature).identifier }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_ReturnRequest.self, bytes)
        try SyncRefusal.check(version: wire.protocol)
        guard let replica = Identifier(bytes: wire.replica), let scope = Scope(text: wire.scope),
            wire.after <= UInt64(Int64.max)
        else { throw SyncRefusal.malformed }
        self.replica = replica
        self.scope = scope
        epoch = wire.epoch
        after = wire.after
        operations = wire.operations.map { Array($0) }
        signature = Array(wire.signature)
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_ReturnRequest()
        wire.protocol = syncProtocolVersion
        wire.replica = Data(replica.bytes)
        wire.scope = scope.description
        wire.epoch = epoch
        wire.after = after
        wire.operations = operations.map { Data($0) }
        wire.signature = Data(signature)
        return try wire.serializedBytes()
    }
}

/// How far the hub has what it was given back.
public struct ReturnResponse: Hashable, Sendable {
    public let hub: Identifier
    public let epoch: UInt64
    public let scope: Scope
    /// The position in the old order after which to go on.
    public let after: UInt64
    public let batch: Identifier

    init(hub: Identifier, epoch: UInt64, scope: Scope, after: UInt64, batch: Identifier) {
        self.hub = hub
        self.epoch = epoch
        self.scope = scope
        self.after = after
        self.batch = batch
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_ReturnResponse.self, bytes)
        guard let hub = Identifier(bytes: wire.hub), wire.epoch > 0,
            let scope = Scope(text: wire.scope), let batch = Identifier(bytes: wire.batch)
        else { throw SyncRefusal.malformed }
        self.init(hub: hub, epoch: wire.epoch, scope: scope, after: wire.after, batch: batch)
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_ReturnResponse()
        wire.hub = Data(hub.bytes)
        wire.epoch = epoch
        wire.scope = scope.description
        wire.after = after
        wire.batch = Data(batch.bytes)
        return try wire.serializedBytes()
    }
}
