import Foundation
import SwiftProtobuf
import Tally

// A scope's state at one place in the hub's order, in pieces: what a new or long-absent terminal
// starts from instead of the history. `state.proto` has the messages.

/// What a snapshot consists of.
public struct SnapshotManifest: Hashable, Sendable {
    /// A piece, named by the hash of its packed bytes.
    public struct Piece: Hashable, Sendable {
        public let hash: [UInt8]
        public let packedCount: Int
        public let unpackedCount: Int
    }

    /// About how many bytes of cells a piece holds before it is packed.
    static let pieceByteCount = 256 << 10
    /// The most that a piece may unpack to: one cell always has room.
    public static let unpackedCountMax = 8 << 20

    public let epoch: UInt64
    public let scope: Scope
    /// The place in the hub's order at which the state was read.
    public let position: UInt64
    public let digest: ScopeDigest
    /// What made the state; see ``Reducer/fingerprint``.
    public let reducer: [UInt8]
    public let cellCount: Int
    public let pieces: [Piece]

    init(
        epoch: UInt64,
        scope: Scope,
        position: UInt64,
        digest: ScopeDigest,
        reducer: [UInt8],
        cellCount: Int,
        pieces: [Piece]
    ) {
        self.epoch = epoch
        self.scope = scope
        self.position = position
        self.digest = digest
        self.reducer = reducer
        self.cellCount = cellCount
        self.pieces = pieces
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_SnapshotManifest.self, bytes)
        guard let scope = Scope(text: wire.scope), wire.epoch > 0, wire.reducer.count == 16,
            let digest = ScopeDigest(bytes: Array(wire.digest)),
            wire.position <= UInt64(Int64.max), wire.cells <= UInt64(Int64.max)
        else { throw SyncRefusal.malformed }
        let pieces = try wire.pieces.map { piece in
            guard piece.hash.count == 32, piece.unpacked <= UInt32(Self.unpackedCountMax) else {
                throw SyncRefusal.malformed
            }
            return Piece(
                hash: Array(piece.hash),
                packedCount: Int(piece.packed),
                unpackedCount: Int(piece.unpacked)
            )
        }
        self.init(
            epoch: wire.epoch,
            scope: scope,
            position: wire.position,
            digest: digest,
            reducer: Array(wire.reducer),
            cellCount: Int(wire.cells),
            pieces: pieces
        )
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_SnapshotManifest()
        wire.epoch = epoch
        wire.scope = scope.description
        wire.position = position
        wire.digest = Data(digest.bytes)
        wire.reducer = Data(reducer)
        wire.cells = UInt64(cellCount)
        wire.pieces = pieces.map { piece in
            var wirePiece = Tallyman_Sync_V1_SnapshotManifest.Piece()
            wirePiece.hash = Data(piece.hash)
            wirePiece.packed = UInt32(piece.packedCount)
            wirePiece.unpacked = UInt32(piece.unpackedCount)
            return wirePiece
        }
        return try wire.serializedBytes()
    }
}

/// A terminal asks for a snapshot of a scope, or for a piece of one.
public struct SnapshotRequest: Hashable, Sendable {
    public let replica: Identifier
    public let scope: Scope
    /// The piece that is wanted; nil for the manifest.
    public let piece: [UInt8]?

    public init(replica: Identifier, scope: Scope, piece: [UInt8]? = nil) {
        self.replica = replica
        self.scope = scope
        self.piece = piece
    }

    /// Reads a `SnapshotRequest`.
    public init(manifestRequest bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_SnapshotRequest.self, bytes)
        try SyncRefusal.check(version: wire.protocol)
        guard let replica = Identifier(bytes: wire.replica), let scope = Scope(text: wire.scope)
        else { throw SyncRefusal.malformed }
        self.init(replica: replica, scope: scope)
    }

    /// Reads a `PieceRequest`.
    public init(pieceRequest bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_PieceRequest.self, bytes)
        try SyncRefusal.check(version: wire.protocol)
        guard let replica = Identifier(bytes: wire.replica), let scope = Scope(text: wire.scope),
            wire.hash.count == 32
        else { throw SyncRefusal.malformed }
        self.init(replica: replica, scope: scope, piece: Array(wire.hash))
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        guard let piece else {
            var wire = Tallyman_Sync_V1_SnapshotRequest()
            wire.protocol = syncProtocolVersion
            wire.replica = Data(replica.bytes)
            wire.scope = scope.description
            return try wire.serializedBytes()
        }
        var wire = Tallyman_Sync_V1_PieceRequest()
        wire.protocol = syncProtocolVersion
        wire.replica = Data(replica.bytes)
        wire.scope = scope.description
        wire.hash = Data(piece)
        return try wire.serializedBytes()
    }
}

