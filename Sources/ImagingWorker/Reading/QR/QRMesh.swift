/// What a pose is out by, measured at the alignment patterns: paper is not flat.
struct QRMesh {
    private let lines: [Float]
    private let offsets: [Vector]

    /// Looks for each alignment pattern near where it should be; nil for versions with none.
    init?(_ contrast: Contrast, _ pose: QRPose, module: Float) {
        let alignment = pose.layout.alignment
        guard let last = alignment.last else { return nil }
        let count = alignment.count
        lines = alignment.map { Float($0) + 0.5 }
        var found = [Vector?](repeating: nil, count: count * count)
        // Finder patterns hold their corners.
        found[0] = Vector(0, 0)
        found[count - 1] = Vector(0, 0)
        found[(count - 1) * count] = Vector(0, 0)
        let order = QRLayout.middles(alignment).sorted { $0.row + $0.column < $1.row + $1.column }
        for (row, column) in order {
            guard let r = alignment.firstIndex(of: row), let c = alignment.firstIndex(of: column)
            else { continue }
            let guess = Self.guess(found, r, c, count)
            let reach: Float = last > 60 ? 2.5 : 2
            found[r * count + c] = Self.search(
                contrast,
                pose,
                row,
                column,
                guess,
                module,
                reach: reach
            )
        }
        for r in 0..<count {
            for c in 0..<count where found[r * count + c] == nil {
                found[r * count + c] = Self.guess(found, r, c, count)
            }
        }
        offsets = found.map { $0 ?? Vector(0, 0) }
    }

    /// What the neighbours that are known are out by, on the average or continued.
    private static func guess(_ found: [Vector?], _ r: Int, _ c: Int, _ count: Int) -> Vector {
        var sum = Vector(0, 0)
        var weight: Float = 0
        for row in max(0, r - 2)...min(count - 1, r + 2) {
            for column in max(0, c - 2)...min(count - 1, c + 2) {
                guard (row, column) != (r, c), let known = found[row * count + column] else {
                    continue
                }
                let far = Float((row - r) * (row - r) + (column - c) * (column - c))
                sum = sum + known * (1 / far)
                weight += 1 / far
            }
        }
        return weight > 0 ? sum * (1 / weight) : Vector(0, 0)
    }

    /// Where the pattern of five by five fits best; nil when nowhere well.
    private static func search(
        _ contrast: Contrast,
        _ pose: QRPose,
        _ row: Int,
        _ column: Int,
        _ guess: Vector,
        _ module: Float,
        reach: Float
    ) -> Vector? {
        let (u, v) = (Float(column) + 0.5, Float(row) + 0.5)
        var places: [(Vector, Float)] = []
        for down in -2...2 {
            for across in -2...2 {
                let sign: Float = max(abs(down), abs(across)) == 1 ? -1 : 1
                places.append((pose.place(u + Float(across), v + Float(down)) + guess, sign))
            }
        }
        func fit(_ offset: Vector) -> Float {
            var (right, all): (Float, Float) = (0, 100)
            for (place, sign) in places {
                let value = max(-32, min(32, contrast.at(place.x + offset.x, place.y + offset.y)))
                right += value * sign
                all += abs(value)
            }
            return right / all - 0.02 * offset.length / module
        }
        var (best, bestFit) = (Vector(0, 0), fit(Vector(0, 0)))
        let step = max(0.5, module / 3)
        let steps = Int(reach * module / step)
        for down in -steps...steps {
            for across in -steps...steps {
                let offset = Vector(Float(across) * step, Float(down) * step)
                let value = fit(offset)
                if value > bestFit { (best, bestFit) = (offset, value) }
            }
        }
        return bestFit > 0.55 ? best + guess : nil
    }

    /// Between the patterns, by linear interpolation; beyond them, continued.
    func offset(_ u: Float, _ v: Float) -> Vector {
        let (column, across) = Self.cell(lines, u)
        let (row, down) = Self.cell(lines, v)
        let count = lines.count
        let start = row * count + column
        let upper = offsets[start] * (1 - across) + offsets[start + 1] * across
        let lower = offsets[start + count] * (1 - across) + offsets[start + count + 1] * across
        return upper * (1 - down) + lower * down
    }

    private static func cell(_ lines: [Float], _ value: Float) -> (Int, Float) {
        var cell = 0
        while cell + 2 < lines.count, value > lines[cell + 1] { cell += 1 }
        let part = (value - lines[cell]) / (lines[cell + 1] - lines[cell])
        return (cell, max(-0.3, min(1.3, part)))
    }
}
