import Codes
import Receiving
import Sync
import Tally

/// What a receipt should come to, from its facts in the hub's log alone.
struct ReceiptModel {
    private struct Count {
        let operation: Operation
        let judgement: Judgement
        let line: Int
        let lot: String
        let quantity: Quantity

        /// Whether neither author could have seen the other's, by what their terminals had seen.
        func isConcurrent(with other: Count) -> Bool {
            operation.id.replica != other.operation.id.replica
                && judgement.position > other.seen && other.judgement.position > seen
        }

        /// How much of the present order the author had seen.
        private var seen: UInt64 { judgement.seen(by: operation) }

        var recorded: (Moment, OperationID) { (judgement.effective, operation.id) }
    }

    /// Two operations, in either order.
    struct Pair: Hashable {
        let first: OperationID
        let second: OperationID

        init(_ one: OperationID, _ other: OperationID) {
            first = min(one, other)
            second = max(one, other)
        }
    }

    let note: NoteContent
    /// By line.
    private(set) var sums: [Int: Quantity] = [:]
    /// Whether nobody vouches for any note of it.
    let isUnsigned: Bool
    /// How many notes that somebody vouches for say something else than the one that holds, until a
    /// person who knew of them has ruled.
    let differingNotes: Int
    /// The pairs that a person must rule on.
    private(set) var doubts: Set<Pair> = []

    /// Nil when nobody opened the receipt.
    init?(_ entity: ReferenceModel.Entity) {
        guard let note = Self.note(entity) else { return nil }
        self.note = note
        let signed = Self.signed(entity)
        isUnsigned = signed.isEmpty
        let word = Self.lastWord(entity, signed)
        // What a person knew of when saying which note holds is settled.
        let settled = signed.filter { word?.known.contains($0.operation) ?? false }
        let differing = signed.filter { $0.note.lines != note.lines }.map(\.note.lines)
        let isSettled = differing.allSatisfy { lines in
            settled.contains { $0.note.lines == lines }
        }
        differingNotes = isSettled ? 0 : Set(differing).count
        let void = Self.corrected(entity)
        let (lines, counts) = Self.placed(entity, void, note)
        let pairs = Self.concurrent(counts)
        let rulings = Self.rulings(entity)
        let same = rulings.filter { pairs[$0.key] != nil && $0.value.ruling == .sameGoods }
        let others = Set(same.values.map(\.other))
        let kept = Self.kept(of: counts, same: same.keys.sorted { $0.first < $1.first }, others)
        let standing = counts.filter {
            !others.contains($0.operation.id) || kept.contains($0.operation.id)
        }
        for line in lines {
            var sum = Quantity(count: 0, unit: line.quantity.unit)
            for count in standing where count.line == line.number {
                sum = sum.adding(count.quantity) ?? sum
            }
            if let each = Self.perCarton(line) {
                for _ in Self.cartons(entity, line, void) { sum = sum.adding(each) ?? sum }
            }
            sums[line.number] = sum
        }
        for (pair, counts) in pairs where rulings[pair] == nil {
            let line = lines.first { $0.number == counts.0.line }
            let sum = sums[counts.0.line]
            let isOver = sum.flatMap { line?.quantity.isLess(than: $0) } ?? false
            if counts.0.quantity == counts.1.quantity || isOver { doubts.insert(pair) }
        }
    }

    /// An opening with a note that somebody vouches for.
    private struct Signed {
        let operation: OperationID
        let recorded: (Moment, OperationID)
        let note: NoteContent
        let isScanned: Bool
    }

    private static func signed(_ entity: ReferenceModel.Entity) -> [Signed] {
        entity.receiptFacts.compactMap { operation, judgement, fact in
            guard case .opened(let note, let text, _) = fact else { return nil }
            return Signed(
                operation: operation.id,
                recorded: (judgement.effective, operation.id),
                note: note,
                isScanned: text != ""
            )
        }
    }

    /// The last that the hub took of what people said about which note holds.
    private static func lastWord(
        _ entity: ReferenceModel.Entity,
        _ signed: [Signed]
    ) -> (note: NoteContent, known: [OperationID])? {
        var word: (note: NoteContent, known: [OperationID])?
        for (_, _, fact) in entity.receiptFacts {
            guard case .noteSettled(let opening, let known) = fact,
                let kept = signed.first(where: { $0.operation == opening })
            else { continue }
            word = (kept.note, known)
        }
        return word
    }

    /// What was to come: as a person ruled, else the paper that was scanned first, of those that
    /// somebody vouches for; where there are none, what the codes that nobody signed say together.
    private static func note(_ entity: ReferenceModel.Entity) -> NoteContent? {
        let signed = signed(entity)
        if let holding = lastWord(entity, signed)?.note { return holding }
        let scanned = signed.filter(\.isScanned)
        if let first = (scanned.isEmpty ? signed : scanned)
            .min(by: { $0.recorded < $1.recorded })
        {
            return first.note
        }
        var unsigned: [(recorded: (Moment, OperationID), note: NoteContent)] = []
        for (operation, judgement, fact) in entity.receiptFacts {
            if case .openedUnsigned(let note, _, _, _) = fact {
                unsigned.append(((judgement.effective, operation.id), note))
            }
        }
        unsigned.sort { $0.recorded < $1.recorded }
        var note = unsigned.first?.note
        for line in unsigned.dropFirst().flatMap(\.note.lines) {
            guard let known = note?.lines, !known.contains(where: { $0.mayBe(line) }) else {
                continue
            }
            var line = line
            line.number = (known.map(\.number).max() ?? 0) + 1
            note?.lines.append(line)
        }
        return note
    }

