import Imaging

/// Draws codes as a camera sees them: from the side, blurred, in bad light.
struct Scene {
    let width: Int
    let height: Int
    private var shades: [Float]

    init(width: Int, height: Int, paper: Float = 210) {
        self.width = width
        self.height = height
        shades = [Float](repeating: paper, count: width * height)
    }

    /// Puts a code, with a white border of four modules, so that its corners with the border lie at
    /// these places: upper left, upper right, lower right, lower left.
    mutating func put(
        _ modules: QRModules,
        at corners: [(x: Float, y: Float)],
        dark: Float = 40,
        light: Float = 220
    ) {
        let side = Float(modules.width + 8)
        let plane = Self.perspective(corners)
        let xs = corners.map(\.x)
        let ys = corners.map(\.y)
        let columns = max(0, Int(xs.min() ?? 0))..<min(width, Int(xs.max() ?? 0) + 1)
        let rows = max(0, Int(ys.min() ?? 0))..<min(height, Int(ys.max() ?? 0) + 1)
        for row in rows {
            for column in columns {
                var (sum, count): (Float, Float) = (0, 0)
                for (across, down) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                    let (x, y) = (Float(column) + Float(across), Float(row) + Float(down))
                    let (u, v) = plane(x, y)
                    guard u >= 0, v >= 0, u < 1, v < 1 else { continue }
                    let (i, j) = (Int(u * side) - 4, Int(v * side) - 4)
                    let isInside =
                        (0..<modules.width).contains(i) && (0..<modules.width).contains(j)
                    sum += isInside && modules.isDark[j * modules.width + i] ? dark : light
                    count += 1
                }
                guard count > 0 else { continue }
                let place = row * width + column
                shades[place] = sum / 4 + shades[place] * (4 - count) / 4
            }
        }
    }

    /// From places of the picture to those of the unit square.
    private static func perspective(
        _ corners: [(x: Float, y: Float)]
    ) -> (Float, Float) -> (Float, Float) {
        let (p, q, r, s) = (corners[0], corners[1], corners[2], corners[3])
        let (ax, ay) = (q.x - r.x, q.y - r.y)
        let (bx, by) = (s.x - r.x, s.y - r.y)
        let (cx, cy) = (p.x - q.x + r.x - s.x, p.y - q.y + r.y - s.y)
        let area = ax * by - ay * bx
        let g = (cx * by - cy * bx) / area
        let h = (ax * cy - ay * cx) / area
        let m: [Float] = [
            q.x - p.x + g * q.x, s.x - p.x + h * s.x, p.x, q.y - p.y + g * q.y,
            s.y - p.y + h * s.y, p.y, g, h, 1,
        ]
        // The inverse, but for a factor that falls out.
        let n: [Float] = [
            m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
            m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
            m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
        ]
        return { x, y in
            let w = n[6] * x + n[7] * y + n[8]
            return ((n[0] * x + n[1] * y + n[2]) / w, (n[3] * x + n[4] * y + n[5]) / w)
        }
    }

    /// Each pixel becomes the mean of the square of 2 `radius` + 1 around it.
    mutating func blur(radius: Int) {
        for isDown in [false, true] {
            let before = shades
            let step = isDown ? width : 1
            for row in 0..<height {
                for column in 0..<width {
                    let along = isDown ? row : column
                    let last = (isDown ? height : width) - 1
                    var (sum, count): (Float, Float) = (0, 0)
                    for offset in max(-radius, -along)...min(radius, last - along) {
                        sum += before[row * width + column + offset * step]
                        count += 1
                    }
                    shades[row * width + column] = sum / count
                }
            }
        }
    }

    /// Light that falls off from left to right, down to `least` of what it was.
    mutating func shade(least: Float) {
        for place in shades.indices {
            let part = Float(place % width) / Float(width)
            shades[place] *= 1 - (1 - least) * part
        }
    }

    mutating func invert() { for place in shades.indices { shades[place] = 255 - shades[place] } }

    /// Adds noise of up to so much either way.
    mutating func roughen(by amount: Float, using dice: inout some RandomNumberGenerator) {
        for place in shades.indices {
            shades[place] += Float.random(in: -amount...amount, using: &dice)
        }
    }

    var pixels: [UInt8] { shades.map { UInt8(max(0, min(255, $0))) } }

    /// As a PGM file.
    var file: [UInt8] { WorkerFixture.pgm(width: width, height: height, pixels) }
}
