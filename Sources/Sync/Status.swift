import Tally

extension TerminalReplica {
    /// Times that this terminal found its state of a scope to differ from the hub's and repaired it.
    public static func repairs(
        of scope: Scope,
        in reading: any ReplicaReading
    ) throws -> UInt64 {
        try reading.integer(Setting.repairs(scope)) ?? 0
    }
}

extension HubReplica {
    /// The epoch of this hub's history; 0 before the hub was opened.
    public static func epoch(in reading: any ReplicaReading) throws -> UInt64 {
        try reading.integer(Setting.epoch) ?? 0
    }
}
