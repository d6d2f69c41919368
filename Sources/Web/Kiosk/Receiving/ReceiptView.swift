import Agent
import Codes
import Foundation
import Receiving
import Sync
import Tally

/// A receipt: expected and counted side by side, and the line that the next number is for.
struct ReceiptView: Hashable, Sendable {
    /// A line of the note.
    struct Line: Hashable, Sendable {
        let number: String
        let command: String
        let goods: String
        let material: String
        let lot: String?
        let counted: String
        let expected: String
        let unit: String
        /// For the bar: both as plain decimal numbers, the counted one at most the expected one.
        let barMax: String
        let barValue: String
        /// `open`, `even`, `short` or `over`.
        let standing: String
        let standingText: String
        let cartons: String?
        let damaged: String?
        /// Of its damages.
        let photos: [ShownPhoto]
        let hasPhotos: Bool
        /// Something of it waits for the hub.
        let isWaiting: Bool
        let isChosen: Bool
    }

    /// Two counts that did not know of each other.
    struct Pair: Hashable, Sendable {
        let heading: String
        let one: String
        let other: String
        let ruling: String
        let isOpen: Bool
    }

    let note: String
    let supplier: String
    let summary: String
    let lines: [Line]
    let chosen: Line?
    let pairs: [Pair]
    let isOpen: Bool
    /// "Closed at …" and the arrival order's number, once it came down.
    let closed: String?
    let order: String?
    let isHeld: Bool
    /// "Unsigned: …", with the rule that read the code; nil where somebody vouches for the note.
    let unsigned: String?
    /// "Signed notes differ: …", until a person has ruled.
    let notesDiffer: String?
    /// No lines are known, so nothing can be counted yet.
    let isBare: Bool
    /// The page that prints its labels.
    let labelsPath: String
    let partsDone: String?
    /// The next number is for damaged goods.
    let isForDamage: Bool
    /// Where a photo of the damage is taken, while the next number is for it.
    let photo: PhotoTile?
    let commands: Commands

    /// The buttons' command codes.
    struct Commands: Hashable, Sendable {
        let asNoted = CommandCode.asNoted.text
        let damage = CommandCode.damage.text
        let undo = CommandCode.undo.text
        let cancel = CommandCode.cancel.text
        let partDone = CommandCode.partDone.text
        let close = CommandCode.closeReceipt.text
    }

    init(
        _ receipt: Receipt,
        chosen: Int?,
        damagePhoto: [UInt8]?,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        note = receipt.note.number
        labelsPath = "/labels/receipt/\(receipt.key.id)"
        supplier = try reader.supplierName(receipt.note.supplier)
        let lines = try receipt.totals.map { total in
            try Line(total, receipt, isChosen: total.line.number == chosen, reader, words)
        }
        self.lines = lines
        self.chosen = lines.first(where: \.isChosen)
        pairs = try receipt.doubleCounts.map { try Pair($0, receipt, reader, words) }
        summary = words.text(
            "kiosk.receipt_summary",
            [
                "done": String(receipt.totals.filter { !$0.isShort }.count),
                "lines": String(lines.count),
                "seen": String(receipt.cartons.count),
                "cartons": String(receipt.note.lines.map(\.cartons.count).reduce(0, +)),
            ]
        )
        isOpen = !receipt.isClosed
        closed = try receipt.closed.map { evidence in
            words.text(
                "kiosk.closed_at",
                [
                    "time": words.time(evidence.moment),
                    "name": try reader.workerName(evidence.author),
                ]
            )
        }
        let order = try reader.arrivalOrder(of: receipt)
        self.order = order.map { words.text("kiosk.arrival_order", ["order": $0.number]) }
        let conflict = receipt.noteConflict.flatMap { $0.isSettled ? nil : $0 }
        isHeld = order?.isHeldForReview ?? (!receipt.doubts.isEmpty || conflict != nil)
        unsigned =
            receipt.isUnsigned
            ? words.text("kiosk.unsigned_notice", ["rule": receipt.openings[0].rule ?? ""]) : nil
        notesDiffer = conflict.map { Self.differing($0, words) }
        isBare = receipt.lines.isEmpty
        let names = try receipt.partsDone.map { try reader.workerName($0.author) }
        partsDone =
            names.isEmpty
            ? nil
            : words.text(
                "kiosk.parts_done",
                ["names": Set(names).sorted().joined(separator: ", ")]
            )
        isForDamage = damagePhoto != nil && !receipt.isClosed
        photo = damagePhoto.flatMap { receipt.isClosed ? nil : PhotoTile($0, words) }
        commands = Commands()
    }

