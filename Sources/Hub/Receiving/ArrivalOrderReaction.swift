import Receiving
import Sync
import Tally

extension Reactions {
    /// Receipt changed → its arrival order, or a revision of it.
    ///
    /// One that is held for review is not told to the ERP.
    func arrivalOrder(
        _ entity: EntityKey,
        _ reader: EntityReader,
        _ transaction: any ReplicaTransaction
    ) throws -> [Draft] {
        guard entity.kind == ReceivingRoom.EntityKind.receipt,
            let receipt = Receipt(try reader.record(of: entity))
        else { return [] }
        let orderKey = ReceivingRoom.arrivalOrderKey(of: entity)
        let decided = try ArrivalOrderDecider.decide(
            receipt,
            previous: ArrivalOrder(try reader.record(of: orderKey)),
            overDeliveryPercent: { code in
                let record = try reader.record(of: ReceivingRoom.materialKey(code))
                return MaterialRegistration(record)?.overDeliveryPercent ?? 0
            },
            nextNumber: { try nextNumber("AO", site: entity.scope.site, in: transaction) }
        )
        guard let (order, decision) = decided else { return [] }
        var draft = decision
        if defects.contains(.orderCreatedTwice), order.revision > 1 {
            let again = Identifier.derived("again", draft.entity.id.description, order.number)
            let second = EntityKey(scope: entity.scope, kind: draft.entity.kind, id: again)
            draft = Draft(draft.kind, of: second, type: draft.type, payload: draft.payload)
        }
        if !order.isHeldForReview {
            try announce(draft, topic: "arrival_order", revision: order.revision, in: transaction)
        }
        return [draft]
    }
}
