import Codes
import Foundation
import SwiftProtobuf
import Tally

// The payloads of `receiving.proto`.

extension ReceiptFact {
    /// Reads the payload of an operation.
    public init(type: String, payload: [UInt8]) throws(ReceivingRefusal) {
        do {
            self = try Self.read(type, payload)
        } catch {
            throw .badPayload(type: type)
        }
    }

    private static func read(_ type: String, _ payload: [UInt8]) throws -> ReceiptFact {
        let bad = ReceivingRefusal.badPayload(type: type)
        switch type {
        case "receipt.opened":
            let wire = try WireReceiptOpened(serializedBytes: payload)
            guard wire.ordinal > 0 else { throw bad }
            let note = try NoteContent(serialised: Array(wire.note))
            return .opened(note: note, text: wire.text, ordinal: Int(wire.ordinal))
        case "receipt.opened_unsigned":
            let wire = try WireReceiptOpenedUnsigned(serializedBytes: payload)
            guard wire.ordinal > 0, !wire.rule.isEmpty else { throw bad }
            return .openedUnsigned(
                note: try NoteContent(serialised: Array(wire.note), needsLines: false),
                text: wire.text,
                rule: wire.rule,
                ordinal: Int(wire.ordinal)
            )
        case "receipt.counted":
            let wire = try WireCounted(serializedBytes: payload)
            guard let quantity = wire.quantity.value, wire.line > 0 else { throw bad }
            return .counted(
                line: Int(wire.line),
                lot: wire.lot,
                quantity: quantity,
                asNoted: wire.asNoted,
                material: wire.material
            )
        case "receipt.carton_seen":
            let wire = try WireCartonSeen(serializedBytes: payload)
            guard !wire.sscc.isEmpty else { throw bad }
            return .cartonSeen(sscc: wire.sscc)
        case "receipt.damaged":
            let wire = try WireDamaged(serializedBytes: payload)
            guard let quantity = wire.quantity.value, wire.line > 0,
                wire.photo.isEmpty || wire.photo.count == 32
            else { throw bad }
            return .damaged(
                line: Int(wire.line),
                quantity: quantity,
                remark: wire.remark,
                photo: Array(wire.photo),
                material: wire.material
            )
        case "receipt.corrected":
            let wire = try WireCorrected(serializedBytes: payload)
            guard let operation = OperationID(bytes: wire.operation) else { throw bad }
            return .corrected(operation: operation, reason: wire.reason)
        case "receipt.part_done":
            _ = try WirePartDone(serializedBytes: payload)
            return .partDone
        case "receipt.put_away", "receipt.over_accepted":
            return try goods(type, payload)
        case "receipt.settled", "receipt.note_settled":
            return try ruling(type, payload)
        default:
            throw bad
        }
    }

    private static func goods(_ type: String, _ payload: [UInt8]) throws -> ReceiptFact {
        let bad = ReceivingRefusal.badPayload(type: type)
        switch type {
        case "receipt.put_away":
            let wire = try WirePutAway(serializedBytes: payload)
            guard let quantity = wire.quantity.value, wire.line > 0, !wire.bin.isEmpty else {
                throw bad
            }
            return .putAway(
                line: Int(wire.line),
                lot: wire.lot,
                quantity: quantity,
                bin: wire.bin,
                material: wire.material
            )
        case "receipt.over_accepted":
            let wire = try WireOverAccepted(serializedBytes: payload)
            guard let counted = wire.counted.value, wire.line > 0 else { throw bad }
            return .overAccepted(
                line: Int(wire.line),
                counted: counted,
                material: wire.material
            )
        default: throw bad
        }
    }

