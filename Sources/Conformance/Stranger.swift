import Crypto
import Foundation
import SwiftProtobuf
import Sync

/// The messages of `Sources/Sync/Wire`, by short names.
typealias WireEnroll = Tallyman_Sync_V1_EnrollRequest
typealias WireEnrolled = Tallyman_Sync_V1_EnrollResponse
typealias WirePush = Tallyman_Sync_V1_PushRequest
typealias WirePushed = Tallyman_Sync_V1_PushResponse
typealias WirePull = Tallyman_Sync_V1_PullRequest
typealias WirePulled = Tallyman_Sync_V1_PullResponse
typealias WireOperation = Tallyman_Sync_V1_WireOperation
typealias WireAcceptance = Tallyman_Sync_V1_WireAcceptance
typealias WireVerdict = Tallyman_Sync_V1_WireVerdict
typealias WireProblem = Tallyman_Sync_V1_SyncProblem
typealias WireSnapshot = Tallyman_Sync_V1_SnapshotRequest
typealias WireManifest = Tallyman_Sync_V1_SnapshotManifest
typealias WirePiece = Tallyman_Sync_V1_PieceRequest
typealias WirePieceContent = Tallyman_Sync_V1_SnapshotPiece
typealias WireWatch = Tallyman_Sync_V1_WatchRequest
typealias WireWatched = Tallyman_Sync_V1_WatchResponse
typealias WireEntityName = Tallyman_Sync_V1_StateEntityName

/// The canonical encoding of PROTOCOL.md, "What is hashed and signed", written from that page
/// alone: a mistake that hub and terminal share would go unseen if this used theirs.
struct Canon {
    private(set) var bytes: [UInt8] = []

    mutating func integer(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func data(_ value: some Collection<UInt8>) {
        integer(UInt64(value.count))
        bytes += value
    }

    mutating func text(_ value: String) { data(Array(value.utf8)) }

    /// Bytes without their count.
    mutating func raw(_ value: some Collection<UInt8>) { bytes += value }

    /// A varint in zigzag.
    mutating func signed(_ value: Int64) {
        integer(UInt64(bitPattern: value &<< 1 ^ value >> 63))
    }
}

/// SHA-256, whole and as the 16 bytes that the protocol calls a hash.
enum Hash {
    static func whole(_ bytes: some DataProtocol) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
    static func short(_ bytes: some DataProtocol) -> [UInt8] { Array(whole(bytes).prefix(16)) }
}

/// A terminal that knows the protocol from its description only: a key, and a chain of operations.
struct Stranger {
    let key = Curve25519.Signing.PrivateKey()
    /// The chain goes on from here: the hash of the last operation that was made.
    private(set) var last: [UInt8] = []
    private(set) var incarnation: UInt64
    private(set) var sequence: UInt64 = 0

    init(incarnation: UInt64) { self.incarnation = incarnation }

    var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    /// The replica id.
    var id: [UInt8] { Hash.short(publicKey) }

    func signature(over bytes: [UInt8]) throws -> [UInt8] {
        Array(try key.signature(for: bytes))
    }

    /// The signature that goes beside a request which only asks.
    func proof(of body: [UInt8], to question: String) throws -> [UInt8] {
        var signed = Canon()
        signed.text("tallyman ask 1")
        signed.text(question)
        signed.data(Hash.whole(body))
        return try signature(over: signed.bytes)
    }

    /// Goes on as after a start of the program.
    mutating func start(_ incarnation: UInt64) {
        self.incarnation = incarnation
        sequence = 0
    }

    /// Links the next operation to these bytes, as if they were the last operation.
    mutating func goOn(from bytes: [UInt8]) { last = Hash.short(bytes) }

    /// Fills in who, where in the chain and what came before, and takes the operation as the last.
    mutating func chain(_ operation: inout WireOperation) throws -> [UInt8] {
        operation.replica = Data(id)
        operation.incarnation = incarnation
        operation.sequence = sequence + 1
        operation.previous = Data(last)
        let bytes: [UInt8] = try operation.serializedBytes()
        sequence += 1
        last = Hash.short(bytes)
        return bytes
    }

    /// A push request, signed.
    func push(_ operations: [[UInt8]], epoch: UInt64) throws -> WirePush {
        var request = WirePush()
        request.protocol = 1
        request.replica = Data(id)
        request.epoch = epoch
        request.operations = operations.map { Data($0) }
        request.signature = Data(try signature(over: Self.pushText(id, epoch, operations)))
        return request
    }

    /// What the signature of a push is over.
    static func pushText(_ id: [UInt8], _ epoch: UInt64, _ operations: [[UInt8]]) -> [UInt8] {
        var text = Canon()
        text.text("tallyman push 1")
        text.data(id)
        text.integer(epoch)
        text.integer(UInt64(operations.count))
        for operation in operations { text.data(Hash.whole(operation)) }
        return text.bytes
    }
}
