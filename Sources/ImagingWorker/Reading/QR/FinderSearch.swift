/// One of the three squares in a square that stand in the corners of a QR code.
struct Finder {
    var x: Float
    var y: Float
    /// Pixels a module, as the lines through the middle had it.
    var module: Float
    /// On how many lines it was seen.
    var count: Int
    /// Where the outer edge lies, seen from the middle: pixels, for each of ``FinderSearch/rays``;
    /// 0 where no edge is where one should be.
    var edge: [Float] = []
    /// The share of rays that crossed dark, light, dark as they should.
    var roundness: Float = 0
}

/// Finds finder patterns: lines of dark and light in the proportions 1:1:3:1:1, whichever way one
/// crosses (ISO/IEC 18004).
struct FinderSearch {
    /// Directions in which a candidate is looked at.
    static let rays = 48

    private static let directions: [(x: Float, y: Float)] = (0..<rays).map { index in
        let angle = Float(index) * 2 * .pi / Float(rays)
        return (cosine(angle), cosine(angle - .pi / 2))
    }

    /// The direction of a ray, of length 1.
    static func direction(_ ray: Int) -> (x: Float, y: Float) { directions[ray] }

    /// More candidates than this are noise.
    private static let candidatesMax = 3_000
    /// How many of the last candidates a line is compared with: rows come in order.
    private static let recentMax = 150

    let contrast: Contrast
    let clock: Stopwatch

    /// Looks all over.
    ///
    /// - Parameter most: how many at most.
    /// - Returns: candidates, the surest first.
    func find(most: Int) -> [Finder] {
        var found: [Finder] = []
        let bounds = UnsafeMutablePointer<Int32>.allocate(capacity: contrast.width + 2)
        defer { bounds.deallocate() }
        let step = contrast.height > 700 ? 2 : 1
        for row in stride(from: 0, to: contrast.height, by: step) {
            guard found.count < Self.candidatesMax, !clock.isOver else { break }
            scan(row, bounds, &found)
        }
        var sure: [Finder] = []
        for candidate in found {
            guard !clock.isOver else { break }
            guard let checked = looked(at: candidate) else { continue }
            sure.append(checked)
        }
        sure.sort {
            $0.roundness * Float(min($0.count, 6)) > $1.roundness * Float(min($1.count, 6))
        }
        return Array(sure.prefix(most))
    }

    /// Looks for the proportions along one row.
    private func scan(
        _ row: Int,
        _ bounds: UnsafeMutablePointer<Int32>,
        _ found: inout [Finder]
    ) {
        let values = contrast.values + row * contrast.width
        var count = 0
        var wasDark = false
        for column in 0..<contrast.width {
            let isDark = values[column] > 0
            if isDark != wasDark {
                bounds[count] = Int32(column)
                count += 1
                wasDark = isDark
            }
        }
        if wasDark {
            bounds[count] = Int32(contrast.width)
            count += 1
        }
        // Even places are where dark begins.
        var index = 0
        while index + 5 < count {
            let runs = Runs(
                bounds[index + 1] - bounds[index],
                bounds[index + 2] - bounds[index + 1],
                bounds[index + 3] - bounds[index + 2],
                bounds[index + 4] - bounds[index + 3],
                bounds[index + 5] - bounds[index + 4]
            )
            if runs.areFinder(slack: 0.75) {
                let middle = Float(bounds[index + 2] + bounds[index + 3]) / 2
                confirm(middle, Float(row) + 0.5, runs.total, &found)
            }
            index += 2
        }
    }

    /// Crosses a candidate down and then across again; adds it, or what it says about a known one.
    private func confirm(_ x: Float, _ y: Float, _ total: Float, _ found: inout [Finder]) {
        let module = total / 7
        if let known = found.suffix(Self.recentMax).lastIndex(where: {
            abs($0.x - x) < module * 1.5 && abs($0.y - y) < module * 1.5
                && abs($0.module - module) < max(1, module * 0.4)
        }), found[known].count > 2 {
            found[known].count += 1
            return
        }
        guard let down = cross(Int(x), Int(y), across: false, limit: total) else { return }
        guard down.total > total * 0.35, down.total < total * 2.8 else { return }
        guard let again = cross(Int(x), Int(down.middle), across: true, limit: total) else {
            return
        }
        let size = (again.total + down.total) / 14
        let (middleX, middleY) = (again.middle, down.middle)
        if let known = found.suffix(Self.recentMax).lastIndex(where: {
            abs($0.x - middleX) < size * 1.5 && abs($0.y - middleY) < size * 1.5
                && abs($0.module - size) < max(1, size * 0.5)
        }) {
            let old = Float(found[known].count)
            found[known].x = (found[known].x * old + middleX) / (old + 1)
            found[known].y = (found[known].y * old + middleY) / (old + 1)
            found[known].module = (found[known].module * old + size) / (old + 1)
            found[known].count += 1
        } else {
            found.append(Finder(x: middleX, y: middleY, module: size, count: 1))
        }
    }

