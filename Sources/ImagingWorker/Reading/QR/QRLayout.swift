/// Where everything is in a QR code of one version (ISO/IEC 18004).
final class QRLayout {
    let version: Int
    let side: Int
    /// Middles of the alignment patterns' rows and columns, in modules from the edge.
    let alignment: [Int]
    /// The modules that hold data, in the order in which they are read: row × side + column.
    let path: [Int32]
    /// Squares whose colour is the same in every code: middle, and 1 dark, -1 light.
    let fixed: [(u: Float, v: Float, sign: Float)]
    /// Of these the finder patterns and the lines of alternating squares.
    let frame: [(u: Float, v: Float, sign: Float)]
    /// Of these the lines of alternating squares only.
    let timing: [(u: Float, v: Float, sign: Float)]

    /// All versions, by number less one; made when first asked for.
    ///
    /// The child has one thread.
    nonisolated(unsafe) private static var known = [QRLayout?](repeating: nil, count: 40)

    /// The layout of a version from 1 to 40.
    ///
    /// The child has one thread.
    static func of(version: Int) -> QRLayout {
        if let layout = known[version - 1] { return layout }
        let layout = QRLayout(version: version)
        known[version - 1] = layout
        return layout
    }

    private init(version: Int) {
        self.version = version
        let side = 17 + 4 * version
        self.side = side
        alignment = Self.alignment(version, side)
        var isTaken = [Bool](repeating: false, count: side * side)
        for place in 0..<9 {
            for other in 0..<9 { isTaken[place * side + other] = true }
        }
        for place in 0..<9 {
            for other in (side - 8)..<side {
                isTaken[place * side + other] = true
                isTaken[other * side + place] = true
            }
        }
        for place in 0..<side {
            isTaken[6 * side + place] = true
            isTaken[place * side + 6] = true
        }
        let middles = Self.middles(alignment)
        for (row, column) in middles {
            for down in -2...2 {
                for across in -2...2 { isTaken[(row + down) * side + column + across] = true }
            }
        }
        if version >= 7 {
            for place in 0..<6 {
                for other in (side - 11)..<(side - 8) {
                    isTaken[place * side + other] = true
                    isTaken[other * side + place] = true
                }
            }
        }
        path = Self.path(side, isTaken)
        timing = Self.timing(side)
        frame = Self.finders(side) + timing
        fixed = frame + Self.squares(middles)
    }

    private static func alignment(_ version: Int, _ side: Int) -> [Int] {
        guard version > 1 else { return [] }
        let count = version / 7 + 2
        // Annex E's table follows this, but for version 32.
        let step =
            version == 32
            ? 26 : (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2
        return [6] + (0..<(count - 1)).reversed().map { side - 7 - $0 * step }
    }

    /// Rows and columns of the alignment patterns that are really there.
    static func middles(_ alignment: [Int]) -> [(row: Int, column: Int)] {
        guard let last = alignment.last else { return [] }
        var middles: [(row: Int, column: Int)] = []
        for row in alignment {
            for column in alignment {
                let isFinder =
                    row == 6 && (column == 6 || column == last) || row == last && column == 6
                if !isFinder { middles.append((row, column)) }
            }
        }
        return middles
    }

    private static func path(_ side: Int, _ isTaken: [Bool]) -> [Int32] {
        var path: [Int32] = []
        var column = side - 1
        var goesUp = true
        while column > 0 {
            if column == 6 { column -= 1 }
            for step in 0..<side {
                let row = goesUp ? side - 1 - step : step
                for place in [column, column - 1] where !isTaken[row * side + place] {
                    path.append(Int32(row * side + place))
                }
            }
            goesUp.toggle()
            column -= 2
        }
        return path
    }

    private static func timing(_ side: Int) -> [(u: Float, v: Float, sign: Float)] {
        (8..<(side - 8)).flatMap { place -> [(u: Float, v: Float, sign: Float)] in
            let sign: Float = place.isMultiple(of: 2) ? 1 : -1
            let middle = Float(place) + 0.5
            return [(u: middle, v: 6.5, sign: sign), (u: 6.5, v: middle, sign: sign)]
        }
    }

    private static func finders(_ side: Int) -> [(u: Float, v: Float, sign: Float)] {
        var squares: [(u: Float, v: Float, sign: Float)] = []
        let far = Float(side - 7)
        for (left, top) in [(0, 0), (far, 0), (0, far)] as [(Float, Float)] {
            for row in -1...7 {
                for column in -1...7 {
                    let ring = max(abs(row - 3), abs(column - 3))
                    let (u, v) = (left + Float(column) + 0.5, top + Float(row) + 0.5)
                    guard u > 0, v > 0, u < far + 7, v < far + 7 else { continue }
                    squares.append((u, v, ring == 2 || ring == 4 ? -1 : 1))
                }
            }
        }
        return squares
    }

    private static func squares(
        _ middles: [(row: Int, column: Int)]
    ) -> [(u: Float, v: Float, sign: Float)] {
        middles.flatMap { middle in
            (0..<25).map { place in
                let (down, across) = (place / 5 - 2, place % 5 - 2)
                return (
                    u: Float(middle.column + across) + 0.5, v: Float(middle.row + down) + 0.5,
                    sign: max(abs(down), abs(across)) == 1 ? -1 : 1
                )
            }
        }
    }

    /// Check codewords a block and number of blocks, for L, M, Q, H (table 9 of the standard).
    static func blocks(version: Int, level: Int) -> (check: Int, count: Int) {
        (checkCounts[level][version - 1], blockCounts[level][version - 1])
    }

    private static let checkCounts: [[Int]] = [
        [
            7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28,
            30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
        ],
        [
            10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28,
            28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        ],
        [
            13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30,
            30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
        ],
        [
            17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24,
            30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
        ],
    ]

    private static let blockCounts: [[Int]] = [
        [
            1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13,
            14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
        ],
        [
            1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21,
            23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
        ],
        [
            1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29,
            34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
        ],
        [
            1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32,
            35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
        ],
    ]
}
