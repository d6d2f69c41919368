import Tally

// A terminal sends what it recorded.

extension TerminalReplica {
    /// What came of the hub's answer to a push.
    public enum PushOutcome: Hashable, Sendable {
        /// An answer to a request of an earlier epoch; nothing changed.
        case stale
        /// Noted; whether more is unsent.
        case applied(more: Bool)
        /// The hub has another epoch, or lost what it had stored. Everything is sent and fetched
        /// again, with nobody doing anything.
        case newEpoch
        /// The hub could store nothing of the batch, so sending it again at once would not help:
        /// to be treated as a failure.
        case stalled
    }

    /// The next batch for the hub; nil when there is nothing unsent.
    public func pushRequest(
        in reading: any ReplicaReading,
        limit: Int = PushRequest.operationCountMax
    ) throws -> PushRequest? {
        let unsent = try reading.unsent(of: replica.id, limit: limit)
        guard !unsent.isEmpty else { return nil }
        var byteCount = 0
        let batch = unsent.prefix {
            byteCount += $0.operation.bytes.count
            return byteCount <= PushRequest.byteCountMax
        }
        return try PushRequest(
            batch.map(\.operation.bytes),
            epoch: try reading.integer(Setting.epoch) ?? 0,
            by: replica
        )
    }

    /// Notes the hub's word on a batch.
    ///
    /// An answer to another batch than the store's changes nothing that was not sent.
    public func apply(
        _ response: PushResponse,
        to request: PushRequest,
        in transaction: any ReplicaTransaction
    ) throws -> PushOutcome {
        // The answer to another request, which a proxy kept, says nothing about this one.
        guard response.batch == request.batch else { throw SyncRefusal.malformed }
        // What the hub stored in an earlier epoch may be what it lost since.
        guard request.epoch == (try transaction.integer(Setting.epoch) ?? 0) else { return .stale }
        guard response.epoch == request.epoch else {
            try adopt(epoch: response.epoch, in: transaction)
            return .newEpoch
        }
        guard response.items.count == request.operations.count else { throw SyncRefusal.malformed }
        if let first = response.items.first, first.verdict == .waiting, !first.stored {
            // It misses what came before the batch, which it once said it had.
            try adopt(epoch: response.epoch, in: transaction)
            return .newEpoch
        }
        for (bytes, item) in zip(request.operations, response.items) where item.stored {
            try transaction.acknowledge(try Operation(bytes: bytes).id, item.verdict)
        }
        guard response.items.contains(where: \.stored) else { return .stalled }
        return .applied(more: try !transaction.unsent(of: replica.id, limit: 1).isEmpty)
    }
}
