import Glibc

/// A cosine, so that others need not import the C library for it.
func cosine(_ angle: Float) -> Float { cosf(angle) }

/// A place or a direction in a plane.
struct Vector {
    var x: Float
    var y: Float

    @inline(__always)
    init(_ x: Float, _ y: Float) {
        self.x = x
        self.y = y
    }

    static func + (left: Vector, right: Vector) -> Vector {
        Vector(left.x + right.x, left.y + right.y)
    }

    static func - (left: Vector, right: Vector) -> Vector {
        Vector(left.x - right.x, left.y - right.y)
    }

    static func * (left: Vector, right: Float) -> Vector { Vector(left.x * right, left.y * right) }

    func dot(_ other: Vector) -> Float { x * other.x + y * other.y }

    func cross(_ other: Vector) -> Float { x * other.y - y * other.x }

    var length: Float { (x * x + y * y).squareRoot() }
}

/// Four corners, one after the other around.
struct Quad {
    let corners: [Vector]

    init(_ corners: [Vector]) { self.corners = corners }

    var middle: Vector {
        (corners[0] + corners[1] + corners[2] + corners[3]) * 0.25
    }

    /// Whether a place is inside.
    func contains(_ place: Vector) -> Bool {
        var isInside = false
        for (index, from) in corners.enumerated() {
            let to = corners[(index + 1) & 3]
            guard (from.y > place.y) != (to.y > place.y) else { continue }
            if place.x < from.x + (to.x - from.x) * (place.y - from.y) / (to.y - from.y) {
                isInside.toggle()
            }
        }
        return isInside
    }

    /// Whether both may be the same code.
    func overlaps(_ other: Quad) -> Bool { contains(other.middle) || other.contains(middle) }
}

/// A plane seen in perspective: from the code's modules to the picture's pixels.
struct Homography {
    /// Row by row; the ninth is 1.
    var h: (Float, Float, Float, Float, Float, Float, Float, Float)

    @inline(__always)
    func map(_ u: Float, _ v: Float) -> Vector {
        let scale = 1 / (h.6 * u + h.7 * v + 1)
        return Vector(
            (h.0 * u + h.1 * v + h.2) * scale,
            (h.3 * u + h.4 * v + h.5) * scale
        )
    }

    /// The one that takes a square from 0 to `side` to four corners; nil when they lie on a line.
    @inline(__always)
    init?(side: Float, _ corners: [Vector]) {
        let (p, q, r, s) = (corners[0], corners[1], corners[2], corners[3])
        let (one, two) = (q - r, s - r)
        let sum = p - q + r - s
        let area = one.cross(two)
        guard abs(area) > 1e-3 else { return nil }
        let g = sum.cross(two) / area
        let k = one.cross(sum) / area
        h = (
            (q.x - p.x + g * q.x) / side, (s.x - p.x + k * s.x) / side, p.x,
            (q.y - p.y + g * q.y) / side, (s.y - p.y + k * s.y) / side, p.y, g / side, k / side
        )
    }

    /// The one that fits pairs of places best; nil when they do not say enough.
    init?(from: [Vector], to: [Vector], weights: [Float]? = nil) {
        guard from.count >= 4, from.count == to.count else { return nil }
        let a = UnsafeMutablePointer<Double>.allocate(capacity: 72)
        defer { a.deallocate() }
        a.update(repeating: 0, count: 72)
        // Both sides are moved and scaled so that the equations are well conditioned.
        let source = Norming(from)
        let target = Norming(to)
        for index in from.indices {
            let (u, v) = source.apply(from[index])
            let (x, y) = target.apply(to[index])
            let weight = weights.map { Double($0[index]) } ?? 1
            Self.add(a, (u, v, 1, 0, 0, 0, -u * x, -v * x), x, weight)
            Self.add(a, (0, 0, 0, u, v, 1, -u * y, -v * y), y, weight)
        }
        guard Self.solve(a) else { return nil }
        let g = (0..<8).map { a[$0 * 9 + 8] }
        self.init(normed: g, source, target)
    }

    private init?(normed g: [Double], _ source: Norming, _ target: Norming) {
        let (s, t) = (source.scale, target.scale)
        // H = T⁻¹ G S, written out.
        let (cu, cv) = (source.x, source.y)
        func row(_ a: Double, _ b: Double, _ c: Double) -> (Double, Double, Double) {
            (a * s, b * s, c - a * s * cu - b * s * cv)
        }
        let first = row(g[0], g[1], g[2])
        let second = row(g[3], g[4], g[5])
        let third = row(g[6], g[7], 1)
        let x = (
            first.0 / t + target.x * third.0, first.1 / t + target.x * third.1,
            first.2 / t + target.x * third.2
        )
        let y = (
            second.0 / t + target.y * third.0, second.1 / t + target.y * third.1,
            second.2 / t + target.y * third.2
        )
        let w = third.2
        guard abs(w) > 1e-9 else { return nil }
        h = (
            Float(x.0 / w), Float(x.1 / w), Float(x.2 / w), Float(y.0 / w), Float(y.1 / w),
            Float(y.2 / w), Float(third.0 / w), Float(third.1 / w)
        )
    }

    private struct Norming {
        var x = 0.0
        var y = 0.0
        var scale = 1.0

        init(_ places: [Vector]) {
            for place in places {
                x += Double(place.x)
                y += Double(place.y)
            }
            x /= Double(places.count)
            y /= Double(places.count)
            var spread = 0.0
            for place in places {
                spread += abs(Double(place.x) - x) + abs(Double(place.y) - y)
            }
            scale = Double(places.count) / max(spread, 1e-9)
        }

        func apply(_ place: Vector) -> (Double, Double) {
            ((Double(place.x) - x) * scale, (Double(place.y) - y) * scale)
        }
    }

    private typealias Row = (Double, Double, Double, Double, Double, Double, Double, Double)

    /// Adds one equation to the normal equations.
    private static func add(
        _ a: UnsafeMutablePointer<Double>,
        _ row: Row,
        _ value: Double,
        _ weight: Double
    ) {
        withUnsafeBytes(of: row) { bytes in
            let r = bytes.assumingMemoryBound(to: Double.self)
            for i in 0..<8 {
                let scaled = r[i] * weight
                for j in 0..<8 { a[i * 9 + j] += scaled * r[j] }
                a[i * 9 + 8] += scaled * value
            }
        }
    }

    /// Solves eight equations in place; the last column becomes the solution.
    private static func solve(_ a: UnsafeMutablePointer<Double>) -> Bool {
        for column in 0..<8 {
            var pivot = column
            for row in column..<8 where abs(a[row * 9 + column]) > abs(a[pivot * 9 + column]) {
                pivot = row
            }
            guard abs(a[pivot * 9 + column]) > 1e-12 else { return false }
            if pivot != column {
                for place in 0..<9 {
                    let kept = a[column * 9 + place]
                    a[column * 9 + place] = a[pivot * 9 + place]
                    a[pivot * 9 + place] = kept
                }
            }
            let inverse = 1 / a[column * 9 + column]
            for place in column..<9 { a[column * 9 + place] *= inverse }
            for row in 0..<8 where row != column {
                let factor = a[row * 9 + column]
                guard factor != 0 else { continue }
                for place in column..<9 { a[row * 9 + place] -= factor * a[column * 9 + place] }
            }
        }
        return true
    }
}
