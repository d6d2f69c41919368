import Foundation
import SwiftProtobuf
import Tally

// What a terminal asks to follow the hub's order, and what it is answered: `sync.proto`,
// `state.proto`.

/// A terminal asks what is new in a scope.
public struct PullRequest: Hashable, Sendable {
    /// The most ranges that one request asks about.
    public static let rangeCountMax = 64
    /// The most entities that one request asks for.
    public static let entityCountMax = 500

    public let replica: Identifier
    public let scope: Scope
    public let epoch: UInt64
    public let after: UInt64
    /// About how many operations; a group is never split.
    public let limit: Int
    /// Ranges of the digest tree whose parts the terminal wants to compare with its own.
    public let ranges: [DigestRange]
    /// Entities that it wants whole.
    public let entities: [EntityKey]
    /// The version that it is in.
    public let version: UInt32
    /// The newest version that the terminal speaks; 0 from one that offers none.
    public let newest: UInt32

    public init(
        replica: Identifier,
        scope: Scope,
        epoch: UInt64,
        after: UInt64,
        limit: Int,
        ranges: [DigestRange] = [],
        entities: [EntityKey] = [],
        version: UInt32 = ProtocolVersions.spoken.newest,
        newest: UInt32 = ProtocolVersions.spoken.newest
    ) {
        self.version = version
        self.newest = newest
        self.replica = replica
        self.scope = scope
        self.epoch = epoch
        self.after = after
        self.limit = limit
        self.ranges = ranges
        self.entities = entities
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_PullRequest.self, bytes)
        try ProtocolVersions.spoken.check(wire.protocol)
        guard let replica = Identifier(bytes: wire.replica), let scope = Scope(text: wire.scope),
            wire.after <= UInt64(Int64.max), wire.ranges.count <= Self.rangeCountMax,
            wire.entities.count <= Self.entityCountMax
        else { throw SyncRefusal.malformed }
        let ranges = wire.ranges.compactMap { DigestRange(bytes: $0) }
        let entities = wire.entities.compactMap { name in
            Identifier(bytes: name.entity).map { EntityKey(scope: scope, kind: name.kind, id: $0) }
        }
        guard ranges.count == wire.ranges.count, entities.count == wire.entities.count else {
            throw SyncRefusal.malformed
        }
        self.init(
            replica: replica,
            scope: scope,
            epoch: wire.epoch,
            after: wire.after,
            limit: Int(wire.limit),
            ranges: ranges,
            entities: entities,
            version: wire.protocol,
            newest: wire.newest
        )
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_PullRequest()
        wire.protocol = version
        wire.newest = newest
        wire.replica = Data(replica.bytes)
        wire.scope = scope.description
        wire.epoch = epoch
        wire.after = after
        wire.limit = UInt32(clamping: limit)
        wire.ranges = ranges.map { Data($0.prefix) }
        wire.entities = entities.map { entity in
            var name = Tallyman_Sync_V1_StateEntityName()
            name.kind = entity.kind
            name.entity = Data(entity.id.bytes)
            return name
        }
        return try wire.serializedBytes()
    }

    /// Names a request, by its bytes, in its answer.
    public static func name(of bytes: [UInt8]) -> Identifier { ContentHash(of: bytes).identifier }
}

/// A page of the hub's order.
public struct PullResponse: Hashable, Sendable {
    /// About the most bytes of operations in one page; one group always has room.
    public static let byteCountMax = 4 << 20

    /// Who answers.
    public let hub: Identifier
    public let epoch: UInt64
    public let scope: Scope
    public let after: UInt64
    /// Operation bytes, verbatim: whole groups, each ended by the hub's acceptance.
    public let operations: [[UInt8]]
    public let head: UInt64
    /// The digest at `head`, when this page reaches it.
    public let digest: ScopeDigest?
    /// What the digest was computed with; see ``Reducer/fingerprint``.
    public let reducer: [UInt8]
    /// As many of the ranges that were asked for as had room, as they are at `head`.
    public let ranges: [RangeParts]
    /// As many of the entities that were asked for as had room, as they are at `head`.
    public let entities: [EntityState]
    /// Up to where a backup of the hub has the order.
    public var secured: UInt64 = 0
    /// The version that the terminal says next; 0 from a hub that does not say.
    public var picked: UInt32 = 0
    /// Names the scopes that the terminal shares; see ``Scope/name(of:)``; 0 from a hub that does
    /// not say.
    public var scopes: UInt64 = 0
    /// Whether it goes as a pack, as from version 2 on.
    public var isPacked = false
    /// The request that this answers; see ``PullRequest/name(of:)``.
    public var request: Identifier?

