/// A gray picture to work on: pixels behind a bare pointer, since the loops over them are what
/// reading costs.
///
/// Whoever indexes keeps inside `width` × `height`; nothing checks it.
final class Plane {
    let width: Int
    let height: Int
    let pixels: UnsafeMutablePointer<UInt8>

    /// A plane whose pixels are not set yet.
    init(width: Int, height: Int) {
        precondition(width > 0 && height > 0, "a plane has pixels")
        self.width = width
        self.height = height
        pixels = .allocate(capacity: width * height)
    }

    convenience init(_ picture: GrayPicture) {
        self.init(width: picture.width, height: picture.height)
        let count = min(picture.pixels.count, width * height)
        picture.pixels.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { pixels.update(from: start, count: count) }
        }
    }

    deinit { pixels.deallocate() }

    var count: Int { width * height }

    var longSide: Int { max(width, height) }
}

extension Plane {
    /// Dark for light.
    func inverted() -> Plane {
        let plane = Plane(width: width, height: height)
        for index in 0..<count { plane.pixels[index] = 255 - pixels[index] }
        return plane
    }

    /// Half as wide and high, each pixel the mean of four.
    func halved() -> Plane {
        let plane = Plane(width: max(1, width / 2), height: max(1, height / 2))
        guard width > 1, height > 1 else {
            plane.pixels.update(repeating: pixels[0], count: plane.count)
            return plane
        }
        for row in 0..<plane.height {
            let upper = pixels + 2 * row * width
            let lower = upper + width
            let target = plane.pixels + row * plane.width
            for column in 0..<plane.width {
                let left = 2 * column
                let sum =
                    UInt16(upper[left]) &+ UInt16(upper[left + 1]) &+ UInt16(lower[left])
                    &+ UInt16(lower[left + 1])
                target[column] = UInt8(truncatingIfNeeded: (sum &+ 2) >> 2)
            }
        }
        return plane
    }

    /// Of another size, by linear interpolation: for factors from a half upwards.
    func scaled(by factor: Float) -> Plane {
        let plane = Plane(
            width: max(1, Int(Float(width) * factor)),
            height: max(1, Int(Float(height) * factor))
        )
        let step = 1 / factor
        let offsets = UnsafeMutableBufferPointer<Int32>.allocate(capacity: plane.width)
        let weights = UnsafeMutableBufferPointer<Int32>.allocate(capacity: plane.width)
        defer {
            offsets.deallocate()
            weights.deallocate()
        }
        for column in 0..<plane.width {
            let (place, weight) = Self.place(column, step, limit: width)
            offsets[column] = Int32(place)
            weights[column] = weight
        }
        let right = width > 1 ? 1 : 0
        for row in 0..<plane.height {
            let (place, down) = Self.place(row, step, limit: height)
            let upper = pixels + place * width
            let lower = height > 1 ? upper + width : upper
            let target = plane.pixels + row * plane.width
            for column in 0..<plane.width {
                let left = Int(offsets[column])
                let across = weights[column]
                let above =
                    Int32(upper[left]) &* (256 &- across) &+ Int32(upper[left + right]) &* across
                let below =
                    Int32(lower[left]) &* (256 &- across) &+ Int32(lower[left + right]) &* across
                let sum = above &* (256 &- down) &+ below &* down
                target[column] = UInt8(truncatingIfNeeded: (sum &+ 32768) >> 16)
            }
        }
        return plane
    }

    /// Where a pixel of the scaled plane lies in this one: the pixel before it and the next one's
    /// weight in 256ths.
    private static func place(_ index: Int, _ step: Float, limit: Int) -> (Int, Int32) {
        guard limit > 1 else { return (0, 0) }
        let exact = min(max((Float(index) + 0.5) * step - 0.5, 0), Float(limit - 1))
        let whole = min(Int(exact), limit - 2)
        return (whole, Int32((exact - Float(whole)) * 256))
    }

    /// The part inside a rectangle, which must lie inside, with a border of one shade.
    func cut(left: Int, top: Int, width: Int, height: Int, border: Int, shade: UInt8) -> Plane {
        let plane = Plane(width: width + 2 * border, height: height + 2 * border)
        plane.pixels.update(repeating: shade, count: plane.count)
        for row in 0..<height {
            (plane.pixels + (row + border) * plane.width + border).update(
                from: pixels + (row + top) * self.width + left,
                count: width
            )
        }
        return plane
    }

    /// The plane with a border of one shade.
    func padded(by border: Int, shade: UInt8) -> Plane {
        cut(left: 0, top: 0, width: width, height: height, border: border, shade: shade)
    }

    /// Each pixel replaced by the mean of the square of 2 `radius` + 1 around it.
    func blurred(radius: Int) -> Plane {
        let sums = SumTable(self)
        let plane = Plane(width: width, height: height)
        for row in 0..<height {
            let target = plane.pixels + row * width
            for column in 0..<width {
                target[column] = UInt8(truncatingIfNeeded: sums.mean(column, row, radius: radius))
            }
        }
        return plane
    }

    /// Edges made steeper: each pixel moved away from the mean of its surroundings.
    func sharpened(radius: Int, quarters: Int) -> Plane {
        let soft = blurred(radius: radius)
        let plane = Plane(width: width, height: height)
        for index in 0..<count {
            let value = Int(pixels[index])
            let steep = value + (value - Int(soft.pixels[index])) * quarters / 4
            plane.pixels[index] = UInt8(min(255, max(0, steep)))
        }
        return plane
    }
}

/// Sums over rectangles of a plane in four steps each.
final class SumTable {
    private let width: Int
    private let height: Int
    private let stride: Int
    private let sums: UnsafeMutablePointer<UInt32>

    init(_ plane: Plane) {
        width = plane.width
        height = plane.height
        stride = width + 1
        sums = .allocate(capacity: stride * (height + 1))
        sums.update(repeating: 0, count: stride)
        for row in 0..<height {
            let source = plane.pixels + row * width
            let above = sums + row * stride
            let target = above + stride
            target[0] = 0
            var sum: UInt32 = 0
            for column in 0..<width {
                sum &+= UInt32(source[column])
                target[column + 1] = above[column + 1] &+ sum
            }
        }
    }

    deinit { sums.deallocate() }

    /// The sum over columns and rows from the first, up to but not with the second.
    @inline(__always)
    func sum(_ left: Int, _ top: Int, _ right: Int, _ bottom: Int) -> UInt32 {
        let upper = sums + top * stride
        let lower = sums + bottom * stride
        return lower[right] &- lower[left] &- upper[right] &+ upper[left]
    }

    /// The mean of the square around a pixel, as much of it as lies in the plane.
    @inline(__always)
    func mean(_ column: Int, _ row: Int, radius: Int) -> Int {
        let (left, right) = (max(0, column - radius), min(width, column + radius + 1))
        let (top, bottom) = (max(0, row - radius), min(height, row + radius + 1))
        return Int(sum(left, top, right, bottom)) / ((right - left) * (bottom - top))
    }
}
