import Inspection
import Receiving
import Sync
import Tally
import Workforce

extension FloorDesk {
    /// What a crew does about a maintenance order.
    func maintenanceOrder(_ command: FloorCommand) throws -> Outcome {
        try check(.work)
        switch command {
        case .takeOrder(let id):
            let order = try maintenanceOrder(id)
            return (order.key, try order.take())
        case .pauseOrder(let id, let note):
            let order = try maintenanceOrder(id)
            return (order.key, try order.pause(note: note ?? ""))
        case .resumeOrder(let id):
            let order = try maintenanceOrder(id)
            return (order.key, try order.resume())
        case .handOverOrder(let id, let to, let note):
            let order = try maintenanceOrder(id)
            let badge = NaturalKey.code(to ?? "")
            if !badge.isEmpty, Worker(try reader.record(of: Worker.key(badge: badge))) == nil {
                throw AgentRefusal.unknownWorker(badge)
            }
            return (order.key, try order.handOver(to: badge, note: note ?? ""))
        case .noteOrder(let id, let text, let material, let quantity):
            let order = try maintenanceOrder(id)
            let parts = try [material].compactMap(\.self).map { try part($0, quantity ?? "1") }
            return (order.key, try order.note(text, parts: parts))
        case .finishOrder(let id, let note):
            let order = try maintenanceOrder(id)
            return (order.key, try order.finish(note: note ?? ""))
        default:
            preconditionFailure("\(command) is not for maintenance orders")
        }
    }

    /// A part in its material's own unit.
    private func part(_ material: String, _ number: String) throws -> WorkNote.Part {
        let code = NaturalKey.code(material)
        let record = try reader.record(of: ReceivingRoom.materialKey(code))
        guard let known = MaterialRegistration(record) else {
            throw AgentRefusal.unknownRecord(field: "material", id: code)
        }
        guard let quantity = Quantity(text: number, unit: known.unit), quantity.amount > 0 else {
            throw AgentRefusal.badNumber(number)
        }
        return WorkNote.Part(material: code, quantity: quantity)
    }

    private func maintenanceOrder(_ id: String) throws -> MaintenanceOrder {
        let key = try key(
            InspectionRoom.EntityKind.maintenanceOrder,
            area: TerminalNode.floorArea,
            id,
            field: "order"
        )
        guard let order = MaintenanceOrder(try reader.record(of: key)) else {
            throw AgentRefusal.unknownRecord(field: "order", id: id)
        }
        return order
    }
}
