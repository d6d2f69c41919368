import Tally

// Sheets as bytes, in Tally's canonical encoding: what the print queue keeps and what the drawing
// process is handed.
//
//   sheet    width, height, elements
//   element  kind (1 text, 2 code, 3 line, 4 frame, 5 image), box (x, y, width, height), then the
//            kind's own fields

extension LabelSheet {
    /// The first byte string of pages: what follows is in this form.
    private static let version: UInt64 = 1

    /// Pages as bytes.
    public static func encoded(_ pages: [LabelSheet]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(version)
        encoder.write(pages) { encoder, page in
            encoder.write(UInt64(page.width))
            encoder.write(UInt64(page.height))
            encoder.write(page.elements) { $1.write(to: &$0) }
        }
        return encoder.bytes
    }

    /// Reads pages.
    public static func decoded(_ bytes: [UInt8]) throws(CanonicalError) -> [LabelSheet] {
        var decoder = CanonicalDecoder(bytes)
        let form = try decoder.integer()
        guard form == version else { throw .unknownCase(form) }
        let pages = try decoder.list { list throws(CanonicalError) in
            LabelSheet(
                width: Int(clamping: try list.integer()),
                height: Int(clamping: try list.integer()),
                elements: try list.list { inner throws(CanonicalError) in
                    try LabelElement(&inner)
                }
            )
        }
        try decoder.finish()
        return pages
    }
}

extension LabelElement {
    fileprivate func write(to encoder: inout CanonicalEncoder) {
        encoder.write(kind)
        for side in [box.x, box.y, box.width, box.height] { encoder.write(Int64(side)) }
        switch self {
        case .text(let text):
            encoder.write(text.text)
            for value in [text.size, text.sizeMin, text.linesMax] { encoder.write(UInt64(value)) }
            encoder.write(text.isBold)
            encoder.write(UInt64(text.horizontal.rawValue))
            encoder.write(UInt64(text.vertical.rawValue))
        case .code(let code):
            encoder.write(UInt64(code.kind.rawValue))
            encoder.write(code.content)
            encoder.write(code.isText)
            encoder.write(code.level)
        case .line: break
        case .frame(_, let stroke): encoder.write(UInt64(stroke))
        case .image(_, let png): encoder.write(png)
        }
    }

    private var kind: UInt64 {
        switch self {
        case .text: 1
        case .code: 2
        case .line: 3
        case .frame: 4
        case .image: 5
        }
    }

    fileprivate init(_ decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let kind = try decoder.integer()
        let box = LabelBox(
            x: Int(clamping: try decoder.signed()),
            y: Int(clamping: try decoder.signed()),
            width: Int(clamping: try decoder.signed()),
            height: Int(clamping: try decoder.signed())
        )
        switch kind {
        case 1: self = .text(try LabelText(&decoder, box))
        case 2: self = .code(try LabelCode(&decoder, box))
        case 3: self = .line(box)
        case 4: self = .frame(box, stroke: Int(clamping: try decoder.integer()))
        case 5: self = .image(box, png: try decoder.byteString())
        default: throw .unknownCase(kind)
        }
    }
}

extension LabelText {
    fileprivate init(_ decoder: inout CanonicalDecoder, _ box: LabelBox) throws(CanonicalError) {
        let text = try decoder.text()
        let size = Int(clamping: try decoder.integer())
        let sizeMin = Int(clamping: try decoder.integer())
        let linesMax = Int(clamping: try decoder.integer())
        let isBold = try decoder.boolean()
        self.init(
            text: text,
            box: box,
            size: size,
            sizeMin: sizeMin,
            linesMax: linesMax,
            isBold: isBold,
            horizontal: try Self.place(try decoder.integer()),
            vertical: try Self.place(try decoder.integer())
        )
    }

    private static func place(_ value: UInt64) throws(CanonicalError) -> Place {
        guard let place = Place(rawValue: UInt8(clamping: value)) else { throw .unknownCase(value) }
        return place
    }
}

extension LabelCode {
    fileprivate init(_ decoder: inout CanonicalDecoder, _ box: LabelBox) throws(CanonicalError) {
        let value = try decoder.integer()
        guard let kind = Kind(rawValue: UInt8(clamping: value)) else { throw .unknownCase(value) }
        self.init(
            kind: kind,
            bytes: try decoder.byteString(),
            isText: try decoder.boolean(),
            level: try decoder.text(),
            box: box
        )
    }
}
