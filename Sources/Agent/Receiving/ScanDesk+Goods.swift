import Codes
import Receiving
import Sync
import Tally

// What is not as the note says: wrong items, held lots, more than noted, counted twice.

extension ScanDesk {
    /// Goods on no line: the next number is for them, if their material is registered.
    func beside(
        _ codes: [String],
        lot: String,
        _ refusal: AgentRefusal,
        _ id: Identifier,
        _ session: inout KioskSession
    ) throws -> Feedback {
        let receipt = try receipt(id)
        let known = try codes.lazy.map(NaturalKey.code).first { code in
            let record = try reader.record(of: ReceivingRoom.materialKey(code))
            return MaterialRegistration(record) != nil
        }
        guard let material = known, !receipt.isClosed else { throw refusal }
        session.besideNote = KioskSession.BesideNote(material: material, lot: lot)
        session.numberIsDamage = false
        return Feedback(
            .attention,
            receipt.isWithoutPapers ? "kiosk.goods_how_many" : "kiosk.not_on_note",
            ["material": material, "note": receipt.note.number]
        )
    }

    mutating func count(
        _ number: String,
        _ goods: KioskSession.BesideNote,
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let command = FloorCommand.countGoods(
            receipt: id.description,
            material: goods.material,
            lot: goods.lot,
            quantity: number
        )
        _ = try run(command, worker, &session, &dice)
        session.besideNote = nil
        let receipt = try receipt(id)
        let line = receipt.lines.last { $0.material == goods.material }
        session.place = .receipt(id, line: line?.number)
        let facts = ["material": goods.material, "quantity": number]
        return receipt.isWithoutPapers
            ? Feedback(.good, "kiosk.goods_counted", facts)
            : Feedback(.attention, "kiosk.wrong_item_counted", facts)
    }

    /// A bin: what was said, or all that is left of the line, lies there now.
    mutating func putAway(
        _ bin: String,
        _ line: Int,
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let command = FloorCommand.putAway(
            receipt: id.description,
            line: line,
            bin: bin,
            quantity: session.putAwayCount
        )
        _ = try run(command, worker, &session, &dice)
        session.putAwayCount = nil
        let receipt = try receipt(id)
        let laid = receipt.putAways.last { $0.line == line }
        let next = receipt.lines.first { !receipt.leftToPutAway($0.number).isEmpty }
        if receipt.leftToPutAway(line).isEmpty, let next {
            session.place = .receipt(id, line: next.number)
        }
        return Feedback(
            .good,
            "kiosk.put_away_done",
            ["bin": bin, "last": laid?.quantity.description ?? "", "line": String(line)]
        )
    }

    /// What is wrong with the supplier of goods that arrive; nil for nothing.
    func supplierWarning(_ receipt: Receipt, _ facts: [String: String]) throws -> Feedback? {
        let standing = try reader.standing(of: receipt.note.supplier)
        var facts = facts
        facts["supplier"] = try reader.supplierName(receipt.note.supplier)
        if standing.isBlacklisted { return Feedback(.wrong, "kiosk.supplier_blacklisted", facts) }
        let now = try ClockFixes.now(reading, in: transaction)
        guard standing.isExpired(at: now) else { return nil }
        facts["time"] = standing.validUntil?.description
        return Feedback(.attention, "kiosk.supplier_expired", facts)
    }

    /// The shortage code: nothing is recorded, since a shortage is what was not counted.
    func tellShort(_ line: Int, _ id: Identifier) throws -> Feedback {
        let receipt = try receipt(id)
        guard try !reader.countsBlind(receipt) else {
            throw ReceivingRefusal.countedBlind(line: line)
        }
        let total = receipt.totals.first { $0.line.number == line }
        guard let total, total.isShort, let missing = total.line.quantity.subtracting(total.counted)
        else { return Feedback(.again, "kiosk.not_short", ["line": String(line)]) }
        return Feedback(
            .attention,
            "kiosk.short_so_far",
            ["line": String(line), "limits": missing.description]
        )
    }

    /// Holds and frees the lot at hand, keeps what is over, and rules on the first double count.
    mutating func judge(
        _ meaning: ScanMeaning,
        _ text: String,
        _ id: Identifier,
        _ line: Int?,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let receipt = try receipt(id)
        switch meaning {
        case .command(.hold), .command(.release):
            let isHold = meaning == .command(.hold)
            guard let line, let (material, lot) = receipt.lotAtHand(line) else {
                throw ReceivingRefusal.lotMissing(line: line ?? 0)
            }
            let byHand = session.language == .chinese ? "收货时冻结" : "held at the dock"
            let command: FloorCommand =
                isHold
                ? .holdLot(material: material, lot: lot, reason: byHand)
                : .freeLot(material: material, lot: lot)
            _ = try run(command, worker, &session, &dice)
            let facts = ["material": material, "lot": lot]
            return isHold
                ? Feedback(.wrong, "kiosk.lot_is_held", facts)
                : Feedback(.good, "kiosk.lot_is_free", facts)
        case .command(.ok):
            guard let line else { throw unexpected(text, "kiosk.expects_receipt") }
            _ = try run(.acceptOver(receipt: id.description, line: line), worker, &session, &dice)
            return Feedback(.good, "kiosk.over_accepted", ["line": String(line)])
        default:
            guard let pair = receipt.doubleCounts.first(where: { $0.ruling == nil }) else {
                throw unexpected(text, "kiosk.expects_receipt")
            }
            let isBoth = meaning == .command(.yes)
            let command = FloorCommand.settleCounts(
                receipt: id.description,
                one: pair.one.evidence.operation.description,
                other: pair.other.evidence.operation.description,
                ruling: isBoth ? "both_real" : "same_goods"
            )
            _ = try run(command, worker, &session, &dice)
            return Feedback(.good, isBoth ? "kiosk.settled_both" : "kiosk.settled_same")
        }
    }
}

extension Receipt {
    /// The lot of a line: the note's, else the one that was counted last.
    func lotAtHand(_ number: Int) -> (material: String, lot: String)? {
        guard let line = lines.first(where: { $0.number == number }) else { return nil }
        let counted = counts.last { $0.line == number && !$0.isVoid }?.lot ?? ""
        let lot = line.lot.isEmpty ? counted : line.lot
        return lot.isEmpty ? nil : (line.material, lot)
    }
}
