import Receiving
import Sync
import Tally

/// Stands in for the ERP: takes orders by idempotency key, and does not forget any.
struct ERP {
    /// What came, by key.
    private var payloads: [Identifier: [UInt8]] = [:]
    /// Each receipt's arrival order.
    private var orders: [Identifier: (entity: EntityKey, number: String)] = [:]
    /// The latest revision of each entity's order.
    private(set) var latest: [EntityKey: [UInt8]] = [:]

    /// Takes a message; one that it has had already changes nothing.
    mutating func take(_ message: OutboxMessage) throws {
        if let known = payloads[message.key] {
            return try require(known == message.payload, .onePayloadAKey) {
                "\(message.topic) \(message.entity.id) has another payload under its key"
            }
        }
        payloads[message.key] = message.payload
        latest[message.entity] = message.payload
        guard message.topic == "arrival_order" else { return }
        let order = try ArrivalOrder(payload: message.payload)
        try require(!order.isHeldForReview, .conflictIsHeld) {
            "order \(order.number) is held and was told to the ERP"
        }
        let known = orders[order.receipt] ?? (message.entity, order.number)
        orders[order.receipt] = known
        try require(known == (message.entity, order.number), .oneOrderAReceipt) {
            "receipt \(order.receipt) has the orders \(known.number) and \(order.number)"
        }
    }
}
