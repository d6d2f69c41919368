import NIOPosix
import Sync
import Synchronization
import Tally

/// A store of blobs that other processes change too.
public protocol SharedBlobStore: BlobStore {
    /// Runs `body` alone among all processes, as one change that happens whole or not at all.
    ///
    /// - Parameter body: gets a number that is another when another process has changed something.
    /// - Returns: what the body gives, and the number from now on.
    /// - Throws: what the body throws, or why the change could not be made.
    func alone<Result>(
        _ body: (UInt64) throws -> Result
    ) throws -> (result: Result, number: UInt64)

    /// Opens a shelf on what is stored now, and leaves what is on its way to other processes.
    func shelf() throws -> BlobShelf
}

/// A daemon's blobs: lets callers in one after another, on threads that may wait for the disk.
public final class BlobDesk: Sendable {
    /// The shelf, and where others share its store, by what number it was read.
    private struct State {
        var shelf: BlobShelf?
        var number: UInt64?
        let store: any BlobStore

        mutating func run<Result>(_ body: (BlobShelf) throws -> Result) throws -> Result {
            guard let shared = store as? any SharedBlobStore else {
                return try body(try opened())
            }
            var state = self
            // Until it is done, what is remembered may not be what is stored.
            self.shelf = nil
            let (result, number) = try shared.alone { number in
                if number != state.number { state.shelf = nil }
                let shelf = try state.opened()
                do {
                    return Swift.Result<Result, any Error>.success(try body(shelf))
                } catch let refusal as any Refusal {
                    // Of what was asked; what came before it stays.
                    return .failure(refusal)
                }
            }
            shelf = state.shelf
            self.number = number
            return try result.get()
        }

        private mutating func opened() throws -> BlobShelf {
            if let shelf { return shelf }
            let fresh = try (store as? any SharedBlobStore)?.shelf() ?? BlobShelf(store)
            shelf = fresh
            return fresh
        }
    }

    private let state: Mutex<State>
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
        state = Mutex(State(store: try store()))
        threads = .singleton
        self.hasRoom = hasRoom
        // What cannot be read is told at the start.
        try state.withLock { try $0.run { _ in } }
    }

    /// Runs `body` with the shelf, alone.
    public func run<Result: Sendable>(
        _ body: @escaping @Sendable (BlobShelf) throws -> Result
    ) async throws -> Result {
        try await threads.runIfActive { try self.state.withLock { try $0.run(body) } }
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
