import CPangoCairo
import Imaging
import Labels

/// One page being drawn, whatever it becomes: the same strokes for dots, PDF and SVG.
///
/// Positions are whole dots of the resolution, so that a module of a code is the same number of
/// dots everywhere in it.
struct LabelCanvas {
    /// The smallest module that printers and scanners of the floor are good for, in micrometres:
    /// two dots at 203 dpi.
    static let moduleMin = 245

    let context: OpaquePointer
    let resolution: Int

    /// Micrometres in dots.
    func dots(_ micrometres: Int) -> Int {
        Int((Double(micrometres) * Double(resolution) / 25_400).rounded())
    }

    func draw(_ sheet: LabelSheet) throws(WorkerError) {
        cairo_set_source_rgb(context, 0, 0, 0)
        cairo_set_antialias(context, CAIRO_ANTIALIAS_NONE)
        for element in sheet.elements {
            switch element {
            case .text(let text): TextDrawing(canvas: self, text: text).draw()
            case .code(let code): try draw(code)
            case .line(let box): fill(Dots(box, self))
            case .frame(let box, let stroke): draw(frame: Dots(box, self), max(1, dots(stroke)))
            case .image(let box, let png): try draw(png, in: Dots(box, self))
            }
        }
    }

    /// A rectangle in dots.
    struct Dots {
        let x: Int
        let y: Int
        let width: Int
        let height: Int

        init(x: Int, y: Int, width: Int, height: Int) {
            self.x = x
            self.y = y
            self.width = width
            self.height = height
        }

        /// At least a dot wide and high.
        init(_ box: LabelBox, _ canvas: LabelCanvas) {
            x = canvas.dots(box.x)
            y = canvas.dots(box.y)
            width = max(1, canvas.dots(box.x + box.width) - x)
            height = max(1, canvas.dots(box.y + box.height) - y)
        }
    }

    private func add(_ dots: Dots) {
        cairo_rectangle(
            context,
            Double(dots.x),
            Double(dots.y),
            Double(dots.width),
            Double(dots.height)
        )
    }

    private func fill(_ dots: Dots) {
        add(dots)
        cairo_fill(context)
    }

    private func draw(frame: Dots, _ stroke: Int) {
        let (right, bottom) = (frame.x + frame.width, frame.y + frame.height)
        let (across, down) = (frame.width, frame.height)
        add(Dots(x: frame.x, y: frame.y, width: across, height: stroke))
        add(Dots(x: frame.x, y: bottom - stroke, width: across, height: stroke))
        add(Dots(x: frame.x, y: frame.y, width: stroke, height: down))
        add(Dots(x: right - stroke, y: frame.y, width: stroke, height: down))
        cairo_set_fill_rule(context, CAIRO_FILL_RULE_WINDING)
        cairo_fill(context)
    }

    // MARK: - Codes

    private func draw(_ code: LabelCode) throws(WorkerError) {
        let place = Dots(code.box, self)
        switch code.kind {
        case .qr:
            guard let level = ErrorCorrection(letter: code.level) else {
                throw WorkerError(.badRequest, "level \(code.level)")
            }
            // On a label, a code without content is a field that was forgotten.
            guard !code.content.isEmpty else { throw WorkerError(.emptyContent, "") }
            let content =
                code.isText
                ? QRContent(text: String(decoding: code.content, as: UTF8.self))
                : QRContent(bytes: code.content)
            let modules = try QRWriter.modules(content, level)
            try draw(modules, in: place)
        case .code128, .gs1Code128:
            let widths = try Code128.widths(code.content, isGS1: code.kind == .gs1Code128)
            try draw(widths, in: place)
        }
    }

    /// Whole dots a module, as many as fit.
    private func moduleSize(_ room: Int, modules: Int) throws(WorkerError) -> Int {
        let size = room / modules
        guard size > 0, size * 25_400 / resolution >= Self.moduleMin else {
            let wanted = modules * Self.moduleMin / 1_000 + 1
            throw WorkerError(
                .codeDoesNotFit,
                "\(room * 254 / resolution / 10) mm, \(wanted) mm at least"
            )
        }
        return size
    }

    private func draw(_ modules: QRModules, in place: Dots) throws(WorkerError) {
        let side = modules.width + 2 * QRModules.quietZone
        let size = try moduleSize(min(place.width, place.height), modules: side)
        let left = place.x + (place.width - modules.width * size) / 2
        let top = place.y + (place.height - modules.width * size) / 2
        for row in 0..<modules.width {
            var column = 0
            while column < modules.width {
                let start = column
                while column < modules.width, modules.isDark[row * modules.width + column] {
                    column += 1
                }
                if column > start {
                    add(
                        Dots(
                            x: left + start * size,
                            y: top + row * size,
                            width: (column - start) * size,
                            height: size
                        )
                    )
                }
                column += 1
            }
        }
        cairo_fill(context)
    }

    private func draw(_ widths: [Int], in place: Dots) throws(WorkerError) {
        let total = widths.reduce(0, +)
        let size = try moduleSize(place.width, modules: total + 2 * Code128.quietZone)
        var x = place.x + (place.width - total * size) / 2
        for (index, width) in widths.enumerated() {
            if index.isMultiple(of: 2) {
                add(Dots(x: x, y: place.y, width: width * size, height: place.height))
            }
            x += width * size
        }
        cairo_fill(context)
    }

    // MARK: - Images

    private func draw(_ png: [UInt8], in place: Dots) throws(WorkerError) {
        let picture = try PNGFile.read(png)
        let stride = Int(
            cairo_format_stride_for_width(CAIRO_FORMAT_A8, Int32(picture.width))
        )
        var ink = [UInt8](repeating: 0, count: stride * picture.height)
        for row in 0..<picture.height {
            for column in 0..<picture.width {
                ink[row * stride + column] = 255 - picture.pixels[row * picture.width + column]
            }
        }
        let scale = min(
            Double(place.width) / Double(picture.width),
            Double(place.height) / Double(picture.height)
        )
        ink.withUnsafeMutableBufferPointer { buffer in
            let surface = cairo_image_surface_create_for_data(
                buffer.baseAddress,
                CAIRO_FORMAT_A8,
                Int32(picture.width),
                Int32(picture.height),
                Int32(stride)
            )
            cairo_save(context)
            cairo_translate(context, Double(place.x), Double(place.y))
            cairo_scale(context, scale, scale)
            cairo_mask_surface(context, surface, 0, 0)
            cairo_restore(context)
            // A recording surface (PDF, SVG) copies what it was shown.
            cairo_surface_finish(surface)
            cairo_surface_destroy(surface)
        }
    }
}
