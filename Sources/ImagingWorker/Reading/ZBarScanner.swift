import CZBar
import Imaging

/// libzbar over one picture.
struct ZBarScanner {
    let symbologies: Set<Symbology>
    /// Every how many rows and columns are looked at.
    var density: Int32 = 1

    /// One pass with a scanner of its own, since a used one remembers what it saw.
    func scan(_ plane: Plane) -> Findings {
        guard let scanner = zbar_image_scanner_create(), let image = zbar_image_create()
        else { return Findings() }
        defer {
            zbar_image_destroy(image)
            zbar_image_scanner_destroy(scanner)
        }
        configure(scanner)
        // "Y800", little-endian: 8 bits of gray a pixel.
        zbar_image_set_format(image, 0x3030_3859)
        zbar_image_set_size(image, UInt32(plane.width), UInt32(plane.height))
        zbar_image_set_data(image, plane.pixels, UInt(plane.count), nil)
        zbar_scan_image(scanner, image)
        var found = Findings()
        var next = zbar_image_first_symbol(image)
        while let symbol = next {
            add(symbol, to: &found)
            next = zbar_symbol_next(symbol)
        }
        return found
    }

    private func configure(_ scanner: OpaquePointer) {
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0)
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_X_DENSITY, density)
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_Y_DENSITY, density)
        for type in symbologies.compactMap(\.zbarType) {
            zbar_image_scanner_set_config(scanner, type, ZBAR_CFG_ENABLE, 1)
        }
        // Without it libzbar guesses an encoding and changes the bytes.
        zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1)
        // These two have no check of their own: a few stray lines would pass for a short code.
        zbar_image_scanner_set_config(scanner, ZBAR_CODE39, ZBAR_CFG_MIN_LEN, 3)
        zbar_image_scanner_set_config(scanner, ZBAR_I25, ZBAR_CFG_MIN_LEN, 6)
    }

    private func add(
        _ symbol: OpaquePointer,
        to found: inout Findings
    ) {
        let type = zbar_symbol_get_type(symbol)
        if type == ZBAR_PARTIAL {
            found.parts.append(Quad(corners(symbol).map { Vector(Float($0.x), Float($0.y)) }))
            return
        }
        guard let symbology = symbologies.first(where: { $0.zbarType == type }),
            let data = zbar_symbol_get_data(symbol),
            Int(zbar_symbol_get_quality(symbol)) >= symbology.crossings
        else { return }
        let bytes = UnsafeRawBufferPointer(
            start: data,
            count: Int(zbar_symbol_get_data_length(symbol))
        )
        let isGS1 = zbar_symbol_get_modifiers(symbol) >> ZBAR_MOD_GS1.rawValue & 1 == 1
        found.symbols.append(
            WireSymbol(
                symbology: symbology,
                bytes: Array(bytes),
                isGS1: isGS1,
                identifier: symbology.identifier(isGS1: isGS1),
                corners: corners(symbol)
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
    /// How many lines across the code must agree: more where it has no check digit of its own.
    fileprivate var crossings: Int {
        switch self {
        case .code39, .code93, .interleaved25, .upcE: 3
        case .code128, .ean13, .ean8, .upcA: 2
        case .qr, .dataMatrix, .aztec, .pdf417, .microQR: 0
        }
    }

    /// libzbar's name; nil for what it does not read.
    fileprivate var zbarType: zbar_symbol_type_t? {
        switch self {
        case .qr: ZBAR_QRCODE
        case .code128: ZBAR_CODE128
        case .code39: ZBAR_CODE39
        case .ean13: ZBAR_EAN13
        case .ean8: ZBAR_EAN8
        case .upcA: ZBAR_UPCA
        case .upcE: ZBAR_UPCE
        case .interleaved25: ZBAR_I25
        case .code93: ZBAR_CODE93
        case .dataMatrix, .aztec, .pdf417, .microQR: nil
        }
    }

    /// The AIM symbology identifier (ISO/IEC 15424) of data that libzbar gives.
    fileprivate func identifier(isGS1: Bool) -> String {
        switch self {
        case .qr, .microQR: isGS1 ? "]Q3" : "]Q1"
        case .code128: isGS1 ? "]C1" : "]C0"
        case .code39: "]A0"
        case .code93: "]G0"
        case .ean13, .upcA, .upcE: "]E0"
        case .ean8: "]E4"
        case .interleaved25: "]I0"
        case .dataMatrix: isGS1 ? "]d2" : "]d1"
        case .aztec: "]z0"
        case .pdf417: "]L0"
        }
    }
}
