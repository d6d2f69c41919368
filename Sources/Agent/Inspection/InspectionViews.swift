import Forms
import Inspection
import Sync
import Tally

// What the page shows about machines and inspections. Pure, like `ReceivingViews.swift`.

/// A machine, and the orders that wait for it.
public struct MachineView: Hashable, Sendable {
    public let equipment: Equipment
    /// Orders that are open or taken, the severe ones first.
    public let orders: [MaintenanceOrder]
}

extension EntityReader {
    /// The machines of a site, by their tags.
    public func machines(site: String) throws -> [MachineView] {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        let orders = try records(kind: InspectionRoom.EntityKind.maintenanceOrder, in: scope)
            .compactMap(MaintenanceOrder.init).filter { !$0.stage.isEnded }
            .sorted { one, other in
                one.issue.isSevere == other.issue.isSevere
                    ? one.issue.opened < other.issue.opened : one.issue.isSevere
            }
        let byTag = Dictionary(grouping: orders, by: \.issue.tag)
        return try records(kind: InspectionRoom.EntityKind.equipment, in: scope)
            .compactMap(Equipment.init)
            .sorted { $0.tag < $1.tag }
            .map { MachineView(equipment: $0, orders: byTag[$0.tag] ?? []) }
    }

    /// The machine of a tag; nil when it is not known here.
    public func machine(_ tag: String, site: String) throws -> Equipment? {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        return Equipment(try record(of: InspectionRoom.equipmentKey(tag, in: scope)))
    }

    /// The inspection of an id; nil when it is not known here.
    public func inspection(_ id: Identifier, site: String) throws -> MachineInspection? {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        return MachineInspection(try record(of: InspectionRoom.inspectionKey(id, in: scope)))
    }

    /// The inspections that a worker has begun and not signed, the latest first.
    public func openInspections(of worker: String, site: String) throws -> [MachineInspection] {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        return try records(kind: InspectionRoom.EntityKind.inspection, in: scope)
            .compactMap(MachineInspection.init)
            .filter { !$0.isSigned && $0.begun.author == worker }
            .sorted { ($1.begun.moment, $0.key) < ($0.begun.moment, $1.key) }
    }

    /// The questions of an inspection that still want an answer, in the form's order.
    public func openQuestions(
        of inspection: MachineInspection,
        in form: FormDefinition
    ) -> [Question] {
        ScanDesk.open(form, inspection)
    }
}
