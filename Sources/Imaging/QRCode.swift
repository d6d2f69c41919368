/// How much of a QR symbol may be lost and it still be read.
public enum ErrorCorrection: UInt8, Hashable, Sendable, CaseIterable {
    case low = 0
    case medium = 1
    case quartile = 2
    case high = 3

    /// The standard's letter: L, M, Q or H.
    public var letter: String { ["L", "M", "Q", "H"][Int(rawValue)] }

    /// The level with this letter, in either case; nil for any other text.
    public init?(letter: String) {
        guard let known = Self.allCases.first(where: { $0.letter == letter.uppercased() }) else {
            return nil
        }
        self = known
    }
}

/// What a QR code is to hold.
public struct QRContent: Hashable, Sendable {
    public let bytes: [UInt8]
    /// Whether the bytes are UTF-8 text: then other letters than ASCII are marked so (ECI 26),
    /// which every decoder understands, and digits and capitals are packed closer.
    public let isText: Bool

    public init(text: String) {
        bytes = Array(text.utf8)
        isText = true
    }

    /// Bytes that are to come back as they are, whatever they mean.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
        isText = false
    }

    init(bytes: [UInt8], isText: Bool) {
        self.bytes = bytes
        self.isText = isText
    }
}

/// The dark and light squares of a QR code, without its quiet zone.
public struct QRModules: Hashable, Sendable {
    /// The quiet zone that the standard wants around the code, in modules (ISO/IEC 18004).
    public static let quietZone = 4

    /// 21 to 177.
    public let width: Int
    /// Row by row, `width` × `width`.
    public let isDark: [Bool]

    /// The squares; nil when there are not `width` × `width`.
    public init?(width: Int, isDark: [Bool]) {
        guard (1...177).contains(width), isDark.count == width * width else { return nil }
        self.width = width
        self.isDark = isDark
    }

    /// The dark squares as the `d` of an SVG path, a module being one unit.
    public var svgPath: String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while column < width, isDark[row * width + column] { column += 1 }
                if column > start { path += "M\(start) \(row)h\(column - start)v1H\(start)z" }
                column += 1
            }
        }
        return path
    }

    /// The whole code as an SVG picture.
    ///
    /// - Parameters:
    ///   - moduleSize: pixels a module, 1 to 100.
    ///   - margin: the light border, in modules.
    /// - Returns: an SVG document.
    public func svg(moduleSize: Int, margin: Int = quietZone) -> String {
        let side = width + 2 * margin
        let size = side * moduleSize
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(size)" height="\(size)" \
            viewBox="\(-margin) \(-margin) \(side) \(side)" shape-rendering="crispEdges">
            <rect x="\(-margin)" y="\(-margin)" width="\(side)" height="\(side)" fill="#fff"/>
            <path d="\(svgPath)" fill="#000"/>
            </svg>

            """
    }
}