    /// The five runs through a dark pixel, along the row or down the column.
    private func cross(
        _ x: Int,
        _ y: Int,
        across: Bool,
        limit: Float
    ) -> (middle: Float, total: Float)? {
        guard contrast.isDark(x, y) else { return nil }
        let (stepX, stepY) = across ? (1, 0) : (0, 1)
        let most = Int(limit * 2) + 4
        func runs(_ sign: Int) -> (Int, Int, Int)? {
            var (place, lengths) = (1, (0, 0, 0))
            func dark() -> Bool {
                contrast.isDark(x + sign * stepX * place, y + sign * stepY * place)
            }
            while place < most, dark() { place += 1 }
            lengths.0 = place - 1
            let light = place
            while place < most, !dark() { place += 1 }
            lengths.1 = place - light
            let ring = place
            while place < most, dark() { place += 1 }
            lengths.2 = place - ring
            return place < most && lengths.1 > 0 && lengths.2 > 0 ? lengths : nil
        }
        guard let back = runs(-1), let ahead = runs(1) else { return nil }
        let middle = back.0 + ahead.0 + 1
        let lengths = Runs(
            Int32(back.2),
            Int32(back.1),
            Int32(middle),
            Int32(ahead.1),
            Int32(ahead.2)
        )
        guard lengths.areFinder(slack: 0.8) else { return nil }
        let start = Float(across ? x : y) - Float(back.0)
        return (start + Float(middle) / 2, lengths.total)
    }

    /// Looks at a candidate all around, and moves it to the middle of its outer edge.
    private func looked(at candidate: Finder) -> Finder? {
        var finder = candidate
        for _ in 0..<2 {
            let reach = finder.module * 7.5 + 3
            var edge = [Float](repeating: 0, count: Self.rays)
            var (sumX, sumY, count): (Float, Float, Float) = (0, 0, 0)
            for (index, direction) in Self.directions.enumerated() {
                guard let distance = outerEdge(finder, direction, reach) else { continue }
                edge[index] = distance
                let opposite = edge[(index + Self.rays / 2) % Self.rays]
                guard index >= Self.rays / 2, opposite > 0 else { continue }
                sumX += direction.x * (distance - opposite)
                sumY += direction.y * (distance - opposite)
                count += 2
            }
            finder.edge = edge
            finder.roundness = Float(edge.count { $0 > 0 }) / Float(Self.rays)
            guard finder.roundness >= 0.4 else { return nil }
            guard count > 12 else { break }
            finder.x += sumX / count
            finder.y += sumY / count
        }
        return finder
    }

    /// How far the outer edge is in one direction; nil where the crossing is not as it should be.
    private func outerEdge(
        _ finder: Finder,
        _ direction: (x: Float, y: Float),
        _ reach: Float
    ) -> Float? {
        var distance: Float = 0
        var changes: (Float, Float, Float) = (0, 0, 0)
        var stage = 0
        while distance < reach {
            distance += 0.5
            let x = finder.x + direction.x * distance
            let y = finder.y + direction.y * distance
            guard x >= 0, y >= 0 else { return nil }
            let isDark = contrast.isDark(Int(x), Int(y))
            if isDark == (stage == 1) {
                switch stage {
                case 0: changes.0 = distance
                case 1: changes.1 = distance
                default: changes.2 = distance
                }
                stage += 1
                if stage == 3 { break }
            }
        }
        guard stage == 3, changes.0 > 0.8 * finder.module * 0.6 else { return nil }
        // 1.5, 2.5 and 3.5 modules, and up to 1.41 times as much towards the corners.
        let first = changes.0 / changes.2
        let second = changes.1 / changes.2
        guard first > 0.2, first < 0.66, second > 0.45, second < 0.93 else { return nil }
        guard changes.2 > 1.6 * finder.module, changes.2 < 7.5 * finder.module else { return nil }
        return changes.2 - 0.25
    }
}

/// Five lengths in turn dark and light.
private struct Runs {
    let lengths: (Int32, Int32, Int32, Int32, Int32)
    let total: Float

    @inline(__always)
    init(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32, _ e: Int32) {
        lengths = (a, b, c, d, e)
        total = Float(a &+ b &+ c &+ d &+ e)
    }

    /// Whether they are near 1:1:3:1:1.
    ///
    /// Blur and light make all dark lines thinner or wider alike, so a line is measured together
    /// with its neighbour too.
    @inline(__always)
    func areFinder(slack: Float) -> Bool {
        guard total >= 7 else { return false }
        let module = total / 7
        let most = module * slack + 0.8
        let (a, b, c, d, e) = (
            Float(lengths.0), Float(lengths.1), Float(lengths.2), Float(lengths.3),
            Float(lengths.4)
        )
        guard abs(c - 3 * module) < 1.5 * most else { return false }
        guard abs(a - module) < most * 1.25, abs(b - module) < most,
            abs(d - module) < most, abs(e - module) < most * 1.25
        else { return false }
        return abs(a + b - 2 * module) < most * 1.2 && abs(d + e - 2 * module) < most * 1.2
    }
}
