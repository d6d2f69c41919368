import Foundation
import SwiftProtobuf
import Tally

/// What became of an operation at the hub.
public enum Verdict: UInt8, Sendable, CaseIterable {
    case accepted = 1
    /// In effect, beside another operation that its author did not know of.
    case conflict = 2
    case waiting = 3
    case rejected = 4
    case quarantined = 5

    /// Whether the operation has taken effect.
    public var inEffect: Bool { self == .accepted || self == .conflict }

    /// Whether the operation is kept aside: for another day, or for a person.
    public var isHeld: Bool { self == .waiting || self == .quarantined }
}

/// The hub's word on one operation: its place, its verdict, and when it happened.
public struct Judgement: Hashable, Sendable {
    /// The place in the hub's order of its scope, from 1 up.
    public let position: UInt64
    public let verdict: Verdict
    /// A problem code; empty when accepted.
    public let reason: String
    public let effective: Moment
    public let effectiveStamp: HybridStamp
    public let timeUnsure: Bool
    /// What the author had seen in this order, when it wrote in another epoch's; nil else.
    public let seen: UInt64?

    public init(
        position: UInt64,
        verdict: Verdict,
        reason: String = "",
        effective: Moment,
        effectiveStamp: HybridStamp,
        timeUnsure: Bool = false,
        seen: UInt64? = nil
    ) {
        self.position = position
        self.verdict = verdict
        self.reason = reason
        self.effective = effective
        self.effectiveStamp = effectiveStamp
        self.timeUnsure = timeUnsure
        self.seen = seen
    }
}

/// The payload of the operation that ends a group: the hub's word on every operation in it.
///
/// It is itself an operation in the hub's chain, so all replicas reduce the same values.
public struct Acceptance: Hashable, Sendable {
    /// The operation type.
    public static let type = "sync.acceptance"

    /// The word on one operation.
    public struct Item: Hashable, Sendable {
        public let operation: OperationID
        /// The hash of the operation's bytes.
        public let hash: Identifier
        public let judgement: Judgement

        public init(operation: OperationID, hash: Identifier, judgement: Judgement) {
            self.operation = operation
            self.hash = hash
            self.judgement = judgement
        }
    }

    public let items: [Item]
    /// The epoch in whose order the positions count; 0 when the hub does not say.
    public let epoch: UInt64
    /// The hub's, over scope, epoch and items; empty when the hub gave none.
    public private(set) var signature: [UInt8] = []

    public init(items: [Item]) {
        self.items = items
        epoch = 0
    }

    /// A group's end that proves the group to whoever has the hub's public key.
    init(items: [Item], epoch: UInt64, scope: Scope, by hub: Replica) throws {
        self.items = items
        self.epoch = epoch
        signature = try hub.signature(over: try message(scope))
    }

    private func message(_ scope: Scope) throws -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write("tallyman order 1")
        encoder.write(scope.description)
        encoder.write(epoch)
        let wires = try items.map { try Self.wire($0).serializedBytes() as [UInt8] }
        encoder.write(wires) { $0.write($1) }
        return encoder.bytes
    }

    /// Whether the holder of this key gave these places in this scope's order.
    func isSigned(by publicKey: [UInt8], in scope: Scope) throws -> Bool {
        Replica.isValid(signature, over: try message(scope), by: publicKey)
    }

    public init(payload: [UInt8]) throws(OperationError) {
        let wire: Tallyman_Sync_V1_WireAcceptance
        do {
            wire = try Tallyman_Sync_V1_WireAcceptance(serializedBytes: payload)
        } catch {
            throw .field("acceptance")
        }
        var items: [Item] = []
        for item in wire.items {
            guard let operation = OperationID(bytes: item.operation),
                let hash = Identifier(bytes: item.hash),
                let verdict = Verdict(wire: item.verdict)
            else { throw .field("acceptance") }
            let judgement = Judgement(
                position: item.position,
                verdict: verdict,
                reason: item.reason,
                effective: Moment(milliseconds: item.effectiveMilliseconds),
                effectiveStamp: HybridStamp(bits: item.effectiveStamp),
                timeUnsure: item.timeUnsure,
                seen: item.hasSeen ? item.seen : nil
            )
            items.append(Item(operation: operation, hash: hash, judgement: judgement))
        }
        self.items = items
        epoch = wire.epoch
        signature = Array(wire.signature)
    }

    /// The message.
    package func payload() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_WireAcceptance()
        wire.items = items.map(Self.wire)
        wire.epoch = epoch
        wire.signature = Data(signature)
        return try wire.serializedBytes()
    }

    private static func wire(_ item: Item) -> Tallyman_Sync_V1_WireAcceptance.Item {
        var wire = Tallyman_Sync_V1_WireAcceptance.Item()
        wire.operation = Data(item.operation.bytes)
        wire.hash = Data(item.hash.bytes)
        wire.position = item.judgement.position
        wire.verdict = item.judgement.verdict.wire
        wire.reason = item.judgement.reason
        wire.effectiveMilliseconds = item.judgement.effective.milliseconds
        wire.effectiveStamp = item.judgement.effectiveStamp.bits
        wire.timeUnsure = item.judgement.timeUnsure
        if let seen = item.judgement.seen { wire.seen = seen }
        return wire
    }
}

extension Verdict {
    /// The verdict of a message; nil for one that this program does not know.
    init?(wire: Tallyman_Sync_V1_WireVerdict) {
        guard let code = UInt8(exactly: wire.rawValue) else { return nil }
        self.init(rawValue: code)
    }

    var wire: Tallyman_Sync_V1_WireVerdict {
        switch self {
        case .accepted: .accepted
        case .conflict: .conflict
        case .waiting: .waiting
        case .rejected: .rejected
        case .quarantined: .quarantined
        }
    }
}
