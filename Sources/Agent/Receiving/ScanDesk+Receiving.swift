import Codes
import Receiving
import Sync
import Tally

extension ScanDesk {
    /// The note of this number that came by sync; nil when none, or several suppliers', have it.
    func note(numbered text: String) throws -> NoteContent? {
        let number = NaturalKey.number(text)
        let notes = try reader.records(kind: ReceivingRoom.EntityKind.deliveryNote)
            .compactMap(DeliveryNote.init).map(\.content).filter { $0.number == number }
        return notes.count == 1 ? notes.first : nil
    }

    /// Keeps the part of a long note; opens the note when all of them are there.
    ///
    /// Parts come in any order. A part of another note begins anew, and so does one that says
    /// something else than the one that is there: a forged part that was scanned first must not
    /// keep out the right ones.
    mutating func collect(
        _ part: NotePart,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let kept = session.noteParts.flatMap { $0.takes(part) ? $0 : nil }
        var parts = kept ?? NoteParts(part)
        let whole: String?
        do {
            try parts.add(part)
            whole = try parts.whole()
        } catch {
            session.noteParts = parts.missing.isEmpty ? nil : NoteParts(part)
            return Feedback(error)
        }
        if let whole {
            session.noteParts = nil
            // Whatever was too long for one symbol, it means what it would have meant in one.
            return try take(try node.parser.meaning(of: whole), whole, &session, &dice)
        }
        session.noteParts = parts
        let facts = [
            "number": String(part.number), "have": String(parts.haveCount),
            "count": String(parts.count),
            "missing": parts.missing.map(String.init).joined(separator: ", "),
        ]
        let isAgain = parts.haveCount == kept?.haveCount
        return Feedback(isAgain ? .again : .attention, "kiosk.note_part", facts)
    }

    mutating func openReceipt(
        _ command: FloorCommand,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let saved = try run(command, worker, &session, &dice)
        let receipt = Receipt(try reader.record(of: saved.entity))
        let line = receipt?.note.lines.first?.number
        session.open(.receipt(saved.entity.id, line: line))
        session.undoable = []
        return try opened(receipt, saved)
    }

    /// What the page says of a receipt that was opened or joined; what is wrong comes first.
    private func opened(_ receipt: Receipt?, _ saved: TerminalNode.Saved) throws -> Feedback {
        guard let receipt else { return Feedback(.good, "kiosk.receipt_opened") }
        let facts = [
            "note": receipt.note.number, "ordinal": String(receipt.ordinal),
            "rule": receipt.openings.first?.rule ?? "",
            "lines": String(receipt.note.lines.count),
        ]
        if let warning = try supplierWarning(receipt, facts) { return warning }
        if receipt.isWithoutPapers {
            return Feedback(.attention, "kiosk.without_papers", facts)
        }
        if let conflict = receipt.noteConflict, !conflict.isSettled {
            return Feedback(.attention, "kiosk.notes_differ", facts)
        }
        if receipt.isUnsigned {
            let key =
                receipt.lines.isEmpty ? "kiosk.receipt_unsigned_bare" : "kiosk.receipt_unsigned"
            return Feedback(.attention, key, facts)
        }
        if saved.operations.isEmpty { return Feedback(.again, "kiosk.receipt_joined", facts) }
        if receipt.openings.contains(where: \.isUnsigned) {
            return Feedback(.good, "kiosk.receipt_now_signed", facts)
        }
        return receipt.ordinal > 1
            ? Feedback(.attention, "kiosk.receipt_rest", facts)
            : Feedback(.good, "kiosk.receipt_opened", facts)
    }

    mutating func receiving(
        _ meaning: ScanMeaning,
        _ text: String,
        _ id: Identifier,
        _ line: Int?,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let receipt = id.description
        switch meaning {
        case .command(.quantity(let count)):
            return try number(String(count), id, line, worker, &session, &dice)
        case .command(.asNoted):
            let command = FloorCommand.countAsNoted(receipt: receipt, line: try chosen(line))
            return try record(command, "kiosk.counted_as_noted", worker, &session, &dice)
        case .command(.damage):
            session.numberIsDamage = true
            session.besideNote = nil
            return Feedback(.attention, "kiosk.damage_how_many", ["line": String(try chosen(line))])
        case .command(.choice(let number)):
            return try choose(line: number, id, &session)
        case .command(.partDone):
            return try record(
                .finishPart(receipt: receipt),
                "kiosk.part_done",
                worker,
                &session,
                &dice
            )
        case .command(.closeReceipt):
            return try close(id, worker, &session, &dice)
        case .command(.undo):
            return try undo(id, worker, &session, &dice)
        case .bin(let bin):
            return try putAway(bin, try chosen(line), id, worker, &session, &dice)
        case .command(.shortage):
            return try tellShort(try chosen(line), id)
        case .command(.hold), .command(.release), .command(.ok), .command(.yes), .command(.no):
            return try judge(meaning, text, id, line, worker, &session, &dice)
        case .command(.cancel):
            session.numberIsDamage = false
            session.besideNote = nil
            session.damagePhoto = nil
            return Feedback(.good, "kiosk.cancelled")
        case .gs1(let elements):
            return try gs1(elements, text, id, worker, &session, &dice)
        case .supplierCode(let code):
            return try label(code.fields, text, id, worker, &session, &dice)
        case .dataMessage(let message):
            return try label(message.goods, text, id, worker, &session, &dice)
        case .plain(let plain):
            return try plainText(plain, id, line, worker, &session, &dice)
        default:
            throw unexpected(text, "kiosk.expects_receipt")
        }
    }

    private func chosen(_ line: Int?) throws -> Int {
        guard let line else { throw unexpected("", "kiosk.expects_line") }
        return line
    }

