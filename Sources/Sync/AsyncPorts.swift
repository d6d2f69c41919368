/// A replica's store as the daemons' shells use it: like ``ReplicaStore``, but the caller's thread
/// does not wait for the disk.
public protocol AsyncReplicaStore: Sendable {
    /// Runs `body` on a consistent state.
    func read<Result: Sendable>(
        _ body: @Sendable (any ReplicaReading) throws -> Result
    ) async throws -> Result
    /// Runs `body` in a transaction that is durable when this returns, and undone when it throws.
    /// Bodies run one after another.
    func write<Result: Sendable>(
        _ body: @Sendable (any ReplicaTransaction) throws -> Result
    ) async throws -> Result
}

/// The way to the hub: bytes of a request out, bytes of its answer back.
///
/// An answer may be lost after the hub has acted; whoever calls sends the same request again.
public protocol HubLink: Sendable {
    /// A `PushRequest`, answered by a `PushResponse`.
    func push(_ request: [UInt8]) async throws -> [UInt8]
    /// A `PullRequest`, answered by a `PullResponse`.
    func pull(_ request: [UInt8]) async throws -> [UInt8]
    /// An `EnrollRequest`, answered by an `EnrollResponse`.
    func enroll(_ request: [UInt8]) async throws -> [UInt8]
}
