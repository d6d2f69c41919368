import Codes
import Crypto

/// Makes texts of the form of a signed note byte by byte, as whoever knows the format can.
struct ForgedNote {
    static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

    var format: UInt8 = 1
    var keyID: [UInt8]
    var packed: [UInt8]
    /// What is signed begins with this.
    var purpose = "tallyman/note/1"

    /// The text, signed with a key, whatever key id it names.
    func text(signedBy seed: [UInt8], prefix: String = "TMN1:") throws -> String {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        let head = [format] + keyID
        let signature = try key.signature(for: Array(purpose.utf8) + head + packed)
        return prefix + Self.base45(head + Array(signature) + packed)
    }

    /// The text with the signature of another one.
    func text(signature: [UInt8]) -> String {
        "TMN1:" + Self.base45([format] + keyID + signature + packed)
    }

    /// The bytes of a note's text: format, key id, signature, packed.
    static func bytes(of text: String) -> [UInt8] {
        let digits = text.utf8.dropFirst(5).map { alphabet.firstIndex(of: $0) ?? 0 }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 3) {
            let low = digits[start] + 45 * digits[start + 1]
            guard start + 2 < digits.count else {
                bytes.append(UInt8(low))
                break
            }
            let value = low + 2_025 * digits[start + 2]
            bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        return bytes
    }

    static func base45(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 2) {
            let isPair = start + 1 < bytes.count
            var rest = isPair ? Int(bytes[start]) << 8 | Int(bytes[start + 1]) : Int(bytes[start])
            for _ in 0..<(isPair ? 3 : 2) {
                text.append(alphabet[rest % 45])
                rest /= 45
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Writes protobuf fields one by one, also such as no message has.
struct WireBytes {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ field: UInt64, _ value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    mutating func text(_ field: UInt64, _ value: String) { block(field, Array(value.utf8)) }

    mutating func block(_ field: UInt64, _ value: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 127 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
