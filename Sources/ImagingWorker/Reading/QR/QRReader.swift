import Imaging

/// Reads the QR codes of one plane by their finder patterns.
struct QRReader {
    /// A code that was read.
    struct Found {
        let message: QRMessage
        let quad: Quad
    }

    /// How much is tried.
    struct Effort {
        /// How many finder patterns are looked at.
        var finders = 240
        /// How many triples of them.
        var triples = 1200
        /// How many of those, the best fitting ones, are looked at closely.
        var candidates = 150
        /// How far the surroundings reach that a pixel is compared with.
        var radius = 16
        var bias = 3
        /// How well a triple must fit to be looked at closely.
        var fit: Float = 0.42
    }

    let plane: Plane
    let contrast: Contrast
    let finders: [Finder]
    private let effort: Effort
    /// What the search may take.
    private let clock: Stopwatch
    /// What reading may take once something was read.
    private let longest: Stopwatch

    init(_ plane: Plane, effort: Effort, clock: Stopwatch, longest: Stopwatch) {
        self.plane = plane
        self.effort = effort
        self.clock = clock
        self.longest = longest
        contrast = Contrast(plane, radius: effort.radius, bias: effort.bias)
        finders = FinderSearch(contrast: contrast, clock: clock).find(most: effort.finders)
    }

    /// Reads what has not been read yet.
    ///
    /// - Parameter known: where codes were read already.
    /// - Returns: the codes, where there seem to be more, and how many finder patterns are left
    ///   that are too good for chance.
    func read(known: [Quad]) -> (found: [Found], unread: [Quad], suspects: Int) {
        var found: [Found] = []
        var unread: [Quad] = []
        var isUsed = finders.map { finder in
            known.contains { $0.contains(Vector(finder.x, finder.y)) }
        }
        let free = finders.indices.filter { !isUsed[$0] }
        let triples = FinderTriple.all(finders, free, neighbours: free.count > 12 ? 8 : 11)
        var candidates: [Candidate] = []
        for triple in triples.prefix(effort.triples) {
            guard !clock.isOver else { break }
            if let candidate = candidate(triple) { candidates.append(candidate) }
        }
        candidates.sort { $0.fit > $1.fit }
        for candidate in candidates.prefix(effort.candidates) {
            guard !candidate.members.contains(where: { isUsed[$0] }) else { continue }
            guard !(found.isEmpty ? clock : longest).isOver else { break }
            let (message, pose) = message(candidate)
            guard let pose else { continue }
            guard let message else {
                unread.append(pose.quad)
                continue
            }
            for member in candidate.members { isUsed[member] = true }
            found.append(Found(message: message, quad: pose.quad))
        }
        unread.removeAll { quad in found.contains { $0.quad.overlaps(quad) } }
        let suspects = finders.indices.count { index in
            let finder = finders[index]
            guard !isUsed[index], finder.roundness >= 0.8, finder.count >= 3 else { return false }
            return !found.contains { $0.quad.contains(Vector(finder.x, finder.y)) }
        }
        return (found, unread, suspects)
    }

    /// A triple as the code that it is most like.
    private struct Candidate {
        let members: [Int]
        var pose: QRPose
        let fit: Float
        let module: Float
        /// The next best.
        let other: QRPose?
    }

    /// Nil when the triple is like no code.
    private func candidate(_ triple: FinderTriple) -> Candidate? {
        let (corner, right, below) = (
            finders[triple.corner], finders[triple.right], finders[triple.below]
        )
        let u = Vector(right.x - corner.x, right.y - corner.y)
        let v = Vector(below.x - corner.x, below.y - corner.y)
        let quads = [corner, right, below].map { FinderCorners($0, u: u, v: v) }
        let module = (corner.module + right.module + below.module) / 3
        let across = Self.modules(u.length, quads[0]?.across, quads[1]?.across, module)
        let down = Self.modules(v.length, quads[0]?.down, quads[2]?.down, module)
        guard max(across, down) < min(across, down) * 1.6 + 6 else { return nil }
        let nearest = Int((((across + down) / 2 + 7 - 17) / 4).rounded())
        let reach = nearest < 7 ? 1 : nearest < 20 ? 2 : 3
        var poses: [(pose: QRPose, fit: Float)] = []
        for version in (nearest - reach)...(nearest + reach) where (1...40).contains(version) {
            let layout = QRLayout.of(version: version)
            for plane in planes(layout, [corner, right, below], quads) {
                let pose = QRPose(layout: layout, plane: plane)
                poses.append((pose, pose.fit(contrast, layout.timing)))
            }
        }
        poses.sort { $0.fit > $1.fit }
        guard let best = poses.first else { return nil }
        let fit = (best.fit + best.pose.fit(contrast, best.pose.layout.frame)) / 2
        guard fit > effort.fit else { return nil }
        let other = poses.dropFirst().first { $0.fit > best.fit - 0.3 }
        return Candidate(
            members: [triple.corner, triple.right, triple.below],
            pose: best.pose,
            fit: fit,
            module: module,
            other: other?.pose
        )
    }

