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

    /// Lets go of photos that the hub has, oldest first, until there is room; their small pictures
    /// stay, and what the hub does not have is never touched.
    ///
    /// - Parameter epoch: the hub's.
    /// - Returns: how many were let go.
    /// - Throws: what the store throws.
    public func makeRoom(epoch: UInt64) async throws -> Int {
        var count = 0
        while !hasRoom() {
            guard try await run({ try $0.forgetOldest(heldIn: epoch) }) != nil else { break }
            count += 1
        }
        return count
    }

    /// Keeps a photo that was taken here, and a small picture of it.
    ///
    /// - Parameters:
    ///   - content: a JPEG or PNG file.
    ///   - makePreview: makes the small picture; nil when none can be made, which does not keep the
    ///     photo from being kept.
    /// - Returns: their names.
    /// - Throws: ``BlobRefusal``, or what the store throws; then nothing is kept.
    public func keep(
        photo content: [UInt8],
        makePreview: @Sendable ([UInt8]) async -> [UInt8]?
    ) async throws -> KeptPhoto {
        guard let mediaType = Self.mediaType(of: content) else { throw BlobRefusal.notAPicture }
        let manifest = try BlobManifest(of: content, mediaType: mediaType)
        if let kept = try await kept(manifest.id) { return kept }
        guard hasRoom() else { throw BlobRefusal.noRoom }
        let made = await makePreview(content)
        let preview = made.flatMap { $0.count <= BlobManifest.previewLengthMax ? $0 : nil }
        return try await run { shelf in
            let photo = try shelf.add(content, mediaType: mediaType).id
            guard let preview, preview != content, let type = Self.mediaType(of: preview) else {
                return KeptPhoto(photo: photo, preview: nil)
            }
            let small = try shelf.add(preview, mediaType: type, previewOf: photo)
            return KeptPhoto(photo: photo, preview: small.id)
        }
    }

    /// A photo that is here whole already, with the small picture that it has or never will have.
    private func kept(_ id: ContentHash) async throws -> KeptPhoto? {
        try await run { shelf in
            guard shelf.entry(id)?.isComplete == true else { return nil }
            return KeptPhoto(photo: id, preview: shelf.preview(of: id)?.manifest.id)
        }
    }

    /// How many photos the hub has not said it has, small pictures not counted.
    ///
    /// - Parameter epoch: the hub's.
    /// - Returns: their number.
    /// - Throws: nothing but what the threads do.
    public func waiting(epoch: UInt64) async throws -> Int {
        try await run { $0.unsent(epoch: epoch).count { $0.previewOf == nil } }
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
