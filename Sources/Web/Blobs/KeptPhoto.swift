import Tally

/// The names of a photo that is kept.
public struct KeptPhoto: Hashable, Sendable {
    /// Its SHA-256, which names it in records.
    public let photo: ContentHash
    /// The SHA-256 of a small picture of it; nil when none could be made.
    public let preview: ContentHash?

    public init(photo: ContentHash, preview: ContentHash?) {
        self.photo = photo
        self.preview = preview
    }
}
