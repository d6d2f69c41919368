import Sync
import Tally

/// What the hub keeps aside counts as kept: it has no place in the order, but it is there.
extension World {
    /// The hub's word on an operation, in its order or aside; nil when it has neither.
    func hubsWord(on id: OperationID, _ hash: Identifier) throws -> Verdict? {
        try hub.machine.store.read { reading in
            if let logged = try reading.operation(id), logged.operation.hash == hash {
                return logged.judgement?.verdict
            }
            return try reading.quarantined(hash, from: id.replica)?.verdict
        }
    }
}
