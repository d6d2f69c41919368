import CZBar
import Imaging

/// Looks for codes in a picture: as it is, then prepared in other ways until something is found.
///
/// libzbar takes a picture at the size it comes in, and misses codes that are too large, too small,
/// light on dark, or at the very edge; each attempt mends one of these. Cheap attempts go first.
struct PictureReader {
    struct Found {
        var symbols: [WireSymbol] = []
        var partialCount = 0

        var isEmpty: Bool { symbols.isEmpty && partialCount == 0 }
    }

    /// Above this size the half picture is tried first: libzbar's time goes with the pixels.
    private static let largePixels = 2_000_000
    /// Up to this size the picture is tried at double size.
    private static let smallPixels = 1_000_000
    private static let marginPixels = 40

    let symbologies: Set<Symbology>

    func read(_ picture: GrayPicture) -> Found {
        for attempt in attempts(picture) {
            let found = attempt()
            if !found.isEmpty { return found }
        }
        return Found()
    }

    private func attempts(_ picture: GrayPicture) -> [() -> Found] {
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

    /// One pass of libzbar with a scanner of its own: a used one remembers what it saw.
    private func scan(
        _ picture: GrayPicture,
        place: (PicturePoint) -> PicturePoint
    ) -> Found {
        guard picture.width > 0, picture.height > 0, let scanner = zbar_image_scanner_create(),
            let image = zbar_image_create()
        else { return Found() }
        defer {
            zbar_image_destroy(image)
            zbar_image_scanner_destroy(scanner)
        }
        configure(scanner)
        // "Y800", little-endian: 8 bits of gray a pixel.
        zbar_image_set_format(image, 0x3030_3859)
        zbar_image_set_size(image, UInt32(picture.width), UInt32(picture.height))
        return picture.pixels.withUnsafeBytes { pixels in
            zbar_image_set_data(image, pixels.baseAddress, UInt(pixels.count), nil)
            zbar_scan_image(scanner, image)
            var found = Found()
            var next = zbar_image_first_symbol(image)
            while let symbol = next {
                add(symbol, to: &found, place: place)
                next = zbar_symbol_next(symbol)
            }
            return found
        }
    }

    private func configure(_ scanner: OpaquePointer) {
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0)
        for symbology in symbologies {
            zbar_image_scanner_set_config(scanner, symbology.zbarType, ZBAR_CFG_ENABLE, 1)
        }
        // Without it libzbar guesses an encoding and changes the bytes.
        zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1)
        // These two have no check of their own: a few stray lines would pass for a short code.
        zbar_image_scanner_set_config(scanner, ZBAR_CODE39, ZBAR_CFG_MIN_LEN, 3)
        zbar_image_scanner_set_config(scanner, ZBAR_I25, ZBAR_CFG_MIN_LEN, 6)
    }

    private func add(
        _ symbol: OpaquePointer,
        to found: inout Found,
        place: (PicturePoint) -> PicturePoint
    ) {
        let type = zbar_symbol_get_type(symbol)
        if type == ZBAR_PARTIAL {
            found.partialCount += 1
            return
        }
        guard let symbology = symbologies.first(where: { $0.zbarType == type }),
            let data = zbar_symbol_get_data(symbol)
        else { return }
        let bytes = UnsafeRawBufferPointer(
            start: data,
            count: Int(zbar_symbol_get_data_length(symbol))
        )
        let modifiers = zbar_symbol_get_modifiers(symbol)
        found.symbols.append(
            WireSymbol(
                symbology: symbology,
                bytes: Array(bytes),
                isGS1: modifiers >> ZBAR_MOD_GS1.rawValue & 1 == 1,
                corners: corners(symbol).map(place)
            )
        )
    }

    /// The four corners of a QR code; of a code of lines, those of the box around all places where
    /// it was crossed.
    private func corners(_ symbol: OpaquePointer) -> [PicturePoint] {
        let points = (0..<zbar_symbol_get_loc_size(symbol)).map { index in
            PicturePoint(
                x: Int(zbar_symbol_get_loc_x(symbol, index)),
                y: Int(zbar_symbol_get_loc_y(symbol, index))
            )
        }
        if points.count == 4 { return points }
        let (xs, ys) = (points.map(\.x), points.map(\.y))
        let (left, right) = (xs.min() ?? 0, xs.max() ?? 0)
        let (top, bottom) = (ys.min() ?? 0, ys.max() ?? 0)
        return [
            PicturePoint(x: left, y: top), PicturePoint(x: left, y: bottom),
            PicturePoint(x: right, y: bottom), PicturePoint(x: right, y: top),
        ]
    }
}

extension Symbology {
    fileprivate var zbarType: zbar_symbol_type_t {
        switch self {
        case .qr: ZBAR_QRCODE
        case .code128: ZBAR_CODE128
        case .code39: ZBAR_CODE39
        case .ean13: ZBAR_EAN13
        case .ean8: ZBAR_EAN8
        case .upcA: ZBAR_UPCA
        case .upcE: ZBAR_UPCE
        case .interleaved25: ZBAR_I25
        }
    }
}
