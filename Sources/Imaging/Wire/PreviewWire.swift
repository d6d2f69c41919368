import Tally

/// A picture file of which a small picture is wanted.
public struct PreviewRequest: Hashable, Sendable {
    /// The content of a PNG, JPEG, PGM or PPM file.
    public let file: [UInt8]
    /// The most pixels along the longer side of the small picture.
    public let side: Int
    /// The most bytes of the small picture's file.
    public let byteCount: Int

    public init(_ file: [UInt8], side: Int, byteCount: Int) {
        self.file = file
        self.side = side
        self.byteCount = byteCount
    }
}

extension PreviewRequest {
    func write(to encoder: inout CanonicalEncoder) {
        encoder.write(file)
        encoder.write(UInt64(max(0, side)))
        encoder.write(UInt64(max(0, byteCount)))
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        file = try decoder.byteString()
        side = Int(clamping: try decoder.integer())
        byteCount = Int(clamping: try decoder.integer())
    }
}
