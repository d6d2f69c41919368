import Imaging

/// What has been read of a picture, and what seems to be left.
struct Sheet {
    private(set) var findings = Findings()
    /// Where it was read.
    private(set) var quads: [Quad] = []
    /// Where our own search saw codes that it could not read.
    private(set) var unread: [Quad] = []
    private var suspects = 0
    private var hasLooked = false

    /// Whether something was read and nothing more seems to be there.
    ///
    /// Only our own search knows; where it is not wanted, what was read is enough.
    var isDone: Bool {
        guard !findings.isEmpty else { return false }
        return hasLooked && unread.isEmpty && suspects == 0
    }

    mutating func add(_ found: Findings, _ place: PlanePlace) {
        for quad in found.parts.map(place.onPicture) { addPart(quad) }
        for symbol in found.symbols {
            let corners = symbol.corners.map { Vector(Float($0.x), Float($0.y)) }
            let quad = place.onPicture(Quad(corners))
            add(symbol.moved(to: quad), quad)
        }
    }

    mutating func add(_ message: QRMessage, _ quad: Quad) {
        if message.isPart { return addPart(quad) }
        let symbol = WireSymbol(
            symbology: .qr,
            bytes: message.bytes,
            isGS1: message.isGS1,
            identifier: message.identifier,
            eci: message.eci,
            corners: []
        )
        add(symbol.moved(to: quad), quad)
    }

    private mutating func add(_ symbol: WireSymbol, _ quad: Quad) {
        if claim(quad) { findings.symbols.append(symbol) }
    }

    private mutating func addPart(_ quad: Quad) {
        if claim(quad) { findings.parts.append(quad) }
    }

    /// Whether nothing was read there before.
    private mutating func claim(_ quad: Quad) -> Bool {
        unread.removeAll { $0.overlaps(quad) }
        guard !quads.contains(where: { $0.overlaps(quad) }) else { return false }
        quads.append(quad)
        return true
    }

    /// Notes where codes seem to be.
    ///
    /// - Parameters:
    ///   - places: where they can be outlined.
    ///   - suspects: finder patterns that belong to nothing read.
    mutating func look(at places: [Quad], suspects: Int) {
        hasLooked = true
        self.suspects = suspects
        for place in places where !(quads + unread).contains(where: { $0.overlaps(place) }) {
            unread.append(place)
        }
    }
}

extension WireSymbol {
    fileprivate func moved(to quad: Quad) -> WireSymbol {
        WireSymbol(
            symbology: symbology,
            bytes: bytes,
            isGS1: isGS1,
            identifier: identifier,
            eci: eci,
            corners: quad.corners.map { corner in
                PicturePoint(x: Int(corner.x.rounded()), y: Int(corner.y.rounded()))
            }
        )
    }
}
