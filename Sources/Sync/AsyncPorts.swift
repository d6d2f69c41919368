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
    /// A number that changes when another than this store has written to the database.
    func outsideWrites() async throws -> Int
}

extension AsyncReplicaStore {
    /// A store that nobody else can reach.
    public func outsideWrites() async throws -> Int { 0 }
}

/// The way to the hub: bytes of a request out, bytes of its answer back.
///
/// An answer may be lost after the hub has acted; whoever calls sends the same request again.
public protocol HubLink: Sendable {
    /// A `PushRequest`, answered by a `PushResponse`.
    func push(_ request: [UInt8]) async throws -> [UInt8]
    /// A `PullRequest`, answered by a `PullResponse`.
    func pull(_ request: [UInt8]) async throws -> [UInt8]
    /// A `SnapshotRequest`, answered by a `SnapshotManifest`.
    func snapshot(_ request: [UInt8]) async throws -> [UInt8]
    /// A `PieceRequest`, answered by the piece's bytes.
    func piece(_ request: [UInt8]) async throws -> [UInt8]
    /// A `WatchRequest`, answered by a `WatchResponse` when there is something or time is up.
    func watch(_ request: [UInt8]) async throws -> [UInt8]
    /// A `ReturnRequest`, answered by a `ReturnResponse`.
    func giveBack(_ request: [UInt8]) async throws -> [UInt8]
    /// An `EnrollRequest`, answered by an `EnrollResponse`.
    func enroll(_ request: [UInt8]) async throws -> [UInt8]
}

/// Where a hub keeps the pieces of its snapshots.
public protocol PieceShelf: Sendable {
    func put(_ hash: [UInt8], _ bytes: [UInt8]) throws
    /// The piece; nil when it is not there.
    func get(_ hash: [UInt8]) throws -> [UInt8]?
    /// Throws all other pieces away.
    func keepOnly(_ hashes: Set<[UInt8]>) throws
}
