/// How a code of one version lies in the picture: in perspective, and bent a little.
struct QRPose {
    let layout: QRLayout
    var plane: Homography
    /// How far the middle of each row, and of each column, bulges out: pixels.
    var bulgeAcross = Vector(0, 0)
    var bulgeDown = Vector(0, 0)

    @inline(__always)
    func place(_ u: Float, _ v: Float) -> Vector {
        let flat = plane.map(u, v)
        let side = Float(layout.side)
        let across = u * (side - u) * 4 / (side * side)
        let down = v * (side - v) * 4 / (side * side)
        return Vector(
            flat.x + bulgeAcross.x * across + bulgeDown.x * down,
            flat.y + bulgeAcross.y * across + bulgeDown.y * down
        )
    }

    /// The code's outline.
    var quad: Quad {
        let side = Float(layout.side)
        return Quad([place(0, 0), place(side, 0), place(side, side), place(0, side)])
    }

    /// How well squares whose colours are known have them: 1 all, 0 by chance.
    func fit(_ contrast: Contrast, _ squares: [(u: Float, v: Float, sign: Float)]) -> Float {
        var (right, all): (Float, Float) = (0, 1)
        squares.withUnsafeBufferPointer { squares in
            for square in squares {
                let place = place(square.u, square.v)
                let value = max(-32, min(32, contrast.at(place.x, place.y)))
                right += value * square.sign
                all += abs(value)
            }
        }
        // Where there is no contrast at all nothing fits.
        return right / max(all, Float(squares.count) * 4)
    }

    /// The pose moved until the known squares fit best.
    ///
    /// The code's four corners are moved one after the other, by ever smaller steps, then the
    /// bulges.
    func settled(_ contrast: Contrast, module: Float) -> QRPose {
        let side = Float(layout.side)
        var corners = [Vector(0, 0), Vector(side, 0), Vector(side, side), Vector(0, side)]
            .map { plane.map($0.x, $0.y) }
        var best = self
        var bestFit = fit(contrast, layout.fixed)
        // The corner without a finder pattern is the least known.
        // The larger the code, the farther out it may be.
        let far = max(1.5, side / 35)
        for step in [far, far / 2, far / 4] {
            moveCorner(2, step * module, reach: 2, &corners, &best, &bestFit, contrast)
        }
        for step in [0.6, 0.3, 0.15] as [Float] {
            for corner in [2, 1, 3, 0] {
                moveCorner(
                    corner,
                    step * module,
                    reach: 1,
                    &corners,
                    &best,
                    &bestFit,
                    contrast
                )
            }
            best.bend(by: step * module, &bestFit, contrast)
        }
        return best
    }

    private func moveCorner(
        _ index: Int,
        _ step: Float,
        reach: Int,
        _ corners: inout [Vector],
        _ best: inout QRPose,
        _ bestFit: inout Float,
        _ contrast: Contrast
    ) {
        let origin = corners[index]
        for down in -reach...reach {
            for across in -reach...reach where (down, across) != (0, 0) {
                var moved = corners
                moved[index] = origin + Vector(Float(across) * step, Float(down) * step)
                guard let plane = Homography(side: Float(layout.side), moved) else { continue }
                var pose = best
                pose.plane = plane
                let fit = pose.fit(contrast, layout.fixed)
                if fit > bestFit {
                    bestFit = fit
                    best = pose
                    corners = moved
                }
            }
        }
    }

    private mutating func bend(by step: Float, _ bestFit: inout Float, _ contrast: Contrast) {
        for _ in 0..<2 {
            for direction in 0..<8 {
                var pose = self
                let amount = direction & 1 == 0 ? step : -step
                switch direction >> 1 {
                case 0: pose.bulgeAcross.x += amount
                case 1: pose.bulgeAcross.y += amount
                case 2: pose.bulgeDown.x += amount
                default: pose.bulgeDown.y += amount
                }
                let fit = pose.fit(contrast, layout.fixed)
                if fit > bestFit {
                    bestFit = fit
                    self = pose
                }
            }
        }
    }
}
