import CPangoCairo
import Glibc
import Imaging
import Labels

/// Labels as files and as dots, through Cairo.
enum LabelWriter {
    /// What PDF and SVG are laid out at: fine enough for any printer behind them.
    private static let vectorResolution = 600
    private static let resolutions = 50...1_200

    /// One file, or one a page.
    static func files(
        _ pages: [LabelSheet],
        _ form: LabelForm
    ) throws(WorkerError) -> [[UInt8]] {
        try check(pages)
        switch form {
        case .png(let resolution), .dots(let resolution):
            var files: [[UInt8]] = []
            for page in pages {
                let dots = try dots(page, resolution)
                files.append(try PNGFile.write(dots, resolution: resolution))
            }
            return files
        case .pdf: return [try pdf(pages)]
        case .svg:
            var files: [[UInt8]] = []
            for page in pages { files.append(try svg(page)) }
            return files
        }
    }

    /// One picture a page.
    static func dots(
        _ pages: [LabelSheet],
        resolution: Int
    ) throws(WorkerError) -> [DotPicture] {
        try check(pages)
        var pictures: [DotPicture] = []
        for page in pages { pictures.append(try dots(page, resolution)) }
        return pictures
    }

    private static func check(_ pages: [LabelSheet]) throws(WorkerError) {
        guard !pages.isEmpty else { throw WorkerError(.badRequest, "no page") }
        for page in pages {
            let sides = 1_000...LabelSheet.sideMax
            guard sides.contains(page.width), sides.contains(page.height),
                page.elements.count <= LabelSheet.elementCountMax
            else { throw WorkerError(.tooLarge, "\(page.width / 1000) x \(page.height / 1000) mm") }
        }
    }

    // MARK: - Dots

    private static func dots(
        _ page: LabelSheet,
        _ resolution: Int
    ) throws(WorkerError) -> DotPicture {
        guard resolutions.contains(resolution) else {
            throw WorkerError(.badRequest, "\(resolution) dpi")
        }
        let width = Int((Double(page.width) * Double(resolution) / 25_400).rounded())
        let height = Int((Double(page.height) * Double(resolution) / 25_400).rounded())
        guard width * height <= ImagingLimits.pixelsMax else {
            throw WorkerError(.tooLarge, "\(width) x \(height)")
        }
        guard
            let surface = cairo_image_surface_create(CAIRO_FORMAT_A8, Int32(width), Int32(height))
        else { throw WorkerError(.tooLarge, "no memory") }
        defer { cairo_surface_destroy(surface) }
        try draw(page, on: surface, resolution, scale: 1)
        cairo_surface_flush(surface)
        guard let ink = cairo_image_surface_get_data(surface) else {
            throw WorkerError(.tooLarge, "no memory")
        }
        let stride = Int(cairo_image_surface_get_stride(surface))
        let rowBytes = (width + 7) / 8
        var rows = [UInt8](repeating: 0, count: rowBytes * height)
        for y in 0..<height {
            for x in 0..<width where ink[y * stride + x] >= 128 {
                rows[y * rowBytes + x / 8] |= 0x80 >> UInt8(x % 8)
            }
        }
        guard let picture = DotPicture(width: width, height: height, rows: rows) else {
            throw WorkerError(.tooLarge, "\(width) x \(height)")
        }
        return picture
    }

    private static func draw(
        _ page: LabelSheet,
        on surface: OpaquePointer,
        _ resolution: Int,
        scale: Double
    ) throws(WorkerError) {
        guard let context = cairo_create(surface) else {
            throw WorkerError(.tooLarge, "no memory")
        }
        defer { cairo_destroy(context) }
        cairo_scale(context, scale, scale)
        if cairo_surface_get_type(surface) != CAIRO_SURFACE_TYPE_IMAGE {
            // White paper, whatever the page is shown on; in dots, paint would be ink.
            cairo_set_source_rgb(context, 1, 1, 1)
            cairo_paint(context)
        }
        try LabelCanvas(context: context, resolution: resolution).draw(page)
        let status = cairo_status(context)
        guard status == CAIRO_STATUS_SUCCESS else {
            throw WorkerError(.badRequest, String(cString: cairo_status_to_string(status)))
        }
    }

    // MARK: - Files

    /// Collects what Cairo writes.
    private final class Sink {
        var bytes: [UInt8] = []

        static let write: cairo_write_func_t = { closure, data, count in
            guard let closure, let data else { return CAIRO_STATUS_WRITE_ERROR }
            let sink = Unmanaged<Sink>.fromOpaque(closure).takeUnretainedValue()
            sink.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
            return CAIRO_STATUS_SUCCESS
        }

        var closure: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
    }

    /// Micrometres in points.
    private static func points(_ micrometres: Int) -> Double { Double(micrometres) / 25_400 * 72 }

    private static func pdf(_ pages: [LabelSheet]) throws(WorkerError) -> [UInt8] {
        let sink = Sink()
        guard
            let surface = cairo_pdf_surface_create_for_stream(
                Sink.write,
                sink.closure,
                points(pages[0].width),
                points(pages[0].height)
            )
        else { throw WorkerError(.tooLarge, "no memory") }
        defer { cairo_surface_destroy(surface) }
        for page in pages {
            cairo_pdf_surface_set_size(surface, points(page.width), points(page.height))
            try draw(
                page,
                on: surface,
                vectorResolution,
                scale: 72 / Double(vectorResolution)
            )
            cairo_surface_show_page(surface)
        }
        cairo_surface_finish(surface)
        return withExtendedLifetime(sink) { sink.bytes }
    }

    private static func svg(_ page: LabelSheet) throws(WorkerError) -> [UInt8] {
        let sink = Sink()
        guard
            let surface = cairo_svg_surface_create_for_stream(
                Sink.write,
                sink.closure,
                points(page.width),
                points(page.height)
            )
        else { throw WorkerError(.tooLarge, "no memory") }
        defer { cairo_surface_destroy(surface) }
        try draw(page, on: surface, vectorResolution, scale: 72 / Double(vectorResolution))
        cairo_surface_finish(surface)
        return withExtendedLifetime(sink) { sink.bytes }
    }
}