/// What a piece holds.
public struct SnapshotPiece: Sendable {
    public let entities: [EntityState]
    /// Operations that are held, and may be judged anew.
    public let held: [LoggedOperation]

    /// Reads the unpacked bytes of a piece.
    public init(bytes: [UInt8], in scope: Scope) throws {
        let wire = try decode(Tallyman_Sync_V1_SnapshotPiece.self, bytes)
        entities = try wire.entities.map { try EntityState($0, in: scope) }
        held = try wire.held.map { held in
            let operation = try Operation(bytes: Array(held.operation))
            guard operation.scope == scope, let code = UInt8(exactly: held.verdict),
                let verdict = Verdict(rawValue: code)
            else { throw SyncRefusal.malformed }
            let judgement = Judgement(
                position: held.position,
                verdict: verdict,
                reason: held.reason,
                effective: Moment(milliseconds: held.effectiveMilliseconds),
                effectiveStamp: HybridStamp(bits: held.effectiveStamp),
                timeUnsure: held.timeUnsure
            )
            return LoggedOperation(operation: operation, judgement: judgement)
        }
    }
}

/// Gathers cells into pieces.
struct SnapshotWriter {
    private let compressor: any Compressor
    private let keep: (_ hash: [UInt8], _ packed: [UInt8]) throws -> Void
    private(set) var pieces: [SnapshotManifest.Piece] = []
    private(set) var digest = ScopeDigest()
    private(set) var cellCount = 0
    private var piece = Tallyman_Sync_V1_SnapshotPiece()
    private var current = Tallyman_Sync_V1_StateEntity()
    private var entity: EntityKey?
    private var byteCount = 0

    init(
        _ compressor: any Compressor,
        keep: @escaping (_ hash: [UInt8], _ packed: [UInt8]) throws -> Void
    ) {
        self.compressor = compressor
        self.keep = keep
    }

    mutating func add(_ key: [UInt8], of next: EntityKey, _ value: [UInt8]) throws {
        if next != entity || byteCount >= SnapshotManifest.pieceByteCount {
            endEntity()
            if byteCount >= SnapshotManifest.pieceByteCount { try endPiece() }
            entity = next
            current.kind = next.kind
            current.entity = Data(next.id.bytes)
        }
        var cell = Tallyman_Sync_V1_StateCell()
        cell.key = Data(key)
        cell.value = Data(value)
        current.cells.append(cell)
        digest.add(key, of: next, value)
        cellCount += 1
        byteCount += key.count + value.count + 40
    }

    mutating func add(_ held: LoggedOperation) {
        guard let judgement = held.judgement else { return }
        var wire = Tallyman_Sync_V1_StateOperation()
        wire.operation = Data(held.operation.bytes)
        wire.position = judgement.position
        wire.verdict = UInt32(judgement.verdict.rawValue)
        wire.reason = judgement.reason
        wire.effectiveMilliseconds = judgement.effective.milliseconds
        wire.effectiveStamp = judgement.effectiveStamp.bits
        wire.timeUnsure = judgement.timeUnsure
        piece.held.append(wire)
        byteCount += held.operation.bytes.count
    }

    mutating func finish() throws {
        endEntity()
        if !piece.entities.isEmpty { try endPiece() }
    }

    private mutating func endEntity() {
        guard entity != nil else { return }
        piece.entities.append(current)
        current = Tallyman_Sync_V1_StateEntity()
        entity = nil
    }

    private mutating func endPiece() throws {
        let unpacked: [UInt8] = try piece.serializedBytes()
        let packed = try compressor.compress(unpacked)
        let hash = ContentHash(of: packed).bytes
        try keep(hash, packed)
        pieces.append(
            SnapshotManifest.Piece(
                hash: hash,
                packedCount: packed.count,
                unpackedCount: unpacked.count
            )
        )
        piece = Tallyman_Sync_V1_SnapshotPiece()
        byteCount = 0
    }
}
