import Tally

/// The blobs of one replica: what is here, how much of what is coming, and what the hub has.
///
/// A blob is complete only when every chunk and the whole have the SHA-256 that its manifest and
/// its name say; nothing that was not checked is ever handed out as complete. Not for several
/// threads at once: a daemon's desk lets callers in one after another.
public final class BlobShelf {
    private let store: any BlobStore
    private var entries: [ContentHash: BlobEntry] = [:]
    /// The small picture of each original.
    private var previews: [ContentHash: ContentHash] = [:]
    private var nextOrdinal: UInt64 = 1

    /// Opens what a store holds.
    ///
    /// What came of a blob that is not complete is checked again, since a cut of the power may have
    /// taken bytes that were not synced: the chunks that are sound are kept.
    ///
    /// - Parameter store: owned by the shelf from here on.
    /// - Throws: what the store throws.
    public init(_ store: any BlobStore) throws {
        self.store = store
        for entry in try store.entries() {
            note(entry)
            if !entry.isComplete { try dropUnsound(entry.manifest) }
        }
    }

    private func dropUnsound(_ manifest: BlobManifest) throws {
        let length = min(try store.length(of: manifest.id), manifest.length)
        var sound = 0
        for index in manifest.chunks.indices {
            let range = manifest.range(ofChunk: index)
            guard range.upperBound <= length,
                try store.read(manifest.id, at: range.lowerBound, count: range.count)
                    .isContent(manifest.chunks[index])
            else { break }
            sound = range.upperBound
        }
        try store.truncate(manifest.id, to: sound)
    }

    // MARK: - Reading

    /// What is known of a blob; nil when it never came here.
    public func entry(_ id: ContentHash) -> BlobEntry? { entries[id] }

    /// The small picture of a blob, when it is here whole.
    public func preview(of id: ContentHash) -> BlobEntry? {
        previews[id].flatMap { entries[$0] }
    }

    /// Part of a blob that is complete.
    ///
    /// - Parameters:
    ///   - id: the blob.
    ///   - offset: where to begin.
    ///   - count: at most so many bytes.
    /// - Returns: the bytes; none from the end on.
    /// - Throws: ``BlobRefusal`` when it is not here or not complete.
    public func read(_ id: ContentHash, at offset: Int, count: Int) throws -> [UInt8] {
        guard let entry = entries[id] else { throw BlobRefusal.unknown(id) }
        guard entry.isComplete else { throw BlobRefusal.incomplete(id) }
        return try store.read(id, at: offset, count: count)
    }

    /// The blobs that the hub has not said it has in this epoch: previews first, then in the order
    /// in which they came.
    ///
    /// What came from the hub is among them after the hub was restored: it may have lost what only
    /// this terminal still has.
    public func unsent(epoch: UInt64) -> [BlobManifest] {
        let unsent = entries.values.filter { $0.isComplete && $0.heldEpoch != epoch }
        return unsent.sorted { one, other in
            let isLater = one.manifest.previewOf == nil
            let isOtherLater = other.manifest.previewOf == nil
            return isLater == isOtherLater ? one.ordinal < other.ordinal : isOtherLater
        }
        .map(\.manifest)
    }

    /// How many blobs are here whole, how many are coming, and the bytes of content of all.
    public var usage: (complete: Int, coming: Int, byteCount: Int) {
        let complete = entries.values.filter(\.isComplete)
        return (
            complete.count, entries.count - complete.count,
            complete.reduce(0) { $0 + $1.manifest.length }
        )
    }

    // MARK: - Changing

    /// Keeps a blob that was made here; it is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - content: the bytes.
    ///   - mediaType: such as `image/jpeg`.
    ///   - original: the blob of which this is a small picture.
    /// - Returns: its manifest; the blob's id names it from now on.
    /// - Throws: ``BlobRefusal``, or what the store throws; then nothing is kept.
    public func add(
        _ content: [UInt8],
        mediaType: String,
        previewOf original: ContentHash? = nil
    ) throws -> BlobManifest {
        let manifest = try BlobManifest(of: content, mediaType: mediaType, previewOf: original)
        if let entry = entries[manifest.id], entry.isComplete { return manifest }
        let entry = BlobEntry(
            manifest: manifest,
            isOwn: true,
            ordinal: nextOrdinal,
            isComplete: true
        )
        try store.truncate(manifest.id, to: 0)
        try store.write(content, to: manifest.id, at: 0)
        try store.sync(manifest.id)
        try keep(entry)
        return manifest
    }

    /// Begins to take a blob from the other side, or goes on.
    public func expect(_ manifest: BlobManifest) throws -> BlobHolding {
        if entries[manifest.id] == nil {
            try keep(
                BlobEntry(
                    manifest: manifest,
                    isOwn: false,
                    ordinal: nextOrdinal,
                    isComplete: false
                )
            )
        }
        return try holding(manifest.id)
    }

