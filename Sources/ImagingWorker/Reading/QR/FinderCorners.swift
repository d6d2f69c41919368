/// The four corners of a finder pattern, as lines along its edges meet.
struct FinderCorners {
    /// In the code's own order: upper left, upper right, lower right, lower left.
    let corners: [Vector]
    /// Lengths of the middle lines along u and v, seven modules each.
    let across: Float
    let down: Float

    /// Fits lines to the edge of a finder pattern.
    ///
    /// - Parameters:
    ///   - finder: the pattern, with its edge.
    ///   - u: the direction in which columns are counted, about.
    ///   - v: the direction in which rows are counted, about.
    init?(_ finder: Finder, u: Vector, v: Vector) {
        guard !finder.edge.isEmpty else { return nil }
        let middle = Vector(finder.x, finder.y)
        var (u, v) = (u, v)
        var lines: [Line]?
        for _ in 0..<2 {
            guard let fitted = Self.lines(finder, middle, u, v) else { return nil }
            lines = fitted
            // Upper and lower lines run along u, left and right ones along v.
            u = Self.joined(fitted[0].direction, fitted[2].direction, like: u)
            v = Self.joined(fitted[1].direction, fitted[3].direction, like: v)
        }
        guard let lines, let a = lines[0].meets(lines[3]), let b = lines[0].meets(lines[1]),
            let c = lines[2].meets(lines[1]), let d = lines[2].meets(lines[3])
        else { return nil }
        let reach = finder.module * 12
        for corner in [a, b, c, d] where (corner - middle).length > reach { return nil }
        corners = [a, b, c, d]
        across = ((b + c) * 0.5 - (a + d) * 0.5).length
        down = ((c + d) * 0.5 - (a + b) * 0.5).length
        guard across > 4, down > 4 else { return nil }
    }

    private struct Line {
        var place: Vector
        var direction: Vector

        func meets(_ other: Line) -> Vector? {
            let cross = direction.cross(other.direction)
            guard abs(cross) > 0.2 else { return nil }
            return place + direction * ((other.place - place).cross(other.direction) / cross)
        }

        /// The line through points that leaves the least squares of distances.
        init?(_ points: [Vector]) {
            guard points.count >= 3 else { return nil }
            var middle = Vector(0, 0)
            for point in points { middle = middle + point }
            middle = middle * (1 / Float(points.count))
            var (xx, xy, yy): (Float, Float, Float) = (0, 0, 0)
            for point in points {
                let offset = point - middle
                xx += offset.x * offset.x
                xy += offset.x * offset.y
                yy += offset.y * offset.y
            }
            place = middle
            let difference = xx - yy
            let root = (difference * difference + 4 * xy * xy).squareRoot()
            direction =
                difference >= 0
                ? Vector(difference + root, 2 * xy) : Vector(2 * xy, root - difference)
            let length = direction.length
            guard length > 0 else { return nil }
            direction = direction * (1 / length)
        }
    }

    private static func joined(_ a: Vector, _ b: Vector, like: Vector) -> Vector {
        let one = a.dot(like) < 0 ? a * -1 : a
        let other = b.dot(like) < 0 ? b * -1 : b
        let sum = one + other
        return sum * (like.length / max(sum.length, 1e-6))
    }

    /// The upper, right, lower and left line.
    private static func lines(
        _ finder: Finder,
        _ middle: Vector,
        _ u: Vector,
        _ v: Vector
    ) -> [Line]? {
        let area = u.cross(v)
        guard abs(area) > 1e-6 else { return nil }
        // Both directions are made as long as half the pattern.
        let (sizeU, sizeV) = reach(finder, u, v)
        var sides: [[Vector]] = [[], [], [], []]
        for (index, distance) in finder.edge.enumerated() where distance > 0 {
            let direction = FinderSearch.direction(index)
            let offset = Vector(direction.x * distance, direction.y * distance)
            let a = offset.cross(v) / area / sizeU
            let b = u.cross(offset) / area / sizeV
            let (across, down) = (abs(a), abs(b))
            guard abs(across - down) > 0.12 * max(across, down) else { continue }
            let side = across > down ? (a > 0 ? 1 : 3) : (b > 0 ? 2 : 0)
            sides[side].append(middle + offset)
        }
        var lines: [Line] = []
        for points in sides {
            guard let line = robust(points) else { return nil }
            lines.append(line)
        }
        return lines
    }

    /// How far the edge is along each direction, in lengths of it.
    private static func reach(_ finder: Finder, _ u: Vector, _ v: Vector) -> (Float, Float) {
        func along(_ direction: Vector) -> Float {
            var (sum, count): (Float, Float) = (0, 0)
            let unit = direction * (1 / max(direction.length, 1e-6))
            for (index, distance) in finder.edge.enumerated() where distance > 0 {
                let ray = FinderSearch.direction(index)
                let alignment = abs(unit.x * ray.x + unit.y * ray.y)
                guard alignment > 0.94 else { continue }
                sum += distance * alignment
                count += 1
            }
            return (count > 0 ? sum / count : finder.module * 3.5) / max(direction.length, 1e-6)
        }
        return (along(u), along(v))
    }

    /// A line through most of the points: fitted, then again without those that lie far from it.
    private static func robust(_ points: [Vector]) -> Line? {
        guard let first = Line(points) else { return nil }
        let distances = points.map { abs(($0 - first.place).cross(first.direction)) }
        let sorted = distances.sorted()
        let limit = max(0.8, sorted[sorted.count / 2] * 2)
        let near = points.indices.filter { distances[$0] <= limit }.map { points[$0] }
        return near.count >= 3 && near.count < points.count ? Line(near) : first
    }
}