    private static func ruling(_ type: String, _ payload: [UInt8]) throws -> ReceiptFact {
        let bad = ReceivingRefusal.badPayload(type: type)
        guard type == "receipt.settled" else {
            let wire = try WireNoteSettled(serializedBytes: payload)
            let known = wire.known.compactMap { OperationID(bytes: $0) }
            guard let opening = OperationID(bytes: wire.opening), known.count == wire.known.count,
                known.contains(opening)
            else { throw bad }
            return .noteSettled(opening: opening, known: known)
        }
        let wire = try WireSettled(serializedBytes: payload)
        guard let one = OperationID(bytes: wire.one), let other = OperationID(bytes: wire.other),
            one != other
        else { throw bad }
        switch wire.ruling {
        case .bothReal: return .settled(one: one, other: other, ruling: .bothReal)
        case .sameGoods: return .settled(one: one, other: other, ruling: .sameGoods)
        case .unspecified, .UNRECOGNIZED: throw bad
        }
    }

    /// The protobuf message of `receiving.proto`.
    public func payload() throws -> [UInt8] {
        switch self {
        case .opened(let note, let text, let ordinal):
            var wire = WireReceiptOpened()
            wire.note = Data(try note.serialised())
            wire.text = text
            wire.ordinal = UInt32(ordinal)
            return try wire.serializedBytes()
        case .openedUnsigned(let note, let text, let rule, let ordinal):
            var wire = WireReceiptOpenedUnsigned()
            wire.note = Data(try note.serialised())
            wire.text = text
            wire.rule = rule
            wire.ordinal = UInt32(ordinal)
            return try wire.serializedBytes()
        case .noteSettled(let opening, let known):
            var wire = WireNoteSettled()
            wire.opening = Data(opening.bytes)
            wire.known = known.map { Data($0.bytes) }
            return try wire.serializedBytes()
        case .counted(let line, let lot, let quantity, let asNoted, let material):
            var wire = WireCounted()
            wire.line = UInt32(line)
            wire.lot = lot
            wire.quantity = WireAmount(quantity)
            wire.asNoted = asNoted
            wire.material = material
            return try wire.serializedBytes()
        case .cartonSeen(let sscc):
            var wire = WireCartonSeen()
            wire.sscc = sscc
            return try wire.serializedBytes()
        case .damaged(let line, let quantity, let remark, let photo, let material):
            var wire = WireDamaged()
            wire.line = UInt32(line)
            wire.quantity = WireAmount(quantity)
            wire.remark = remark
            wire.photo = Data(photo)
            wire.material = material
            return try wire.serializedBytes()
        case .corrected(let operation, let reason):
            var wire = WireCorrected()
            wire.operation = Data(operation.bytes)
            wire.reason = reason
            return try wire.serializedBytes()
        case .partDone:
            return try WirePartDone().serializedBytes()
        case .settled(let one, let other, let ruling):
            var wire = WireSettled()
            wire.one = Data(one.bytes)
            wire.other = Data(other.bytes)
            wire.ruling = ruling == .bothReal ? .bothReal : .sameGoods
            return try wire.serializedBytes()
        case .putAway, .overAccepted:
            return try goodsPayload()
        }
    }

    private func goodsPayload() throws -> [UInt8] {
        switch self {
        case .putAway(let line, let lot, let quantity, let bin, let material):
            var wire = WirePutAway()
            wire.line = UInt32(line)
            wire.lot = lot
            wire.quantity = WireAmount(quantity)
            wire.bin = bin
            wire.material = material
            return try wire.serializedBytes()
        case .overAccepted(let line, let counted, let material):
            var wire = WireOverAccepted()
            wire.line = UInt32(line)
            wire.counted = WireAmount(counted)
            wire.material = material
            return try wire.serializedBytes()
        default:
            preconditionFailure("\(type) is written elsewhere")
        }
    }
}

extension WireAmount {
    init(_ quantity: Quantity) {
        self.init()
        amount = quantity.amount
        scale = UInt32(quantity.scale)
        unit = quantity.unit.code
    }

    /// The quantity; nil when scale or unit are not ones.
    var value: Quantity? {
        guard let scale = UInt8(exactly: scale), let unit = Tally.Unit(unit) else { return nil }
        return Quantity(amount: amount, scale: scale, unit: unit)
    }
}
