import Glibc

/// The text that a code's bytes stand for, and the encoding that it was read by.
///
/// A code may say its encoding (ECI); most do not. UTF-8 is strict enough to be believed when it
/// fits; Chinese labels without it are in GB 18030, which has GB 2312 and GBK inside; Japanese ones
/// in Shift-JIS, whose bytes often fit GB 18030 too, but as characters that nobody writes; what is
/// left is ISO 8859-1, which takes all bytes.
public struct DecodedText: Hashable, Sendable {
    /// An encoding, by the name that it is registered under.
    public enum Encoding: String, Hashable, Sendable {
        case utf8 = "UTF-8"
        case gb18030 = "GB18030"
        case shiftJIS = "Shift_JIS"
        case latin1 = "ISO-8859-1"
        case latin2 = "ISO-8859-2"
        case latin5 = "ISO-8859-9"
        case cyrillic = "ISO-8859-5"
        case greek = "ISO-8859-7"
        case windows1250 = "windows-1250"
        case windows1251 = "windows-1251"
        case windows1252 = "windows-1252"
        case utf16 = "UTF-16BE"
        case big5 = "Big5"
        case eucKR = "EUC-KR"
    }

    public let text: String
    public let encoding: Encoding

    /// Reads the bytes by the first encoding that they fit.
    ///
    /// - Parameters:
    ///   - bytes: the symbol's data.
    ///   - eci: the interpretation that the symbol names, if it names one: what it says is
    ///     believed, unless the bytes do not fit.
    public init(_ bytes: [UInt8], eci: Int? = nil) {
        if let named = eci.flatMap(Self.encoding(eci:)), let said = Self.text(bytes, named) {
            self = DecodedText(text: said, encoding: named)
            return
        }
        let order: [Encoding] =
            Self.isLikelyJapanese(bytes) ? [.utf8, .shiftJIS, .gb18030] : [.utf8, .gb18030]
        for encoding in order {
            if let text = Self.text(bytes, encoding) {
                self = DecodedText(text: text, encoding: encoding)
                return
            }
        }
        self = DecodedText(text: Self.latin1(bytes), encoding: .latin1)
    }

    private init(text: String, encoding: Encoding) {
        self.text = text
        self.encoding = encoding
    }

    /// The encodings that symbols name by number (AIM ITS/04-023).
    private static func encoding(eci: Int) -> Encoding? {
        switch eci {
        case 1, 3: .latin1
        case 4: .latin2
        case 7: .cyrillic
        case 9: .greek
        case 11: .latin5
        case 20: .shiftJIS
        case 21: .windows1250
        case 22: .windows1251
        case 23: .windows1252
        case 25: .utf16
        case 26, 27, 170: .utf8
        case 28: .big5
        case 29, 31, 32: .gb18030
        case 30: .eucKR
        default: nil
        }
    }

    /// Whether the bytes are more probably Shift-JIS than GB 18030, given that they are not UTF-8.
    ///
    /// Pairs from A1 to F7 and A1 to FE are GB 2312, the characters that are really written in
    /// Chinese. Other pairs of GB 18030 are rare ones: where the bytes fit Shift-JIS as well, and
    /// that reads kana in them, they are Japanese. Half-width kana fit GB 2312; they give
    /// themselves away by voicing marks (DE, DF), which follow few letters.
    private static func isLikelyJapanese(_ bytes: [UInt8]) -> Bool {
        var (kanaCount, rareCount, halfWidthCount, voicedCount) = (0, 0, 0, 0)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            switch byte {
            case 0..<0x80: index += 1
            case 0xA1...0xDF:
                halfWidthCount += 1
                let takesMark = (0xB6...0xC4).contains(byte) || (0xCA...0xCE).contains(byte)
                if takesMark, next == 0xDE || next == 0xDF { voicedCount += 1 }
                index += 1
            case 0x81...0x9F, 0xE0...0xFC:
                guard (0x40...0xFC).contains(next), next != 0x7F else { return false }
                // Hiragana, katakana, and the marks among them.
                let isKana =
                    byte == 0x82 && next >= 0x9F || byte == 0x83 && next <= 0x96
                    || byte == 0x81 && (0x40...0x5B).contains(next)
                if isKana { kanaCount += 1 }
                if byte < 0xA1 || next < 0xA1 { rareCount += 1 }
                index += 2
            default: return false
            }
        }
        if kanaCount > 0 { return true }
        return kanaCount + rareCount == 0 && voicedCount >= 2 && voicedCount * 4 >= halfWidthCount
    }

    private static func text(_ bytes: [UInt8], _ encoding: Encoding) -> String? {
        switch encoding {
        case .utf8: String(validating: bytes, as: UTF8.self)
        case .latin1: latin1(bytes)
        // Its everyday form, which has the backslash where the standard has the yen sign.
        case .shiftJIS: converted(bytes, from: "CP932")
        default: converted(bytes, from: encoding.rawValue)
        }
    }

    private static func latin1(_ bytes: [UInt8]) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    /// The text by the C library's conversion (POSIX iconv); nil when the bytes do not fit it, or
    /// the system lacks it.
    private static func converted(_ bytes: [UInt8], from encoding: String) -> String? {
        let failed = iconv_t(bitPattern: -1)
        guard let converter = iconv_open("UTF-8", encoding), converter != failed else { return nil }
        defer { iconv_close(converter) }
        // No byte of these encodings becomes more than three of UTF-8.
        let capacity = bytes.count * 3 + 4
        var input = bytes.map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: capacity)
        var outputLeft = capacity
        let isWhole = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                var sourcePointer = source.baseAddress
                var targetPointer = target.baseAddress
                var sourceLeft = source.count
                let status = iconv(
                    converter,
                    &sourcePointer,
                    &sourceLeft,
                    &targetPointer,
                    &outputLeft
                )
                return status != Int(bitPattern: UInt.max) && sourceLeft == 0
            }
        }
        guard isWhole else { return nil }
        let utf8 = output.prefix(capacity - outputLeft).map { UInt8(bitPattern: $0) }
        return String(validating: utf8, as: UTF8.self)
    }
}
