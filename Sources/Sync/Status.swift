import Tally

extension TerminalReplica {
    /// Times that this terminal's state of a scope differed from the hub's and was repaired.
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
