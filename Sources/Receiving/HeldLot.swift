import Foundation
import SwiftProtobuf
import Tally

/// A lot of a material, and whether it must not move (质量冻结).
///
/// Anybody may hold one, offline too: a hold always stands. A release takes back the holds that it
/// names; one that its author could not see stays in force.
public struct HeldLot: Hashable, Sendable {
    /// A hold that nobody who knew of it has taken back.
    public struct Hold: Hashable, Sendable {
        public let evidence: Evidence
        /// A person's words.
        public let reason: String
    }

    public let key: EntityKey
    public let material: String
    public let lot: String
    /// In order of operations; empty when the lot is free.
    public let holds: [Hold]

    public var isHeld: Bool { !holds.isEmpty }

    /// Reads a lot from its entity.
    ///
    /// - Parameters:
    ///   - record: the lot's.
    ///   - material: a material's code.
    ///   - lot: as on the label.
    public init(_ record: EntityRecord, material: String, lot: String) {
        key = record.key
        self.material = NaturalKey.code(material)
        self.lot = NaturalKey.number(lot)
        var freed: Set<OperationID> = []
        for move in record.moves where move.recorded.type == ReceivingRoom.freeMove && move.stands {
            // A release that cannot be read frees nothing: the safe side.
            freed.formUnion((try? Self.holds(ofFreeing: move.recorded.payload)) ?? [])
        }
        holds = record.moves.compactMap { move in
            let evidence = move.recorded.evidence
            guard move.recorded.type == ReceivingRoom.holdMove,
                !freed.contains(evidence.operation)
            else { return nil }
            let wire = try? WireLotHeld(serializedBytes: move.recorded.payload)
            return Hold(evidence: evidence, reason: wire?.reason ?? "")
        }
    }

    /// Holds the lot.
    ///
    /// - Parameter reason: a person's words.
    /// - Returns: what to record.
    /// - Throws: ``ReceivingRefusal/lotMissing(line:)`` for goods without a lot.
    public func hold(reason: String) throws -> [Draft] {
        guard !material.isEmpty, !lot.isEmpty else { throw ReceivingRefusal.lotMissing(line: 0) }
        var wire = WireLotHeld()
        wire.material = material
        wire.lot = lot
        wire.reason = reason
        let payload: [UInt8] = try wire.serializedBytes()
        return [Draft(.transition, of: key, type: ReceivingRoom.holdMove, payload: payload)]
    }

    /// Takes back all holds that are known here.
    ///
    /// - Returns: what to record.
    /// - Throws: ``ReceivingRefusal/lotNotHeld(material:lot:)``.
    public func free() throws -> [Draft] {
        guard isHeld else {
            throw ReceivingRefusal.lotNotHeld(material: material, lot: lot)
        }
        var wire = WireLotFreed()
        wire.holds = holds.map { Data($0.evidence.operation.bytes) }
        let payload: [UInt8] = try wire.serializedBytes()
        return [Draft(.transition, of: key, type: ReceivingRoom.freeMove, payload: payload)]
    }

    /// Refuses to move goods of a lot that is held.
    ///
    /// - Throws: ``ReceivingRefusal/lotHeld(material:lot:reason:by:at:)``.
    public func checkFree() throws(ReceivingRefusal) {
        guard let hold = holds.last else { return }
        throw .lotHeld(
            material: material,
            lot: lot,
            reason: hold.reason,
            by: hold.evidence.author,
            at: hold.evidence.moment.description
        )
    }

    /// A problem code when the payload of a move is not what its type says.
    static func flaw(_ type: String, _ payload: [UInt8]) -> ProblemCode? {
        let bad = ReceivingRefusal.badPayload(type: type).code
        switch type {
        case ReceivingRoom.holdMove:
            guard let wire = try? WireLotHeld(serializedBytes: payload) else { return bad }
            return wire.material.isEmpty || wire.lot.isEmpty ? bad : nil
        case ReceivingRoom.freeMove:
            return (try? holds(ofFreeing: payload)) == nil ? bad : nil
        default: return nil
        }
    }

    private static func holds(ofFreeing payload: [UInt8]) throws -> [OperationID] {
        let wire = try WireLotFreed(serializedBytes: payload)
        return try wire.holds.map { name in
            guard let operation = OperationID(bytes: name) else {
                throw ReceivingRefusal.badPayload(type: ReceivingRoom.freeMove)
            }
            return operation
        }
    }
}
