/// A camera's frame in 256 shades of gray, 0 black, row by row without gaps.
public struct GrayFrame: Hashable, Sendable {
    public let width: Int
    public let pixels: [UInt8]

    /// A frame; nil when the pixels do not fill whole rows.
    public init?(width: Int, pixels: [UInt8]) {
        guard width > 0, !pixels.isEmpty, pixels.count.isMultiple(of: width) else { return nil }
        self.width = width
        self.pixels = pixels
    }

    public var height: Int { pixels.count / width }
}
