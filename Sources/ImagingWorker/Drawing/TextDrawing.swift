import CPangoCairo
import Labels

/// One text in its box, set by Pango: it shrinks and wraps while it may, then ends in an ellipsis,
/// and whatever is left over is clipped.
struct TextDrawing {
    /// Chinese first in the shapes of the mainland; what a font lacks is taken from others.
    private static let fonts = "Noto Sans CJK SC, WenQuanYi Micro Hei, DejaVu Sans, sans-serif"
    /// How much smaller each attempt is.
    private static let shrinkage = 0.94

    let canvas: LabelCanvas
    let text: LabelText

    func draw() {
        guard !text.text.isEmpty, let layout = pango_cairo_create_layout(canvas.context) else {
            return
        }
        defer { g_object_unref(UnsafeMutableRawPointer(layout)) }
        let place = LabelCanvas.Dots(text.box, canvas)
        prepare(layout, place)
        fit(layout, place)
        let height = Int(Self.extents(layout).height)
        let room = max(0, place.height - height)
        let drop =
            switch text.vertical {
            case .start: 0
            case .center: room / 2
            case .end: room
            }
        cairo_save(canvas.context)
        cairo_rectangle(
            canvas.context,
            Double(place.x),
            Double(place.y),
            Double(place.width),
            Double(place.height)
        )
        cairo_clip(canvas.context)
        cairo_move_to(canvas.context, Double(place.x), Double(place.y + drop))
        cairo_set_antialias(canvas.context, CAIRO_ANTIALIAS_GRAY)
        pango_cairo_show_layout(canvas.context, layout)
        cairo_restore(canvas.context)
    }

    private func prepare(_ layout: OpaquePointer, _ place: LabelCanvas.Dots) {
        // The same line breaks at every resolution: no rounding of letters to dots.
        let options = cairo_font_options_create()
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        let context = pango_layout_get_context(layout)
        pango_cairo_context_set_font_options(context, options)
        pango_context_set_round_glyph_positions(context, 0)
        cairo_font_options_destroy(options)
        pango_layout_context_changed(layout)
        pango_layout_set_text(layout, text.text, -1)
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
        pango_layout_set_width(layout, Int32(place.width) * PANGO_SCALE)
        pango_layout_set_single_paragraph_mode(layout, 1)
        let alignment =
            switch text.horizontal {
            case .start: PANGO_ALIGN_LEFT
            case .center: PANGO_ALIGN_CENTER
            case .end: PANGO_ALIGN_RIGHT
            }
        pango_layout_set_alignment(layout, alignment)
    }

    /// The largest size at which all of it fits; else the smallest, with an ellipsis.
    private func fit(_ layout: OpaquePointer, _ place: LabelCanvas.Dots) {
        var size = Double(text.size)
        let smallest = Double(min(text.size, max(500, text.sizeMin)))
        while true {
            setFont(layout, micrometres: size)
            if fits(layout, place) { return }
            guard size > smallest else { break }
            size = max(smallest, size * Self.shrinkage)
        }
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END)
        var lines = text.linesMax
        repeat {
            // Negative: so many lines.
            pango_layout_set_height(layout, Int32(-lines))
            lines -= 1
        } while lines >= 1 && Int(Self.extents(layout).height) > place.height
    }

    private func fits(_ layout: OpaquePointer, _ place: LabelCanvas.Dots) -> Bool {
        let extents = Self.extents(layout)
        return Int(pango_layout_get_line_count(layout)) <= text.linesMax
            && Int(extents.height) <= place.height && Int(extents.width) <= place.width
    }

    private func setFont(_ layout: OpaquePointer, micrometres: Double) {
        let font = pango_font_description_from_string(Self.fonts)
        defer { pango_font_description_free(font) }
        if text.isBold { pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD) }
        let dots = micrometres * Double(canvas.resolution) / 25_400
        pango_font_description_set_absolute_size(font, dots * Double(PANGO_SCALE))
        pango_layout_set_font_description(layout, font)
    }

    /// The size in dots of what the text takes.
    private static func extents(_ layout: OpaquePointer) -> (width: Int32, height: Int32) {
        var rectangle = PangoRectangle()
        pango_layout_get_pixel_extents(layout, nil, &rectangle)
        return (rectangle.width, rectangle.height)
    }
}
