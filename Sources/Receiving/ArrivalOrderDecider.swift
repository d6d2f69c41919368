import Codes
import Tally

/// Decides what arrival order follows from a receipt: one a receipt, and what comes late is a
/// revision of it.
public enum ArrivalOrderDecider {
    /// What the hub records now: nothing while the receipt is open, or when the last revision says
    /// all there is to say.
    ///
    /// - Parameters:
    ///   - receipt: as the hub knows it.
    ///   - previous: the order that was issued for it, if any.
    ///   - overDeliveryPercent: how much more than noted may come, by material.
    ///   - nextNumber: takes the next order number of the site; asked for a first revision only.
    /// - Returns: the order and the decision that issues it; nil when nothing follows.
    /// - Throws: what the two closures throw.
    public static func decide(
        _ receipt: Receipt,
        previous: ArrivalOrder?,
        overDeliveryPercent: (String) throws -> Int,
        nextNumber: () throws -> String
    ) throws -> (order: ArrivalOrder, draft: Draft)? {
        guard receipt.isClosed || previous != nil else { return nil }
        let doubts = try doubts(about: receipt, overDeliveryPercent)
        let next = ArrivalOrder(
            receipt,
            number: previous?.number ?? "",
            revision: (previous?.revision ?? 0) + 1,
            doubts: doubts
        )
        if let previous, next.tellsTheSame(as: previous) { return nil }
        let order =
            previous == nil
            ? ArrivalOrder(receipt, number: try nextNumber(), revision: 1, doubts: doubts) : next
        let draft = Draft(
            .decision,
            of: ReceivingRoom.arrivalOrderKey(of: receipt.key),
            type: ArrivalOrder.type,
            payload: try order.payload()
        )
        return (order, draft)
    }

    private static func doubts(
        about receipt: Receipt,
        _ overDeliveryPercent: (String) throws -> Int
    ) throws -> [ArrivalOrder.Doubt] {
        var doubts = receipt.doubts.map { pair in
            ArrivalOrder.Doubt.countedTwice(
                line: pair.one.line,
                lot: pair.one.lot,
                one: pair.one.evidence.operation,
                other: pair.other.evidence.operation
            )
        }
        if let conflict = receipt.noteConflict, !conflict.isSettled {
            let holding = conflict.holding.evidence.operation
            doubts += conflict.others.map {
                .notesDiffer(one: holding, other: $0.evidence.operation)
            }
        }
        // Both counts of a pair were ruled real: more than noted did arrive, and was looked at.
        let reviewed = Set(receipt.doubleCounts.filter { $0.ruling == .bothReal }.map(\.one.line))
        for total in receipt.totals
        where total.isOver && !reviewed.contains(total.line.number) && !receipt.isAccepted(total) {
            let percent = try overDeliveryPercent(total.line.material)
            if !total.isWithin(percent: percent) {
                doubts.append(.overDelivery(line: total.line.number))
            }
        }
        return doubts
    }
}

extension Receipt.LineTotal {
    /// Whether no more than `percent` more than noted was counted.
    public func isWithin(percent: Int) -> Bool {
        let noted = line.quantity
        let (allowed, overflow) = noted.amount.multipliedReportingOverflow(by: Int64(100 + percent))
        guard !overflow, noted.scale + 2 <= Quantity.scaleMax,
            let limit = Quantity(amount: allowed, scale: noted.scale + 2, unit: noted.unit)
        else { return false }
        return limit.isLess(than: counted) == false
    }
}
