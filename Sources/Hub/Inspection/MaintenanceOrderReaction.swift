import Inspection
import Sync
import Tally

extension Reactions {
    /// Bad answer → the maintenance order of its machine and check; order ended → findings that its
    /// worker did not know of go into the next.
    func maintenanceOrders(
        _ entity: EntityKey,
        _ reader: EntityReader,
        _ transaction: any ReplicaTransaction
    ) throws -> [Draft] {
        let drafts: [Draft]
        switch entity.kind {
        case InspectionRoom.EntityKind.inspection:
            guard let inspection = MachineInspection(try reader.record(of: entity)) else {
                return []
            }
            drafts = try MaintenanceOrderDecider.decide(
                inspection,
                equipment: try equipment(inspection.tag, entity.scope, reader),
                orders: try inspection.badChecks.flatMap {
                    try orders(inspection.tag, $0, entity.scope, reader)
                },
                nextNumber: { try nextNumber("MO", site: entity.scope.site, in: transaction) }
            )
        case InspectionRoom.EntityKind.maintenanceOrder:
            guard let order = MaintenanceOrder(try reader.record(of: entity)) else { return [] }
            drafts = try MaintenanceOrderDecider.decide(
                after: order,
                equipment: try equipment(order.issue.tag, entity.scope, reader),
                orders: try orders(order.issue.tag, order.issue.check, entity.scope, reader),
                nextNumber: { try nextNumber("MO", site: entity.scope.site, in: transaction) }
            )
        default:
            return []
        }
        for draft in drafts {
            let revision = try MaintenanceOrder.revision(in: draft)
            try announce(draft, topic: "maintenance_order", revision: revision, in: transaction)
        }
        return drafts
    }

    func equipment(
        _ tag: String,
        _ scope: Scope,
        _ reader: EntityReader
    ) throws -> Equipment? {
        Equipment(try reader.record(of: InspectionRoom.equipmentKey(tag, in: scope)))
    }

    func orders(
        _ tag: String,
        _ check: String,
        _ scope: Scope,
        _ reader: EntityReader
    ) throws -> [MaintenanceOrder] {
        try MaintenanceOrder.all(of: tag, check: check, in: scope, record: reader.record)
    }
}
