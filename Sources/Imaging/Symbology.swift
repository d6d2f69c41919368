/// The kinds of code that pictures are searched for.
public enum Symbology: UInt8, Hashable, Sendable, CaseIterable {
    case qr = 1
    case code128 = 2
    case code39 = 3
    case ean13 = 4
    case ean8 = 5
    case upcA = 6
    case upcE = 7
    /// Interleaved 2 of 5; ITF-14 is one.
    case interleaved25 = 8
    case dataMatrix = 9
    case aztec = 10
    case pdf417 = 11
    case microQR = 12
    case code93 = 13

    /// What is searched for unless told otherwise: few, since every further kind brings readings
    /// of codes that are not there.
    public static let standard: Set<Symbology> = [.qr, .dataMatrix, .code128, .code39, .ean13]

    /// The name in commands and JSON.
    public var name: String {
        switch self {
        case .qr: "qr"
        case .code128: "code128"
        case .code39: "code39"
        case .ean13: "ean13"
        case .ean8: "ean8"
        case .upcA: "upca"
        case .upcE: "upce"
        case .interleaved25: "i25"
        case .dataMatrix: "datamatrix"
        case .aztec: "aztec"
        case .pdf417: "pdf417"
        case .microQR: "microqr"
        case .code93: "code93"
        }
    }

    /// The kind with this name; nil for any other text.
    public init?(name: some StringProtocol) {
        guard let known = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = known
    }
}

extension Symbology {
    /// Codes of squares.
    public static let matrices: Set<Symbology> = [.qr, .dataMatrix, .aztec, .pdf417, .microQR]

    /// Codes of lines.
    public static let lines = Set(allCases).subtracting(matrices)
}
