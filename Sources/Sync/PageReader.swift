import Tally

/// Reads a page's groups and holds them against what the hub's acceptance says of each.
package struct PageReader {
    private let scope: Scope
    /// Who ends groups; nil takes everybody's word, for a terminal that does not know its hub.
    private let hub: Identifier?
    /// The last position read.
    package private(set) var position: UInt64
    /// What has come in this page; it is not in the log yet.
    private var read: [OperationID: Operation] = [:]

    /// A reader of the scope's order past `position`.
    package init(scope: Scope, hub: Identifier?, position: UInt64) {
        self.scope = scope
        self.hub = hub
        self.position = position
    }

    /// The operations with their judgements, in the hub's order; also those of earlier pages that
    /// the hub has judged anew.
    ///
    /// - Parameters:
    ///   - page: operation bytes.
    ///   - log: where the operations of earlier pages are.
    /// - Returns: each operation with the hub's word on it; the acceptances too.
    /// - Throws: ``SyncRefusal/malformed`` when the page is cut, has gaps, or is not what the hub
    ///   says it is; ``OperationError`` when it holds what is no operation.
    package mutating func judged(
        _ page: [[UInt8]],
        log: any ReplicaReading
    ) throws -> [(Operation, Judgement)] {
        var judged: [(Operation, Judgement)] = []
        var group: [OperationID: Operation] = [:]
        for bytes in page {
            let operation = try Operation(bytes: bytes)
            guard operation.scope == scope else { throw SyncRefusal.malformed }
            guard operation.isAcceptance, operation.id.replica == hub ?? operation.id.replica else {
                group[operation.id] = operation
                continue
            }
            judged += try close(&group, operation, log: log)
        }
        guard group.isEmpty else { throw SyncRefusal.malformed }
        return judged
    }

    private mutating func close(
        _ group: inout [OperationID: Operation],
        _ acceptance: Operation,
        log: any ReplicaReading
    ) throws -> [(Operation, Judgement)] {
        var judged: [(Operation, Judgement)] = []
        let before = position
        for item in try Acceptance(payload: acceptance.payload).items {
            let subject: Operation?
            if let new = group.removeValue(forKey: item.operation) {
                position += 1
                guard item.judgement.position == position else { throw SyncRefusal.malformed }
                subject = new
            } else {
                // Judged anew: only what came before this group can be. What is merely in the log,
                // such as an operation of one's own, must come in the page to have its place.
                guard item.judgement.position <= before else { throw SyncRefusal.malformed }
                subject = try read[item.operation] ?? log.operation(item.operation)?.operation
            }
            guard let subject, subject.hash == item.hash else { throw SyncRefusal.malformed }
            read[subject.id] = subject
            judged.append((subject, item.judgement))
        }
        guard group.isEmpty else { throw SyncRefusal.malformed }
        position += 1
        judged.append((acceptance, acceptance.selfJudgement(at: position)))
        return judged
    }
}
