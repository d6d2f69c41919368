import Codes
import Foundation
import SwiftProtobuf
import Tally

/// Something that was seen or said about a receipt.
///
/// Facts are never changed: what does not hold is corrected by another.
public enum ReceiptFact: Hashable, Sendable {
    /// What a person decided about two counts that did not know of each other.
    public enum Ruling: Hashable, Sendable {
        case bothReal
        /// The other is the same goods as the one, and does not count.
        case sameGoods

        /// Reads `both_real` or `same_goods`; nil for anything else.
        public init?(text: String) {
            switch text {
            case "both_real": self = .bothReal
            case "same_goods": self = .sameGoods
            default: return nil
            }
        }
    }

    /// The goods of a note have begun to arrive.
    ///
    /// `text` is the signed text that was scanned, empty when the note was taken from the
    /// terminal's list.
    case opened(note: NoteContent, text: String, ordinal: Int)
    case counted(line: Int, lot: String, quantity: Quantity, asNoted: Bool)
    case cartonSeen(sscc: String)
    /// Part of what was counted, not beside it.
    ///
    /// `photo` is the SHA-256 of a picture, or empty.
    case damaged(line: Int, quantity: Quantity, remark: String, photo: [UInt8])
    case corrected(operation: OperationID, reason: String)
    case partDone
    case settled(one: OperationID, other: OperationID, ruling: Ruling)

    static let types = [
        "receipt.opened", "receipt.counted", "receipt.carton_seen", "receipt.damaged",
        "receipt.corrected", "receipt.part_done", "receipt.settled",
    ]

    public var type: String {
        switch self {
        case .opened: "receipt.opened"
        case .counted: "receipt.counted"
        case .cartonSeen: "receipt.carton_seen"
        case .damaged: "receipt.damaged"
        case .corrected: "receipt.corrected"
        case .partDone: "receipt.part_done"
        case .settled: "receipt.settled"
        }
    }

    // MARK: - Wire

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
        case "receipt.counted":
            let wire = try WireCounted(serializedBytes: payload)
            guard let quantity = wire.quantity.value, wire.line > 0 else { throw bad }
            return .counted(
                line: Int(wire.line),
                lot: wire.lot,
                quantity: quantity,
                asNoted: wire.asNoted
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
                photo: Array(wire.photo)
            )
        case "receipt.corrected":
            let wire = try WireCorrected(serializedBytes: payload)
            guard let operation = OperationID(bytes: wire.operation) else { throw bad }
            return .corrected(operation: operation, reason: wire.reason)
        case "receipt.part_done":
            _ = try WirePartDone(serializedBytes: payload)
            return .partDone
        case "receipt.settled":
            let wire = try WireSettled(serializedBytes: payload)
            guard let one = OperationID(bytes: wire.one),
                let other = OperationID(bytes: wire.other), one != other
            else { throw bad }
            switch wire.ruling {
            case .bothReal: return .settled(one: one, other: other, ruling: .bothReal)
            case .sameGoods: return .settled(one: one, other: other, ruling: .sameGoods)
            case .unspecified, .UNRECOGNIZED: throw bad
            }
        default:
            throw bad
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
        case .counted(let line, let lot, let quantity, let asNoted):
            var wire = WireCounted()
            wire.line = UInt32(line)
            wire.lot = lot
            wire.quantity = WireAmount(quantity)
            wire.asNoted = asNoted
            return try wire.serializedBytes()
        case .cartonSeen(let sscc):
            var wire = WireCartonSeen()
            wire.sscc = sscc
            return try wire.serializedBytes()
        case .damaged(let line, let quantity, let remark, let photo):
            var wire = WireDamaged()
            wire.line = UInt32(line)
            wire.quantity = WireAmount(quantity)
            wire.remark = remark
            wire.photo = Data(photo)
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
        }
    }

    /// The operation to be that says this of a receipt.
    package func draft(of receipt: EntityKey) throws -> Draft {
        Draft(.fact, of: receipt, type: type, payload: try payload())
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
