import Tally

/// The versions of the protocol that a program speaks.
///
/// Version 1 is the first form. From version 2 on the answer to a push lists only the operations
/// of which there is more to say than that they are accepted, and operations go in packs. What a
/// terminal pushes and pulls is in the newest version that both sides speak; all other messages
/// are the same in every version.
public struct ProtocolVersions: Hashable, Sendable {
    public let oldest: UInt32
    public let newest: UInt32

    public init(_ versions: ClosedRange<UInt32>) {
        oldest = versions.lowerBound
        newest = versions.upperBound
    }

    /// Those of this program.
    public static let spoken = ProtocolVersions(1...2)
    /// From which version on answers list only what is not plainly accepted.
    static let sparseAnswers: UInt32 = 2
    /// From which version on operations go in packs; see ``OperationPack``.
    static let packs: UInt32 = 2

    /// Refuses a message in a version that is not spoken here.
    func check(_ version: UInt32) throws(SyncRefusal) {
        guard version > 0, version <= newest else { throw .version(version, speaks: self) }
        guard version >= oldest else { throw .versionEnded(version, speaks: self) }
    }

    /// What the other side says next.
    ///
    /// - Parameters:
    ///   - version: what it says now.
    ///   - offered: the newest that it speaks; 0 from one that offers nothing.
    /// - Returns: the newest version that both speak; 0 from a program that does not say.
    func picked(_ version: UInt32, offered: UInt32) -> UInt32 {
        newest < Self.sparseAnswers ? 0 : max(version, min(offered, newest))
    }

    /// The newest version that both speak; nil for none.
    func common(with other: ProtocolVersions) -> UInt32? {
        let version = min(newest, other.newest)
        return version >= max(oldest, other.oldest) ? version : nil
    }

    /// Of versions said by someone else, the nearest that is spoken here.
    fileprivate func clamp(_ version: UInt64) -> UInt32 {
        UInt32(clamping: min(max(version, UInt64(oldest)), UInt64(newest)))
    }
}

extension TerminalReplica {
    /// The version that this terminal speaks with its hub: the newest of its own until the hub has
    /// said what it speaks.
    public func version(in reading: any ReplicaReading) throws -> UInt32 {
        speaks.clamp(try reading.integer(Setting.version) ?? UInt64(speaks.newest))
    }

    /// The hub named the version to go on with; one that names none stays with what was said.
    func noteVersion(_ picked: UInt32, in transaction: any ReplicaTransaction) throws {
        guard picked > 0, speaks.clamp(UInt64(picked)) == picked,
            try version(in: transaction) != picked
        else { return }
        try transaction.set(Setting.version, to: UInt64(picked))
    }

    /// The hub does not speak the version of a request: the next one is in the newest that both
    /// speak.
    ///
    /// Where there is none the terminal keeps asking in its own; nothing is lost meanwhile, and
    /// whichever side is brought up to date ends that.
    func noteVersion(
        refusedBy hub: ProtocolVersions,
        in transaction: any ReplicaTransaction
    ) throws {
        let version = speaks.common(with: hub) ?? speaks.newest
        try transaction.set(Setting.version, to: UInt64(version))
    }
}
