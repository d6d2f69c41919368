import Imaging

/// The teach codes as pictures: one by one for the page, and all of them on a sheet to be printed.
public struct TeachSheet: Sendable {
    private let client: ImagingWorkerClient

    public init(client: ImagingWorkerClient = ImagingWorkerClient()) { self.client = client }

    /// A teach code as an SVG picture; nil when there is no such number.
    ///
    /// - Throws: ``ImagingError`` when the child failed.
    public func code(_ number: Int) throws(ImagingError) -> String? {
        guard let code = TeachCode.all.first(where: { $0.number == number }) else { return nil }
        return try client.modules(of: QRContent(text: code.content)).svg(moduleSize: 4)
    }

    /// All teach codes as an SVG page of A4, each with its words.
    ///
    /// - Parameters:
    ///   - title: lines above the codes.
    ///   - captions: lines below each code, by its number.
    /// - Returns: the page.
    /// - Throws: ``ImagingError`` when the child failed.
    public func page(title: [String], captions: [Int: [String]]) throws(ImagingError) -> String {
        var svg = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" \
            viewBox="0 0 210 297" text-anchor="middle" \
            font-family="Noto Sans CJK SC, WenQuanYi Micro Hei, sans-serif">
            <rect width="210" height="297" fill="#fff"/>

            """
        for (index, line) in title.enumerated() {
            svg += text(line, x: 105, y: 16 + 7 * index, size: index == 0 ? 6 : 4)
        }
        let codes = try client.modules(of: TeachCode.all.map { QRContent(text: $0.content) })
        for (index, (code, modules)) in zip(TeachCode.all, codes).enumerated() {
            let (left, top) = (15 + index % 2 * 95, 48 + index / 2 * 118)
            let scale = 70 / Double(modules.width)
            svg += """
                <path transform="translate(\(left + 8) \(top)) scale(\(scale))" \
                shape-rendering="crispEdges" d="\(modules.svgPath)"/>

                """
            for (line, words) in (captions[code.number] ?? []).enumerated() {
                svg += text(words, x: left + 43, y: top + 80 + 6 * line, size: 4)
            }
        }
        return svg + "</svg>\n"
    }

    private func text(_ words: String, x: Int, y: Int, size: Int) -> String {
        let escaped = words.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return "<text x=\"\(x)\" y=\"\(y)\" font-size=\"\(size)\">\(escaped)</text>\n"
    }
}
