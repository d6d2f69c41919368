import Imaging

/// Small pictures for lists and thin links.
enum PreviewMaker {
    /// Tried one after the other until the file is short enough.
    private static let qualities: [Int32] = [80, 70, 58, 45, 32, 20]
    private static let sideMin = 16

    /// Makes a JPEG file of at most so many pixels a side and so many bytes.
    static func answer(_ request: PreviewRequest) throws(WorkerError) -> [UInt8] {
        guard request.side >= sideMin, request.side <= ImagingLimits.sideMax else {
            throw WorkerError(.badRequest, "side \(request.side)")
        }
        let picture = try ColourPicture(file: request.file, side: request.side)
        let turn = request.file.starts(with: [0xFF, 0xD8]) ? Orientation(jpeg: request.file) : nil
        var side = request.side
        while side >= sideMin {
            var small = picture.shrunk(to: side)
            if let turn { small = small.turned(turn) }
            for quality in qualities {
                let file = try JPEGFile.write(small, quality: quality)
                if file.count <= request.byteCount { return file }
            }
            side = side * 2 / 3
        }
        throw WorkerError(.tooLarge, "\(request.byteCount) bytes are too few")
    }
}
