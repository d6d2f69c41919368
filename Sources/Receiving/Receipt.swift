import Codes
import Tally

/// One arrival of one delivery note, as the facts tell it: what was expected, and what was counted.
///
/// Expected and counted are two things: counted starts at nothing and is the sum of observations.
public struct Receipt: Hashable, Sendable {
    /// A number that somebody typed.
    public struct Count: Hashable, Sendable {
        public let evidence: Evidence
        public let line: Int
        public let lot: String
        public let quantity: Quantity
        public let asNoted: Bool
        /// Corrected, or ruled to be the same goods as another count.
        public internal(set) var isVoid = false
    }

    /// A carton or pallet that somebody scanned.
    ///
    /// The first sighting is the one that counts.
    public struct Carton: Hashable, Sendable {
        public let evidence: Evidence
        public let sscc: String
        public let line: Int
        /// What it adds to its line: the line's quantity in equal parts, one a carton.
        public let quantity: Quantity?
    }

    /// Damage to part of a line.
    public struct Damage: Hashable, Sendable {
        public let evidence: Evidence
        public let line: Int
        public let quantity: Quantity
        public let remark: String
        /// The SHA-256 of a photo; empty without one.
        public let photo: [UInt8]
    }

    /// Two counts of one line and lot whose authors could not see each other: a split delivery, or
    /// the same goods counted twice.
    ///
    /// Only a person can tell.
    public struct DoubleCount: Hashable, Sendable {
        public let one: Count
        public let other: Count
        public internal(set) var ruling: ReceiptFact.Ruling?
    }

    public let key: EntityKey
    /// What was to come, by the opening that holds.
    public private(set) var note: NoteContent
    /// The signed text that was scanned; empty when nobody scanned one.
    public private(set) var text = ""
    public let ordinal: Int
    /// Who opened it with which note, in order of recording.
    public let openings: [Opening]
    /// Set where signed notes of this number differ.
    public private(set) var noteConflict: NoteConflict?
    /// Goods that were counted and are on no line of the note, each as a line of which nothing was
    /// to come.
    public private(set) var extraLines: [NoteContent.Line] = []
    /// When the first of it was recorded.
    public let opened: Evidence
    /// In order of recording, void ones included.
    public private(set) var counts: [Count] = []
    public private(set) var cartons: [Carton] = []
    public private(set) var damages: [Damage] = []
    /// Who said that their part is done.
    public private(set) var partsDone: [Evidence] = []
    public private(set) var doubleCounts: [DoubleCount] = []
    /// More than the tolerance that a person accepted, by line; the most that was said.
    public private(set) var acceptedOver: [Int: Quantity] = [:]
    /// What was laid into bins, in order of recording; what was taken back is not among it.
    public private(set) var putAways: [PutAway] = []
    /// All that was seen, void or not, with what took it back; in order of recording.
    public private(set) var observations: [Observation] = []
    /// When it was closed; nil while open.
    public private(set) var closed: Evidence?
    /// Facts whose target or content this program cannot make sense of; nothing follows from them.
    public private(set) var strays: [Evidence] = []

    /// Reads a receipt; nil when nobody opened it.
    public init?(_ record: EntityRecord) {
        var facts: [(Evidence, ReceiptFact)] = []
        var strays: [Evidence] = []
        for recorded in record.facts {
            do {
                let fact = try ReceiptFact(type: recorded.type, payload: recorded.payload)
                facts.append((recorded.evidence, fact))
            } catch {
                strays.append(recorded.evidence)
            }
        }
        facts.sort { ($0.0.moment, $0.0.operation) < ($1.0.moment, $1.0.operation) }
        let openings = facts.compactMap(Opening.init)
        guard let earliest = openings.first else { return nil }
        key = record.key
        ordinal = earliest.ordinal
        opened = earliest.evidence
        self.openings = openings
        (note, text, noteConflict) = Self.holding(openings, facts)
        self.strays = strays
        closed =
            record.moves.first { $0.stands && $0.recorded.type == ReceivingRoom.closeMove }?
            .recorded.evidence
        apply(facts)
    }

