/// Bytes as text in QR's alphanumeric set (RFC 9285).
///
/// Two bytes become three characters, a last single byte two, so that every text has at most one
/// meaning: no two texts decode to the same bytes.
enum Base45 {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

    /// The value of each ASCII character; 255 where there is none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        return values
    }()

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 2 * 3 + 2)
        for start in stride(from: 0, to: bytes.count, by: 2) {
            let isPair = start + 1 < bytes.count
            var rest = Int(bytes[start])
            if isPair { rest = rest << 8 | Int(bytes[start + 1]) }
            for _ in 0..<(isPair ? 3 : 2) {
                text.append(alphabet[rest % 45])
                rest /= 45
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes; nil when `text` is not the base45 of any.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let digits = text.map { Int(values[Int($0)]) }
        guard digits.count % 3 != 1, digits.allSatisfy({ $0 < 45 }) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 3 * 2 + 1)
        for start in stride(from: 0, to: digits.count, by: 3) {
            let low = digits[start] + 45 * digits[start + 1]
            if start + 2 < digits.count {
                let value = low + 2025 * digits[start + 2]
                guard value <= 0xFFFF else { return nil }
                bytes.append(UInt8(value >> 8))
                bytes.append(UInt8(value & 0xFF))
            } else {
                guard low <= 0xFF else { return nil }
                bytes.append(UInt8(low))
            }
        }
        return bytes
    }
}
