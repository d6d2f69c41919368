import Tally

/// The photos of a terminal, as its page needs them.
public struct KioskPhotos: Sendable {
    let keep: @Sendable ([UInt8]) async throws -> KeptPhoto
    let waiting: @Sendable () async throws -> Int

    /// - Parameters:
    ///   - keep: keeps a photo that was taken.
    ///   - waiting: how many photos the hub does not have yet.
    public init(
        keep: @escaping @Sendable ([UInt8]) async throws -> KeptPhoto,
        waiting: @escaping @Sendable () async throws -> Int
    ) {
        self.keep = keep
        self.waiting = waiting
    }
}

/// Where the page takes a photo, and the one that it has.
struct PhotoTile: Hashable, Sendable {
    /// The path of the small picture; nil while none was taken.
    let preview: String?
    let caption: String

    init(_ photo: [UInt8], _ words: KioskWords) {
        preview = photo.isEmpty ? nil : ShownPhoto(photo).preview
        caption = words.text(photo.isEmpty ? "kiosk.photo_key" : "kiosk.photo_again_key")
    }
}

/// A photo that was recorded with something.
struct ShownPhoto: Hashable, Sendable {
    /// The paths of the photo and of its small picture.
    let path: String
    let preview: String

    /// - Parameter photo: its SHA-256.
    init(_ photo: [UInt8]) {
        path = "/api/v1/photos/\(photo.hexadecimal)"
        preview = path + "?preview"
    }
}
