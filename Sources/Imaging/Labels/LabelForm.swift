import Labels
import Tally

/// What a label is drawn as.
public enum LabelForm: Hashable, Sendable {
    /// One file a page, black and white, so many dots an inch.
    case png(resolution: Int)
    /// One file.
    case pdf
    /// One file a page.
    case svg
    /// The dots themselves, for a printer's language.
    case dots(resolution: Int)
}

/// A picture in black dots on white paper.
public struct DotPicture: Hashable, Sendable {
    public let width: Int
    public let height: Int
    /// Row by row, eight dots a byte, the leftmost dot in the highest bit; 1 is black.
    ///
    /// A row ends with its last byte, filled up with white.
    public let rows: [UInt8]

    /// Bytes a row.
    public var stride: Int { (width + 7) / 8 }

    /// The picture; nil when there are not as many rows as it says.
    public init?(width: Int, height: Int, rows: [UInt8]) {
        guard width > 0, height > 0, width <= 1 << 16, height <= 1 << 16,
            rows.count == (width + 7) / 8 * height
        else { return nil }
        self.width = width
        self.height = height
        self.rows = rows
    }

    /// Whether there is ink at a place inside the picture.
    public func isBlack(_ x: Int, _ y: Int) -> Bool {
        rows[y * stride + x / 8] >> (7 - x % 8) & 1 == 1
    }
}

extension LabelForm {
    func write(to encoder: inout CanonicalEncoder) {
        switch self {
        case .png(let resolution):
            encoder.write(1 as UInt64)
            encoder.write(UInt64(resolution))
        case .pdf: encoder.write(2 as UInt64)
        case .svg: encoder.write(3 as UInt64)
        case .dots(let resolution):
            encoder.write(4 as UInt64)
            encoder.write(UInt64(resolution))
        }
    }

    init(_ decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let kind = try decoder.integer()
        switch kind {
        case 1: self = .png(resolution: Int(clamping: try decoder.integer()))
        case 2: self = .pdf
        case 3: self = .svg
        case 4: self = .dots(resolution: Int(clamping: try decoder.integer()))
        default: throw .unknownCase(kind)
        }
    }
}

extension DotPicture {
    func write(to encoder: inout CanonicalEncoder) {
        encoder.write(UInt64(width))
        encoder.write(UInt64(height))
        encoder.write(rows)
    }

    init(_ decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let width = try decoder.integer()
        let height = try decoder.integer()
        let rows = try decoder.byteString()
        guard
            let picture = DotPicture(
                width: Int(clamping: width),
                height: Int(clamping: height),
                rows: rows
            )
        else { throw .unknownCase(width) }
        self = picture
    }
}
