import Codes
import Tally

// What people do at the dock, as drafts: each is checked against the receipt as this terminal knows
// it, and either recorded whole or refused with the reason.

extension Receipt {
    /// The most that one count can say: a slip of the finger, not a delivery, is beyond it.
    static let quantityMax: Int64 = 999_999_999
    /// Digits after the decimal point that a count can have.
    static let scaleMax: UInt8 = 6

    /// Counts so much of a line by a typed number.
    ///
    /// - Parameters:
    ///   - number: the note's line.
    ///   - lot: as read or typed; may be empty where the note names the line's lot.
    ///   - quantity: more than nothing, in the line's unit.
    ///   - asNoted: whether the clerk took the note's number and counted nothing up.
    ///   - isLotTracked: whether the material needs a lot.
    /// - Returns: what to record.
    /// - Throws: ``ReceivingRefusal`` for a closed receipt, a line that the note does not have, a
    ///   wrong or missing lot, or a quantity that the line cannot have.
    public func count(
        line number: Int,
        lot: String,
        _ quantity: Quantity,
        asNoted: Bool = false,
        isLotTracked: Bool = false
    ) throws -> [Draft] {
        let line = try openLine(number)
        let read = NaturalKey.number(lot)
        let lot = read.isEmpty ? line.lot : read
        guard line.lot.isEmpty || lot == line.lot else {
            throw ReceivingRefusal.wrongLot(line: number, expected: line.lot, read: read)
        }
        guard !isLotTracked || !lot.isEmpty else { throw ReceivingRefusal.lotMissing(line: number) }
        try check(quantity, line)
        let fact = ReceiptFact.counted(
            line: number,
            lot: lot,
            quantity: quantity,
            asNoted: asNoted,
            material: line.material
        )
        return [try fact.draft(of: key)]
    }

    /// Counts a line as the note says: recorded as just that, since nothing was counted up.
    public func countAsNoted(line number: Int) throws -> [Draft] {
        let line = try openLine(number)
        guard let total = totals.first(where: { $0.line.number == number }), total.isShort,
            let rest = line.quantity.subtracting(total.counted)
        else {
            let counted = totals.first { $0.line.number == number }?.counted
            throw ReceivingRefusal.countedInFull(line: number, counted: counted?.number ?? "0")
        }
        return try count(line: number, lot: line.lot, rest, asNoted: true)
    }

    /// Counts goods by what they are: wrong items, and goods without papers, which stand beside
    /// the note as lines of which nothing was to come.
    ///
    /// - Parameters:
    ///   - material: a registered material's code.
    ///   - lot: as read or typed; empty for none.
    ///   - quantity: more than nothing, in the material's unit.
    ///   - isLotTracked: whether the material needs a lot.
    /// - Returns: what to record.
    /// - Throws: ``ReceivingRefusal`` as ``count(line:lot:_:asNoted:isLotTracked:)``.
    public func count(
        material: String,
        lot: String,
        _ quantity: Quantity,
        isLotTracked: Bool = false
    ) throws -> [Draft] {
        let goods = Goods(
            material: NaturalKey.code(material),
            lot: NaturalKey.number(lot),
            unit: quantity.unit
        )
        if let line = goods.line(0, of: lines) {
            return try count(
                line: line.number,
                lot: lot,
                quantity,
                isLotTracked: isLotTracked
            )
        }
        guard !isClosed else { throw ReceivingRefusal.receiptClosed(note: note.number) }
        let line = NoteContent.Line(
            number: (lines.map(\.number).max() ?? 0) + 1,
            material: goods.material,
            quantity: Quantity(count: 0, unit: quantity.unit),
            lot: goods.lot
        )
        guard !isLotTracked || !goods.lot.isEmpty else {
            throw ReceivingRefusal.lotMissing(line: line.number)
        }
        try check(quantity, line)
        let fact = ReceiptFact.counted(
            line: line.number,
            lot: goods.lot,
            quantity: quantity,
            asNoted: false,
            material: goods.material
        )
        return [try fact.draft(of: key)]
    }

    /// Says that more than the tolerance did come of a line, and is kept.
    ///
    /// - Parameters:
    ///   - number: the line.
    ///   - percent: the material's tolerance.
    /// - Returns: what to record.
    /// - Throws: ``ReceivingRefusal/notOver(line:)`` where nothing is to be accepted.
    public func acceptOver(line number: Int, percent: Int) throws -> [Draft] {
        guard let total = totals.first(where: { $0.line.number == number }) else {
            throw ReceivingRefusal.unknownLine(note: note.number, line: number)
        }
        guard total.isOver, !total.isWithin(percent: percent), !isAccepted(total) else {
            throw ReceivingRefusal.notOver(line: number)
        }
        let fact = ReceiptFact.overAccepted(
            line: number,
            counted: total.counted,
            material: total.line.material
        )
        return [try fact.draft(of: key)]
    }

