import Imaging

/// Looks for codes in a picture: as it is, then prepared in other ways until something is found.
///
/// libzbar takes a picture at the size it comes in, and misses codes that are too large, too small,
/// light on dark, or at the very edge; each attempt mends one of these. Cheap attempts go first.
struct PictureReader {
    /// Above this size the half picture is tried first: libzbar's time goes with the pixels.
    private static let largePixels = 2_000_000
    /// Up to this size the picture is tried at double size.
    private static let smallPixels = 1_000_000
    private static let marginPixels = 40

    let symbologies: Set<Symbology>

    func read(_ picture: GrayPicture) -> Findings {
        for attempt in attempts(picture) {
            let found = attempt()
            if !found.isEmpty { return found }
        }
        return Findings()
    }

    private func attempts(_ picture: GrayPicture) -> [() -> Findings] {
        let isLarge = picture.pixelCount > Self.largePixels
        let isSmall = picture.pixelCount <= Self.smallPixels
        let plain = { scan(picture) { $0 } }
        let half = {
            let smaller = picture.halved
            return scan(smaller) { PicturePoint(x: 2 * $0.x, y: 2 * $0.y) }
        }
        let double = {
            scan(picture.doubled) { PicturePoint(x: $0.x / 2, y: $0.y / 2) }
        }
        let padded = {
            scan(picture.padded(by: Self.marginPixels)) { corner in
                PicturePoint(x: corner.x - Self.marginPixels, y: corner.y - Self.marginPixels)
            }
        }
        let inverted = { scan(picture.inverted) { $0 } }
        if isLarge { return [half, plain] }
        return [plain] + (isSmall ? [double, padded, half, inverted] : [half, padded, inverted])
    }

    private func scan(
        _ picture: GrayPicture,
        place: (PicturePoint) -> PicturePoint
    ) -> Findings {
        var found = ZBarScanner(symbologies: symbologies).scan(picture)
        found.symbols = found.symbols.map { symbol in
            WireSymbol(
                symbology: symbol.symbology,
                bytes: symbol.bytes,
                isGS1: symbol.isGS1,
                identifier: symbol.identifier,
                eci: symbol.eci,
                corners: symbol.corners.map(place)
            )
        }
        return found
    }
}
