import Imaging

/// What a QR code's codewords say.
struct QRMessage {
    var bytes: [UInt8] = []
    /// The interpretation of all bytes; nil when none was named and nothing tells it.
    var eci: Int?
    var isGS1 = false
    /// An industry's format (FNC1 in second position).
    var isApplication = false
    /// Whether it is only a part of a longer message (structured append).
    var isPart = false
    var namesECI = false

    /// The AIM symbology identifier (ISO/IEC 15424).
    var identifier: String {
        switch (isGS1, isApplication, namesECI) {
        case (true, _, false): "]Q3"
        case (true, _, true): "]Q4"
        case (_, true, false): "]Q5"
        case (_, true, true): "]Q6"
        case (_, _, true): "]Q2"
        default: "]Q1"
        }
    }
}

/// Reads the segments of a QR code's data (ISO/IEC 18004, and GB/T 18284 for Hanzi).
struct QRBits {
    private let data: [UInt8]
    private var place = 0

    private init(_ data: [UInt8]) { self.data = data }

    /// A stretch of bytes and the interpretation that it is in.
    private struct Piece {
        var bytes: [UInt8]
        let eci: Int?
    }

    /// The message; nil when the bits make none.
    static func message(_ data: [UInt8], version: Int) -> QRMessage? {
        var bits = QRBits(data)
        var message = QRMessage()
        var pieces: [Piece] = []
        var named: Int?
        while bits.left >= 4 {
            guard let mode = bits.take(4) else { return nil }
            switch mode {
            case 0: return finished(message, pieces)
            case 1, 2, 4, 8, 13:
                let isMarked = message.isGS1 || message.isApplication
                guard let piece = bits.piece(mode, version, named, isMarked) else { return nil }
                if let last = pieces.indices.last, pieces[last].eci == piece.eci {
                    pieces[last].bytes += piece.bytes
                } else {
                    pieces.append(piece)
                }
            case 3:
                guard bits.take(16) != nil else { return nil }
                message.isPart = true
            case 5: message.isGS1 = true
            case 7:
                guard let number = bits.interpretation() else { return nil }
                named = number
                message.namesECI = true
            case 9:
                guard bits.take(8) != nil else { return nil }
                message.isApplication = true
            default: return nil
            }
        }
        return finished(message, pieces)
    }

    /// Joins the pieces; those in several interpretations are made UTF-8 first.
    private static func finished(_ message: QRMessage, _ pieces: [Piece]) -> QRMessage? {
        var message = message
        // Digits and capitals are the same in all of them.
        let named = Set(pieces.filter { $0.bytes.contains { $0 > 0x7F } }.map(\.eci))
        if named.count <= 1 {
            message.bytes = pieces.flatMap(\.bytes)
            message.eci = named.first ?? (message.namesECI ? pieces.last?.eci : nil)
        } else {
            for piece in pieces {
                message.bytes += DecodedText(piece.bytes, eci: piece.eci).text.utf8
            }
            message.eci = 26
        }
        return message.bytes.isEmpty ? nil : message
    }

    private var left: Int { data.count * 8 - place }

    private mutating func take(_ count: Int) -> Int? {
        guard left >= count else { return nil }
        var value = 0
        for _ in 0..<count {
            value = value << 1 | Int(data[place >> 3] >> UInt8(7 - place & 7) & 1)
            place += 1
        }
        return value
    }

    private mutating func interpretation() -> Int? {
        guard let first = take(8) else { return nil }
        if first < 0x80 { return first }
        if first < 0xC0 { return take(8).map { (first & 0x3F) << 8 | $0 } }
        guard first < 0xE0 else { return nil }
        return take(16).map { (first & 0x1F) << 16 | $0 }
    }

    private mutating func piece(
        _ mode: Int,
        _ version: Int,
        _ named: Int?,
        _ isMarked: Bool
    ) -> Piece? {
        let size = version < 10 ? 0 : version < 27 ? 1 : 2
        if mode == 13 { guard take(4) != nil else { return nil } }
        let widths: [Int] =
            switch mode {
            case 1: [10, 12, 14]
            case 2: [9, 11, 13]
            case 4: [8, 16, 16]
            default: [8, 10, 12]
            }
        guard let count = take(widths[size]) else { return nil }
        switch mode {
        case 1: return digits(count).map { Piece(bytes: $0, eci: named) }
        case 2: return capitals(count, isMarked).map { Piece(bytes: $0, eci: named) }
        case 4: return raw(count).map { Piece(bytes: $0, eci: named) }
        case 8: return pairs(count, Self.shiftJIS).map { Piece(bytes: $0, eci: 20) }
        default: return pairs(count, Self.gb2312).map { Piece(bytes: $0, eci: 29) }
        }
    }

    private mutating func digits(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = count
        while rest > 0 {
            let taken = min(3, rest)
            let limits = [10, 100, 1000]
            guard let value = take([4, 7, 10][taken - 1]), value < limits[taken - 1] else {
                return nil
            }
            if taken > 2 { bytes.append(UInt8(48 + value / 100)) }
            if taken > 1 { bytes.append(UInt8(48 + value / 10 % 10)) }
            bytes.append(UInt8(48 + value % 10))
            rest -= taken
        }
        return bytes
    }

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

    /// In marked data a percent sign stands for FNC1, and two for itself.
    private mutating func capitals(_ count: Int, _ isMarked: Bool) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = count
        while rest > 1 {
            guard let value = take(11), value < 45 * 45 else { return nil }
            bytes += [Self.alphabet[value / 45], Self.alphabet[value % 45]]
            rest -= 2
        }
        if rest == 1 {
            guard let value = take(6), value < 45 else { return nil }
            bytes.append(Self.alphabet[value])
        }
        guard isMarked else { return bytes }
        var unmarked: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let isPercent = bytes[index] == UInt8(ascii: "%")
            if isPercent, index + 1 < bytes.count, bytes[index + 1] == bytes[index] {
                index += 1
                unmarked.append(bytes[index])
            } else {
                unmarked.append(isPercent ? 0x1D : bytes[index])
            }
            index += 1
        }
        return unmarked
    }

    private mutating func raw(_ count: Int) -> [UInt8]? {
        guard left >= count * 8 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for _ in 0..<count {
            guard let value = take(8) else { return nil }
            bytes.append(UInt8(value))
        }
        return bytes
    }

    private mutating func pairs(_ count: Int, _ meaning: (Int) -> Int?) -> [UInt8]? {
        var bytes: [UInt8] = []
        for _ in 0..<count {
            guard let value = take(13), let pair = meaning(value) else { return nil }
            bytes += [UInt8(pair >> 8), UInt8(pair & 0xFF)]
        }
        return bytes
    }

    private static func shiftJIS(_ value: Int) -> Int? {
        let pair = (value / 0xC0) << 8 | value % 0xC0
        return pair + (pair < 0x1F00 ? 0x8140 : 0xC140)
    }

    private static func gb2312(_ value: Int) -> Int? {
        let pair = (value / 0x60) << 8 | value % 0x60
        return pair + (pair < 0x0A00 ? 0xA1A1 : 0xA6A1)
    }
}
