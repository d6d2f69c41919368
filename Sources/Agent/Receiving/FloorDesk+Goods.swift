import Codes
import Receiving
import Sync
import Tally
import Workforce

extension FloorDesk {
    /// What is done about goods beside their note: without papers, wrong items, held lots, more
    /// than was noted.
    func goods(_ command: FloorCommand, dice: inout some Dice) throws -> Outcome {
        switch command {
        case .openWithoutPapers(let supplier):
            return try openWithoutPapers(supplier ?? "", dice: &dice)
        case .countGoods(let id, let material, let lot, let number):
            let receipt = try receipt(id)
            let known = try registration(material)
            guard let quantity = Quantity(text: number, unit: known.unit) else {
                throw AgentRefusal.badNumber(number)
            }
            try checkFree(known.code, lot ?? "")
            let drafts = try receipt.count(
                material: known.code,
                lot: lot ?? "",
                quantity,
                isLotTracked: known.isLotTracked
            )
            return (receipt.key, drafts)
        case .acceptOver(let id, let line):
            let receipt = try receipt(id)
            try check(.accept)
            let material = receipt.lines.first { $0.number == line }?.material ?? ""
            let percent = try reader.tolerance(of: material)
            return (receipt.key, try receipt.acceptOver(line: line, percent: percent))
        case .putAway(let id, let line, let bin, let number):
            return try putAway(try receipt(id), line, bin, number)
        case .holdLot(let material, let lot, let reason):
            let held = try reader.lot(lot, of: material, site: site)
            return (held.key, try held.hold(reason: reason ?? ""))
        case .freeLot(let material, let lot):
            let held = try reader.lot(lot, of: material, site: site)
            try check(.free)
            return (held.key, try held.free())
        default:
            preconditionFailure("\(command) is not for goods")
        }
    }

    private func putAway(
        _ receipt: Receipt,
        _ line: Int,
        _ bin: String,
        _ number: String?
    ) throws -> Outcome {
        let code = NaturalKey.code(bin)
        guard try reader.bins(site: site).contains(code) else {
            throw ReceivingRefusal.unknownBin(code)
        }
        if let noted = receipt.lines.first(where: { $0.number == line }) {
            for lot in receipt.leftToPutAway(line).map(\.lot).prefix(1) {
                try checkFree(noted.material, lot)
            }
        }
        let quantity = try number.map { number in
            let unit = receipt.lines.first { $0.number == line }?.quantity.unit ?? .piece
            guard let quantity = Quantity(text: number, unit: unit) else {
                throw AgentRefusal.badNumber(number)
            }
            return quantity
        }
        return (receipt.key, try receipt.putAway(line: line, quantity, bin: code))
    }

    /// A receipt with a number of its own, of which nothing is known but what will be counted.
    private func openWithoutPapers(_ supplier: String, dice: inout some Dice) throws -> Outcome {
        let code = NaturalKey.code(supplier)
        if !code.isEmpty {
            let record = try reader.record(of: ReceivingRoom.supplierKey(code))
            guard SupplierRegistration(record) != nil else {
                throw ReceivingRefusal.supplierUnknown(note: "", supplier: code)
            }
        }
        let day = now.localText(offsetSeconds: utcOffset(now)).prefix(10).replacing("-", with: "")
        let tail = Identifier.random(&dice).description.prefix(4).uppercased()
        let note = NoteContent(
            supplier: code.isEmpty ? ReceivingRoom.unknownSupplier : code,
            number: "NP-\(day)-\(tail)",
            site: site,
            issuedAt: now,
            promisedArrival: now,
            lines: []
        )
        let content = try note.normalised(needsLines: false)
        return try open(
            Receipt.Paper(content, text: content.number, rule: ReceivingRoom.withoutPapers)
        )
    }

    private func registration(_ material: String) throws -> MaterialRegistration {
        let code = NaturalKey.code(material)
        let record = try reader.record(of: ReceivingRoom.materialKey(code))
        guard let known = MaterialRegistration(record) else {
            throw AgentRefusal.unknownRecord(field: "material", id: code)
        }
        return known
    }

    /// Refuses to count goods of a lot that is held: they must not move.
    func checkFree(_ material: String, _ lot: String) throws {
        guard !material.isEmpty, !lot.isEmpty else { return }
        try reader.lot(lot, of: material, site: site).checkFree()
    }

    /// Refuses what the worker's role does not allow.
    func check(_ duty: DockDuty) throws {
        let person = Worker(try reader.record(of: Worker.key(badge: worker)))
        guard let person, person.may(duty) else {
            throw ReceivingRefusal.notPermitted(what: duty.rawValue, worker: worker)
        }
    }
}
