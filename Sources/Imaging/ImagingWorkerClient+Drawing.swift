/// Codes drawn.
extension ImagingWorkerClient {
    /// Works out the squares of a QR code.
    ///
    /// - Parameters:
    ///   - content: what the code is to hold.
    ///   - level: how much of it may be lost.
    /// - Returns: the squares, to be drawn.
    /// - Throws: when the content is empty or too long, or the child failed.
    public func modules(
        of content: QRContent,
        level: ErrorCorrection = .medium
    ) throws(ImagingError) -> QRModules {
        try modules(of: [content], level: level)[0]
    }

    /// Works out the squares of several QR codes, in a fraction of the time that one after another
    /// takes.
    ///
    /// - Parameters:
    ///   - contents: what the codes are to hold.
    ///   - level: how much of each may be lost.
    /// - Returns: the squares of each, in order.
    /// - Throws: when a content is too long, or the child failed; then none is drawn.
    public func modules(
        of contents: [QRContent],
        level: ErrorCorrection = .medium
    ) throws(ImagingError) -> [QRModules] {
        let requests = contents.map { ImagingRequest.drawing(.modules($0, level)) }
        var drawn: [QRModules] = []
        drawn.reserveCapacity(contents.count)
        for reply in try perform(requests) {
            guard case .drawing(.modules(let modules)) = reply else { throw .wireBroken }
            drawn.append(modules)
        }
        return drawn
    }

    /// Draws a QR code as a PNG file.
    ///
    /// - Parameters:
    ///   - content: what the code is to hold.
    ///   - level: how much of it may be lost.
    ///   - moduleSize: pixels a module, from 1.
    ///   - margin: the light border, in modules; the standard wants 4.
    /// - Returns: the file.
    /// - Throws: when the content is empty or too long, the picture would have more than
    ///   ``ImagingLimits/sideMax`` pixels a side, or the child failed.
    public func png(
        of content: QRContent,
        level: ErrorCorrection = .medium,
        moduleSize: Int = 4,
        margin: Int = QRModules.quietZone
    ) throws(ImagingError) -> [UInt8] {
        precondition(moduleSize > 0 && margin >= 0, "a code's sizes are positive")
        let request = DrawingRequest.draw(content, level, moduleSize: moduleSize, margin: margin)
        guard case .picture(let file) = try draw(request) else { throw .wireBroken }
        return file
    }

    /// ``png(of:level:moduleSize:margin:)`` for server code.
    public func pngInBackground(
        of content: QRContent,
        level: ErrorCorrection = .medium,
        moduleSize: Int = 4,
        margin: Int = QRModules.quietZone
    ) async throws -> [UInt8] {
        try await inBackground {
            try self.png(of: content, level: level, moduleSize: moduleSize, margin: margin)
        }
    }

    private func draw(_ request: DrawingRequest) throws(ImagingError) -> DrawingReply {
        guard case .drawing(let reply) = try perform(.drawing(request)) else { throw .wireBroken }
        return reply
    }
}
