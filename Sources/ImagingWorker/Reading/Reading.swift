import Glibc
import Imaging

/// What is asked to be read.
enum Reading {
    static func answer(_ request: ReadingRequest) throws(WorkerError) -> ReadingReply {
        let picture = try gray(request.picture)
        let start = processorMicroseconds
        let found: Findings
        switch request.method {
        case .ladder: found = PictureReader(symbologies: request.symbologies).read(picture)
        case .plainZBar: found = ZBarScanner(symbologies: request.symbologies).scan(picture)
        case .plainZXing: found = ZXingScanner(symbologies: request.symbologies).scan(picture)
        }
        return ReadingReply(
            symbols: found.symbols,
            partialCount: found.partialCount,
            microseconds: processorMicroseconds - start
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

    private static var processorMicroseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}

/// What was found in a picture.
struct Findings {
    var symbols: [WireSymbol] = []
    var partialCount = 0

    var isEmpty: Bool { symbols.isEmpty && partialCount == 0 }
}
