import SwiftProtobuf
import Tally

extension NoteContent {
    /// The content as a serialised protobuf `Note`.
    public func serialised() throws(NoteRefusal) -> [UInt8] {
        var message = WireNote()
        message.supplier = supplier
        message.number = number
        message.site = site
        message.issuedAt = issuedAt.milliseconds
        message.promisedArrival = promisedArrival.milliseconds
        if let expiresAt { message.expiresAt = expiresAt.milliseconds }
        message.lines = lines.map(\.message)
        do {
            return try message.serializedBytes()
        } catch {
            throw .malformed(.message)
        }
    }

    /// Reads a serialised protobuf `Note` and holds it against the rules of its fields.
    ///
    /// `needsLines` as in ``normalised(needsLines:)``.
    public init(serialised bytes: [UInt8], needsLines: Bool = true) throws(NoteRefusal) {
        let message: WireNote
        do {
            message = try WireNote(serializedBytes: bytes)
        } catch {
            throw .malformed(.message)
        }
        var lines: [Line] = []
        for (index, line) in message.lines.enumerated() {
            lines.append(try Line(line, path: "lines[\(index)]"))
        }
        let content = NoteContent(
            supplier: message.supplier,
            number: message.number,
            site: message.site,
            issuedAt: Moment(milliseconds: message.issuedAt),
            promisedArrival: Moment(milliseconds: message.promisedArrival),
            expiresAt: message.hasExpiresAt ? Moment(milliseconds: message.expiresAt) : nil,
            lines: lines
        )
        self = try content.normalised(needsLines: needsLines)
    }
}

extension NoteContent.Line {
    fileprivate var message: WireNoteLine {
        var message = WireNoteLine()
        message.number = UInt32(number)
        message.purchaseOrder = purchaseOrder
        message.purchaseOrderLine = UInt32(purchaseOrderLine)
        message.material = material
        message.description_p = description
        message.amount = quantity.amount
        message.scale = UInt32(quantity.scale)
        message.unit = quantity.unit == .piece ? "" : quantity.unit.code
        message.lot = lot
        message.serials = serials
        message.cartons = cartons
        return message
    }

    fileprivate init(_ message: WireNoteLine, path: String) throws(NoteRefusal) {
        guard let unit = message.unit.isEmpty ? .piece : Unit(message.unit) else {
            throw .invalid(field: "\(path).unit", value: message.unit)
        }
        guard let scale = UInt8(exactly: message.scale),
            let quantity = Quantity(amount: message.amount, scale: scale, unit: unit)
        else {
            throw .invalid(field: "\(path).quantity", value: "\(message.amount)e-\(message.scale)")
        }
        self.init(
            number: Int(message.number),
            purchaseOrder: message.purchaseOrder,
            purchaseOrderLine: Int(message.purchaseOrderLine),
            material: message.material,
            description: message.description_p,
            quantity: quantity,
            lot: message.lot,
            serials: message.serials,
            cartons: message.cartons
        )
    }
}
