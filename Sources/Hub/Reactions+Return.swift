import Inspection
import Receiving
import Sync
import Tally

// What the rooms make of decisions that terminals give back to a restored hub.

extension Reactions {
    /// An order as a decision gives it.
    private struct Numbered {
        let number: String
        let revision: Int
        let topic: String
        let isHeld: Bool
    }

    private func numbered(_ type: String, _ payload: [UInt8]) throws -> Numbered? {
        switch type {
        case ArrivalOrder.type:
            let order = try ArrivalOrder(payload: payload)
            return Numbered(
                number: order.number,
                revision: order.revision,
                topic: "arrival_order",
                isHeld: order.isHeldForReview
            )
        case MaintenanceOrder.type:
            let (number, revision) = try MaintenanceOrder.numbering(in: payload)
            return Numbered(
                number: number,
                revision: revision,
                topic: "maintenance_order",
                isHeld: false
            )
        default: return nil
        }
    }

    /// Takes note of a decision that came back: its number stays given, and the ERP is told again
    /// what is in effect, under the same key as before.
    func takeBack(
        _ operation: Operation,
        inEffect: Bool,
        in transaction: any ReplicaTransaction
    ) throws {
        guard let order = try numbered(operation.type, operation.payload) else { return }
        let site = operation.scope.site
        if let prefix = order.number.split(separator: "-").first.map(String.init),
            let count = order.number.split(separator: "-").last.flatMap({ UInt64($0) })
        {
            let key = Self.counter(prefix, site)
            let known = try transaction.integer(key) ?? 0
            if count > known { try transaction.set(key, to: count) }
        }
        guard inEffect, !order.isHeld else { return }
        let draft = Draft(
            .decision,
            of: operation.entity,
            type: operation.type,
            payload: operation.payload
        )
        try announce(draft, topic: order.topic, revision: order.revision, in: transaction)
    }

    /// An order that came back goes before the one that was decided anew when it was revised more
    /// often: revisions of one order only go up.
    func outranks(_ operation: Operation, _ present: Recorded) -> Bool {
        guard let old = try? numbered(operation.type, operation.payload),
            let new = try? numbered(present.type, present.payload)
        else { return false }  // nil: no orders, whose payloads were judged before
        return old.revision > new.revision
    }
}
