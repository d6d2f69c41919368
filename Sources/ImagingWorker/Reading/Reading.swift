import Imaging

/// What is asked to be read.
enum Reading {
    static func answer(_ request: ReadingRequest) throws(WorkerError) -> ReadingReply {
        let picture = try gray(request.picture)
        let clock = Stopwatch(milliseconds: request.milliseconds)
        let found: Findings
        var steps: [ReadingStep] = []
        switch request.method {
        case .ladder:
            let reader = PictureReader(
                symbologies: request.symbologies,
                milliseconds: request.milliseconds
            )
            (found, steps) = reader.read(picture)
        case .plainZBar:
            found = ZBarScanner(symbologies: request.symbologies).scan(Plane(picture))
        case .plainZXing:
            found = ZXingScanner(symbologies: request.symbologies).scan(Plane(picture))
        }
        return ReadingReply(
            symbols: found.symbols,
            partialCount: found.parts.count,
            microseconds: clock.microseconds,
            steps: steps
        )
    }

    private static func gray(_ source: PictureSource) throws(WorkerError) -> GrayPicture {
        switch source {
        case .file(let bytes): return try GrayPicture(file: bytes)
        case .frame(let frame):
            try GrayPicture.check(width: frame.width, height: frame.height)
            return GrayPicture(width: frame.width, height: frame.height, pixels: frame.pixels)
        }
    }
}

/// What was found in a picture.
struct Findings {
    var symbols: [WireSymbol] = []
    /// Where symbols are that hold a part of a longer message only.
    var parts: [Quad] = []

    var isEmpty: Bool { count == 0 }

    var count: Int { symbols.count + parts.count }
}
