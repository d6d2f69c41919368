import Imaging

/// What is asked to be drawn.
enum Drawing {
    static func answer(_ request: DrawingRequest) throws(WorkerError) -> DrawingReply {
        switch request {
        case .modules(let content, let level):
            return .modules(try QRWriter.modules(content, level))
        case .draw(let content, let level, let moduleSize, let margin):
            let modules = try QRWriter.modules(content, level)
            return .picture(try PNGFile.write(modules, moduleSize: moduleSize, margin: margin))
        case .label(let pages, .dots(let resolution)):
            return .dots(try LabelWriter.dots(pages, resolution: resolution))
        case .label(let pages, let form):
            return .files(try LabelWriter.files(pages, form))
        case .timeEncoding(let contents, let level):
            return .elapsed(try QRWriter.time(contents, level))
        }
    }
}
