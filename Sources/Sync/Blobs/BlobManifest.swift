import Foundation
import SwiftProtobuf
import Tally

/// What a blob is: a photo or a drawing, named by its content.
public struct BlobManifest: Hashable, Sendable {
    /// How much of a blob is checked at a time, in bytes.
    public static let chunkLength = 256 << 10
    /// The longest blob, in bytes.
    public static let lengthMax = 16 << 20
    /// The longest preview, in bytes.
    public static let previewLengthMax = 30_000
    static let mediaTypeLengthMax = 100

    /// SHA-256 of the content.
    public let id: ContentHash
    /// In bytes, from 1 to ``lengthMax``.
    public let length: Int
    /// Such as `image/jpeg`.
    public let mediaType: String
    /// SHA-256 of each ``chunkLength`` bytes in turn; the last chunk may be shorter.
    public let chunks: [ContentHash]
    /// The blob that this is a small picture of.
    public let previewOf: ContentHash?

    /// The manifest of a content.
    ///
    /// - Parameters:
    ///   - content: from 1 to ``lengthMax`` bytes; a preview at most ``previewLengthMax``.
    ///   - mediaType: at most 100 characters.
    ///   - original: the blob that this is a small picture of; nil for an original.
    /// - Throws: ``BlobRefusal`` when it is empty or too long.
    public init(
        of content: [UInt8],
        mediaType: String,
        previewOf original: ContentHash? = nil
    ) throws(BlobRefusal) {
        let starts = stride(from: 0, to: content.count, by: Self.chunkLength)
        try self.init(
            id: ContentHash(of: content),
            length: content.count,
            mediaType: mediaType,
            chunks: starts.map { [chunkLength = Self.chunkLength] start in
                ContentHash(of: Array(content[start..<min(start + chunkLength, content.count)]))
            },
            previewOf: original
        )
    }

    init(
        id: ContentHash,
        length: Int,
        mediaType: String,
        chunks: [ContentHash],
        previewOf: ContentHash?
    ) throws(BlobRefusal) {
        let most = previewOf == nil ? Self.lengthMax : Self.previewLengthMax
        guard length > 0 else { throw .empty }
        guard length <= most else { throw .tooLong(count: length, most: most) }
        guard chunks.count == (length + Self.chunkLength - 1) / Self.chunkLength,
            mediaType.utf8.count <= Self.mediaTypeLengthMax, previewOf != id
        else { throw .badManifest }
        self.id = id
        self.length = length
        self.mediaType = mediaType
        self.chunks = chunks
        self.previewOf = previewOf
    }

    /// Reads the message; refuses one whose parts do not fit together.
    public init(bytes: [UInt8]) throws {
        try self.init(wire: try decode(Tallyman_Sync_V1_BlobManifest.self, bytes))
    }

    /// The message as it is sent and kept.
    public func bytes() throws -> [UInt8] { try wire.serializedBytes() }

    init(wire: Tallyman_Sync_V1_BlobManifest) throws {
        let chunks = wire.chunks.compactMap { ContentHash(bytes: $0) }
        guard let id = ContentHash(bytes: wire.id), let length = Int(exactly: wire.length),
            chunks.count == wire.chunks.count,
            wire.previewOf.isEmpty || wire.previewOf.count == 32
        else { throw BlobRefusal.badManifest }
        try self.init(
            id: id,
            length: length,
            mediaType: wire.mediaType,
            chunks: chunks,
            previewOf: ContentHash(bytes: wire.previewOf)
        )
    }

    var wire: Tallyman_Sync_V1_BlobManifest {
        var wire = Tallyman_Sync_V1_BlobManifest()
        wire.id = Data(id.bytes)
        wire.length = UInt64(length)
        wire.mediaType = mediaType
        wire.chunks = chunks.map { Data($0.bytes) }
        wire.previewOf = Data(previewOf?.bytes ?? [])
        return wire
    }

    /// Where a chunk lies in the content.
    func range(ofChunk index: Int) -> Range<Int> {
        let start = index * Self.chunkLength
        return start..<min(start + Self.chunkLength, length)
    }
}
