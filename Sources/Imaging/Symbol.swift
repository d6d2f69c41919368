/// A place in a picture, in pixels from its upper left corner.
public struct PicturePoint: Hashable, Sendable {
    public let x: Int
    public let y: Int

    public init(x: Int, y: Int) {
        self.x = x
        self.y = y
    }
}

/// A code that was read whole.
public struct Symbol: Hashable, Sendable {
    public let symbology: Symbology
    /// The data, byte for byte as the symbol holds them.
    public let bytes: [UInt8]
    /// The data as text, and by which encoding.
    public let text: DecodedText
    /// Whether the symbol says that it holds GS1 data (FNC1 in first position).
    public let isGS1: Bool
    /// The AIM symbology identifier (ISO/IEC 15424) such as `]Q1`; empty when it is not known.
    public let identifier: String
    /// Four, clockwise from the symbol's own upper left where that is known.
    public let corners: [PicturePoint]

    init(_ wire: WireSymbol) {
        symbology = wire.symbology
        bytes = wire.bytes
        text = DecodedText(wire.bytes, eci: wire.eci)
        isGS1 = wire.isGS1
        identifier = wire.identifier
        corners = wire.corners
    }
}

/// What a picture held.
public struct PictureReading: Hashable, Sendable {
    /// In no particular order; empty when nothing was read.
    public let symbols: [Symbol]
    /// How many symbols were only a part of a longer message (QR structured append).
    ///
    /// Their data are not given: a part must never pass for the whole.
    public let partialCount: Int
    /// The child's processor time, without unpacking the file.
    public let processorTime: Duration
    /// The rungs of the ladder that were tried, in order.
    public let steps: [ReadingStep]

    init(_ reply: ReadingReply) {
        symbols = reply.symbols.map(Symbol.init)
        partialCount = reply.partialCount
        processorTime = .microseconds(reply.microseconds)
        steps = reply.steps
    }
}
