import Tally

/// What a replica has found damaged in its state of a scope, and mended: for status, metrics and
/// doctor.
public struct RepairRecord: Hashable, Sendable {
    /// Leaves of the digest tree that were not what their cells gave.
    public var damagedLeaves: UInt64 = 0
    /// Times that the state was mended.
    public var repairs: UInt64 = 0
    /// Entities that were mended.
    public var entities: UInt64 = 0
    /// When something was found or mended last; nil when nothing ever was.
    public var last: Moment?
    /// Entities that were mended then, and the exchanges with the hub that it took.
    public var lastEntities: UInt64 = 0
    public var lastExchanges: UInt64 = 0

    public init() {}

    fileprivate init(bytes: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(bytes)
        damagedLeaves = try decoder.integer()
        repairs = try decoder.integer()
        entities = try decoder.integer()
        last = Moment(milliseconds: try decoder.signed())
        lastEntities = try decoder.integer()
        lastExchanges = try decoder.integer()
        try decoder.finish()
    }

    fileprivate var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(damagedLeaves)
        encoder.write(repairs)
        encoder.write(entities)
        encoder.write(last?.milliseconds ?? 0)
        encoder.write(lastEntities)
        encoder.write(lastExchanges)
        return encoder.bytes
    }

    /// What was found and mended in a scope so far.
    public static func of(_ scope: Scope, in reading: any ReplicaReading) throws -> RepairRecord {
        guard let bytes = try reading.setting(Setting.repairRecord(scope)) else {
            return RepairRecord()
        }
        return try RepairRecord(bytes: bytes)
    }

    /// Notes that leaves were found damaged.
    static func note(
        damagedLeaves count: Int,
        in scope: Scope,
        now: Moment,
        _ transaction: any ReplicaTransaction
    ) throws {
        var record = try of(scope, in: transaction)
        record.damagedLeaves += UInt64(count)
        record.last = now
        try transaction.set(Setting.repairRecord(scope), to: record.bytes)
    }

    /// Notes that entities were mended.
    static func note(
        mended count: UInt64,
        exchanges: UInt64,
        in scope: Scope,
        now: Moment,
        _ transaction: any ReplicaTransaction
    ) throws {
        var record = try of(scope, in: transaction)
        record.repairs += 1
        record.entities += count
        record.last = now
        record.lastEntities = count
        record.lastExchanges = exchanges
        try transaction.set(Setting.repairRecord(scope), to: record.bytes)
    }
}

extension Setting {
    /// Whether the state of a scope was the hub's at the last comparison.
    static func compared(_ scope: Scope) -> SettingKey { SettingKey("sync.compared.\(scope)") }
    /// The last position of a scope that the hub told of.
    static func hubHead(_ scope: Scope) -> SettingKey { SettingKey("sync.hub_head.\(scope)") }
    static func repairRecord(_ scope: Scope) -> SettingKey { SettingKey("sync.repaired.\(scope)") }
    /// The search for where a scope's state differs from the hub's, while one is on.
    static func search(_ scope: Scope) -> SettingKey { SettingKey("sync.search.\(scope)") }
}
