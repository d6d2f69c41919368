import Tally

/// A picture to be searched.
public enum PictureSource: Hashable, Sendable {
    /// The content of a PNG, JPEG, PGM or PPM file.
    case file([UInt8])
    /// A camera's frame.
    case frame(GrayFrame)

    /// How much of it goes over the wire.
    var byteCount: Int {
        switch self {
        case .file(let bytes): bytes.count
        case .frame(let frame): frame.pixels.count
        }
    }
}

/// How the codes in a picture are looked for.
public enum ReadingMethod: UInt64, Hashable, Sendable, CaseIterable {
    /// Every way that is known, in order, until nothing is left to read or the time is over.
    case ladder = 1
    /// libzbar once, over the picture as it is: what the ladder is measured against.
    case plainZBar = 2
    /// ZXing once, over the picture as it is: the same.
    case plainZXing = 3
}

/// What the client asks to have read.
public struct ReadingRequest: Hashable, Sendable {
    public let picture: PictureSource
    public let symbologies: Set<Symbology>
    public let method: ReadingMethod
    /// When to give up on a picture of one code or none.
    public let milliseconds: Int

    public init(
        _ picture: PictureSource,
        symbologies: Set<Symbology> = Symbology.standard,
        method: ReadingMethod = .ladder,
        milliseconds: Int = ReadingRequest.standardMilliseconds
    ) {
        self.picture = picture
        self.symbologies = symbologies
        self.method = method
        self.milliseconds = milliseconds
    }

    /// When the ladder gives up unless told otherwise.
    public static let standardMilliseconds = 500

    /// When it gives up on one frame of many.
    public static let frameMilliseconds = 120
}

/// A symbol as the child found it.
public struct WireSymbol: Hashable, Sendable {
    public let symbology: Symbology
    public let bytes: [UInt8]
    public let isGS1: Bool
    /// The AIM symbology identifier (ISO/IEC 15424) such as `]Q1`; empty when it is not known.
    public let identifier: String
    /// The extended channel interpretation (AIM ITS/04-023) of all bytes; nil when none is known.
    public let eci: Int?
    /// Four, clockwise from the symbol's own upper left where that is known.
    public let corners: [PicturePoint]

    public init(
        symbology: Symbology,
        bytes: [UInt8],
        isGS1: Bool,
        identifier: String,
        eci: Int? = nil,
        corners: [PicturePoint]
    ) {
        self.symbology = symbology
        self.bytes = bytes
        self.isGS1 = isGS1
        self.identifier = identifier
        self.eci = eci
        self.corners = corners
    }
}

/// What one rung of the ladder did, for benches.
public struct ReadingStep: Hashable, Sendable {
    public let name: String
    public let microseconds: Int
    /// How many codes it added.
    public let gain: Int

    public init(name: String, microseconds: Int, gain: Int) {
        self.name = name
        self.microseconds = microseconds
        self.gain = gain
    }
}

/// What was found.
public struct ReadingReply: Hashable, Sendable {
    public let symbols: [WireSymbol]
    /// Symbols that hold a part of a longer message only.
    public let partialCount: Int
    /// The child's own processor time for this picture, without unpacking the file.
    public let microseconds: Int
    /// The rungs that were tried, in order.
    public let steps: [ReadingStep]

    public init(
        symbols: [WireSymbol],
        partialCount: Int,
        microseconds: Int,
        steps: [ReadingStep]
    ) {
        self.symbols = symbols
        self.partialCount = partialCount
        self.microseconds = microseconds
        self.steps = steps
    }
}

extension ReadingRequest {
    func write(to encoder: inout CanonicalEncoder) {
        switch picture {
        case .file(let bytes):
            encoder.write(1 as UInt64)
            encoder.write(bytes)
        case .frame(let frame):
            encoder.write(2 as UInt64)
            encoder.write(UInt64(frame.width))
            encoder.write(frame.pixels)
        }
        encoder.write(symbologies.map(\.rawValue).sorted()) { $0.write(UInt64($1)) }
        encoder.write(method.rawValue)
        encoder.write(UInt64(max(0, milliseconds)))
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let kind = try decoder.integer()
        switch kind {
        case 1: picture = .file(try decoder.byteString())
        case 2:
            let width = try decoder.integer()
            let pixels = try decoder.byteString()
            guard let frame = GrayFrame(width: Int(clamping: width), pixels: pixels) else {
                throw .unknownCase(width)
            }
            picture = .frame(frame)
        default: throw .unknownCase(kind)
        }
        var symbologies: Set<Symbology> = []
        let values = try decoder.list { list throws(CanonicalError) in try list.integer() }
        for value in values { symbologies.insert(try Symbology.known(value)) }
        self.symbologies = symbologies
        let value = try decoder.integer()
        guard let method = ReadingMethod(rawValue: value) else { throw .unknownCase(value) }
        self.method = method
        milliseconds = Int(clamping: try decoder.integer())
    }
}

extension ReadingReply {
    func write(to encoder: inout CanonicalEncoder) {
        encoder.write(symbols) { encoder, symbol in symbol.write(to: &encoder) }
        encoder.write(UInt64(partialCount))
        encoder.write(UInt64(max(0, microseconds)))
        encoder.write(steps) { encoder, step in
            encoder.write(step.name)
            encoder.write(UInt64(max(0, step.microseconds)))
            encoder.write(UInt64(max(0, step.gain)))
        }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        symbols = try decoder.list { list throws(CanonicalError) in try WireSymbol(from: &list) }
        partialCount = Int(clamping: try decoder.integer())
        microseconds = Int(clamping: try decoder.integer())
        steps = try decoder.list { list throws(CanonicalError) in
            ReadingStep(
                name: try list.text(),
                microseconds: Int(clamping: try list.integer()),
                gain: Int(clamping: try list.integer())
            )
        }
    }
}

extension WireSymbol {
    func write(to encoder: inout CanonicalEncoder) {
        encoder.write(UInt64(symbology.rawValue))
        encoder.write(bytes)
        encoder.write(isGS1)
        encoder.write(identifier)
        encoder.write(Int64(eci ?? -1))
        encoder.write(corners) { encoder, corner in
            encoder.write(Int64(corner.x))
            encoder.write(Int64(corner.y))
        }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        symbology = try Symbology.known(try decoder.integer())
        bytes = try decoder.byteString()
        isGS1 = try decoder.boolean()
        identifier = try decoder.text()
        let number = try decoder.signed()
        eci = number < 0 ? nil : Int(clamping: number)
        corners = try decoder.list { list throws(CanonicalError) in
            PicturePoint(
                x: Int(clamping: try list.signed()),
                y: Int(clamping: try list.signed())
            )
        }
    }
}

extension Symbology {
    fileprivate static func known(_ value: UInt64) throws(CanonicalError) -> Symbology {
        guard let known = Symbology(rawValue: UInt8(clamping: value)) else {
            throw .unknownCase(value)
        }
        return known
    }
}
