import Tally

// The wire between `ImagingWorkerClient` and the child process, over one stream socket that is the
// child's standard input and output.
//
//   frame    length, 4 bytes big-endian, then that many bytes in Tally's canonical encoding
//   request  number, kind, then the kind's fields
//   reply    the request's number, kind, then the kind's fields
//
// One request is under way at a time. The number lets the client see that an answer belongs to its
// question. Both ends are built together, so the wire has no versions.

/// What the client asks of the child.
public enum ImagingRequest: Hashable, Sendable {
    /// Find codes in a picture file (PNG, JPEG, PGM, PPM).
    case read(picture: [UInt8], symbologies: Set<Symbology>)
    /// Work out a QR code's squares.
    case modules(QRContent, ErrorCorrection)
    /// Draw a QR code as a PNG file; sizes in pixels a module and modules.
    case draw(QRContent, ErrorCorrection, moduleSize: Int, margin: Int)
}

/// A symbol as the child found it.
public struct WireSymbol: Hashable, Sendable {
    public let symbology: Symbology
    public let bytes: [UInt8]
    public let isGS1: Bool
    /// Four.
    public let corners: [PicturePoint]

    public init(symbology: Symbology, bytes: [UInt8], isGS1: Bool, corners: [PicturePoint]) {
        self.symbology = symbology
        self.bytes = bytes
        self.isGS1 = isGS1
        self.corners = corners
    }
}

/// What the child answers.
public enum ImagingReply: Hashable, Sendable {
    case reading([WireSymbol], partialCount: Int)
    case modules(QRModules)
    case picture([UInt8])
    case refused(PictureFault, detail: String)
}

/// Why the child did not do what it was asked.
public enum PictureFault: UInt64, Hashable, Sendable, CaseIterable {
    /// Not a picture file of a kind that is read.
    case unknownFormat = 1
    /// The file ends too early or is broken.
    case damaged = 2
    /// More pixels than the limit.
    case tooLarge = 3
    /// Nothing to put into a code.
    case emptyContent = 4
    /// More than a code of that error correction holds.
    case contentTooLong = 5
    /// Asked something that the wire does not have.
    case badRequest = 6
}

/// Limits that both ends keep.
public enum ImagingLimits {
    /// Bytes of one frame.
    public static let frameCountMax = 64 << 20
    /// Pixels of one picture.
    public static let pixelsMax = 50_000_000
    /// Pixels along the side of a drawn code.
    public static let sideMax = 10_000
}

extension ImagingRequest {
    /// The body of a frame.
    public func encoded(number: UInt64) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(number)
        switch self {
        case .read(let picture, let symbologies):
            encoder.write(1 as UInt64)
            encoder.write(picture)
            encoder.write(symbologies.map(\.rawValue).sorted()) { $0.write(UInt64($1)) }
        case .modules(let content, let level):
            encoder.write(2 as UInt64)
            Self.write(content, level, to: &encoder)
        case .draw(let content, let level, let moduleSize, let margin):
            encoder.write(3 as UInt64)
            Self.write(content, level, to: &encoder)
            encoder.write(UInt64(moduleSize))
            encoder.write(UInt64(margin))
        }
        return encoder.bytes
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

    /// Reads the body of a frame.
    public static func decoded(
        _ body: [UInt8]
    ) throws(CanonicalError) -> (number: UInt64, request: ImagingRequest) {
        var decoder = CanonicalDecoder(body)
        let number = try decoder.integer()
        let kind = try decoder.integer()
        let request: ImagingRequest
        switch kind {
        case 1:
            let picture = try decoder.byteString()
            var symbologies: Set<Symbology> = []
            let values = try decoder.list { list throws(CanonicalError) in try list.integer() }
            for value in values { symbologies.insert(try symbology(value)) }
            request = .read(picture: picture, symbologies: symbologies)
        case 2:
            let (content, level) = try content(&decoder)
            request = .modules(content, level)
        case 3:
            let (content, level) = try content(&decoder)
            request = .draw(
                content,
                level,
                moduleSize: Int(clamping: try decoder.integer()),
                margin: Int(clamping: try decoder.integer())
            )
        default: throw .unknownCase(kind)
        }
        try decoder.finish()
        return (number, request)
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

    fileprivate static func symbology(_ value: UInt64) throws(CanonicalError) -> Symbology {
        guard let known = Symbology(rawValue: UInt8(clamping: value)) else {
            throw .unknownCase(value)
        }
        return known
    }
}

extension ImagingReply {
    /// The body of a frame.
    public func encoded(number: UInt64) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(number)
        switch self {
        case .reading(let symbols, let partialCount):
            encoder.write(1 as UInt64)
            encoder.write(symbols) { encoder, symbol in
                encoder.write(UInt64(symbol.symbology.rawValue))
                encoder.write(symbol.bytes)
                encoder.write(symbol.isGS1)
                encoder.write(symbol.corners) { encoder, corner in
                    encoder.write(Int64(corner.x))
                    encoder.write(Int64(corner.y))
                }
            }
            encoder.write(UInt64(partialCount))
        case .modules(let modules):
            encoder.write(2 as UInt64)
            encoder.write(UInt64(modules.width))
            encoder.write(modules.isDark.map { $0 ? 1 : 0 as UInt8 })
        case .picture(let bytes):
            encoder.write(3 as UInt64)
            encoder.write(bytes)
        case .refused(let fault, let detail):
            encoder.write(4 as UInt64)
            encoder.write(fault.rawValue)
            encoder.write(detail)
        }
        return encoder.bytes
    }

    /// Reads the body of a frame.
    public static func decoded(
        _ body: [UInt8]
    ) throws(CanonicalError) -> (number: UInt64, reply: ImagingReply) {
        var decoder = CanonicalDecoder(body)
        let number = try decoder.integer()
        let kind = try decoder.integer()
        let reply: ImagingReply
        switch kind {
        case 1:
            let symbols = try decoder.list { list throws(CanonicalError) in try symbol(&list) }
            reply = .reading(symbols, partialCount: Int(clamping: try decoder.integer()))
        case 2:
            let width = try decoder.integer()
            let isDark = try decoder.byteString().map { $0 == 1 }
            guard let modules = QRModules(width: Int(clamping: width), isDark: isDark) else {
                throw .unknownCase(width)
            }
            reply = .modules(modules)
        case 3: reply = .picture(try decoder.byteString())
        case 4:
            let value = try decoder.integer()
            guard let fault = PictureFault(rawValue: value) else { throw .unknownCase(value) }
            reply = .refused(fault, detail: try decoder.text())
        default: throw .unknownCase(kind)
        }
        try decoder.finish()
        return (number, reply)
    }

    private static func symbol(
        _ decoder: inout CanonicalDecoder
    ) throws(CanonicalError) -> WireSymbol {
        WireSymbol(
            symbology: try ImagingRequest.symbology(try decoder.integer()),
            bytes: try decoder.byteString(),
            isGS1: try decoder.boolean(),
            corners: try decoder.list { list throws(CanonicalError) in
                PicturePoint(
                    x: Int(clamping: try list.signed()),
                    y: Int(clamping: try list.signed())
                )
            }
        )
    }
}
