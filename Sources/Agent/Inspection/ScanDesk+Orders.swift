import Codes
import Inspection
import Receiving
import Sync
import Tally

// A maintenance order by scans: take it, note what was done and used, lay it down, hand it over,
// finish it.

extension ScanDesk {
    mutating func order(
        _ meaning: ScanMeaning,
        _ text: String,
        _ id: Identifier,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        guard let order = try reader.maintenanceOrder(id, site: try node.site(in: transaction))
        else { throw AgentRefusal.unknownRecord(field: "order", id: id.description) }
        let name = id.description
        let facts = ["order": order.number]
        switch meaning {
        case .command(.ok):
            let isPaused = order.stage == .paused
            let command: FloorCommand =
                isPaused ? .resumeOrder(order: name) : .takeOrder(order: name)
            _ = try run(command, worker, &session, &dice)
            return Feedback(.good, isPaused ? "kiosk.order_resumed" : "kiosk.order_taken", facts)
        case .command(.sign):
            _ = try run(.finishOrder(order: name), worker, &session, &dice)
            session.open(.home)
            return Feedback(.good, "kiosk.order_finished", facts)
        case .command(.choice(1)):
            _ = try run(.pauseOrder(order: name), worker, &session, &dice)
            return Feedback(.attention, "kiosk.order_paused", facts)
        case .command(.choice(2)):
            _ = try run(.handOverOrder(order: name), worker, &session, &dice)
            session.open(.home)
            return Feedback(.attention, "kiosk.order_handed_over", facts)
        case .command(.quantity(let count)) where count > 0:
            session.partCount = count
            return Feedback(.attention, "kiosk.part_count", ["count": String(count)])
        case .command(.cancel):
            session.open(.home)
            return Feedback(.good, "kiosk.cancelled")
        case .dataMessage, .gs1, .supplierCode, .plain:
            return try work(meaning, text, name, worker, &session, &dice)
        default:
            throw unexpected(text, "kiosk.expects_order")
        }
    }

    /// A part that was built in, by its label or code; else a person's words.
    private mutating func work(
        _ meaning: ScanMeaning,
        _ text: String,
        _ order: String,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        typealias Field = SupplierCode.Field
        let codes: [String?]
        switch meaning {
        case .dataMessage(let message):
            codes = [message.goods[Field.material], message.goods[Field.part]]
        case .gs1(let elements): codes = [elements["241"], elements["240"], elements["01"]]
        case .supplierCode(let code): codes = [code[Field.material], code[Field.part]]
        case .plain(let words): codes = [words]
        default: codes = []
        }
        let known = try codes.compactMap(\.self).lazy.map(NaturalKey.code).first { code in
            let record = try reader.record(of: ReceivingRoom.materialKey(code))
            return MaterialRegistration(record) != nil
        }
        guard let material = known else {
            guard case .plain(let words) = meaning else {
                throw unexpected(text, "kiosk.expects_order")
            }
            let note = FloorCommand.noteOrder(order: order, text: words)
            _ = try run(note, worker, &session, &dice)
            return Feedback(.good, "kiosk.order_noted")
        }
        let count = String(session.partCount ?? 1)
        let use = FloorCommand.noteOrder(
            order: order,
            text: "",
            material: material,
            quantity: count
        )
        _ = try run(use, worker, &session, &dice)
        session.partCount = nil
        return Feedback(.good, "kiosk.part_used", ["material": material, "count": count])
    }
}

extension EntityReader {
    /// The order of an id; nil when it is not known here.
    public func maintenanceOrder(_ id: Identifier, site: String) throws -> MaintenanceOrder? {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        let kind = InspectionRoom.EntityKind.maintenanceOrder
        return MaintenanceOrder(try record(of: EntityKey(scope: scope, kind: kind, id: id)))
    }

    /// The orders that are not ended, as the page numbers them: severe hazards first, then the
    /// oldest.
    public func ordersToWorkOn(site: String) throws -> [MaintenanceOrder] {
        try machines(site: site).flatMap(\.orders).sorted { one, other in
            one.issue.isSevere == other.issue.isSevere
                ? (one.issue.opened, one.number) < (other.issue.opened, other.number)
                : one.issue.isSevere
        }
    }
}
