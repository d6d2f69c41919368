/// Small pictures of large ones.
extension ImagingWorkerClient {
    /// The longer side of a small picture unless told otherwise, in pixels.
    public static let previewSide = 480

    /// Makes a small picture, upright as the file's camera was held.
    ///
    /// - Parameters:
    ///   - file: the content of a PNG, JPEG, PGM or PPM file.
    ///   - side: the most pixels along its longer side; a smaller picture is not made larger.
    ///   - byteCount: the most bytes of the result.
    /// - Returns: a JPEG file without anything but the picture.
    /// - Throws: when the file is no whole picture, or the child failed.
    public func preview(
        of file: [UInt8],
        side: Int = ImagingWorkerClient.previewSide,
        byteCount: Int
    ) throws(ImagingError) -> [UInt8] {
        guard file.count <= ImagingLimits.frameCountMax - 64 else {
            throw .refused(.tooLarge, detail: "\(file.count) bytes")
        }
        let request = PreviewRequest(file, side: side, byteCount: byteCount)
        guard case .preview(let picture) = try perform(.preview(request)),
            picture.count <= byteCount
        else { throw .wireBroken }
        return picture
    }

    /// ``preview(of:side:byteCount:)`` for server code.
    public func previewInBackground(
        of file: [UInt8],
        side: Int = ImagingWorkerClient.previewSide,
        byteCount: Int
    ) async throws -> [UInt8] {
        try await inBackground { try self.preview(of: file, side: side, byteCount: byteCount) }
    }
}