    func receipt(_ id: Identifier) throws -> Receipt {
        let scope = Scope(site: try node.site(in: transaction), area: ReceivingRoom.area)
        let key = EntityKey(scope: scope, kind: ReceivingRoom.EntityKind.receipt, id: id)
        guard let receipt = Receipt(try reader.record(of: key)) else {
            throw ReceivingRefusal.unknownReceipt(id.description)
        }
        return receipt
    }

    private mutating func record(
        _ command: FloorCommand,
        _ message: String,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice,
        _ facts: [String: String] = [:]
    ) throws -> Feedback {
        _ = try run(command, worker, &session, &dice)
        return Feedback(.good, message, facts)
    }

    private mutating func number(
        _ number: String,
        _ id: Identifier,
        _ line: Int?,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        if let beside = session.besideNote {
            return try count(number, beside, id, worker, &session, &dice)
        }
        let line = try chosen(line)
        let facts = ["line": String(line), "quantity": number]
        if try receipt(id).isClosed {
            session.putAwayCount = number
            return Feedback(.attention, "kiosk.put_away_where", facts)
        }
        guard session.numberIsDamage else {
            let command = FloorCommand.countLine(
                receipt: id.description,
                line: line,
                quantity: number
            )
            return try record(command, "kiosk.counted", worker, &session, &dice, facts)
        }
        let command = FloorCommand.reportDamage(
            receipt: id.description,
            line: line,
            quantity: number,
            photo: session.damagePhoto?.bytes.hexadecimal
        )
        let message = session.damagePhoto == nil ? "kiosk.damaged" : "kiosk.damaged_with_photo"
        let feedback = try record(command, message, worker, &session, &dice, facts)
        session.numberIsDamage = false
        session.damagePhoto = nil
        return feedback
    }

    func choose(
        line number: Int,
        _ id: Identifier,
        _ session: inout KioskSession
    ) throws -> Feedback {
        let receipt = try receipt(id)
        guard let line = receipt.lines.first(where: { $0.number == number }) else {
            throw ReceivingRefusal.unknownLine(note: receipt.note.number, line: number)
        }
        session.place = .receipt(id, line: number)
        session.besideNote = nil
        let site = try node.site(in: transaction)
        if try !line.lot.isEmpty && reader.lot(line.lot, of: line.material, site: site).isHeld {
            let facts = ["material": line.material, "lot": line.lot]
            return Feedback(.wrong, "kiosk.lot_is_held", facts)
        }
        return Feedback(
            .good,
            "kiosk.line_chosen",
            ["line": String(number), "material": line.material]
        )
    }

    mutating func see(
        _ carton: String,
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let command = FloorCommand.seeCarton(receipt: id.description, carton: carton)
        let facts = ["carton": carton]
        return try record(command, "kiosk.carton_seen", worker, &session, &dice, facts)
    }

    /// A carton's SSCC is seen; a label with a lot or content chooses the line that it belongs to.
    private mutating func gs1(
        _ elements: ElementString,
        _ text: String,
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        if let carton = elements["00"] {
            return try see(carton, id, worker, &session, &dice)
        }
        let goods = [elements["241"], elements["240"], elements["01"]].compactMap(\.self)
        if let lot = elements["10"] {
            do {
                return try choose(matching: lot, id, &session)
            } catch let refusal as AgentRefusal {
                return try beside(goods, lot: lot, refusal, id, &session)
            }
        }
        return try beside(goods, lot: "", unexpected(text, "kiosk.expects_receipt"), id, &session)
    }

    /// A plain number is a count; a material or lot chooses its line; an SSCC may come bare.
    private mutating func plainText(
        _ text: String,
        _ id: Identifier,
        _ line: Int?,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        if text.utf8.count == 18, CheckDigit.isRight(text.utf8) {
            return try see(text, id, worker, &session, &dice)
        }
        if text.utf8.count <= 9, Quantity(text: text, unit: .piece) != nil {
            return try number(text, id, line, worker, &session, &dice)
        }
        return try choose(matching: text, id, &session)
    }

    private func choose(
        matching text: String,
        _ id: Identifier,
        _ session: inout KioskSession
    ) throws -> Feedback {
        let lines = try receipt(id).lines.filter {
            $0.lot == NaturalKey.number(text) || $0.material == NaturalKey.code(text)
        }
        guard let line = lines.first, lines.count == 1 else {
            let refusal = unexpected(text, "kiosk.expects_receipt")
            guard lines.isEmpty else { throw refusal }
            return try beside([text], lot: "", refusal, id, &session)
        }
        return try choose(line: line.number, id, &session)
    }

    private mutating func close(
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        _ = try run(.closeReceipt(receipt: id.description), worker, &session, &dice)
        let receipt = try receipt(id)
        let differs = receipt.totals.contains { $0.isShort || $0.isOver }
        let facts = ["note": receipt.note.number]
        return differs
            ? Feedback(.attention, "kiosk.receipt_closed_differs", facts)
            : Feedback(.good, "kiosk.receipt_closed", facts)
    }

    private mutating func undo(
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        let receipt = try receipt(id)
        let standing = Set(
            receipt.counts.filter { !$0.isVoid }.map(\.evidence.operation)
                + receipt.cartons.map(\.evidence.operation)
                + receipt.damages.map(\.evidence.operation)
                + receipt.putAways.map(\.evidence.operation)
        )
        guard let last = session.undoable.last(where: standing.contains) else {
            throw AgentRefusal.nothingToUndo
        }
        let command = FloorCommand.correct(
            receipt: id.description,
            observation: last.description
        )
        return try record(command, "kiosk.undone", worker, &session, &dice)
    }
}
