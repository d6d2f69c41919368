import Codes
import Hub
import Inspection
import Receiving
import Sync
import Tally

/// What the simulator knows of the hub: it reads the hub's log as it grows, folds it into its own
/// model, and holds the hub's state against that after every transaction.
struct HubWatch {
    var model = ReferenceModel(PlantVocabulary.all)
    /// How much of the hub's log was read.
    var offset = 0
    /// Operations that were made to be refused.
    var poison: Set<OperationID> = []
    /// Terminals of which nothing may take effect any more.
    var revoked: Set<Identifier> = []
    /// What was touched while the restored hub decides nothing.
    var undecided: Set<EntityKey> = []
    /// What has each order number.
    var numbers: [String: EntityKey] = [:]
    /// The arrival order of each receipt.
    var orders: [Identifier: EntityKey] = [:]
    /// What the ERP should be told last of each order.
    var told: [EntityKey: [UInt8]] = [:]
    /// Whether the hub lost something: decisions may have been made twice.
    var isRestored: Bool {
        get { model.isRestored }
        set { model.isRestored = newValue }
    }
    /// How often the hub gave which verdict, by operation type and verdict.
    var verdicts: [String: Int] = [:]
}

extension World {
    /// Follows what the hub has committed since the last time.
    func watchHub() throws {
        let store = hub.machine.store
        guard store.operationCount > watch.offset || !watch.undecided.isEmpty else { return }
        let fresh = try store.read { try $0.log(offset: watch.offset, limit: .max) }
        watch.offset = store.operationCount
        var touched: Set<EntityKey> = []
        for logged in fresh {
            let id = logged.operation.id
            try require(!watch.revoked.contains(id.replica), .revocation) {
                "operation \(id) of a terminal that is revoked"
            }
            try watch.model.take(logged, isPoison: watch.poison.contains(id))
            if logged.endsGroup { continue }
            try checkTime(logged)
            touched.insert(logged.operation.entity)
            if let verdict = logged.judgement?.verdict {
                watch.verdicts["\(logged.operation.type) \(verdict)", default: 0] += 1
            }
            note(logged.operation.hash.low, logged.judgement?.position ?? 0)
        }
        try store.read { reading in
            for logged in fresh where !logged.endsGroup {
                let cells = try reading.cells(of: logged.operation.entity)
                try watch.model.check(logged, against: cells)
                try watch.model.checkCount(logged.operation.entity, of: cells)
            }
        }
        for logged in fresh { try checkOrder(logged) }
        if watch.isRestored {
            touched.formUnion(watch.undecided)
            let waits = try store.read { try HubReplica.isRecovering(in: $0) }
            watch.undecided = waits ? touched : []
            if waits { return }
        }
        try hub.read { reader in
            for entity in touched.sorted() { try check(entity, reader) }
        }
    }

    private func check(_ entity: EntityKey, _ reader: EntityReader) throws {
        switch entity.kind {
        case ReceivingRoom.EntityKind.receipt: try checkReceipt(entity, reader)
        case InspectionRoom.EntityKind.inspection: try checkInspection(entity, reader)
        case InspectionRoom.EntityKind.maintenanceOrder: try checkOrders(entity, reader)
        default: break
        }
    }

    // MARK: - Receipts

    private func checkReceipt(_ key: EntityKey, _ reader: EntityReader) throws {
        guard let entity = watch.model.entities[key], let expected = ReceiptModel(entity) else {
            return
        }
        guard let receipt = Receipt(try reader.record(of: key)) else {
            throw Broken(.countsAddUp, "receipt \(key.id) cannot be read")
        }
        for total in receipt.totals {
            let sum = expected.sums[total.line.number]
            try require(total.counted == sum, .countsAddUp) {
                "line \(total.line.number) of note \(expected.note.number) has "
                    + "\(total.counted), and should have \(sum?.description ?? "nothing")"
            }
        }
        guard entity.stage?.name == ReceivingRoom.ReceiptStage.closed else { return }
        let orderKey = ReceivingRoom.arrivalOrderKey(of: key)
        guard let order = ArrivalOrder(try reader.record(of: orderKey)) else {
            throw Broken(.oneOrderAReceipt, "note \(expected.note.number) has no order")
        }
        for line in order.lines {
            try require(line.counted == expected.sums[line.number], .oneOrderAReceipt) {
                "order \(order.number) says \(line.counted) of line \(line.number)"
            }
        }
        try checkDoubts(order, expected)
    }

