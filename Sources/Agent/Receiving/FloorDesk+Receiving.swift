import Codes
import Receiving
import Sync
import Tally
import Workforce

extension FloorDesk {
    func receiving(_ command: FloorCommand) throws -> Outcome {
        switch command {
        case .openReceipt(let text):
            return try open(text)
        case .openNote(let supplier, let number):
            guard let note = try issued(supplier: supplier, number: number) else {
                throw ReceivingRefusal.unknownNote(note: number)
            }
            return try open(Receipt.Paper(note.content, text: "", issued: note))
        case .countLine(let id, let line, let lot, let number, let unit):
            let receipt = try receipt(id)
            let quantity = try quantity(number, unit: unit, line: line, of: receipt)
            return try count(receipt, line, lot: lot ?? "", quantity)
        case .countAsNoted(let id, let line):
            let receipt = try receipt(id)
            guard try !reader.countsBlind(receipt) else {
                throw ReceivingRefusal.countedBlind(line: line)
            }
            if let noted = receipt.lines.first(where: { $0.number == line }) {
                try checkFree(noted.material, noted.lot)
            }
            return (receipt.key, try receipt.countAsNoted(line: line))
        case .seeCarton(let id, let carton):
            let receipt = try receipt(id)
            let sscc = NaturalKey.number(carton)
            if let line = receipt.note.lines.first(where: { $0.cartons.contains(sscc) }) {
                try checkFree(line.material, line.lot)
            }
            return (receipt.key, try receipt.see(carton: carton))
        case .reportDamage(let id, let line, let number, let remark, let photo):
            let receipt = try receipt(id)
            let quantity = try quantity(number, unit: nil, line: line, of: receipt)
            let drafts = try receipt.damage(
                line: line,
                quantity,
                remark: remark ?? "",
                photo: try self.photo(photo)
            )
            return (receipt.key, drafts)
        case .correct(let id, let observation, let reason):
            let receipt = try receipt(id)
            let target = try self.observation(observation, field: "observation")
            return (receipt.key, try receipt.correct(target, reason: reason ?? ""))
        case .finishPart(let id):
            let receipt = try receipt(id)
            return (receipt.key, try receipt.finishPart())
        case .closeReceipt(let id):
            let receipt = try receipt(id)
            return (receipt.key, try receipt.close())
        default:
            preconditionFailure("\(command) is not for receiving")
        }
    }

    private func count(
        _ receipt: Receipt,
        _ line: Int,
        lot: String,
        _ quantity: Quantity
    ) throws -> Outcome {
        let noted = receipt.lines.first { $0.number == line }
        let material = noted?.material ?? ""
        let registration = MaterialRegistration(
            try reader.record(of: ReceivingRoom.materialKey(material))
        )
        try checkFree(material, lot)
        try checkFree(material, noted?.lot ?? "")
        let drafts = try receipt.count(
            line: line,
            lot: lot,
            quantity,
            isLotTracked: registration?.isLotTracked ?? false
        )
        return (receipt.key, drafts)
    }

    /// What a person rules on: counted twice, or notes that differ.
    func rulings(_ command: FloorCommand) throws -> Outcome {
        switch command {
        case .settleCounts(let id, let one, let other, let ruling):
            let receipt = try receipt(id)
            try check(.settle)
            guard let ruling = ReceiptFact.Ruling(text: ruling) else {
                throw ReceivingRefusal.badValue(field: "ruling", value: ruling)
            }
            let drafts = try receipt.settle(
                try observation(one, field: "one"),
                try observation(other, field: "other"),
                ruling
            )
            return (receipt.key, drafts)
        case .settleNotes(let id, let opening):
            let receipt = try receipt(id)
            try check(.settle)
            let kept = try observation(opening, field: "opening")
            return (receipt.key, try receipt.settleNotes(keeping: kept))
        default:
            preconditionFailure("\(command) is no ruling")
        }
    }

    func receipt(_ id: String) throws -> Receipt {
        let key = try key(
            ReceivingRoom.EntityKind.receipt,
            area: ReceivingRoom.area,
            id,
            field: "receipt"
        )
        guard let receipt = Receipt(try reader.record(of: key)) else {
            throw ReceivingRefusal.unknownReceipt(id)
        }
        return receipt
    }

    /// A typed number in a unit; without one, in the unit of the line.
    private func quantity(
        _ number: String,
        unit: String?,
        line: Int,
        of receipt: Receipt
    ) throws -> Quantity {
        let noted = receipt.lines.first { $0.number == line }?.quantity.unit
        guard let unit = unit.map(Unit.init) ?? noted ?? .piece else {
            throw ReceivingRefusal.badValue(field: "unit", value: unit ?? "")
        }
        guard let quantity = Quantity(text: number, unit: unit) else {
            throw AgentRefusal.badNumber(number)
        }
        return quantity
    }
}
