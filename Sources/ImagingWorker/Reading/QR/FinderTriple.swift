/// Three finder patterns that may be one code's.
struct FinderTriple {
    /// The corner between the two others, then the one along the rows, then the one down.
    let corner: Int
    let right: Int
    let below: Int
    /// How odd they look together: 0 is a square seen from straight ahead.
    let oddness: Float
}

extension FinderTriple {
    /// The first of the patterns are put together whatever lies between them: a large code is full
    /// of what looks like its corners.
    private static let surest = 8

    /// Puts patterns together.
    ///
    /// - Parameters:
    ///   - finders: all patterns of the picture.
    ///   - free: those that may be used.
    ///   - neighbours: how many of the nearest patterns each is put together with.
    /// - Returns: triples worth a look, the likeliest first.
    static func all(
        _ finders: [Finder],
        _ free: [Int],
        neighbours: Int
    ) -> [FinderTriple] {
        var triples: [FinderTriple] = []
        for index in free {
            let finder = finders[index]
            let near = free.filter { other in
                guard other != index else { return false }
                let ratio = finders[other].module / finder.module
                return ratio > 0.45 && ratio < 2.2
            }.map { other in
                (other, Vector(finders[other].x - finder.x, finders[other].y - finder.y))
            }.sorted { $0.1.dot($0.1) < $1.1.dot($1.1) }.enumerated().filter { rank, other in
                rank < neighbours || index < surest && other.0 < surest
            }.map(\.element)
            for (place, first) in near.enumerated() {
                for second in near.dropFirst(place + 1) {
                    let turned = first.1.cross(second.1)
                    let (right, below) = turned > 0 ? (first, second) : (second, first)
                    let oddness = oddness(finder, finders[right.0], finders[below.0])
                    guard let oddness else { continue }
                    triples.append(
                        FinderTriple(
                            corner: index,
                            right: right.0,
                            below: below.0,
                            oddness: oddness
                        )
                    )
                }
            }
        }
        return triples.sorted { $0.oddness < $1.oddness }
    }

    /// Nil when they cannot be a code's.
    private static func oddness(_ corner: Finder, _ right: Finder, _ below: Finder) -> Float? {
        let u = Vector(right.x - corner.x, right.y - corner.y)
        let v = Vector(below.x - corner.x, below.y - corner.y)
        let (across, down) = (u.length, v.length)
        let module = (corner.module + right.module + below.module) / 3
        // Version 1 has 14 modules from middle to middle, version 40 has 170.
        guard min(across, down) > 7 * module, max(across, down) < 190 * module else { return nil }
        let ratio = max(across, down) / min(across, down)
        let cosine = abs(u.dot(v)) / (across * down)
        guard ratio < 2.6, cosine < 0.75 else { return nil }
        let sizes = [corner.module, right.module, below.module]
        let spread = (sizes.max() ?? 1) / (sizes.min() ?? 1)
        let far = max(across, down) / module
        let rough = 3 - corner.roundness - right.roundness - below.roundness
        return (ratio - 1) + cosine * 1.5 + (spread - 1) * 0.7 + far / 120 + rough * 0.5
    }
}
