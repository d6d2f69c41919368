import Tally

/// Blobs in memory, for simulations and tests: what was not synced is lost with ``losePower()``.
public final class MemoryBlobStore: BlobStore {
    private var kept: [ContentHash: BlobEntry] = [:]
    private var contents: [ContentHash: [UInt8]] = [:]
    private var synced: [ContentHash: Int] = [:]

    public init() {}

    public func entries() throws -> [BlobEntry] {
        kept.values.sorted { $0.ordinal < $1.ordinal }
    }

    public func keep(_ entry: BlobEntry) throws { kept[entry.manifest.id] = entry }

    public func remove(_ id: ContentHash) throws {
        kept[id] = nil
        contents[id] = nil
        synced[id] = nil
    }

    public func length(of id: ContentHash) throws -> Int { contents[id]?.count ?? 0 }

    public func write(_ bytes: [UInt8], to id: ContentHash, at offset: Int) throws {
        var content = contents.removeValue(forKey: id) ?? []
        content.replaceSubrange(offset..<content.count, with: bytes)
        contents[id] = content
    }

    public func truncate(_ id: ContentHash, to length: Int) throws {
        guard let count = contents[id]?.count, count > length else { return }
        contents[id]?.removeLast(count - length)
        synced[id] = min(synced[id] ?? 0, length)
    }

    public func read(_ id: ContentHash, at offset: Int, count: Int) throws -> [UInt8] {
        guard let content = contents[id], offset < content.count else { return [] }
        return Array(content[offset..<min(offset + count, content.count)])
    }

    public func sync(_ id: ContentHash) throws { synced[id] = contents[id]?.count }

    /// What a cut of the power leaves: no byte that was not synced.
    public func losePower() {
        for id in contents.keys {
            let length = synced[id] ?? 0
            contents[id] = contents[id].map { Array($0.prefix(length)) }
        }
    }

    /// Alters a byte, as a failing disk does.
    public func damage(_ id: ContentHash, at offset: Int) { contents[id]?[offset] ^= 0x40 }
}