    /// Sees a carton.
    ///
    /// One that was seen before is refused, with who saw it.
    public func see(carton: String) throws -> [Draft] {
        let sscc = NaturalKey.number(carton)
        guard !isClosed else { throw ReceivingRefusal.receiptClosed(note: note.number) }
        guard note.lines.contains(where: { $0.cartons.contains(sscc) }) else {
            throw ReceivingRefusal.cartonNotOnNote(note: note.number, carton: sscc)
        }
        if let seen = cartons.first(where: { $0.sscc == sscc }) {
            throw ReceivingRefusal.cartonSeenAgain(
                carton: sscc,
                by: seen.evidence.author,
                at: seen.evidence.moment.description
            )
        }
        return [try ReceiptFact.cartonSeen(sscc: sscc).draft(of: key)]
    }

    /// Records damage to part of a line.
    public func damage(
        line number: Int,
        _ quantity: Quantity,
        remark: String,
        photo: [UInt8] = []
    ) throws -> [Draft] {
        let line = try openLine(number)
        try check(quantity, line)
        let fact = ReceiptFact.damaged(
            line: number,
            quantity: quantity,
            remark: remark,
            photo: photo,
            material: line.material
        )
        return [try fact.draft(of: key)]
    }

    /// Takes an observation back.
    ///
    /// It stays visible, beside the correction.
    public func correct(_ operation: OperationID, reason: String) throws -> [Draft] {
        let count = counts.first { $0.evidence.operation == operation }
        let isKnown =
            count != nil || cartons.contains { $0.evidence.operation == operation }
            || damages.contains { $0.evidence.operation == operation }
            || putAways.contains { $0.evidence.operation == operation }
        guard isKnown else {
            throw ReceivingRefusal.unknownObservation(operation.description)
        }
        if count?.isVoid == true {
            throw ReceivingRefusal.alreadyCorrected(operation.description)
        }
        let fact = ReceiptFact.corrected(operation: operation, reason: reason)
        return [try fact.draft(of: key)]
    }

    /// Says that this clerk's part is done.
    public func finishPart() throws -> [Draft] {
        guard !isClosed else { throw ReceivingRefusal.receiptClosed(note: note.number) }
        return [try ReceiptFact.partDone.draft(of: key)]
    }

    /// Closes the receipt.
    public func close() throws -> [Draft] {
        guard !isClosed else { throw ReceivingRefusal.receiptClosed(note: note.number) }
        return [Draft(.transition, of: key, type: ReceivingRoom.closeMove)]
    }

    /// Rules on two counts that did not know of each other; a later ruling replaces an earlier one.
    public func settle(
        _ one: OperationID,
        _ other: OperationID,
        _ ruling: ReceiptFact.Ruling
    ) throws -> [Draft] {
        let pair = Set([one, other])
        let isPair = doubleCounts.contains {
            pair == [$0.one.evidence.operation, $0.other.evidence.operation]
        }
        guard isPair else { throw ReceivingRefusal.noSuchDoubt }
        let fact = ReceiptFact.settled(one: one, other: other, ruling: ruling)
        return [try fact.draft(of: key)]
    }

    /// Says which of the signed notes that differ holds; a later word replaces an earlier one.
    public func settleNotes(keeping opening: OperationID) throws -> [Draft] {
        let known = noteConflict.map { [$0.holding] + $0.others }?.map(\.evidence.operation) ?? []
        guard known.contains(opening) else { throw ReceivingRefusal.noSuchNoteDoubt }
        return [try ReceiptFact.noteSettled(opening: opening, known: known).draft(of: key)]
    }

    private func openLine(_ number: Int) throws -> NoteContent.Line {
        guard !isClosed else { throw ReceivingRefusal.receiptClosed(note: note.number) }
        guard let line = lines.first(where: { $0.number == number }) else {
            throw ReceivingRefusal.unknownLine(note: note.number, line: number)
        }
        return line
    }

    private func check(_ quantity: Quantity, _ line: NoteContent.Line) throws {
        guard quantity.amount > 0 else {
            throw ReceivingRefusal.notPositive(read: quantity.number)
        }
        // Sums of such numbers stay within 64 bits, so no count can ever drop out of a total.
        let isWhole = quantity.unit != .piece || quantity.scale == 0
        let most = Quantity(count: Self.quantityMax, unit: quantity.unit)
        guard isWhole, quantity.scale <= Self.scaleMax, most.isLess(than: quantity) == false else {
            throw ReceivingRefusal.impossibleQuantity(line: line.number, read: quantity.number)
        }
        guard quantity.unit == line.quantity.unit else {
            throw ReceivingRefusal.wrongUnit(
                line: line.number,
                expected: line.quantity.unit.code,
                read: quantity.unit.code
            )
        }
    }
}
