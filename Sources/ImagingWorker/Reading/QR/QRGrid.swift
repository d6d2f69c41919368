/// The shades of a code's modules, as sampled through a pose, and ways to tell dark from light.
struct QRGrid {
    let side: Int
    /// Row by row, 0 black to 255.
    var shades: [Float]

    /// Samples each module at five places around its middle.
    ///
    /// - Parameters:
    ///   - plane: the picture.
    ///   - pose: how the code lies in it.
    ///   - mesh: what the pose is out by; nil for nothing.
    ///   - spread: how far from the middle, in modules.
    init(_ plane: Plane, _ pose: QRPose, mesh: QRMesh?, spread: Float = 0.2) {
        side = pose.layout.side
        shades = [Float](repeating: 0, count: side * side)
        let (width, height) = (plane.width, plane.height)
        let (lastX, lastY) = (Float(width) - 1.001, Float(height) - 1.001)
        let pixels = plane.pixels
        @inline(__always)
        func shade(_ place: Vector) -> Float {
            let x = min(max(place.x - 0.5, 0), max(lastX, 0))
            let y = min(max(place.y - 0.5, 0), max(lastY, 0))
            let (column, row) = (Int(x), Int(y))
            let (across, down) = (x - Float(column), y - Float(row))
            let start = pixels + (row &* width &+ column)
            let right = column + 1 < width ? 1 : 0
            let below = row + 1 < height ? width : 0
            let upper = Float(start[0]) * (1 - across) + Float(start[right]) * across
            let lower =
                Float(start[below]) * (1 - across) + Float(start[below + right]) * across
            return upper * (1 - down) + lower * down
        }
        for row in 0..<side {
            for column in 0..<side {
                let (u, v) = (Float(column) + 0.5, Float(row) + 0.5)
                var middle = pose.place(u, v)
                var (stepU, stepV) = (pose.place(u + spread, v), pose.place(u, v + spread))
                stepU = stepU - middle
                stepV = stepV - middle
                if let mesh { middle = middle + mesh.offset(u, v) }
                var sum = shade(middle) * 2
                sum += shade(middle + stepU + stepV) + shade(middle - stepU - stepV)
                sum += shade(middle + stepU - stepV) + shade(middle - stepU + stepV)
                shades[row * side + column] = sum / 6
            }
        }
    }

    /// Squares darker than the mean of their surroundings.
    func darker(radius: Int) -> [UInt8] {
        let sums = tableOfSums()
        var squares = [UInt8](repeating: 0, count: side * side)
        for row in 0..<side {
            let (top, bottom) = (max(0, row - radius), min(side, row + radius + 1))
            for column in 0..<side {
                let (left, right) = (max(0, column - radius), min(side, column + radius + 1))
                let stride = side + 1
                let sum =
                    sums[bottom * stride + right] - sums[bottom * stride + left]
                    - sums[top * stride + right] + sums[top * stride + left]
                let mean = sum / Float((right - left) * (bottom - top))
                squares[row * side + column] = shades[row * side + column] < mean ? 1 : 0
            }
        }
        return squares
    }

    private func tableOfSums() -> [Float] {
        let stride = side + 1
        var sums = [Float](repeating: 0, count: stride * stride)
        for row in 0..<side {
            var sum: Float = 0
            for column in 0..<side {
                sum += shades[row * side + column]
                sums[(row + 1) * stride + column + 1] = sums[row * stride + column + 1] + sum
            }
        }
        return sums
    }

    /// Squares darker than the middle between the darkest and the lightest of their surroundings.
    func darkerThanMiddle(radius: Int) -> [UInt8] {
        let (least, most) = extremes(radius)
        return shades.indices.map { shades[$0] * 2 < least[$0] + most[$0] ? 1 : 0 }
    }

    /// The darkest and the lightest shade around each square.
    private func extremes(_ radius: Int) -> (least: [Float], most: [Float]) {
        func pass(_ values: [Float], _ stepOver: Int, _ pick: (Float, Float) -> Float) -> [Float] {
            var result = values
            for row in 0..<side {
                for column in 0..<side {
                    let place = row * side + column
                    let along = stepOver == 1 ? column : row
                    var value = values[place]
                    for offset in -radius...radius
                    where along + offset >= 0 && along + offset < side {
                        value = pick(value, values[place + offset * stepOver])
                    }
                    result[place] = value
                }
            }
            return result
        }
        return (
            pass(pass(shades, 1, min), side, min), pass(pass(shades, 1, max), side, max)
        )
    }

    /// Squares darker than the shade that parts all of them best (Otsu).
    func darkerThanOne() -> [UInt8] {
        var counts = [Float](repeating: 0, count: 256)
        for shade in shades { counts[max(0, min(255, Int(shade)))] += 1 }
        let total = Float(shades.count)
        let all = counts.indices.reduce(0 as Float) { $0 + Float($1) * counts[$1] }
        var (below, sum, best, threshold): (Float, Float, Float, Int) = (0, 0, -1, 128)
        for shade in 0..<256 {
            below += counts[shade]
            sum += Float(shade) * counts[shade]
            guard below > 0, below < total else { continue }
            let difference = sum / below - (all - sum) / (total - below)
            let between = below * (total - below) * difference * difference
            if between > best { (best, threshold) = (between, shade) }
        }
        return shades.map { Int($0) <= threshold ? 1 : 0 }
    }

    /// The grid with each square moved away from the mean of its four neighbours: undoes blur that
    /// reaches into them.
    func steeper(by amount: Float) -> QRGrid {
        var grid = self
        for row in 0..<side {
            for column in 0..<side {
                let place = row * side + column
                let left = shades[column > 0 ? place - 1 : place]
                let right = shades[column + 1 < side ? place + 1 : place]
                let above = shades[row > 0 ? place - side : place]
                let below = shades[row + 1 < side ? place + side : place]
                let mean = (left + right + above + below) / 4
                grid.shades[place] = shades[place] + amount * (shades[place] - mean)
            }
        }
        return grid
    }

    /// Squares near which there is little contrast, or that are near the threshold.
    func doubtful(radius: Int, share: Float) -> [Bool] {
        let (least, most) = extremes(radius)
        var spreads = shades.indices.map { most[$0] - least[$0] }
        spreads.sort()
        let usual = spreads[spreads.count / 2]
        return shades.indices.map { place in
            let spread = most[place] - least[place]
            guard spread > usual * 0.3 else { return true }
            return abs(shades[place] * 2 - least[place] - most[place]) < spread * share
        }
    }
}
