import Imaging
import ZXingShim

/// ZXing's decoder of matrix codes over one picture.
struct ZXingScanner {
    let symbologies: Set<Symbology>

    private static let effort =
        ZXING_SHIM_HARDER | ZXING_SHIM_ROTATE | ZXING_SHIM_SMALLER | ZXING_SHIM_LOCAL

    func scan(_ plane: Plane) -> Findings {
        let kinds = symbologies.reduce(0 as Int32) { $0 | ($1.zxingKind ?? 0) }
        guard kinds != 0 else { return Findings() }
        var found = Findings()
        withUnsafeMutablePointer(to: &found) { found in
            _ = zxing_shim_read(
                plane.pixels,
                Int32(plane.width),
                Int32(plane.height),
                Int32(plane.width),
                kinds,
                Int32(Self.effort),
                found
            ) { context, symbol in
                guard let symbol = symbol?.pointee else { return }
                context?.assumingMemoryBound(to: Findings.self).pointee.add(symbol)
            }
        }
        return found
    }
}

extension Findings {
    fileprivate mutating func add(_ symbol: zxing_shim_symbol) {
        let corners = withUnsafeBytes(of: symbol.corners) { bytes in
            let values = bytes.bindMemory(to: Int32.self)
            return (0..<4).map { PicturePoint(x: Int(values[2 * $0]), y: Int(values[2 * $0 + 1])) }
        }
        guard symbol.part < 0 else {
            parts.append(Quad(corners.map { Vector(Float($0.x), Float($0.y)) }))
            return
        }
        let known = Symbology.allCases.first { $0.zxingKind == symbol.kind }
        guard let symbology = known, symbol.count > 0 else { return }
        let identifier = withUnsafeBytes(of: symbol.identifier) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        symbols.append(
            WireSymbol(
                symbology: symbology,
                bytes: Array(UnsafeBufferPointer(start: symbol.bytes, count: symbol.count)),
                isGS1: ["]Q3", "]Q4", "]d2", "]d5"].contains(identifier),
                identifier: identifier,
                eci: symbol.eci < 0 ? nil : Int(symbol.eci),
                corners: corners
            )
        )
    }
}

extension Symbology {
    /// The shim's flag; nil for what it does not read.
    fileprivate var zxingKind: Int32? {
        switch self {
        case .qr: Int32(ZXING_SHIM_QR)
        case .dataMatrix: Int32(ZXING_SHIM_DATA_MATRIX)
        case .aztec: Int32(ZXING_SHIM_AZTEC)
        case .pdf417: Int32(ZXING_SHIM_PDF417)
        case .microQR: Int32(ZXING_SHIM_MICRO_QR)
        default: nil
        }
    }
}