    /// The lines of the note and those that were made for goods which are on none; with the counts
    /// and damages that stand, in order of recording, each at its line.
    private static func placed(
        _ entity: ReferenceModel.Entity,
        _ void: Set<OperationID>,
        _ note: NoteContent
    ) -> (lines: [NoteContent.Line], counts: [Count]) {
        var lines = note.lines
        var counts: [Count] = []
        func place(_ number: Int, _ goods: NoteContent.Line) -> NoteContent.Line {
            let fitting = lines.filter { $0.mayBe(goods) }
            if let line = fitting.first(where: { $0.number == number })
                ?? fitting.first(where: { $0.lot == goods.lot }) ?? fitting.first
            {
                return line
            }
            var line = goods
            line.number = (lines.map(\.number).max() ?? 0) + 1
            line.quantity = Quantity(count: 0, unit: goods.quantity.unit)
            lines.append(line)
            return line
        }
        let facts = entity.receiptFacts.sorted {
            ($0.judgement.effective, $0.operation.id) < ($1.judgement.effective, $1.operation.id)
        }
        for (operation, judgement, fact) in facts where !void.contains(operation.id) {
            switch fact {
            case .counted(let number, let lot, let quantity, _, let material):
                let goods = NoteContent.Line(
                    number: number,
                    material: material,
                    quantity: quantity,
                    lot: lot
                )
                let line = place(number, goods)
                let count = Count(
                    operation: operation,
                    judgement: judgement,
                    line: line.number,
                    lot: lot.isEmpty ? line.lot : lot,
                    quantity: quantity
                )
                counts.append(count)
            case .damaged(let number, let quantity, _, _, let material):
                _ = place(
                    number,
                    NoteContent.Line(number: number, material: material, quantity: quantity)
                )
            default: break
            }
        }
        return (lines, counts)
    }

    /// Observations that are taken back: named by a correction which is not taken back itself.
    private static func corrected(_ entity: ReferenceModel.Entity) -> Set<OperationID> {
        var void: Set<OperationID> = []
        // A correction names what was recorded before it, so the latest stand for sure.
        for (operation, _, fact) in entity.receiptFacts.reversed() {
            if case .corrected(let target, _) = fact, !void.contains(operation.id) {
                void.insert(target)
            }
        }
        return void
    }

    private static func cartons(
        _ entity: ReferenceModel.Entity,
        _ line: NoteContent.Line,
        _ void: Set<OperationID>
    ) -> Set<String> {
        let seen = entity.receiptFacts.compactMap { operation, _, fact -> String? in
            guard case .cartonSeen(let sscc) = fact, !void.contains(operation.id) else {
                return nil
            }
            return sscc
        }
        return Set(seen).intersection(line.cartons)
    }

    private static func perCarton(_ line: NoteContent.Line) -> Quantity? {
        let count = Int64(line.cartons.count)
        guard count > 0, line.quantity.amount % count == 0 else { return nil }
        return Quantity(count: line.quantity.amount / count, unit: line.quantity.unit)
    }

    private static func concurrent(_ counts: [Count]) -> [Pair: (Count, Count)] {
        var pairs: [Pair: (Count, Count)] = [:]
        for one in counts {
            for other in counts
            where one.operation.id < other.operation.id && one.line == other.line
                && one.lot == other.lot && one.isConcurrent(with: other)
            {
                pairs[Pair(one.operation.id, other.operation.id)] = (one, other)
            }
        }
        return pairs
    }

    /// The latest ruling on each pair.
    private static func rulings(
        _ entity: ReferenceModel.Entity
    ) -> [Pair: (ruling: ReceiptFact.Ruling, other: OperationID)] {
        var rulings: [Pair: (ruling: ReceiptFact.Ruling, other: OperationID)] = [:]
        for (_, _, fact) in entity.receiptFacts {
            if case .settled(let one, let other, let ruling) = fact {
                rulings[Pair(one, other)] = (ruling, other)
            }
        }
        return rulings
    }

    /// Of counts that are each other's goods in a circle, the first: something is there.
    private static func kept(
        of counts: [Count],
        same: [Pair],
        _ others: Set<OperationID>
    ) -> Set<OperationID> {
        var kept: Set<OperationID> = []
        for start in same {
            // All that hang together with this pair.
            var group: Set = [start.first, start.second]
            var size = 0
            while size != group.count {
                size = group.count
                for pair in same where group.contains(pair.first) || group.contains(pair.second) {
                    group.formUnion([pair.first, pair.second])
                }
            }
            guard group.isSubset(of: others) else { continue }
            let members = counts.filter { group.contains($0.operation.id) }
            if let first = members.min(by: { $0.recorded < $1.recorded }) {
                kept.insert(first.operation.id)
            }
        }
        return kept
    }
}

extension NoteContent.Line {
    /// Whether both can be the same goods: a lot that is not told is any.
    fileprivate func mayBe(_ other: NoteContent.Line) -> Bool {
        material == other.material && quantity.unit == other.quantity.unit
            && (lot == other.lot || lot.isEmpty || other.lot.isEmpty)
    }
}