    private mutating func apply(_ facts: [(Evidence, ReceiptFact)]) {
        let corrected = Self.corrected(facts)
        observe(facts, corrected)
        for (evidence, fact) in facts {
            let isVoid = corrected.contains(evidence.operation)
            switch fact {
            case .opened, .openedUnsigned, .noteSettled, .corrected, .settled: break
            case .counted(let number, let lot, let quantity, let asNoted, let material):
                let goods = Goods(material: material, lot: lot, unit: quantity.unit)
                let line = isVoid ? nil : place(goods, number)
                let count = Count(
                    evidence: evidence,
                    line: line?.number ?? number,
                    lot: lot.isEmpty ? line?.lot ?? "" : lot,
                    quantity: quantity,
                    asNoted: asNoted,
                    isVoid: isVoid
                )
                counts.append(count)
            case .cartonSeen(let sscc):
                if !isVoid { see(sscc, evidence) }
            case .damaged(let number, let quantity, let remark, let photo, let material):
                guard !isVoid else { continue }
                let goods = Goods(material: material, lot: "", unit: quantity.unit)
                damages.append(
                    Damage(
                        evidence: evidence,
                        line: place(goods, number)?.number ?? number,
                        quantity: quantity,
                        remark: remark,
                        photo: photo
                    )
                )
            case .partDone:
                partsDone.append(evidence)
            case .putAway(let number, let lot, let quantity, let bin, let material):
                let goods = Goods(material: material, lot: lot, unit: quantity.unit)
                guard !isVoid, let line = goods.line(number, of: lines) else { continue }
                putAways.append(
                    PutAway(
                        evidence: evidence,
                        line: line.number,
                        material: line.material,
                        lot: lot,
                        quantity: quantity,
                        bin: bin
                    )
                )
            case .overAccepted(let number, let counted, let material):
                let goods = Goods(material: material, lot: "", unit: counted.unit)
                guard let line = goods.line(number, of: lines) else { continue }
                let most = acceptedOver[line.number]
                if most?.isLess(than: counted) ?? true { acceptedOver[line.number] = counted }
            }
        }
        doubleCounts = Self.doubleCounts(counts, rulings: Self.rulings(facts))
        let same = Self.ruledOut(by: doubleCounts, order: counts.map(\.evidence.operation))
        for index in counts.indices where same.contains(counts[index].evidence.operation) {
            counts[index].isVoid = true
        }
    }

    /// Notes everything that was seen, before anything is void.
    private mutating func observe(
        _ facts: [(Evidence, ReceiptFact)],
        _ corrected: Set<OperationID>
    ) {
        var corrections: [OperationID: (Evidence, String)] = [:]
        for (evidence, fact) in facts {
            if case .corrected(let target, let reason) = fact, corrected.contains(target) {
                corrections[target] = (evidence, reason)
            }
        }
        observations = facts.compactMap { evidence, fact in
            Observation(evidence, fact, corrections[evidence.operation])
        }
    }

    /// The lines of the note, then what came beside it.
    public var lines: [NoteContent.Line] { note.lines + extraLines }

    /// The line of these goods; made for goods that are on none.
    private mutating func place(_ goods: Goods, _ number: Int) -> NoteContent.Line? {
        if let line = goods.line(number, of: lines) { return line }
        guard !goods.material.isEmpty else { return nil }
        let line = NoteContent.Line(
            number: (lines.map(\.number).max() ?? 0) + 1,
            material: goods.material,
            quantity: Quantity(count: 0, unit: goods.unit),
            lot: goods.lot
        )
        extraLines.append(line)
        return line
    }

