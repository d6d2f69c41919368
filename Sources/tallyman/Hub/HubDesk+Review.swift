import Hub
import Receiving
import Sync
import Tally
import Workforce

extension HubDesk {
    /// Rules on the open double count of an order; with several, the two observations say which.
    func settle(
        _ number: String,
        _ ruling: String,
        _ one: String?,
        _ other: String?,
        by worker: String
    ) async throws {
        guard let ruling = ReceiptFact.Ruling(text: ruling) else {
            throw ReceivingRefusal.badValue(field: "ruling", value: ruling)
        }
        let (order, key) = try await reviewed(number, by: worker)
        let open = order.doubleCounts.filter { pair in
            one.map { $0 == pair.one.operation } ?? (pair.ruling == "open")
        }
        guard let pair = open.first, open.count == 1 || one != nil,
            let first = OperationID(text: one ?? pair.one.operation),
            let second = OperationID(text: other ?? pair.other.operation)
        else { throw ReceivingRefusal.noSuchDoubt }
        try await shell.write { node, dice, reading, transaction in
            try node.settle(
                receipt: key,
                first,
                second,
                ruling,
                by: worker,
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
    }

    /// Says which of the notes of an order that differ holds.
    func settleNotes(_ number: String, _ opening: String, by worker: String) async throws {
        let (_, key) = try await reviewed(number, by: worker)
        guard let opening = OperationID(text: opening) else {
            throw ReceivingRefusal.noSuchNoteDoubt
        }
        try await shell.write { node, dice, reading, transaction in
            try node.settleNotes(
                receipt: key,
                keeping: opening,
                by: worker,
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
    }

    /// The order that somebody rules on who may.
    private func reviewed(
        _ number: String,
        by worker: String
    ) async throws -> (order: ArrivalOrderView, receipt: EntityKey) {
        let reviewer = try await shell.read { node, reading in
            Worker(try node.reader(reading).record(of: Worker.key(badge: worker)))
        }
        guard let reviewer, !reviewer.roles.isDisjoint(with: [.teamLeader, .supervisor]) else {
            throw HubRefusal.mayNotReview(worker)
        }
        let orders = try await shell.read { try $0.arrivalOrders(in: $1) }
        guard let order = orders.first(where: { $0.number == number }),
            let receipt = Identifier(text: order.receipt)
        else { throw HubRefusal.unknownOrder(number) }
        let key = EntityKey(
            scope: Scope(site: order.site, area: ReceivingRoom.area),
            kind: ReceivingRoom.EntityKind.receipt,
            id: receipt
        )
        return (order, key)
    }
}

extension HubDesk {
    /// All suppliers, or the one whose setting was changed.
    func suppliers(_ request: HubRequest) async throws -> [SupplierView] {
        guard case .takeUnsigned(let supplier, let takes) = request else {
            return try await shell.read { try $0.suppliers(in: $1).map(SupplierView.init) }
        }
        try await shell.write { node, dice, reading, transaction in
            try node.setTakesUnsigned(
                takes,
                of: supplier,
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
        let code = NaturalKey.code(supplier)
        return try await suppliers(.suppliers).filter { $0.code == code }
    }
}
