import Codes
import Tally

extension Receipt {
    /// What stands of one line.
    public struct LineTotal: Hashable, Sendable {
        public let line: NoteContent.Line
        public let counted: Quantity
        public let damaged: Quantity?
        /// Per lot, sorted; an empty lot where the material has none.
        public let lots: [(lot: String, quantity: Quantity)]

        public static func == (one: LineTotal, other: LineTotal) -> Bool {
            one.line == other.line && one.counted == other.counted && one.damaged == other.damaged
                && one.lots.elementsEqual(other.lots, by: ==)
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(line)
            hasher.combine(counted)
        }

        /// Less than nothing when short, more than nothing when over.
        public var difference: Quantity? { counted.subtracting(line.quantity) }
        public var isShort: Bool { counted.isLess(than: line.quantity) == true }
        public var isOver: Bool { line.quantity.isLess(than: counted) == true }
    }

    /// Expected and counted per line of the note, in its order; then what came beside it.
    public var totals: [LineTotal] { lines.map(total) }

    private func total(_ line: NoteContent.Line) -> LineTotal {
        var lots: [String: Quantity] = [:]
        func add(_ quantity: Quantity, _ lot: String) {
            let sum = lots[lot] ?? Quantity(count: 0, unit: line.quantity.unit)
            // A sum past 64 bits, or of another unit, cannot come from what `count` lets through;
            // what another program wrote so is left out here and seen among the counts.
            lots[lot] = sum.adding(quantity) ?? sum
        }
        for count in counts where count.line == line.number && !count.isVoid {
            add(count.quantity, count.lot)
        }
        for carton in cartons where carton.line == line.number {
            if let quantity = carton.quantity { add(quantity, line.lot) }
        }
        let none = Quantity(count: 0, unit: line.quantity.unit)
        let damaged = damages.filter { $0.line == line.number }
            .reduce(none) { $0.adding($1.quantity) ?? $0 }
        return LineTotal(
            line: line,
            counted: lots.values.reduce(none) { $0.adding($1) ?? $0 },
            damaged: damaged == none ? nil : damaged,
            lots: lots.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        )
    }

    /// Pairs that nobody has ruled on and that matter: the quantities are the same, or more was
    /// counted than the note says.
    public var doubts: [DoubleCount] {
        doubleCounts.filter { pair in
            pair.ruling == nil
                && (pair.one.quantity == pair.other.quantity
                    || totals.first { $0.line.number == pair.one.line }?.isOver == true)
        }
    }

    /// Whether all that was counted of a line was accepted by a person.
    public func isAccepted(_ total: LineTotal) -> Bool {
        acceptedOver[total.line.number]?.isLess(than: total.counted) == false
    }

    public var isClosed: Bool { closed != nil }
}

extension NoteContent.Line {
    /// What one carton of the line holds when all hold the same; nil when that does not come out
    /// even, or the line has no cartons.
    var quantityPerCarton: Quantity? {
        guard !cartons.isEmpty, quantity.amount.isMultiple(of: Int64(cartons.count)) else {
            return nil
        }
        return Quantity(
            amount: quantity.amount / Int64(cartons.count),
            scale: quantity.scale,
            unit: quantity.unit
        )
    }
}