    public init(
        hub: Identifier,
        epoch: UInt64,
        scope: Scope,
        after: UInt64,
        operations: [[UInt8]],
        head: UInt64,
        digest: ScopeDigest?,
        reducer: [UInt8],
        ranges: [RangeParts] = [],
        entities: [EntityState] = []
    ) {
        self.hub = hub
        self.epoch = epoch
        self.scope = scope
        self.after = after
        self.operations = operations
        self.head = head
        self.digest = digest
        self.reducer = reducer
        self.ranges = ranges
        self.entities = entities
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_PullResponse.self, bytes)
        // An answer that was cut between two fields lacks the reducer, or some of what was asked
        // for beside the page, which is then asked for again.
        guard let hub = Identifier(bytes: wire.hub), let scope = Scope(text: wire.scope),
            wire.epoch > 0, wire.reducer.count == 16, wire.digest.isEmpty || wire.digest.count == 16
        else { throw SyncRefusal.malformed }
        var operations = wire.operations.map { Array($0) }
        if !wire.packed.isEmpty {
            let pack = Array(wire.packed)
            guard let unpacked = OperationPack.unpack(pack, countMax: pack.count) else {
                throw SyncRefusal.malformed
            }
            operations = unpacked
        }
        self.init(
            hub: hub,
            epoch: wire.epoch,
            scope: scope,
            after: wire.after,
            operations: operations,
            head: wire.head,
            digest: ScopeDigest(bytes: Array(wire.digest)),
            reducer: Array(wire.reducer),
            ranges: try wire.ranges.map { try RangeParts($0, in: scope) },
            entities: try wire.entities.map { try EntityState($0, in: scope) }
        )
        secured = wire.secured
        picked = wire.protocol
        scopes = wire.scopes
        isPacked = !wire.packed.isEmpty
        request = Identifier(bytes: wire.request)
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_PullResponse()
        wire.epoch = epoch
        wire.scope = scope.description
        wire.after = after
        if isPacked {
            wire.packed = Data(OperationPack.pack(operations))
        } else {
            wire.operations = operations.map { Data($0) }
        }
        wire.head = head
        wire.digest = Data(digest?.bytes ?? [])
        wire.reducer = Data(reducer)
        wire.ranges = ranges.map(\.wire)
        wire.entities = entities.map(\.wire)
        wire.hub = Data(hub.bytes)
        wire.secured = secured
        wire.protocol = picked
        wire.scopes = scopes
        wire.request = Data(request?.bytes ?? [])
        return try wire.serializedBytes()
    }
}

/// The parts of a range of the digest tree; see ``DigestRange``.
public struct RangeParts: Hashable, Sendable {
    public let range: DigestRange
    /// The sums of the ranges that are one byte longer; empty for a leaf.
    public let sums: [UInt8: ScopeDigest]
    /// The entities of a leaf, with the sums over their cells.
    public let entities: [EntityDigest]

    public init(range: DigestRange, sums: [UInt8: ScopeDigest], entities: [EntityDigest]) {
        self.range = range
        self.sums = sums
        self.entities = entities
    }

    init(_ wire: Tallyman_Sync_V1_StateRange, in scope: Scope) throws {
        guard let range = DigestRange(bytes: wire.range) else { throw SyncRefusal.malformed }
        var sums: [UInt8: ScopeDigest] = [:]
        var entities: [EntityDigest] = []
        for part in wire.parts {
            guard let sum = ScopeDigest(bytes: Array(part.sum)) else { throw SyncRefusal.malformed }
            if let id = Identifier(bytes: part.entity) {
                let entity = EntityKey(scope: scope, kind: part.kind, id: id)
                entities.append(EntityDigest(entity: entity, digest: sum))
            } else {
                guard let next = UInt8(exactly: part.next) else { throw SyncRefusal.malformed }
                sums[next] = sum
            }
        }
        guard range.isLeaf ? sums.isEmpty : entities.isEmpty else { throw SyncRefusal.malformed }
        self.init(range: range, sums: sums, entities: entities)
    }

    var wire: Tallyman_Sync_V1_StateRange {
        var wire = Tallyman_Sync_V1_StateRange()
        wire.range = Data(range.prefix)
        wire.parts = sums.sorted { $0.key < $1.key }.map { next, sum in
            var part = Tallyman_Sync_V1_StateRange.Part()
            part.next = UInt32(next)
            part.sum = Data(sum.bytes)
            return part
        }
        wire.parts += entities.map { entity in
            var part = Tallyman_Sync_V1_StateRange.Part()
            part.kind = entity.entity.kind
            part.entity = Data(entity.entity.id.bytes)
            part.sum = Data(entity.digest.bytes)
            return part
        }
        return wire
    }
}

/// All cells of an entity.
public struct EntityState: Hashable, Sendable {
    public let entity: EntityKey
    public let cells: [CellKey: [UInt8]]

    public init(entity: EntityKey, cells: [CellKey: [UInt8]]) {
        self.entity = entity
        self.cells = cells
    }

    init(_ wire: Tallyman_Sync_V1_StateEntity, in scope: Scope) throws {
        guard let id = Identifier(bytes: wire.entity), !wire.kind.isEmpty else {
            throw SyncRefusal.malformed
        }
        var cells: [CellKey: [UInt8]] = [:]
        for cell in wire.cells {
            guard let key = CellKey(bytes: Array(cell.key)) else { throw SyncRefusal.malformed }
            cells[key] = Array(cell.value)
        }
        self.init(entity: EntityKey(scope: scope, kind: wire.kind, id: id), cells: cells)
    }

    var wire: Tallyman_Sync_V1_StateEntity {
        var wire = Tallyman_Sync_V1_StateEntity()
        wire.kind = entity.kind
        wire.entity = Data(entity.id.bytes)
        wire.cells = cells.map { ($0.key.bytes, $0.value) }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
            .map { key, value in
                var cell = Tallyman_Sync_V1_StateCell()
                cell.key = Data(key)
                cell.value = Data(value)
                return cell
            }
        return wire
    }
}
