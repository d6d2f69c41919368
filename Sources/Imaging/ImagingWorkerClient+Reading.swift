/// Pictures read.
extension ImagingWorkerClient {
    /// Finds the codes in a picture.
    ///
    /// - Parameters:
    ///   - picture: the content of a PNG, JPEG, PGM or PPM file.
    ///   - symbologies: the kinds of code to look for.
    /// - Returns: what was found, which may be nothing.
    /// - Throws: when the file is no whole picture, or the child failed.
    public func read(
        picture: [UInt8],
        symbologies: Set<Symbology> = Symbology.standard
    ) throws(ImagingError) -> PictureReading {
        try read(ReadingRequest(.file(picture), symbologies: symbologies))
    }

    /// Finds the codes in a camera's frame, in less time than in a picture: there will be another.
    ///
    /// - Parameters:
    ///   - frame: the frame.
    ///   - symbologies: the kinds of code to look for.
    /// - Returns: what was found, which may be nothing.
    /// - Throws: when the frame is too large, or the child failed.
    public func read(
        frame: GrayFrame,
        symbologies: Set<Symbology> = Symbology.standard
    ) throws(ImagingError) -> PictureReading {
        try read(
            ReadingRequest(
                .frame(frame),
                symbologies: symbologies,
                milliseconds: ReadingRequest.frameMilliseconds
            )
        )
    }

    /// Finds the codes in a picture, as the request says.
    ///
    /// - Parameter request: the picture, and how to look.
    /// - Returns: what was found, which may be nothing.
    /// - Throws: when the file is no whole picture, or the child failed.
    public func read(_ request: ReadingRequest) throws(ImagingError) -> PictureReading {
        let count = request.picture.byteCount
        guard count <= ImagingLimits.frameCountMax - 64 else {
            throw .refused(.tooLarge, detail: "\(count) bytes")
        }
        guard case .reading(let reply) = try perform(.reading(request)) else { throw .wireBroken }
        return PictureReading(reply)
    }

    /// ``read(picture:symbologies:)`` for server code.
    public func readInBackground(
        picture: [UInt8],
        symbologies: Set<Symbology> = Symbology.standard
    ) async throws -> PictureReading {
        try await inBackground { try self.read(picture: picture, symbologies: symbologies) }
    }

    /// ``read(frame:symbologies:)`` for server code.
    public func readInBackground(
        frame: GrayFrame,
        symbologies: Set<Symbology> = Symbology.standard
    ) async throws -> PictureReading {
        try await inBackground { try self.read(frame: frame, symbologies: symbologies) }
    }
}
