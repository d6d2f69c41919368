import Tally

// The wire between `ImagingWorkerClient` and the child process, over one stream socket that is the
// child's standard input and output.
//
//   frame    length, 4 bytes big-endian, then that many bytes in Tally's canonical encoding
//   request  number, side (reading, drawing or preview), then the side's fields
//   reply    the request's number, side or refusal, then its fields
//
// One request is under way at a time. The number lets the client see that an answer belongs to its
// question. Both ends are built together, so the wire has no versions. Each side's fields are in a
// file of its own beside this one.

/// What the client asks of the child.
public enum ImagingRequest: Hashable, Sendable {
    case reading(ReadingRequest)
    case drawing(DrawingRequest)
    case preview(PreviewRequest)
}

/// What the child answers.
public enum ImagingReply: Hashable, Sendable {
    case reading(ReadingReply)
    case drawing(DrawingReply)
    /// A JPEG file.
    case preview([UInt8])
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
    /// The place on the label is too small for the code.
    case codeDoesNotFit = 20
    /// A character that the kind of code does not have.
    case badCharacter = 21
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
        case .reading(let request):
            encoder.write(1 as UInt64)
            request.write(to: &encoder)
        case .drawing(let request):
            encoder.write(2 as UInt64)
            request.write(to: &encoder)
        case .preview(let request):
            encoder.write(3 as UInt64)
            request.write(to: &encoder)
        }
        return encoder.bytes
    }

    /// Reads the body of a frame.
    public static func decoded(
        _ body: [UInt8]
    ) throws(CanonicalError) -> (number: UInt64, request: ImagingRequest) {
        var decoder = CanonicalDecoder(body)
        let number = try decoder.integer()
        let side = try decoder.integer()
        let request: ImagingRequest
        switch side {
        case 1: request = .reading(try ReadingRequest(from: &decoder))
        case 2: request = .drawing(try DrawingRequest(from: &decoder))
        case 3: request = .preview(try PreviewRequest(from: &decoder))
        default: throw .unknownCase(side)
        }
        try decoder.finish()
        return (number, request)
    }
}

extension ImagingReply {
    /// The body of a frame.
    public func encoded(number: UInt64) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(number)
        switch self {
        case .reading(let reply):
            encoder.write(1 as UInt64)
            reply.write(to: &encoder)
        case .drawing(let reply):
            encoder.write(2 as UInt64)
            reply.write(to: &encoder)
        case .refused(let fault, let detail):
            encoder.write(3 as UInt64)
            encoder.write(fault.rawValue)
            encoder.write(detail)
        case .preview(let file):
            encoder.write(4 as UInt64)
            encoder.write(file)
        }
        return encoder.bytes
    }

    /// Reads the body of a frame.
    public static func decoded(
        _ body: [UInt8]
    ) throws(CanonicalError) -> (number: UInt64, reply: ImagingReply) {
        var decoder = CanonicalDecoder(body)
        let number = try decoder.integer()
        let side = try decoder.integer()
        let reply: ImagingReply
        switch side {
        case 1: reply = .reading(try ReadingReply(from: &decoder))
        case 2: reply = .drawing(try DrawingReply(from: &decoder))
        case 3:
            let value = try decoder.integer()
            guard let fault = PictureFault(rawValue: value) else { throw .unknownCase(value) }
            reply = .refused(fault, detail: try decoder.text())
        case 4: reply = .preview(try decoder.byteString())
        default: throw .unknownCase(side)
        }
        try decoder.finish()
        return (number, reply)
    }
}
