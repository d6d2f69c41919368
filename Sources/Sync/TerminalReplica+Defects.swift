import Tally

/// Wilful faults of a terminal; see ``Defect``.
extension TerminalReplica {
    /// The defects `forgotten-on-start` and `forgotten-on-upgrade`.
    package func forgetUnsent(in transaction: any ReplicaTransaction) throws {
        for logged in try transaction.unsent(of: replica.id, limit: .max) {
            try transaction.acknowledge(logged.operation.id, .accepted)
        }
    }

    /// The defect `client-reset`.
    func forgetUnsent(of scope: Scope, in transaction: any ReplicaTransaction) throws {
        for logged in try transaction.unsent(of: replica.id, limit: .max)
        where logged.operation.scope == scope {
            try transaction.acknowledge(logged.operation.id, .accepted)
        }
    }

    /// The defect `expired`.
    func expire(now: Moment, in transaction: any ReplicaTransaction) throws {
        for logged in try transaction.unsent(of: replica.id, limit: .max)
        where logged.operation.reading.wall.adding(milliseconds: 7_200_000) < now {
            try transaction.acknowledge(logged.operation.id, .accepted)
        }
    }
}
