import Foundation
import SwiftProtobuf
import Tally

/// Why bytes are not an operation.
public enum OperationError: Refusal, Equatable {
    /// Not a `WireOperation` message at all.
    case malformed
    /// A field that every operation has is missing or has the wrong length.
    case field(String)

    public var code: ProblemCode {
        switch self {
        case .malformed: "sync.malformed"
        case .field: "sync.malformed_field"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .malformed: [:]
        case .field(let name): ["field": name]
        }
    }
}

/// An operation: the bytes as they were written, and what they say.
///
/// The bytes are never encoded again, so what a newer program put in them survives an older one.
public struct Operation: Hashable, Sendable {
    /// The layout that this program writes; see `operation.proto`.
    public static let format: UInt32 = 1
    /// The longest operation that is taken, in bytes.
    public static let byteCountMax = 1 << 20

    public let bytes: [UInt8]
    /// The first 128 bits of SHA-256 over the bytes: the link that the next operation carries.
    public let hash: Identifier
    public let id: OperationID
    /// The hash of the operation before; nil for the first that the replica ever made.
    public let previous: Identifier?
    public let stamp: HybridStamp
    public let author: String
    public let reading: ClockReading
    public let seen: UInt64
    /// The hub's epoch in whose order ``seen`` counts; 0 when the author does not say.
    public let seenEpoch: UInt64
    /// The hash of the operation that this one says again, under another identity.
    public let again: Identifier?
    public let entity: EntityKey
    /// Nil when a newer program made an operation of a kind or layout unknown to this one.
    public let kind: OperationKind?
    public let type: String
    public let payload: [UInt8]
    public let bases: [OperationID]

    /// Reads an operation and keeps its bytes.
    public init(bytes: [UInt8]) throws(OperationError) {
        guard bytes.count <= Self.byteCountMax else { throw .field("length") }
        let wire: Tallyman_Sync_V1_WireOperation
        do {
            wire = try Tallyman_Sync_V1_WireOperation(serializedBytes: bytes)
        } catch {
            throw .malformed
        }
        guard let replica = Identifier(bytes: wire.replica) else { throw .field("replica") }
        guard let entity = Identifier(bytes: wire.entity) else { throw .field("entity") }
        guard wire.format > 0 else { throw .field("format") }
        guard wire.incarnation > 0 else { throw .field("incarnation") }
        guard (1...UInt64(Int64.max)).contains(wire.sequence) else { throw .field("sequence") }
        guard wire.seen <= UInt64(Int64.max) else { throw .field("seen") }
        guard wire.previous.isEmpty || wire.previous.count == 16 else { throw .field("previous") }
        guard Self.isName(wire.entityKind) else { throw .field("entity_kind") }
        guard Self.isName(wire.type) else { throw .field("type") }
        guard Self.isPlace(wire.site) else { throw .field("site") }
        guard Self.isPlace(wire.area), wire.site.isEmpty == wire.area.isEmpty else {
            throw .field("area")
        }
        self.bytes = bytes
        hash = ContentHash(of: bytes).identifier
        id = OperationID(
            replica: replica,
            incarnation: wire.incarnation,
            sequence: wire.sequence
        )
        previous = Identifier(bytes: wire.previous)
        stamp = HybridStamp(bits: wire.stamp)
        author = wire.author
        reading = ClockReading(
            wall: Moment(milliseconds: wire.wallMilliseconds),
            boot: wire.boot,
            monotonicMilliseconds: wire.monotonicMilliseconds
        )
        seen = wire.seen
        seenEpoch = wire.seenEpoch
        again = Identifier(bytes: wire.again)
        self.entity = EntityKey(
            scope: Scope(site: wire.site, area: wire.area),
            kind: wire.entityKind,
            id: entity
        )
        kind =
            wire.format == Self.format
            ? UInt8(exactly: wire.kind).flatMap(OperationKind.init(rawValue:)) : nil
        type = wire.type
        payload = Array(wire.payload)
        bases = wire.bases.compactMap { OperationID(bytes: $0) }
        guard bases.count == wire.bases.count else { throw .field("bases") }
    }

    /// Writes an operation from what a room drafted and what the replica adds.
    package init(
        _ draft: Draft,
        id: OperationID,
        previous: Identifier?,
        stamp: HybridStamp,
        author: String,
        reading: ClockReading,
        seen: UInt64,
        seenEpoch: UInt64 = 0,
        again: Identifier? = nil
    ) throws {
        var wire = Tallyman_Sync_V1_WireOperation()
        wire.format = Self.format
        wire.replica = Data(id.replica.bytes)
        wire.incarnation = id.incarnation
        wire.sequence = id.sequence
        wire.previous = Data(previous?.bytes ?? [])
        wire.stamp = stamp.bits
        wire.author = author
        wire.wallMilliseconds = reading.wall.milliseconds
        wire.boot = reading.boot
        wire.monotonicMilliseconds = reading.monotonicMilliseconds
        wire.site = draft.entity.scope.site
        wire.area = draft.entity.scope.area
        wire.seen = seen
        wire.kind = UInt32(draft.kind.rawValue)
        wire.entityKind = draft.entity.kind
        wire.entity = Data(draft.entity.id.bytes)
        wire.type = draft.type
        wire.bases = draft.bases.map { Data($0.bytes) }
        wire.payload = Data(draft.payload)
        wire.seenEpoch = seenEpoch
        wire.again = Data(again?.bytes ?? [])
        try self.init(bytes: try wire.serializedBytes())
    }

    public var scope: Scope { entity.scope }

    /// Whether this says that it is the hub's operation which ends a group.
    ///
    /// Anybody can say so: the reader of a page asks who wrote it, the reader of a log
    /// ``LoggedOperation/endsGroup``.
    public var isAcceptance: Bool { type == Acceptance.type && kind == .decision }

    /// Names are compared as text here and as bytes in a database: only a text in Unicode's
    /// composed form (NFC) means the same to both.
    private static func isName(_ text: String) -> Bool {
        guard !text.isEmpty else { return false }
        return text.utf8.allSatisfy { $0 < 0x80 }
            || text.precomposedStringWithCanonicalMapping.utf8.elementsEqual(text.utf8)
    }

    /// Sites and areas are joined by `/` in the text of a scope.
    private static func isPlace(_ text: String) -> Bool {
        text.isEmpty || isName(text) && !text.utf8.contains(UInt8(ascii: "/"))
    }
}