    /// How many modules a distance between middles is.
    private static func modules(
        _ distance: Float,
        _ first: Float?,
        _ second: Float?,
        _ module: Float
    ) -> Float {
        let sizes = [first, second].compactMap { $0 }
        guard !sizes.isEmpty else { return distance / module }
        let mean = sizes.reduce(0, +) / Float(sizes.count) / 7
        return distance / mean
    }

    /// Perspectives through what is known of the three patterns.
    private func planes(
        _ layout: QRLayout,
        _ finders: [Finder],
        _ quads: [FinderCorners?]
    ) -> [Homography] {
        let far = Float(layout.side) - 7
        let origins = [Vector(0, 0), Vector(far, 0), Vector(0, far)]
        var planes: [Homography] = []
        var (from, to, weights): ([Vector], [Vector], [Float]) = ([], [], [])
        for (index, origin) in origins.enumerated() {
            from.append(origin + Vector(3.5, 3.5))
            to.append(Vector(finders[index].x, finders[index].y))
            weights.append(2)
            guard let quad = quads[index] else { continue }
            for (place, offset) in [(0, 0), (7, 0), (7, 7), (0, 7)].enumerated() {
                from.append(origin + Vector(Float(offset.0), Float(offset.1)))
                to.append(quad.corners[place])
                weights.append(1)
            }
        }
        if from.count >= 7, let plane = Homography(from: from, to: to, weights: weights) {
            planes.append(plane)
        }
        // Seen without perspective: the fourth corner completes a parallelogram.
        let middles = to.indices.filter { weights[$0] == 2 }.map { to[$0] }
        let fourth = middles[1] + middles[2] - middles[0]
        let places = origins.map { $0 + Vector(3.5, 3.5) } + [Vector(far + 3.5, far + 3.5)]
        if let plane = Homography(from: places, to: middles + [fourth]) { planes.append(plane) }
        return planes
    }

    /// What a candidate says: as it lies, if that fits well, else after it was settled.
    ///
    /// - Returns: the message, and how it lies; no message with a pose that fits too well to be
    ///   chance; neither when it is no code.
    private func message(_ candidate: Candidate) -> (QRMessage?, QRPose?) {
        if candidate.fit > 0.85, let message = message(candidate.pose, candidate.module) {
            return (message, candidate.pose)
        }
        var likely: QRPose?
        for start in [candidate.pose, candidate.other] {
            guard let start, likely == nil else { continue }
            let pose = start.settled(contrast, module: candidate.module)
            let fit = pose.fit(contrast, pose.layout.fixed)
            guard fit > 0.5 else { continue }
            if let message = message(pose, candidate.module) { return (message, pose) }
            if fit > 0.75, likely == nil { likely = pose }
        }
        return (nil, likely)
    }

    private func message(_ pose: QRPose, _ module: Float) -> QRMessage? {
        let mesh = QRMesh(contrast, pose, module: module)
        if let message = message(pose, mesh) { return message }
        return mesh == nil ? nil : message(pose, nil)
    }

    private func message(_ pose: QRPose, _ mesh: QRMesh?) -> QRMessage? {
        let layout = pose.layout
        let grid = QRGrid(plane, pose, mesh: mesh)
        for squares in [
            grid.darker(radius: 5), grid.steeper(by: 0.8).darkerThanMiddle(radius: 4),
            grid.darkerThanOne(), grid.steeper(by: 0.6).darker(radius: 8),
            grid.darkerThanMiddle(radius: 3),
        ] {
            if let message = Self.message(squares, [], layout) { return message }
        }
        let doubtful = grid.doubtful(radius: 3, share: 0.12)
        return Self.message(grid.darkerThanMiddle(radius: 3), doubtful, layout)
    }

    private static func message(
        _ squares: [UInt8],
        _ doubtful: [Bool],
        _ layout: QRLayout
    ) -> QRMessage? {
        for isMirrored in [false, true] {
            let message = QRDecoder.message(
                squares,
                doubtful: doubtful,
                layout: layout,
                isMirrored: isMirrored
            )
            if let message { return message }
        }
        return nil
    }
}
