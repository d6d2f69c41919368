import Labels
import Tally

/// What the client asks to have drawn.
public enum DrawingRequest: Hashable, Sendable {
    /// Work out a QR code's squares.
    case modules(QRContent, ErrorCorrection)
    /// Draw a QR code as a PNG file; sizes in pixels a module and modules.
    case draw(QRContent, ErrorCorrection, moduleSize: Int, margin: Int)
    /// Draw the pages of a label.
    case label([LabelSheet], LabelForm)
    /// Work out QR codes one after the other, and say how long it took.
    case timeEncoding([QRContent], ErrorCorrection)
}

/// What was drawn.
public enum DrawingReply: Hashable, Sendable {
    case modules(QRModules)
    case picture([UInt8])
    /// A label's files.
    case files([[UInt8]])
    /// A label's pages in dots.
    case dots([DotPicture])
    /// Nanoseconds.
    case elapsed(UInt64)
}

extension DrawingRequest {
    func write(to encoder: inout CanonicalEncoder) {
        switch self {
        case .modules(let content, let level):
            encoder.write(1 as UInt64)
            Self.write(content, level, to: &encoder)
        case .draw(let content, let level, let moduleSize, let margin):
            encoder.write(2 as UInt64)
            Self.write(content, level, to: &encoder)
            encoder.write(UInt64(moduleSize))
            encoder.write(UInt64(margin))
        case .label(let pages, let form):
            encoder.write(3 as UInt64)
            encoder.write(LabelSheet.encoded(pages))
            form.write(to: &encoder)
        case .timeEncoding(let contents, let level):
            encoder.write(4 as UInt64)
            encoder.write(contents) { Self.write($1, level, to: &$0) }
        }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let kind = try decoder.integer()
        switch kind {
        case 1:
            let (content, level) = try Self.content(&decoder)
            self = .modules(content, level)
        case 2:
            let (content, level) = try Self.content(&decoder)
            self = .draw(
                content,
                level,
                moduleSize: Int(clamping: try decoder.integer()),
                margin: Int(clamping: try decoder.integer())
            )
        case 3:
            let pages = try LabelSheet.decoded(try decoder.byteString())
            self = .label(pages, try LabelForm(&decoder))
        case 4:
            let contents = try decoder.list { list throws(CanonicalError) in
                try Self.content(&list)
            }
            self = .timeEncoding(contents.map(\.0), contents.first?.1 ?? .medium)
        default: throw .unknownCase(kind)
        }
    }

    private static func write(
        _ content: QRContent,
        _ level: ErrorCorrection,
        to encoder: inout CanonicalEncoder
    ) {
        encoder.write(content.bytes)
        encoder.write(content.isText)
        encoder.write(UInt64(level.rawValue))
    }

    private static func content(
        _ decoder: inout CanonicalDecoder
    ) throws(CanonicalError) -> (QRContent, ErrorCorrection) {
        let bytes = try decoder.byteString()
        let isText = try decoder.boolean()
        let value = try decoder.integer()
        guard let level = ErrorCorrection(rawValue: UInt8(clamping: value)) else {
            throw .unknownCase(value)
        }
        return (QRContent(bytes: bytes, isText: isText), level)
    }
}

extension DrawingReply {
    func write(to encoder: inout CanonicalEncoder) {
        switch self {
        case .modules(let modules):
            encoder.write(1 as UInt64)
            encoder.write(UInt64(modules.width))
            encoder.write(modules.isDark.map { $0 ? 1 : 0 as UInt8 })
        case .picture(let bytes):
            encoder.write(2 as UInt64)
            encoder.write(bytes)
        case .files(let files):
            encoder.write(3 as UInt64)
            encoder.write(files) { $0.write($1) }
        case .dots(let pictures):
            encoder.write(4 as UInt64)
            encoder.write(pictures) { $1.write(to: &$0) }
        case .elapsed(let nanoseconds):
            encoder.write(5 as UInt64)
            encoder.write(nanoseconds)
        }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let kind = try decoder.integer()
        switch kind {
        case 1:
            let width = try decoder.integer()
            let isDark = try decoder.byteString().map { $0 == 1 }
            guard let modules = QRModules(width: Int(clamping: width), isDark: isDark) else {
                throw .unknownCase(width)
            }
            self = .modules(modules)
        case 2: self = .picture(try decoder.byteString())
        case 3:
            self = .files(
                try decoder.list { list throws(CanonicalError) in try list.byteString() }
            )
        case 4:
            self = .dots(
                try decoder.list { list throws(CanonicalError) in try DotPicture(&list) }
            )
        case 5: self = .elapsed(try decoder.integer())
        default: throw .unknownCase(kind)
        }
    }
}
