import Tally

/// How a terminal's state of a scope compares with the hub's.
public enum ScopeHealth: String, Hashable, Sendable {
    /// It was never compared: the hub was not reached yet, or reduces otherwise.
    case unknown
    /// At the last comparison both were the same.
    case same
    /// They differ, and the terminal is looking for what does.
    case searching
    /// They differ, and nothing helped.
    case differs
}

extension TerminalReplica {
    /// How the state of a scope compares with the hub's.
    public static func health(
        of scope: Scope,
        in reading: any ReplicaReading
    ) throws -> ScopeHealth {
        if try reading.setting(Setting.search(scope)) != nil { return .searching }
        guard let bytes = try reading.setting(Setting.compared(scope)) else { return .unknown }
        var decoder = CanonicalDecoder(bytes)
        return try decoder.boolean() ? .same : .differs
    }

    /// The last position of a scope that the hub told of.
    public static func hubHead(
        of scope: Scope,
        in reading: any ReplicaReading
    ) throws -> UInt64 {
        try reading.integer(Setting.hubHead(scope)) ?? 0
    }

    /// Times that this terminal's state of a scope differed from the hub's and was repaired.
    public static func repairs(
        of scope: Scope,
        in reading: any ReplicaReading
    ) throws -> UInt64 {
        try RepairRecord.of(scope, in: reading).repairs
    }
}

extension HubReplica {
    /// The epoch of this hub's history; 0 before the hub was opened.
    public static func epoch(in reading: any ReplicaReading) throws -> UInt64 {
        try reading.integer(Setting.epoch) ?? 0
    }
}
