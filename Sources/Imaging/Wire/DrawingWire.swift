import Tally

/// What the client asks to have drawn.
public enum DrawingRequest: Hashable, Sendable {
    /// Work out a QR code's squares.
    case modules(QRContent, ErrorCorrection)
    /// Draw a QR code as a PNG file; sizes in pixels a module and modules.
    case draw(QRContent, ErrorCorrection, moduleSize: Int, margin: Int)
}

/// What was drawn.
public enum DrawingReply: Hashable, Sendable {
    case modules(QRModules)
    case picture([UInt8])
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
        default: throw .unknownCase(kind)
        }
    }
}