    private func checkDoubts(_ order: ArrivalOrder, _ expected: ReceiptModel) throws {
        let pairs = order.doubts.compactMap { doubt -> ReceiptModel.Pair? in
            guard case .countedTwice(_, _, let one, let other) = doubt else { return nil }
            return ReceiptModel.Pair(one, other)
        }
        let differing = order.doubts.filter { doubt in
            if case .notesDiffer = doubt { true } else { false }
        }
        try require(differing.count == expected.differingNotes, .conflictIsHeld) {
            "order \(order.number) is held for \(differing.count) notes that differ, and should be "
                + "for \(expected.differingNotes)"
        }
        try require(order.isUnsigned == expected.isUnsigned, .conflictIsHeld) {
            "order \(order.number) says unsigned: \(order.isUnsigned), and \(expected.isUnsigned) "
                + "is true"
        }
        try require(Set(pairs) == expected.doubts, .conflictIsHeld) {
            "order \(order.number) is held for \(pairs.count) pairs of counts, and should be "
                + "for \(expected.doubts.count)"
        }
    }

    /// Numbers are unique, and a receipt has one order.
    private func checkOrder(_ logged: LoggedOperation) throws {
        let operation = logged.operation
        let number: String
        switch operation.type {
        case ArrivalOrder.type where logged.judgement?.verdict.inEffect == true:
            let order = try ArrivalOrder(payload: operation.payload)
            let known = watch.orders[order.receipt] ?? operation.entity
            watch.orders[order.receipt] = known
            try require(known == operation.entity, .oneOrderAReceipt) {
                "receipt \(order.receipt) has two orders"
            }
            number = order.number
            if !order.isHeldForReview { watch.told[operation.entity] = operation.payload }
        case "maintenance_order.issued" where logged.judgement?.verdict.inEffect == true:
            let record = try hub.read { try $0.record(of: operation.entity) }
            guard let order = MaintenanceOrder(record) else {
                throw Broken(.oneOpenOrder, "an order that was issued cannot be read")
            }
            number = order.number
            watch.told[operation.entity] = operation.payload
        default:
            return
        }
        let known = watch.numbers[number] ?? operation.entity
        watch.numbers[number] = known
        try require(known == operation.entity, .uniqueNumbers) {
            "two orders have the number \(number)"
        }
    }

    // MARK: - Findings

    private func checkInspection(_ key: EntityKey, _ reader: EntityReader) throws {
        guard let inspection = MachineInspection(try reader.record(of: key)) else { return }
        for finding in inspection.findings {
            let id = finding.evidence.operation
            let orders = try MaintenanceOrder.all(
                of: inspection.tag,
                check: finding.question,
                in: key.scope,
                record: reader.record
            )
            try require(orders.contains { Self.deals($0, with: id) }, .noFindingLost) {
                "\(finding.question) of \(inspection.tag): \(id)"
            }
        }
    }

    private func checkOrders(_ key: EntityKey, _ reader: EntityReader) throws {
        guard let order = MaintenanceOrder(try reader.record(of: key)) else { return }
        let orders = try MaintenanceOrder.all(
            of: order.issue.tag,
            check: order.issue.check,
            in: key.scope,
            record: reader.record
        )
        let open = orders.filter { !$0.stage.isEnded }
        try require(open.count <= 1, .oneOpenOrder) {
            "\(open.map(\.number)) are open on \(order.issue.check) of \(order.issue.tag)"
        }
        for finding in orders.flatMap(\.issue.findings) where !finding.isWithdrawn {
            let id = finding.evidence.operation
            try require(orders.contains { Self.deals($0, with: id) }, .noFindingLost) {
                "\(order.issue.check) of \(order.issue.tag): \(id)"
            }
        }
    }

    /// Whether an order has a finding and is open, or was ended by who knew of it.
    private static func deals(_ order: MaintenanceOrder, with finding: OperationID) -> Bool {
        guard order.issue.findings.contains(where: { $0.evidence.operation == finding }) else {
            return false
        }
        return order.ending.map { $0.findings.contains(finding) } ?? true
    }
}