    /// The counts that are the same goods as another one, which stands for them.
    ///
    /// Rulings of several people can go round in a circle (B is A's goods, C is B's, A is C's).
    /// The goods are there all the same, so the first count of such a circle stands.
    private static func ruledOut(
        by pairs: [DoubleCount],
        order: [OperationID]
    ) -> Set<OperationID> {
        var out: Set<OperationID> = []
        var groups: [Set<OperationID>] = []
        for pair in pairs where pair.ruling == .sameGoods {
            out.insert(pair.other.evidence.operation)
            var group: Set = [pair.one.evidence.operation, pair.other.evidence.operation]
            for other in groups where !other.isDisjoint(with: group) { group.formUnion(other) }
            groups.removeAll { !$0.isDisjoint(with: group) }
            groups.append(group)
        }
        for group in groups where group.isSubset(of: out) {
            if let first = order.first(where: group.contains) { out.remove(first) }
        }
        return out
    }

    /// The observations that a correction names.
    ///
    /// A correction of a correction lets the first stand again, and so on along the chain.
    private static func corrected(_ facts: [(Evidence, ReceiptFact)]) -> Set<OperationID> {
        var by: [OperationID: [OperationID]] = [:]
        for (evidence, fact) in facts {
            if case .corrected(let target, _) = fact {
                by[target, default: []].append(evidence.operation)
            }
        }
        func isVoid(_ operation: OperationID, _ depth: Int) -> Bool {
            // Corrections in a circle hold nothing.
            guard depth < by.count + 1 else { return false }
            return (by[operation] ?? []).contains { !isVoid($0, depth + 1) }
        }
        return Set(by.keys.filter { isVoid($0, 0) })
    }

    private mutating func see(_ sscc: String, _ evidence: Evidence) {
        guard !cartons.contains(where: { $0.sscc == sscc }),
            let line = note.lines.first(where: { $0.cartons.contains(sscc) })
        else { return }
        cartons.append(
            Carton(
                evidence: evidence,
                sscc: sscc,
                line: line.number,
                quantity: line.quantityPerCarton
            )
        )
    }

    // MARK: - Counted twice?

    private struct Pair: Hashable {
        let one: OperationID
        let other: OperationID
    }

    /// The latest ruling on each pair, in the hub's order.
    private static func rulings(_ facts: [(Evidence, ReceiptFact)]) -> [Pair: ReceiptFact.Ruling] {
        let settled = facts.compactMap { evidence, fact in
            if case .settled(let one, let other, let ruling) = fact {
                (evidence, Pair(one: one, other: other), ruling)
            } else {
                nil
            }
        }
        .sorted { one, other in
            let place = one.0.position ?? UInt64.max
            let otherPlace = other.0.position ?? UInt64.max
            return (place, one.0.operation) < (otherPlace, other.0.operation)
        }
        var rulings: [Pair: ReceiptFact.Ruling] = [:]
        for (_, pair, ruling) in settled {
            rulings[Pair(one: pair.other, other: pair.one)] = nil
            rulings[pair] = ruling
        }
        return rulings
    }

    private static func doubleCounts(
        _ counts: [Count],
        rulings: [Pair: ReceiptFact.Ruling]
    ) -> [DoubleCount] {
        var pairs: [DoubleCount] = []
        let standing = counts.filter { !$0.isVoid }
        for (index, one) in standing.enumerated() {
            for other in standing[(index + 1)...]
            where one.line == other.line && one.lot == other.lot
                && one.evidence.isConcurrent(with: other.evidence)
            {
                let pair = Pair(one: one.evidence.operation, other: other.evidence.operation)
                let reverse = Pair(one: pair.other, other: pair.one)
                if let ruling = rulings[reverse] {
                    pairs.append(DoubleCount(one: other, other: one, ruling: ruling))
                } else {
                    pairs.append(DoubleCount(one: one, other: other, ruling: rulings[pair]))
                }
            }
        }
        return pairs
    }
}
