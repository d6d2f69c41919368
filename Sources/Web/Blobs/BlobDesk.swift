import NIOPosix
import Sync
import Synchronization
import Tally

/// A daemon's blobs: lets callers in one after another, on threads that may wait for the disk.
public final class BlobDesk: Sendable {
    private let shelf: Mutex<BlobShelf>
    private let threads: NIOThreadPool
    /// Whether the disk has room for blobs; records have their own reserve.
    private let hasRoom: @Sendable () -> Bool

    /// Opens the blobs of a store.
    ///
    /// - Parameters:
    ///   - hasRoom: whether the disk has room for blobs now.
    ///   - store: makes the store, which nobody else uses.
    /// - Throws: what the store throws.
    public init(
        hasRoom: @escaping @Sendable () -> Bool = { true },
        store: () throws -> sending any BlobStore
    ) throws {
        shelf = Mutex(try BlobShelf(try store()))
        threads = .singleton
        self.hasRoom = hasRoom
    }

    /// Runs `body` with the shelf, alone.
    public func run<Result: Sendable>(
        _ body: @escaping @Sendable (BlobShelf) throws -> Result
    ) async throws -> Result {
        try await threads.runIfActive { try self.shelf.withLock { try body($0) } }
    }

    /// Whether the disk has room for blobs now.
    public var roomLeft: Bool { hasRoom() }

    /// Keeps a photo that was taken here.
    ///
    /// - Parameters:
    ///   - content: a JPEG or PNG file.
    ///   - preview: a small picture of it; nil when none could be made.
    /// - Returns: its SHA-256, which names it in records.
    /// - Throws: ``BlobRefusal``, or what the store throws; then it is not kept.
    public func keep(photo content: [UInt8], preview: [UInt8]?) async throws -> ContentHash {
        guard let mediaType = Self.mediaType(of: content) else { throw BlobRefusal.notAPicture }
        guard hasRoom() else { throw BlobRefusal.noRoom }
        return try await run { shelf in
            let photo = try shelf.add(content, mediaType: mediaType)
            if let preview, let type = Self.mediaType(of: preview), preview != content {
                _ = try shelf.add(preview, mediaType: type, previewOf: photo.id)
            }
            return photo.id
        }
    }

    /// `image/jpeg` or `image/png`, by how the file begins; nil for anything else.
    static func mediaType(of content: [UInt8]) -> String? {
        if content.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if content.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            return "image/png"
        }
        return nil
    }
}
