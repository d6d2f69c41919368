import Agent
import Codes
import Foundation
import Receiving
import Sync
import Tally
import Workforce

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
        /// "Held: …"; nil for a lot that may move.
        let held: String?
        /// Counted without seeing what was noted.
        let isBlind: Bool
        /// Whether more than the tolerance waits for somebody who may keep it.
        let mayAccept: Bool
    }

    /// Where the line at hand should lie, and why.
    struct PutAwayView: Hashable, Sendable {
        let left: String
        /// The suggested bin; nil where every bin has other goods.
        let bin: String?
        let command: String
        let why: String
    }

    /// Something that was seen; what was taken back stays, beside what took it back.
    struct Entry: Hashable, Sendable {
        let words: String
        let about: String
        /// What took it back; nil while it stands.
        let correction: String?
    }

    /// Two counts that did not know of each other.
    struct Pair: Hashable, Sendable {
        let heading: String
        let one: String
        let other: String
        let ruling: String
        let isOpen: Bool
        /// By when a person is to rule, and who is told after that; nil once it is settled.
        let deadline: String?
        let isLate: Bool
        /// Whether who is signed in may rule on it, and it is the one that the keys are for.
        let mayRule: Bool
        let bothCommand = CommandCode.yes.text
        let sameCommand = CommandCode.no.text
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
    /// What is wrong with the supplier or the note, each in words.
    let warnings: [String]
    /// What was seen of the line at hand, the latest first.
    let entries: [Entry]
    /// Goods on no line, for which the next number is; nil for none.
    let beside: String?
    let isWithoutPapers: Bool
    /// What of the line at hand is in no bin yet; nil when nothing is left.
    let putAway: PutAwayView?
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
        let hold = CommandCode.hold.text
        let release = CommandCode.release.text
        let accept = CommandCode.ok.text
    }

    init(
        _ receipt: Receipt,
        chosen: Int?,
        damagePhoto: [UInt8]?,
        beside: KioskSession.BesideNote? = nil,
        worker: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let person = Worker(try reader.record(of: Worker.key(badge: worker)))
        let isBlind = try reader.countsBlind(receipt)
        note = receipt.note.number
        isWithoutPapers = receipt.isWithoutPapers
        putAway =
            receipt.isClosed
            ? try chosen.flatMap { try PutAwayView(receipt, line: $0, reader, words) } : nil
        warnings = try Self.warnings(receipt, reader, words)
        entries = try receipt.entries(of: chosen, reader, words)
        self.beside = try beside.map { try words.beside($0, reader) }
        labelsPath = "/labels/receipt/\(receipt.key.id)"
        supplier = try words.supplier(receipt.note.supplier, reader)
        let lines = try receipt.totals.map { total in
            try Line(
                total,
                receipt,
                isChosen: total.line.number == chosen && beside == nil,
                isBlind: isBlind,
                mayAccept: person?.may(.accept) ?? false,
                reader,
                words
            )
        }
        self.lines = lines
        self.chosen = lines.first(where: \.isChosen)
        let mayRule = person?.may(.settle) ?? false
        let first = receipt.doubleCounts.first { $0.ruling == nil }
        pairs = try receipt.doubleCounts.map { pair in
            try Pair(pair, receipt, mayRule: mayRule && pair == first, reader, words)
        }
        summary = Self.summary(receipt, isBlind: isBlind, words)
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
            receipt.isUnsigned && !receipt.isWithoutPapers
            ? words.text("kiosk.unsigned_notice", ["rule": receipt.openings[0].rule ?? ""]) : nil
        notesDiffer = conflict.map { Self.differing($0, words) }
        isBare = receipt.lines.isEmpty && !receipt.isWithoutPapers
        partsDone = try Self.partsDone(receipt, reader, words)
        isForDamage = damagePhoto != nil && !receipt.isClosed
        photo = damagePhoto.flatMap { receipt.isClosed ? nil : PhotoTile($0, words) }
        commands = Commands()
    }

    private static func summary(
        _ receipt: Receipt,
        isBlind: Bool,
        _ words: KioskWords
    ) -> String {
        words.text(
            "kiosk.receipt_summary",
            [
                "done": isBlind ? "?" : String(receipt.totals.filter { !$0.isShort }.count),
                "lines": String(receipt.lines.count),
                "seen": String(receipt.cartons.count),
                "cartons": String(receipt.note.lines.map(\.cartons.count).reduce(0, +)),
            ]
        )
    }

    private static func partsDone(
        _ receipt: Receipt,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> String? {
        let names = try receipt.partsDone.map { try reader.workerName($0.author) }
        guard !names.isEmpty else { return nil }
        return words.text(
            "kiosk.parts_done",
            ["names": Set(names).sorted().joined(separator: ", ")]
        )
    }

    private static func warnings(
        _ receipt: Receipt,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [String] {
        let standing = try reader.standing(of: receipt.note.supplier)
        var warnings: [String] = []
        if standing.isBlacklisted { warnings.append(words.text("kiosk.blacklisted_notice")) }
        if let end = standing.validUntil, standing.isExpired(at: words.now) {
            warnings.append(words.text("kiosk.expired_notice", ["time": words.date(end)]))
        }
        if try reader.isCancelled(receipt) {
            warnings.append(words.text("kiosk.cancelled_notice"))
        }
        return warnings
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
        isBlind: Bool,
        mayAccept: Bool,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let line = total.line
        let percent = try reader.tolerance(of: line.material)
        let isTooMuch =
            total.isOver && !total.isWithin(percent: percent) && !receipt.isAccepted(total)
        self.isBlind = isBlind
        self.mayAccept = mayAccept && isTooMuch && !isBlind
        let site = receipt.key.scope.site
        let lots = [line.lot] + total.lots.map(\.lot).filter { $0 != line.lot }
        held = try lots.filter { !$0.isEmpty }
            .map { try reader.lot($0, of: line.material, site: site) }
            .first(where: \.isHeld).flatMap { lot in
                try lot.holds.last.map { hold in
                    words.text(
                        "kiosk.held_lot",
                        [
                            "lot": lot.lot, "reason": hold.reason,
                            "name": try reader.workerName(hold.evidence.author),
                            "time": words.time(hold.evidence.moment),
                        ]
                    )
                }
            }
        number = String(line.number)
        command = CommandCode.choice(line.number).text
        goods =
            line.description.isEmpty ? try reader.materialName(line.material) : line.description
        material = line.material
        lot = line.lot.isEmpty ? nil : line.lot
        counted = total.counted.number
        expected = isBlind ? "?" : line.quantity.number
        unit = words.table.unit(line.quantity.unit, words.language)
        barMax = line.quantity.amount == 0 ? "1" : line.quantity.number
        barValue = isBlind ? "0" : total.isOver ? line.quantity.number : total.counted.number
        (standing, standingText) =
            isBlind
            ? ("open", words.text("kiosk.counts_blind"))
            : Self.standing(total, percent, isAccepted: receipt.isAccepted(total), words)
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
        _ percent: Int,
        isAccepted: Bool,
        _ words: KioskWords
    ) -> (String, String) {
        let unit = total.line.quantity.unit
        if total.isOver {
            let more = total.difference ?? Quantity(count: 0, unit: unit)
            let facts = ["quantity": words.quantity(more), "percent": String(percent)]
            if total.line.quantity.amount == 0 {
                return ("over", words.text("kiosk.not_noted", facts))
            }
            if isAccepted { return ("even", words.text("kiosk.over_kept", facts)) }
            guard total.isWithin(percent: percent) else {
                let key = percent == 0 ? "kiosk.over_by" : "kiosk.over_tolerance"
                return ("over", words.text(key, facts))
            }
            return ("even", words.text("kiosk.over_within", facts))
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
        mayRule: Bool,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        self.mayRule = mayRule
        isLate = pair.ruling == nil && pair.deadline < words.now
        deadline =
            pair.ruling == nil
            ? words.text(
                isLate ? "kiosk.ruling_late" : "kiosk.ruling_by",
                ["time": words.time(pair.deadline)]
            ) : nil
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
