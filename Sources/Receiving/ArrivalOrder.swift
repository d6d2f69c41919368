import Codes
import Foundation
import SwiftProtobuf
import Tally

/// The arrival order (到货单) of a receipt, as the hub issued it last.
public struct ArrivalOrder: Hashable, Sendable {
    public static let type = "arrival_order.issued"

    /// How much of a line came in one lot.
    public struct Lot: Hashable, Sendable {
        public let lot: String
        public let quantity: Quantity
    }

    /// A line of the note with what was noted and what was counted.
    public struct Line: Hashable, Sendable {
        public let number: Int
        public let material: String
        public let purchaseOrder: String
        public let expected: Quantity
        public let counted: Quantity
        public let damaged: Quantity?
        public let lots: [Lot]
    }

    /// Why a person must look before the order goes to the ERP.
    public enum Doubt: Hashable, Sendable {
        case countedTwice(line: Int, lot: String, one: OperationID, other: OperationID)
        case overDelivery(line: Int)
        /// Signed notes of the number differ: those of these two openings; that of the first holds
        /// until a person rules.
        case notesDiffer(one: OperationID, other: OperationID)
    }

    public let number: String
    /// From 1 up; each says all, not the difference.
    public let revision: Int
    public let receipt: Identifier
    public let supplier: String
    public let note: String
    /// When the first of it was recorded.
    public let arrived: Moment
    public let timeUnsure: Bool
    public let lines: [Line]
    public let doubts: [Doubt]
    /// Nothing but a code that nobody signed says what was to come.
    public let isUnsigned: Bool

    /// Whether it waits for a person (待复核) and was not given to the ERP.
    public var isHeldForReview: Bool { !doubts.isEmpty }

    /// Reads the order from its entity; nil when none was issued.
    public init?(_ record: EntityRecord) {
        guard let decision = record.decisions[Self.type],
            let order = try? ArrivalOrder(payload: decision.payload)
        else { return nil }  // best effort: only the hub writes these, and checks them first
        self = order
    }

    /// Reads the payload of a decision.
    public init(payload: [UInt8]) throws(ReceivingRefusal) {
        let bad = ReceivingRefusal.badPayload(type: Self.type)
        let wire: WireArrivalOrderIssued
        do {
            wire = try WireArrivalOrderIssued(serializedBytes: payload)
        } catch {
            throw bad
        }
        guard let receipt = Identifier(bytes: wire.receipt) else { throw bad }
        number = wire.number
        revision = Int(wire.revision)
        self.receipt = receipt
        supplier = wire.supplier
        note = wire.note
        arrived = Moment(milliseconds: wire.arrived)
        timeUnsure = wire.timeUnsure
        isUnsigned = wire.unsigned
        lines = wire.lines.compactMap(Line.init)
        doubts = wire.doubts.compactMap(Doubt.init)
        guard lines.count == wire.lines.count, doubts.count == wire.doubts.count else { throw bad }
    }

    init(_ receipt: Receipt, number: String, revision: Int, doubts: [Doubt]) {
        self.number = number
        self.revision = revision
        self.receipt = receipt.key.id
        supplier = receipt.note.supplier
        note = receipt.note.number
        arrived = receipt.opened.moment
        timeUnsure = receipt.opened.timeUnsure
        lines = receipt.totals.map(Line.init)
        self.doubts = doubts
        isUnsigned = receipt.isUnsigned
    }

    /// The protobuf message of `receiving.proto`.
    public func payload() throws -> [UInt8] {
        var wire = WireArrivalOrderIssued()
        wire.number = number
        wire.revision = UInt32(revision)
        wire.receipt = Data(receipt.bytes)
        wire.supplier = supplier
        wire.note = note
        wire.arrived = arrived.milliseconds
        wire.timeUnsure = timeUnsure
        wire.unsigned = isUnsigned
        wire.lines = lines.map(\.wire)
        wire.doubts = doubts.map(\.wire)
        return try wire.serializedBytes()
    }

    /// Whether both say the same about the goods, whatever their number and revision.
    func tellsTheSame(as other: ArrivalOrder) -> Bool {
        receipt == other.receipt && arrived == other.arrived && timeUnsure == other.timeUnsure
            && lines == other.lines && doubts == other.doubts && isUnsigned == other.isUnsigned
    }
}

extension ArrivalOrder.Line {
    fileprivate init(_ total: Receipt.LineTotal) {
        number = total.line.number
        material = total.line.material
        purchaseOrder = total.line.purchaseOrder
        expected = total.line.quantity
        counted = total.counted
        damaged = total.damaged
        lots = total.lots.filter { !$0.lot.isEmpty }
            .map { ArrivalOrder.Lot(lot: $0.lot, quantity: $0.quantity) }
    }

    fileprivate init?(_ wire: WireArrivalOrderIssued.Line) {
        guard let expected = wire.expected.value, let counted = wire.counted.value else {
            return nil
        }
        number = Int(wire.number)
        material = wire.material
        purchaseOrder = wire.purchaseOrder
        self.expected = expected
        self.counted = counted
        damaged = wire.hasDamaged ? wire.damaged.value : nil
        lots = wire.lots.compactMap { lot in
            lot.quantity.value.map { ArrivalOrder.Lot(lot: lot.lot, quantity: $0) }
        }
    }

    fileprivate var wire: WireArrivalOrderIssued.Line {
        var wire = WireArrivalOrderIssued.Line()
        wire.number = UInt32(number)
        wire.material = material
        wire.purchaseOrder = purchaseOrder
        wire.expected = WireAmount(expected)
        wire.counted = WireAmount(counted)
        if let damaged { wire.damaged = WireAmount(damaged) }
        wire.lots = lots.map { lot in
            var wireLot = WireArrivalOrderIssued.Lot()
            wireLot.lot = lot.lot
            wireLot.quantity = WireAmount(lot.quantity)
            return wireLot
        }
        return wire
    }
}

extension ArrivalOrder.Doubt {
    fileprivate init?(_ wire: WireArrivalOrderIssued.Doubt) {
        switch wire.reason {
        case .countedTwice:
            guard let one = OperationID(bytes: wire.one), let other = OperationID(bytes: wire.other)
            else { return nil }
            self = .countedTwice(line: Int(wire.line), lot: wire.lot, one: one, other: other)
        case .overDelivery:
            self = .overDelivery(line: Int(wire.line))
        case .notesDiffer:
            guard let one = OperationID(bytes: wire.one), let other = OperationID(bytes: wire.other)
            else { return nil }
            self = .notesDiffer(one: one, other: other)
        case .unspecified, .UNRECOGNIZED:
            return nil
        }
    }

    fileprivate var wire: WireArrivalOrderIssued.Doubt {
        var wire = WireArrivalOrderIssued.Doubt()
        switch self {
        case .countedTwice(let line, let lot, let one, let other):
            wire.reason = .countedTwice
            wire.line = UInt32(line)
            wire.lot = lot
            wire.one = Data(one.bytes)
            wire.other = Data(other.bytes)
        case .overDelivery(let line):
            wire.reason = .overDelivery
            wire.line = UInt32(line)
        case .notesDiffer(let one, let other):
            wire.reason = .notesDiffer
            wire.one = Data(one.bytes)
            wire.other = Data(other.bytes)
        }
        return wire
    }
}
