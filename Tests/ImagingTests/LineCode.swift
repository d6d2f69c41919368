/// Draws Code 39 (ISO/IEC 16388), as far as the tests need it.
enum LineCode {
    /// Bars and spaces in turn, narrow and wide.
    private static let patterns: [Character: String] = [
        "*": "nwnnwnwnn", "T": "nnnnwnwwn", "A": "wnnnnwnnw", "G": "nnnnnwwnw", "1": "wnnwnnnnw",
    ]

    /// A picture of the code of these characters, 3 pixels a narrow line.
    static func picture(_ text: String) -> [UInt8] {
        var row = [UInt8](repeating: 255, count: 60)
        for character in "*\(text)*" {
            for (index, line) in (patterns[character] ?? "").enumerated() {
                let shade: UInt8 = index.isMultiple(of: 2) ? 0 : 255
                row += [UInt8](repeating: shade, count: line == "w" ? 8 : 3)
            }
            row += [UInt8](repeating: 255, count: 3)
        }
        row += [UInt8](repeating: 255, count: 60)
        let pixels = (0..<80).flatMap { _ in row }
        return WorkerFixture.pgm(width: row.count, height: 80, pixels)
    }
}