    private static func differing(
        _ conflict: Receipt.NoteConflict,
        _ words: KioskWords
    ) -> String {
        let others = conflict.others.map { words.time($0.note.issuedAt) }
        return words.text(
            "kiosk.notes_differ_notice",
            [
                "holding": words.time(conflict.holding.note.issuedAt),
                "others": others.joined(separator: ", "),
            ]
        )
    }
}

extension ReceiptView.Line {
    fileprivate init(
        _ total: Receipt.LineTotal,
        _ receipt: Receipt,
        isChosen: Bool,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let line = total.line
        number = String(line.number)
        command = CommandCode.choice(line.number).text
        goods =
            line.description.isEmpty ? try reader.materialName(line.material) : line.description
        material = line.material
        lot = line.lot.isEmpty ? nil : line.lot
        counted = total.counted.number
        expected = line.quantity.number
        unit = words.table.unit(line.quantity.unit, words.language)
        barMax = line.quantity.number
        barValue = total.isOver ? line.quantity.number : total.counted.number
        (standing, standingText) = Self.standing(total, words)
        let seen = receipt.cartons.filter { $0.line == line.number }.count
        cartons =
            line.cartons.isEmpty
            ? nil
            : words.text(
                "kiosk.cartons_seen",
                ["seen": String(seen), "cartons": String(line.cartons.count)]
            )
        damaged = total.damaged.map {
            words.text("kiosk.damaged_total", ["quantity": words.quantity($0)])
        }
        photos = receipt.damages.filter { $0.line == line.number && !$0.photo.isEmpty }
            .map { ShownPhoto($0.photo) }
        hasPhotos = !photos.isEmpty
        isWaiting =
            receipt.counts.contains { $0.line == line.number && $0.evidence.position == nil }
            || receipt.cartons.contains { $0.line == line.number && $0.evidence.position == nil }
        self.isChosen = isChosen
    }

    private static func standing(
        _ total: Receipt.LineTotal,
        _ words: KioskWords
    ) -> (String, String) {
        let unit = total.line.quantity.unit
        if total.isOver {
            let more = total.difference ?? Quantity(count: 0, unit: unit)
            return ("over", words.text("kiosk.over_by", ["quantity": words.quantity(more)]))
        }
        guard total.isShort else { return ("even", words.text("kiosk.even")) }
        if total.counted.amount == 0 { return ("open", words.text("kiosk.not_counted")) }
        let missing =
            total.line.quantity.subtracting(total.counted)
            ?? Quantity(count: 0, unit: unit)
        return ("short", words.text("kiosk.short_by", ["quantity": words.quantity(missing)]))
    }
}

extension ReceiptView.Pair {
    fileprivate init(
        _ pair: Receipt.DoubleCount,
        _ receipt: Receipt,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        heading = words.text("kiosk.counted_twice", ["line": String(pair.one.line)])
        one = try Self.tell(pair.one, reader, words)
        other = try Self.tell(pair.other, reader, words)
        isOpen = pair.ruling == nil
        switch pair.ruling {
        case nil: ruling = words.text("kiosk.held")
        case .bothReal: ruling = words.text("kiosk.both_real")
        case .sameGoods: ruling = words.text("kiosk.same_goods")
        }
    }

    private static func tell(
        _ count: Receipt.Count,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> String {
        words.text(
            "kiosk.count_by",
            [
                "quantity": words.quantity(count.quantity),
                "name": try reader.workerName(count.evidence.author),
                "time": words.time(count.evidence.moment),
            ]
        )
    }
}
