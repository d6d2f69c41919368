import Labels

extension ImagingWorkerClient {
    /// Draws a label as files.
    ///
    /// - Parameters:
    ///   - pages: the filled label.
    ///   - form: PNG, PDF or SVG.
    /// - Returns: one file, or one a page (``LabelForm``).
    /// - Throws: when a code does not fit into its place, the pages are too large, or the child
    ///   failed.
    public func files(
        of pages: [LabelSheet],
        as form: LabelForm
    ) throws(ImagingError) -> [[UInt8]] {
        guard case .drawing(.files(let files)) = try perform(.drawing(.label(pages, form))) else {
            throw .wireBroken
        }
        return files
    }

    /// Draws a label in dots, one picture a page.
    ///
    /// - Throws: when a code does not fit into its place, the pages are too large, or the child
    ///   failed.
    public func dots(
        of pages: [LabelSheet],
        resolution: Int
    ) throws(ImagingError) -> [DotPicture] {
        let request = ImagingRequest.drawing(.label(pages, .dots(resolution: resolution)))
        guard case .drawing(.dots(let pictures)) = try perform(request) else { throw .wireBroken }
        return pictures
    }

    /// ``dots(of:resolution:)`` for server code.
    public func dotsInBackground(
        of pages: [LabelSheet],
        resolution: Int
    ) async throws -> [DotPicture] {
        try await inBackground { try self.dots(of: pages, resolution: resolution) }
    }

    /// ``files(of:as:)`` for server code.
    public func filesInBackground(
        of pages: [LabelSheet],
        as form: LabelForm
    ) async throws -> [[UInt8]] {
        try await inBackground { try self.files(of: pages, as: form) }
    }

    /// How long libqrencode alone takes for a code's squares, again and again, in the child.
    ///
    /// - Parameters:
    ///   - contents: what the codes hold.
    ///   - level: how much of them may be lost.
    /// - Returns: nanoseconds for all of them.
    /// - Throws: when a content is empty or too long, or the child failed.
    public func encodingTime(
        of contents: [QRContent],
        level: ErrorCorrection
    ) throws(ImagingError) -> UInt64 {
        guard
            case .drawing(.elapsed(let time)) = try perform(
                .drawing(.timeEncoding(contents, level))
            )
        else {
            throw .wireBroken
        }
        return time
    }
}
