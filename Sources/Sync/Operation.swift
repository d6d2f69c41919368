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

    private let content: OperationContent

    public var bytes: [UInt8] { content.bytes }
    /// The first 128 bits of SHA-256 over the bytes: the link that the next operation carries.
    public var hash: Identifier { content.hash }
    public var id: OperationID { content.id }
    /// The hash of the operation before; nil for the first that the replica ever made.
    public var previous: Identifier? { content.parts.previous }
    public var stamp: HybridStamp { HybridStamp(bits: content.parts.stamp) }
    public var author: String { content.parts.author }
    public var reading: ClockReading {
        ClockReading(
            wall: Moment(milliseconds: content.parts.wallMilliseconds),
            boot: content.parts.boot,
            monotonicMilliseconds: content.parts.monotonicMilliseconds
        )
    }
    public var seen: UInt64 { content.parts.seen }
    /// The hub's epoch in whose order ``seen`` counts; 0 when the author does not say.
    public var seenEpoch: UInt64 { content.parts.seenEpoch }
    /// The hash of the operation that this one says again, under another identity.
    public var again: Identifier? { content.parts.again }
    public var entity: EntityKey { content.entity }
    /// Nil when a newer program made an operation of a kind or layout unknown to this one.
    public var kind: OperationKind? { content.kind }
    public var type: String { content.parts.type }
    public var payload: [UInt8] { content.parts.payload }
    public var bases: [OperationID] { content.parts.bases }

    /// Reads an operation and keeps its bytes.
    public init(bytes: [UInt8]) throws(OperationError) {
        content = try OperationContent(bytes: bytes)
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

    public static func == (one: Operation, other: Operation) -> Bool {
        one.content === other.content || one.hash == other.hash && one.bytes == other.bytes
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// What an operation says: shared by all copies of the value, since logs, pages and stores pass
/// operations on and never change one.
private final class OperationContent: Sendable {
    let bytes: [UInt8]
    let hash: Identifier
    let id: OperationID
    let entity: EntityKey
    let kind: OperationKind?
    let parts: OperationParts

    init(bytes: [UInt8]) throws(OperationError) {
        guard bytes.count <= Operation.byteCountMax else { throw .field("length") }
        if let parts = OperationReader.read(bytes) {
            self.parts = parts
        } else {
            parts = try OperationParts(bytes: bytes)
        }
        guard let replica = parts.replica else { throw .field("replica") }
        guard let entity = parts.entity else { throw .field("entity") }
        self.bytes = bytes
        hash = ContentHash.identifier(of: bytes)
        id = OperationID(
            replica: replica,
            incarnation: parts.incarnation,
            sequence: parts.sequence
        )
        self.entity = EntityKey(
            scope: Scope(site: parts.site, area: parts.area),
            kind: parts.entityKind,
            id: entity
        )
        let isKnown = parts.format == Operation.format
        kind = isKnown ? UInt8(exactly: parts.kind).flatMap(OperationKind.init(rawValue:)) : nil
    }
}

/// The fields of an operation's message.
struct OperationParts: Sendable {
    var format: UInt32 = 0
    var replica: Identifier?
    var incarnation: UInt64 = 0
    var sequence: UInt64 = 0
    var previous: Identifier?
    var stamp: UInt64 = 0
    var author = ""
    var wallMilliseconds: Int64 = 0
    var boot: UInt64 = 0
    var monotonicMilliseconds: UInt64 = 0
    var site = ""
    var area = ""
    var seen: UInt64 = 0
    var kind: UInt32 = 0
    var entityKind = ""
    var entity: Identifier?
    var type = ""
    var bases: [OperationID] = []
    var payload: [UInt8] = []
    var seenEpoch: UInt64 = 0
    var again: Identifier?

    init() {}

    /// Reads any message that is an operation, also what a newer program put into it.
    init(bytes: [UInt8]) throws(OperationError) {
        let wire: Tallyman_Sync_V1_WireOperation
        do {
            wire = try Tallyman_Sync_V1_WireOperation(serializedBytes: bytes)
        } catch {
            throw .malformed
        }
        format = wire.format
        replica = Identifier(bytes: wire.replica)
        incarnation = wire.incarnation
        sequence = wire.sequence
        previous = Identifier(bytes: wire.previous)
        stamp = wire.stamp
        author = wire.author
        wallMilliseconds = wire.wallMilliseconds
        boot = wire.boot
        monotonicMilliseconds = wire.monotonicMilliseconds
        site = wire.site
        area = wire.area
        seen = wire.seen
        kind = wire.kind
        entityKind = wire.entityKind
        entity = Identifier(bytes: wire.entity)
        type = wire.type
        payload = Array(wire.payload)
        seenEpoch = wire.seenEpoch
        again = Identifier(bytes: wire.again)
        if let name = flaw { throw .field(name) }
        guard wire.previous.isEmpty || previous != nil else { throw .field("previous") }
        bases = wire.bases.compactMap { OperationID(bytes: $0) }
        guard bases.count == wire.bases.count else { throw .field("bases") }
    }

    /// Whether every field has what it must have.
    var isSound: Bool { flaw == nil }

    /// The first field that is missing or out of bounds.
    private var flaw: String? {
        if replica == nil { return "replica" }
        if entity == nil { return "entity" }
        if format == 0 { return "format" }
        if incarnation == 0 { return "incarnation" }
        if sequence == 0 || sequence > UInt64(Int64.max) { return "sequence" }
        if seen > UInt64(Int64.max) { return "seen" }
        if !Self.isName(entityKind) { return "entity_kind" }
        if !Self.isName(type) { return "type" }
        if !Self.isPlace(site) { return "site" }
        return Self.isPlace(area) && site.isEmpty == area.isEmpty ? nil : "area"
    }

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
