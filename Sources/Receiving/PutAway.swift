import Codes
import Tally

/// Goods of a receipt that were laid into a bin (上架).
public struct PutAway: Hashable, Sendable {
    public let evidence: Evidence
    public let line: Int
    public let material: String
    public let lot: String
    public let quantity: Quantity
    /// The bin's code.
    public let bin: String
}

/// A bin for goods that arrived, and why this one.
public struct PutAwaySuggestion: Hashable, Sendable {
    /// Why a bin was chosen, the best reason first.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The same lot lies there.
        case sameLot = "same_lot"
        /// The same material lies there.
        case sameMaterial = "same_material"
        /// Nothing was laid there.
        case empty
    }

    public let bin: String
    public let reason: Reason

    /// Finds a bin for goods.
    ///
    /// - Parameters:
    ///   - material: a material's code.
    ///   - lot: as counted; empty for none.
    ///   - bins: codes of the site's bins.
    ///   - laid: what was laid where, of all receipts.
    /// - Returns: the bin with the best reason, the first by its code; nil where all bins have
    ///   other materials.
    public static func find(
        material: String,
        lot: String,
        bins: [String],
        laid: [PutAway]
    ) -> PutAwaySuggestion? {
        let contents = Dictionary(grouping: laid, by: \.bin)
        for reason in Reason.allCases {
            let bin = bins.sorted().first { bin in
                let there = contents[bin] ?? []
                return switch reason {
                case .sameLot:
                    !lot.isEmpty && there.contains { $0.material == material && $0.lot == lot }
                case .sameMaterial: there.contains { $0.material == material }
                case .empty: there.isEmpty
                }
            }
            if let bin { return PutAwaySuggestion(bin: bin, reason: reason) }
        }
        return nil
    }
}

extension Receipt {
    /// What of a line was counted and is in no bin yet, by lot; lots of which nothing is left are
    /// not among it.
    public func leftToPutAway(_ number: Int) -> [(lot: String, quantity: Quantity)] {
        guard let total = totals.first(where: { $0.line.number == number }) else { return [] }
        return total.lots.compactMap { lot, counted in
            let laid = putAways.filter { $0.line == number && $0.lot == lot }
            let left = laid.reduce(counted) { $0.subtracting($1.quantity) ?? $0 }
            return left.amount > 0 ? (lot, left) : nil
        }
    }

    /// Lays goods of a line into a bin.
    ///
    /// - Parameters:
    ///   - number: the line.
    ///   - quantity: nil for all that is left of the first lot.
    ///   - bin: the code of a registered bin.
    /// - Returns: what to record.
    /// - Throws: ``ReceivingRefusal`` where nothing, or not so much, is left.
    public func putAway(line number: Int, _ quantity: Quantity?, bin: String) throws -> [Draft] {
        guard let line = lines.first(where: { $0.number == number }) else {
            throw ReceivingRefusal.unknownLine(note: note.number, line: number)
        }
        guard let (lot, left) = leftToPutAway(number).first else {
            throw ReceivingRefusal.nothingToPutAway(line: number)
        }
        let laid = quantity ?? left
        guard laid.amount > 0 else { throw ReceivingRefusal.notPositive(read: laid.number) }
        guard left.isLess(than: laid) == false else {
            throw ReceivingRefusal.tooMuchToPutAway(
                line: number,
                left: left.number,
                read: laid.number
            )
        }
        let fact = ReceiptFact.putAway(
            line: number,
            lot: lot,
            quantity: laid,
            bin: NaturalKey.code(bin),
            material: line.material
        )
        return [try fact.draft(of: key)]
    }
}
