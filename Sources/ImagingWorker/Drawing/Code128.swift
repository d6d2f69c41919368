import Imaging

/// Code 128 (ISO/IEC 15417), with FNC1 for GS1.
enum Code128 {
    /// The light border on either side, in modules.
    static let quietZone = 10

    private static let startB = 104
    private static let startC = 105
    private static let stop = 106
    private static let fnc1 = 102
    private static let toC = 99
    private static let toB = 100

    /// The widths of bars and gaps, in turn, from the first bar to the last.
    ///
    /// - Parameters:
    ///   - content: ASCII without controls; GS separates GS1 elements.
    ///   - isGS1: puts FNC1 first, and for each GS.
    /// - Returns: in modules; the first and the last are bars.
    /// - Throws: when the content is empty, too long, or has other characters.
    static func widths(_ content: [UInt8], isGS1: Bool) throws(WorkerError) -> [Int] {
        guard !content.isEmpty else { throw WorkerError(.emptyContent, "") }
        guard content.count <= 80 else {
            throw WorkerError(.contentTooLong, "\(content.count) characters, 80 at most")
        }
        let isKnown = content.allSatisfy { (0x20...0x7E).contains($0) || isGS1 && $0 == 0x1D }
        guard isKnown else {
            throw WorkerError(.badCharacter, "Code 128 holds ASCII letters, digits and signs here")
        }
        let values = values(content, isGS1)
        var sum = values[0]
        for (place, value) in values.enumerated().dropFirst() { sum += place * value }
        return (values + [sum % 103, stop]).flatMap { value in
            String(patterns[value]).utf8.map { Int($0) - 48 }
        }
    }

    /// Symbol values, the start first: pairs of digits in set C where four or more stand together.
    private static func values(_ content: [UInt8], _ isGS1: Bool) -> [Int] {
        func digits(from start: Int) -> Int {
            content[start...].prefix { (48...57).contains($0) }.count
        }
        var inC = digits(from: 0) >= 4 || content.count == 2 && digits(from: 0) == 2
        var values = [inC ? startC : startB]
        if isGS1 { values.append(fnc1) }
        var index = 0
        while index < content.count {
            if content[index] == 0x1D {
                values.append(fnc1)
                index += 1
                continue
            }
            let run = digits(from: index)
            if inC, run >= 2 {
                values.append(Int(content[index] - 48) * 10 + Int(content[index + 1] - 48))
                index += 2
            } else if inC {
                values.append(toB)
                inC = false
            } else if run >= 4, run.isMultiple(of: 2) {
                values.append(toC)
                inC = true
            } else {
                values.append(Int(content[index]) - 32)
                index += 1
            }
        }
        return values
    }

    /// Bar, gap, bar, gap, bar, gap of each value; the stop has a bar more.
    private static let patterns: [Substring] = """
        212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 \
        112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 \
        311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 \
        112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 \
        313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 \
        314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 \
        122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 \
        124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 \
        114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112
        """.split(separator: " ")
}
