import Codes
import Receiving
import Sync
import Tally

// Labels of goods choose the line that they belong to; what they say of the quantity is shown, and
// never counted.

extension ScanDesk {
    /// A label of goods by its fields: a carton is seen, anything else chooses its line.
    mutating func label(
        _ fields: [String: String],
        _ text: String,
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        typealias Field = SupplierCode.Field
        if let carton = fields[Field.carton],
            try receipt(id).note.lines.contains(where: { $0.cartons.contains(carton) })
        {
            return try see(carton, id, worker, &session, &dice)
        }
        let goods = [fields[Field.material], fields[Field.part]].compactMap(\.self)
            .map { NaturalKey.code($0) }
        let lot = NaturalKey.number(fields[Field.lot] ?? "")
        let order = NaturalKey.number(fields[Field.order] ?? "")
        var lines = try receipt(id).lines.filter { line in
            goods.contains(line.material) || goods.isEmpty && !lot.isEmpty && line.lot == lot
        }
        if let line = lines.first, lines.count == 1, !line.lot.isEmpty, !lot.isEmpty,
            line.lot != lot
        {
            throw ReceivingRefusal.wrongLot(line: line.number, expected: line.lot, read: lot)
        }
        // Lot, then order, tell lines of one material apart.
        for isRight in [{ $0.lot == lot }, { $0.purchaseOrder == order }]
            as [(NoteContent.Line) -> Bool] where lines.count > 1 && lines.contains(where: isRight)
        {
            lines = lines.filter(isRight)
        }
        guard let line = lines.first, lines.count == 1 else {
            let refusal = unexpected(text, "kiosk.expects_receipt")
            guard lines.isEmpty else { throw refusal }
            return try beside(goods, lot: lot, refusal, id, &session)
        }
        let chosen = try choose(line: line.number, id, &session)
        guard let quantity = fields[Field.quantity] else { return chosen }
        let said = chosen.facts.merging(["quantity": quantity]) { first, _ in first }
        return Feedback(chosen.tone, "kiosk.line_chosen_label", said)
    }
}

extension DataMessage {
    /// The goods of a label in ISO/IEC 15434 syntax, by the names of ``SupplierCode/Field``.
    var goods: [String: String] {
        typealias Field = SupplierCode.Field
        var goods: [String: String] = [:]
        goods[Field.material] = self["P"] ?? first(.part)
        goods[Field.part] = self["1P"] ?? self["30P"]
        goods[Field.lot] = first(.lot)
        goods[Field.order] = first(.order)
        goods[Field.quantity] = first(.quantity)
        for field in fields where field.format == "05" {
            let name = [
                "00": Field.carton, "10": Field.lot, "241": Field.part, "37": Field.quantity,
            ]
            if let name = name[field.identifier] { goods[name] = field.value }
        }
        return goods
    }
}
