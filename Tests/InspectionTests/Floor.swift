import Forms
import Inspection
import RoomPlant
import Sync
import Tally
import Testing

/// A plant with one machine and its form, where the hub raises maintenance orders.
struct Floor {
    static let scope = Scope(site: "SH1", area: "PRESS")
    static let machine = InspectionRoom.equipmentKey("AC-07", in: scope)

    let plant: DraftPlant
    let form: FormDefinition
    private(set) var dice = SeededDice(seed: 3)

    init(terminals: Int = 2) throws {
        form = try FormDefinition(node: Self.formNode)
        plant = try DraftPlant(
            Vocabulary(joining: [FormsRoom.vocabulary, InspectionRoom.vocabulary]),
            scopes: [.company, Self.scope],
            terminals: terminals,
            flaw: { FormsRoom.flaw($0, $1, $2) ?? InspectionRoom.flaw($0, $1, $2) },
            react: Self.react
        )
        try plant.decide(try form.publish(over: nil))
        try plant.decide([try Self.registration().draft()])
        for index in plant.terminals.indices { try plant.sync(index) }
    }

    static func registration(model: String = "GA37") throws -> EquipmentRegistration {
        try EquipmentRegistration(
            tag: " ac-07",
            name: Label(["zh-CN": "空压机", "en": "Air compressor"]),
            model: model,
            scope: scope,
            forms: ["compressor"],
            team: "maintenance"
        )
    }

    private static let formNode = FormNode.map([
        "code": .text("compressor"), "version": .number("1"),
        "title": .map(["en": .text("Compressor")]),
        "questions": .list([
            .map([
                "name": .text("pressure"), "type": .text("decimal"), "unit": .text("MPA"),
                "label": .map(["en": .text("Pressure")]), "required": .bool(true),
                "limits": .map(["low": .number("0.40"), "high": .number("0.80")]),
            ]),
            .map([
                "name": .text("leak"), "type": .text("yes_no"), "severe": .bool(true),
                "label": .map(["en": .text("Leak?")]),
                "limits": .map(["good": .list([.bool(false)])]),
            ]),
        ]),
    ])

    /// What the hub's node does: an inspection or an order has changed, so orders may follow.
    private static let react: DraftPlant.Reaction = { changed, reader, transaction in
        func nextNumber() throws -> String {
            let key = SettingKey("test.number")
            let number = (try transaction.setting(key)?.count ?? 0) + 1
            try transaction.set(key, to: Array(repeating: 0, count: number))
            return "MO-\(number)"
        }
        func orders(_ tag: String, _ check: String) throws -> [MaintenanceOrder] {
            try MaintenanceOrder.all(of: tag, check: check, in: scope) { key in
                try reader.record(of: key)
            }
        }
        let equipment = Equipment(try reader.record(of: machine))
        var drafts: [Draft] = []
        for key in changed.sorted() {
            let record = try reader.record(of: key)
            if let inspection = MachineInspection(record) {
                drafts += try MaintenanceOrderDecider.decide(
                    inspection,
                    equipment: equipment,
                    orders: try inspection.badChecks.flatMap { try orders(inspection.tag, $0) },
                    nextNumber: nextNumber
                )
            } else if let order = MaintenanceOrder(record) {
                drafts += try MaintenanceOrderDecider.decide(
                    after: order,
                    equipment: equipment,
                    orders: try orders(order.issue.tag, order.issue.check),
                    nextNumber: nextNumber
                )
            }
        }
        return drafts
    }

    // MARK: - What people do

    /// Begins an inspection at a terminal.
    mutating func begin(on terminal: Int, by worker: String) throws -> EntityKey {
        let drafts = try MachineInspection.begin(
            .random(&dice),
            tag: "AC-07",
            equipment: Equipment(try plant.terminals[terminal].record(of: Self.machine)),
            form: FormDefinition(
                try plant.terminals[terminal].record(of: FormsRoom.key("compressor"))
            ),
            plateScanned: true
        )
        try plant.record(drafts, by: worker, on: terminal)
        return try #require(drafts.first).entity
    }

    func inspection(_ key: EntityKey, on terminal: Int) throws -> MachineInspection {
        try #require(MachineInspection(try plant.terminals[terminal].record(of: key)))
    }

    /// Answers a question, and gives the answer's operation.
    @discardableResult
    func answer(
        _ question: String,
        _ answer: Answer,
        in key: EntityKey,
        on terminal: Int,
        by worker: String
    ) throws -> OperationID {
        let drafts = try inspection(key, on: terminal).answer(question, answer, form: form)
        return try #require(try plant.record(drafts, by: worker, on: terminal).last)
    }

    /// Reads the pressure in an inspection of its own.
    @discardableResult
    mutating func read(_ text: String, on terminal: Int, by worker: String) throws -> OperationID {
        let key = try begin(on: terminal, by: worker)
        return try answer("pressure", try pressure(text), in: key, on: terminal, by: worker)
    }

    func pressure(_ text: String) throws -> Answer {
        .quantity(try #require(Unit("MPA").flatMap { Quantity(text: text, unit: $0) }))
    }

    // MARK: - What is known

    /// The orders on the pressure, as the hub knows them.
    func orders(check: String = "pressure") throws -> [MaintenanceOrder] {
        try MaintenanceOrder.all(of: "AC-07", check: check, in: Self.scope) { key in
            try plant.record(of: key)
        }
    }

    /// An order as a terminal knows it.
    func order(_ ordinal: Int, on terminal: Int) throws -> MaintenanceOrder {
        let key = InspectionRoom.maintenanceOrderKey(
            "AC-07",
            check: "pressure",
            ordinal: ordinal,
            in: Self.scope
        )
        return try #require(MaintenanceOrder(try plant.terminals[terminal].record(of: key)))
    }

    /// Whether a terminal knows an order, and as open.
    func isOpen(_ ordinal: Int, on terminal: Int) throws -> Bool {
        let orders = try MaintenanceOrder.all(of: "AC-07", check: "pressure", in: Self.scope) {
            key in
            try plant.terminals[terminal].record(of: key)
        }
        return orders.contains { $0.issue.ordinal == ordinal && $0.stage == .open }
    }

    /// Takes and finishes an order at a terminal.
    func repair(_ ordinal: Int, on terminal: Int, others: [OperationID] = []) throws {
        try plant.record(try order(ordinal, on: terminal).take(), by: "crew", on: terminal)
        let taken = try order(ordinal, on: terminal)
        let drafts = try taken.finish(note: "换滤芯", others: others)
        try plant.record(drafts, by: "crew", on: terminal)
    }

    func equipment(on terminal: Int) throws -> Equipment {
        try #require(Equipment(try plant.terminals[terminal].record(of: Self.machine)))
    }
}
