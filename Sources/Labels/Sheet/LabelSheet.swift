import Tally

/// A page that is ready to be drawn: every text and code in its place, whatever will draw it.
///
/// All lengths are micrometres from the upper left corner, so that a sheet is the same on every
/// printer and in every file.
public struct LabelSheet: Hashable, Sendable {
    /// The longest side: A3's, in micrometres.
    public static let sideMax = 420_000
    public static let elementCountMax = 2_000

    public let width: Int
    public let height: Int
    /// Drawn in this order.
    public let elements: [LabelElement]

    public init(width: Int, height: Int, elements: [LabelElement]) {
        self.width = width
        self.height = height
        self.elements = elements
    }
}

/// A rectangle of a sheet, in micrometres.
public struct LabelBox: Hashable, Sendable {
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The same rectangle, moved.
    public func moved(x moreX: Int, y moreY: Int) -> LabelBox {
        LabelBox(x: x + moreX, y: y + moreY, width: width, height: height)
    }

    /// Whether the two have more than an edge in common.
    public func overlaps(_ other: LabelBox) -> Bool {
        x < other.x + other.width && other.x < x + width && y < other.y + other.height
            && other.y < y + height
    }

    /// Whether the other lies wholly inside.
    public func contains(_ other: LabelBox) -> Bool {
        other.x >= x && other.y >= y && other.x + other.width <= x + width
            && other.y + other.height <= y + height
    }
}

/// One thing on a sheet.
public enum LabelElement: Hashable, Sendable {
    case text(LabelText)
    case code(LabelCode)
    /// A straight stroke along the box's longer side, as thick as its shorter one.
    case line(LabelBox)
    /// A frame, its stroke inside the box.
    case frame(LabelBox, stroke: Int)
    /// A PNG file, drawn as large as it fits without being distorted.
    case image(LabelBox, png: [UInt8])

    /// The place that it takes.
    public var box: LabelBox {
        switch self {
        case .text(let text): text.box
        case .code(let code): code.box
        case .line(let box), .frame(let box, _), .image(let box, _): box
        }
    }
}

/// A text that stays inside its box: first it shrinks and wraps, then it ends in an ellipsis.
public struct LabelText: Hashable, Sendable {
    /// Where the text stands in its box.
    public enum Place: UInt8, Hashable, Sendable, CaseIterable {
        case start = 0
        case center = 1
        case end = 2
    }

    public let text: String
    public let box: LabelBox
    /// The size of the letters when all fits, in micrometres.
    public let size: Int
    /// As small as they may become.
    public let sizeMin: Int
    public let linesMax: Int
    public let isBold: Bool
    public let horizontal: Place
    public let vertical: Place

    public init(
        text: String,
        box: LabelBox,
        size: Int,
        sizeMin: Int,
        linesMax: Int,
        isBold: Bool,
        horizontal: Place,
        vertical: Place
    ) {
        // Setting a text costs time for each letter at each size, so what no size could show of it
        // is cut here: not even the thinnest letters would fit.
        let thinnest = max(1, min(size, sizeMin) / 10)
        let lettersMax = max(64, min(linesMax, 1_000) * min(box.width, 10_000_000) / thinnest)
        let clean = PrintableText.clean(text)
        if clean.unicodeScalars.count > lettersMax {
            var cut = String(String.UnicodeScalarView(clean.unicodeScalars.prefix(lettersMax)))
            cut.append("…")
            self.text = cut
        } else {
            self.text = clean
        }
        self.box = box
        self.size = size
        self.sizeMin = sizeMin
        self.linesMax = linesMax
        self.isBold = isBold
        self.horizontal = horizontal
        self.vertical = vertical
    }
}

/// A code, as large as its box allows with whole dots a module; its quiet zone is inside the box.
public struct LabelCode: Hashable, Sendable {
    /// How it is drawn.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case qr = 1
        case code128 = 2
        /// Code 128 with FNC1 in first position; GS in the content separates (GS1-128).
        case gs1Code128 = 3
    }

    public let kind: Kind
    public let content: [UInt8]
    /// Whether the content is text in UTF-8, which a QR code then says (ECI 26).
    public let isText: Bool
    /// QR's error correction: L, M, Q or H.
    public let level: String
    public let box: LabelBox

    public init(kind: Kind, content: String, level: String, box: LabelBox) {
        self.init(kind: kind, bytes: Array(content.utf8), isText: true, level: level, box: box)
    }

    /// A code of any bytes.
    public init(kind: Kind, bytes: [UInt8], isText: Bool, level: String, box: LabelBox) {
        self.kind = kind
        content = bytes
        self.isText = isText
        self.level = level
        self.box = box
    }
}
