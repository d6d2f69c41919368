import Tally

/// Inspection and maintenance (设备点检): the words of this room, and the entities that it knows.
public enum InspectionRoom {
    /// What this room's entities are called.
    public enum EntityKind {
        public static let equipment = "equipment"
        public static let route = "route"
        public static let inspection = "inspection"
        public static let maintenanceOrder = "maintenance_order"
    }

    /// The stages of a machine; ask ``Equipment/isStopped``, not the stage, whether one may run.
    enum EquipmentStage {
        static let running = "running"
        static let stopped = "stopped"
    }

    static let stopMove = "equipment.stop"
    static let releaseMove = "equipment.release"
    static let signMove = "inspection.sign"
    static let takeMove = "maintenance_order.take"
    static let pauseMove = "maintenance_order.pause"
    static let resumeMove = "maintenance_order.resume"
    static let handOverMove = "maintenance_order.hand_over"
    static let finishMove = "maintenance_order.finish"
    static let cancelMove = "maintenance_order.cancel"
    static let locationField = "equipment.location"
    /// What the check of an order begins with that an exception report raised.
    ///
    /// The report's category is behind it; no question of a form has such a name.
    static let reportedPrefix = "exception:"

    public static let vocabulary = Vocabulary(
        facts: Set(InspectionFact.types).union([
            WorkNote.type, MeterRead.type, MissedAnswer.type,
        ]),
        fields: [locationField],
        decisions: [EquipmentRegistration.type, Route.type, MaintenanceOrder.type],
        lifecycles: [
            EntityKind.equipment: Lifecycle(
                initial: EquipmentStage.running,
                moves: [
                    Lifecycle.Move(
                        stopMove,
                        from: [EquipmentStage.running, EquipmentStage.stopped],
                        to: EquipmentStage.stopped,
                        alwaysStands: true
                    ),
                    Lifecycle.Move(
                        // From any stage: it takes back the stops that it names, and one of them
                        // may have been judged before another release.
                        releaseMove,
                        from: [EquipmentStage.running, EquipmentStage.stopped],
                        to: EquipmentStage.running
                    ),
                ]
            ),
            EntityKind.inspection: Lifecycle(
                initial: "begun",
                moves: [Lifecycle.Move(signMove, from: ["begun"], to: "signed")]
            ),
            EntityKind.maintenanceOrder: MaintenanceOrder.lifecycle,
        ],
        lanes: [EntityKind.inspection: .inspections, EntityKind.maintenanceOrder: .inspections]
    )

    /// A machine, by its tag.
    public static func equipmentKey(_ tag: String, in scope: Scope) -> EntityKey {
        EntityKey(
            scope: scope,
            kind: EntityKind.equipment,
            id: .derived(EntityKind.equipment, NaturalKey.code(tag))
        )
    }

    /// A route, by its code.
    public static func routeKey(_ code: String, in scope: Scope) -> EntityKey {
        EntityKey(
            scope: scope,
            kind: EntityKind.route,
            id: .derived(EntityKind.route, NaturalKey.code(code))
        )
    }

    /// An inspection; it has no natural key, so `id` is random.
    public static func inspectionKey(_ id: Identifier, in scope: Scope) -> EntityKey {
        EntityKey(scope: scope, kind: EntityKind.inspection, id: id)
    }

    /// The order of an ordinal, from 1 up, on one check of one machine.
    public static func maintenanceOrderKey(
        _ tag: String,
        check: String,
        ordinal: Int,
        in scope: Scope
    ) -> EntityKey {
        let kind = EntityKind.maintenanceOrder
        return EntityKey(
            scope: scope,
            kind: kind,
            id: .derived(kind, scope.site, NaturalKey.code(tag), check, String(ordinal))
        )
    }

    /// The check of the orders that reports of a category raise.
    public static func check(reportedAs category: String) -> String { reportedPrefix + category }

    /// The category of the reports that an order's check stands for; nil for a form's question.
    public static func category(ofCheck check: String) -> String? {
        check.hasPrefix(reportedPrefix) ? String(check.dropFirst(reportedPrefix.count)) : nil
    }

    /// A problem code when a payload is not what its type says; nil when it is sound.
    public static func flaw(
        _ kind: OperationKind,
        _ type: String,
        _ payload: [UInt8]
    ) -> ProblemCode? {
        do {
            switch kind {
            case .fact where type == MeterRead.type: _ = try MeterRead(payload: payload)
            case .fact where type == MissedAnswer.type: _ = try MissedAnswer.content(of: payload)
            case .fact where type == WorkNote.type: _ = try WorkNote.content(of: payload)
            case .fact where InspectionFact.types.contains(type):
                _ = try InspectionFact(type: type, payload: payload)
            case .edit where type == locationField:
                guard String(validating: payload, as: UTF8.self) != nil else {
                    throw InspectionRefusal.badPayload(type: type)
                }
            case .transition: try checkMove(type, payload)
            case .decision where type == EquipmentRegistration.type:
                _ = try EquipmentRegistration(payload: payload)
            case .decision where type == Route.type: _ = try Route(payload: payload)
            case .decision where type == MaintenanceOrder.type:
                _ = try MaintenanceOrder.Issue(payload: payload)
            case .fact, .edit, .decision: break
            }
            return nil
        } catch let refusal as any Refusal {
            return refusal.code
        } catch {
            return InspectionRefusal.badPayload(type: type).code
        }
    }

    private static func checkMove(_ type: String, _ payload: [UInt8]) throws {
        switch type {
        case stopMove: _ = try Equipment.reason(ofStop: payload)
        case releaseMove: _ = try Equipment.stops(ofRelease: payload)
        case pauseMove, resumeMove, handOverMove: try WorkStep.check(payload, type)
        case finishMove, cancelMove: _ = try MaintenanceOrder.Ending(payload: payload)
        default: break
        }
    }
}
