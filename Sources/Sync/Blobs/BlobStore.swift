import Tally

/// What a store remembers about a blob beside its content.
public struct BlobEntry: Hashable, Sendable {
    public let manifest: BlobManifest
    /// Made here; else it came, or is coming, from the other side.
    public let isOwn: Bool
    /// The order in which blobs came to this store.
    public let ordinal: UInt64
    /// All of it is here and was checked.
    public var isComplete: Bool
    /// The epoch in which the hub said that it has all of it; nil while it has not said so.
    public var heldEpoch: UInt64?

    public init(
        manifest: BlobManifest,
        isOwn: Bool,
        ordinal: UInt64,
        isComplete: Bool,
        heldEpoch: UInt64? = nil
    ) {
        self.manifest = manifest
        self.isOwn = isOwn
        self.ordinal = ordinal
        self.isComplete = isComplete
        self.heldEpoch = heldEpoch
    }
}

/// Where blobs lie: a folder of files, or memory in simulations.
///
/// The port only moves bytes; what is checked, and when, is ``BlobShelf``'s, which also sees to it
/// that calls come one after another. `Tests/PortSuites` has the suite.
public protocol BlobStore: AnyObject {
    /// Every entry, in the order in which they came.
    func entries() throws -> [BlobEntry]
    /// Keeps an entry, durably; one of the same id is replaced whole.
    func keep(_ entry: BlobEntry) throws
    /// Forgets an entry and its content.
    func remove(_ id: ContentHash) throws
    /// How many bytes of content lie here; 0 when none.
    func length(of id: ContentHash) throws -> Int
    /// Writes bytes behind the first `offset` ones, which are there.
    func write(_ bytes: [UInt8], to id: ContentHash, at offset: Int) throws
    /// Drops all bytes from `length` on.
    func truncate(_ id: ContentHash, to length: Int) throws
    /// At most `count` bytes from `offset` on; fewer at the end.
    func read(_ id: ContentHash, at offset: Int, count: Int) throws -> [UInt8]
    /// Waits until the content is on the disk.
    func sync(_ id: ContentHash) throws
}
