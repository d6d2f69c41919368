import Imaging

/// The planes of one picture that rungs look at, each made once.
final class PlaneShelf {
    private let full: Plane
    private var halves: [Plane] = []
    private var kept: [Key: Plane] = [:]

    private struct Key: Hashable {
        let side: Int
        let enlarged: Int
        let preparation: Rung.Preparation
    }

    init(_ full: Plane) {
        self.full = full
        halves = [full]
    }

    var longSide: Int { full.longSide }

    /// The plane that a rung looks at, and how its pixels lie on the picture's.
    func plane(_ rung: Rung) -> (plane: Plane, place: PlanePlace) {
        let border =
            if case .padded(let border) = rung.preparation { border } else { 0 }
        let sized = sized(rung.side, rung.enlarged)
        let scale = Float(sized.longSide) / Float(full.longSide)
        let key = Key(side: rung.side, enlarged: rung.enlarged, preparation: rung.preparation)
        let plane = kept[key] ?? prepared(sized, rung.preparation)
        kept[key] = plane
        return (plane, PlanePlace(scale: scale, border: Float(border)))
    }

    private func sized(_ side: Int, _ enlarged: Int) -> Plane {
        let key = Key(side: side, enlarged: enlarged, preparation: .none)
        if let plane = kept[key] { return plane }
        var plane = full
        var level = 0
        while plane.longSide >= side * 2 {
            level += 1
            if level == halves.count { halves.append(plane.halved()) }
            plane = halves[level]
        }
        let factor = Float(side) / Float(plane.longSide)
        if factor < 0.9 { plane = plane.scaled(by: factor) }
        if enlarged > 1 { plane = plane.scaled(by: Float(enlarged)) }
        kept[key] = plane
        return plane
    }

    private func prepared(_ plane: Plane, _ preparation: Rung.Preparation) -> Plane {
        switch preparation {
        case .none: plane
        case .inverted: plane.inverted()
        case .blurred(let radius): plane.blurred(radius: radius)
        case .sharpened(let radius, let quarters):
            plane.sharpened(radius: radius, quarters: quarters)
        case .padded(let border): plane.padded(by: border, shade: 255)
        case .thresholded(let radius): Contrast(plane, radius: radius).plane
        }
    }
}

/// How a rung's plane lies on the picture.
struct PlanePlace {
    /// How many of the plane's pixels one of the picture's is.
    let scale: Float
    let border: Float

    func onPicture(_ quad: Quad) -> Quad {
        let border = Vector(border, border)
        return Quad(quad.corners.map { ($0 - border) * (1 / scale) })
    }

    func onPlane(_ quad: Quad) -> Quad {
        let border = Vector(border, border)
        return Quad(quad.corners.map { $0 * scale + border })
    }
}
