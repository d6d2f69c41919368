import Imaging

/// A QR code in block characters, for whoever holds a camera before a terminal window.
enum TerminalQR {
    static func text(_ content: String) throws -> String {
        let modules = try ImagingWorkerClient().modules(
            of: QRContent(text: content),
            level: .medium
        )
        let margin = 2
        func isDark(_ x: Int, _ y: Int) -> Bool {
            let range = 0..<modules.width
            return range.contains(x) && range.contains(y) && modules.isDark[y * modules.width + x]
        }
        let rows = stride(from: -margin, to: modules.width + margin, by: 2).map { y in
            (-margin..<modules.width + margin).map { x in
                switch (isDark(x, y), isDark(x, y + 1)) {
                case (false, false): "█"
                case (false, true): "▀"
                case (true, false): "▄"
                case (true, true): " "
                }
            }
            .joined()
        }
        return rows.joined(separator: "\n")
    }
}