    /// Takes the next bytes of a blob that is coming.
    ///
    /// Bytes that are here already are passed over; bytes behind a gap change nothing. A chunk that
    /// is not what the manifest says is dropped and has to come again.
    ///
    /// - Parameters:
    ///   - bytes: some bytes of it.
    ///   - id: the blob; ``expect(_:)`` was told of it.
    ///   - offset: where they belong.
    /// - Returns: how much of it is here now.
    /// - Throws: ``BlobRefusal`` when nobody told of it or it would be too long.
    public func take(_ bytes: [UInt8], of id: ContentHash, at offset: Int) throws -> BlobHolding {
        guard let entry = entries[id] else { throw BlobRefusal.unknown(id) }
        let length = try store.length(of: id)
        guard !entry.isComplete, offset <= length, offset + bytes.count > length else {
            return try holding(id)
        }
        guard offset + bytes.count <= entry.manifest.length else {
            throw BlobRefusal.tooLong(
                count: offset + bytes.count,
                most: entry.manifest.length
            )
        }
        try store.write(Array(bytes.dropFirst(length - offset)), to: id, at: length)
        try check(entry, from: length)
        return try holding(id)
    }

    /// The hub has all of an own blob.
    public func noteHeld(_ id: ContentHash, epoch: UInt64) throws {
        guard var entry = entries[id], entry.heldEpoch != epoch else { return }
        entry.heldEpoch = epoch
        try keep(entry)
    }

    /// Checks a complete blob against its name.
    ///
    /// A damaged one that came from the other side is forgotten, so that it can come again; a
    /// damaged own one is kept for a person and no longer handed out.
    ///
    /// - Returns: whether it is sound.
    /// - Throws: what the store throws.
    public func scrub(_ id: ContentHash) throws -> Bool {
        guard var entry = entries[id], entry.isComplete else { return true }
        if try isWhole(entry.manifest) { return true }
        if entry.isOwn {
            entry.isComplete = false
            try keep(entry)
        } else {
            try forget(id)
        }
        return false
    }

    /// Forgets the photo that came first of those that the hub has; its small picture stays.
    ///
    /// - Parameter epoch: the hub said in this epoch that it has it, or it is not touched.
    /// - Returns: what was forgotten; nil when there is none that may go.
    /// - Throws: what the store throws.
    public func forgetOldest(heldIn epoch: UInt64) throws -> ContentHash? {
        let held = entries.values.filter {
            $0.isComplete && $0.heldEpoch == epoch && $0.manifest.previewOf == nil
        }
        guard let oldest = held.min(by: { $0.ordinal < $1.ordinal }) else { return nil }
        try forget(oldest.manifest.id)
        return oldest.manifest.id
    }

    /// Forgets a blob that the hub has: it can be fetched again.
    public func forget(_ id: ContentHash) throws {
        try drop(id)
    }

    // MARK: - Parts

    private func keep(_ entry: BlobEntry) throws {
        try store.keep(entry)
        note(entry)
    }

    /// Takes an entry into memory; of several small pictures of one blob the first stands.
    private func note(_ entry: BlobEntry) {
        entries[entry.manifest.id] = entry
        nextOrdinal = max(nextOrdinal, entry.ordinal + 1)
        guard entry.isComplete, let original = entry.manifest.previewOf,
            previews[original] == nil
        else { return }
        previews[original] = entry.manifest.id
    }

    private func drop(_ id: ContentHash) throws {
        try store.remove(id)
        if let original = entries[id]?.manifest.previewOf, previews[original] == id {
            previews[original] = nil
        }
        entries[id] = nil
    }

    /// How much of a blob is here.
    public func holding(_ id: ContentHash) throws -> BlobHolding {
        guard let entry = entries[id] else { throw BlobRefusal.unknown(id) }
        return BlobHolding(
            id: id,
            received: entry.isComplete ? entry.manifest.length : try store.length(of: id),
            isComplete: entry.isComplete
        )
    }

    /// Checks the chunks that have become whole since `start`, and at the end the whole.
    private func check(_ entry: BlobEntry, from start: Int) throws {
        let manifest = entry.manifest
        let length = try store.length(of: manifest.id)
        for index in (start / BlobManifest.chunkLength)..<manifest.chunks.count {
            let range = manifest.range(ofChunk: index)
            guard range.upperBound <= length else { return }
            let chunk = try store.read(manifest.id, at: range.lowerBound, count: range.count)
            guard chunk.isContent(manifest.chunks[index]) else {
                return try store.truncate(manifest.id, to: range.lowerBound)
            }
        }
        // Chunks that a manifest lies about are sound one by one, and are not the blob.
        guard try isWhole(manifest) else { return try drop(manifest.id) }
        try store.sync(manifest.id)
        var complete = entry
        complete.isComplete = true
        try keep(complete)
    }

    private func isWhole(_ manifest: BlobManifest) throws -> Bool {
        guard try store.length(of: manifest.id) == manifest.length else { return false }
        let content = try store.read(manifest.id, at: 0, count: manifest.length)
        return content.isContent(manifest.id)
    }
}

extension [UInt8] {
    fileprivate func isContent(_ hash: ContentHash) -> Bool { ContentHash(of: self) == hash }
}
