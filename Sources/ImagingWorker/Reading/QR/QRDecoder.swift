/// From dark and light squares to a message.
enum QRDecoder {
    /// Format words for each of 32 formats, as they stand in a code.
    private static let formats: [UInt32] = (0..<32).map { data in
        var rest = UInt32(data) << 10
        for bit in stride(from: 14, through: 10, by: -1) where rest >> UInt32(bit) & 1 == 1 {
            rest ^= 0x537 << UInt32(bit - 10)
        }
        return (UInt32(data) << 10 | rest) ^ 0x5412
    }

    /// Reads the message of a code.
    ///
    /// - Parameters:
    ///   - squares: `side` × `side` of them, 1 dark.
    ///   - doubtful: squares whose colour is uncertain, by the same order; empty when none is.
    ///   - layout: the code's version.
    ///   - isMirrored: whether rows and columns are exchanged.
    /// - Returns: the message; nil when it does not decode.
    static func message(
        _ squares: [UInt8],
        doubtful: [Bool] = [],
        layout: QRLayout,
        isMirrored: Bool
    ) -> QRMessage? {
        for format in formats(squares, layout.side, isMirrored) {
            if let message = message(squares, doubtful, layout, isMirrored, format) {
                return message
            }
        }
        return nil
    }

    /// The formats that both copies are nearest to, without those that are too far off.
    private static func formats(_ squares: [UInt8], _ side: Int, _ isMirrored: Bool) -> [Int] {
        func square(_ row: Int, _ column: Int) -> UInt32 {
            UInt32(squares[isMirrored ? column * side + row : row * side + column])
        }
        var first: UInt32 = 0
        for column in 0..<6 { first = first << 1 | square(8, column) }
        first = first << 1 | square(8, 7)
        first = first << 1 | square(8, 8)
        first = first << 1 | square(7, 8)
        for row in (0..<6).reversed() { first = first << 1 | square(row, 8) }
        var second: UInt32 = 0
        for row in 0..<7 { second = second << 1 | square(side - 1 - row, 8) }
        for column in 0..<8 { second = second << 1 | square(8, side - 8 + column) }
        var best: [(distance: Int, format: Int)] = []
        for (index, word) in formats.enumerated() {
            let one = (word ^ first).nonzeroBitCount
            let other = (word ^ second).nonzeroBitCount
            if min(one, other) <= 3 { best.append((min(one, other), index)) }
        }
        best.sort { $0.distance < $1.distance }
        guard let least = best.first?.distance else { return [] }
        return best.prefix(2).filter { $0.distance <= least + 1 }.map(\.format)
    }

    private static func message(
        _ squares: [UInt8],
        _ doubtful: [Bool],
        _ layout: QRLayout,
        _ isMirrored: Bool,
        _ format: Int
    ) -> QRMessage? {
        // The standard's order of levels is M, L, H, Q.
        let level = [1, 0, 3, 2][format >> 3]
        let (check, count) = QRLayout.blocks(version: layout.version, level: level)
        let (codewords, erased) = read(squares, doubtful, layout, isMirrored, mask: format & 7)
        let total = codewords.count
        let short = total / count
        let longCount = total % count
        let shortData = short - check
        // Small codes have too few check codewords to use them all up (the standard's p).
        let reserve = layout.version == 1 ? [3, 2, 1, 1][level] : layout.version == 2 ? 2 : 0
        var data: [UInt8] = []
        for block in 0..<count {
            let isLong = block >= count - longCount
            let dataCount = shortData + (isLong ? 1 : 0)
            var places = (0..<shortData).map { $0 * count + block }
            if isLong { places.append(shortData * count + block - (count - longCount)) }
            let start = shortData * count + longCount
            places += (0..<check).map { start + $0 * count + block }
            var codewordsOfBlock = places.map { codewords[$0] }
            let doubts = places.indices.filter { !erased.isEmpty && erased[places[$0]] }
            let isCorrected = correct(&codewordsOfBlock, check, doubts, reserve)
            guard isCorrected else { return nil }
            data += codewordsOfBlock.prefix(dataCount)
        }
        return QRBits.message(data, version: layout.version)
    }

    /// Corrects a block: without doubts first, then with them, as long as enough is left to check.
    private static func correct(
        _ block: inout [UInt8],
        _ check: Int,
        _ doubts: [Int],
        _ reserve: Int
    ) -> Bool {
        let kept = block
        if ReedSolomon.correct(&block, checkCount: check, reserve: reserve) != nil { return true }
        let room = max(reserve, 4)
        guard !doubts.isEmpty, doubts.count <= check - room else { return false }
        block = kept
        return ReedSolomon.correct(&block, checkCount: check, erased: doubts, reserve: room) != nil
    }

    private static func read(
        _ squares: [UInt8],
        _ doubtful: [Bool],
        _ layout: QRLayout,
        _ isMirrored: Bool,
        mask: Int
    ) -> (codewords: [UInt8], erased: [Bool]) {
        let side = layout.side
        let count = layout.path.count / 8
        var codewords = [UInt8](repeating: 0, count: count)
        var erased = doubtful.isEmpty ? [] : [Bool](repeating: false, count: count)
        squares.withUnsafeBufferPointer { squares in
            for index in 0..<(count * 8) {
                let place = Int(layout.path[index])
                let (row, column) = (place / side, place % side)
                let source = isMirrored ? column * side + row : place
                let bit = squares[source] ^ (isMasked(mask, row, column) ? 1 : 0)
                codewords[index >> 3] |= bit << UInt8(7 - index & 7)
                if !doubtful.isEmpty, doubtful[source] { erased[index >> 3] = true }
            }
        }
        return (codewords, erased)
    }

    @inline(__always)
    private static func isMasked(_ mask: Int, _ row: Int, _ column: Int) -> Bool {
        switch mask {
        case 0: (row + column) & 1 == 0
        case 1: row & 1 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) & 1 == 0
        case 5: row * column & 1 + row * column % 3 == 0
        case 6: (row * column & 1 + row * column % 3) & 1 == 0
        default: ((row + column) & 1 + row * column % 3) & 1 == 0
        }
    }
}
