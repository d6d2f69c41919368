/// How much darker each pixel is than its surroundings.
///
/// Light falls unevenly on what is photographed; what is ink shows only beside what is not.
final class Contrast {
    let width: Int
    let height: Int
    /// Mean of the surroundings less the pixel, cut to -127...127: above zero is dark.
    let values: UnsafeMutablePointer<Int8>

    /// - Parameters:
    ///   - plane: the picture.
    ///   - radius: how far the surroundings reach, in pixels.
    ///   - bias: taken off everywhere, so that even surfaces count as light.
    init(_ plane: Plane, radius: Int, bias: Int = 3) {
        width = plane.width
        height = plane.height
        values = .allocate(capacity: width * height)
        let sums = SumTable(plane)
        for row in 0..<height {
            let (top, bottom) = (max(0, row - radius), min(height, row + radius + 1))
            let source = plane.pixels + row * width
            let target = values + row * width
            let inner = min(max(radius, 0), width)
            let innerEnd = max(inner, width - radius - 1)
            for column in 0..<inner {
                let mean = sums.mean(column, row, radius: radius)
                target[column] = Self.cut(mean - Int(source[column]) - bias)
            }
            let side = 2 * radius + 1
            let scale = Float(1) / Float(side * (bottom - top))
            let shift = Float(bias)
            for column in inner..<innerEnd {
                let sum = sums.sum(column - radius, top, column + radius + 1, bottom)
                let difference = Float(sum) * scale - Float(source[column]) - shift
                target[column] = Int8(max(-127, min(127, difference)))
            }
            for column in innerEnd..<width {
                let mean = sums.mean(column, row, radius: radius)
                target[column] = Self.cut(mean - Int(source[column]) - bias)
            }
        }
    }

    deinit { values.deallocate() }

    private static func cut(_ value: Int) -> Int8 { Int8(max(-127, min(127, value))) }

    /// Whether the pixel is dark; outside of the picture nothing is.
    @inline(__always)
    func isDark(_ column: Int, _ row: Int) -> Bool {
        guard column >= 0, row >= 0, column < width, row < height else { return false }
        return values[row &* width &+ column] > 0
    }

    /// The value at a place; 0 outside of the picture.
    @inline(__always)
    func at(_ x: Float, _ y: Float) -> Float {
        guard x >= 0, y >= 0, x < Float(width), y < Float(height) else { return 0 }
        return Float(values[Int(y) &* width &+ Int(x)])
    }
}

extension Contrast {
    /// Dark pixels black, the others white.
    var plane: Plane {
        let plane = Plane(width: width, height: height)
        for index in 0..<(width * height) { plane.pixels[index] = values[index] > 0 ? 0 : 255 }
        return plane
    }
}
