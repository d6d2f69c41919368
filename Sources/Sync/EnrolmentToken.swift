import Tally

/// What the office hands to whoever sets a terminal up: the one-time code, and by what the terminal
/// knows that it speaks to this hub and no other.
public struct EnrolmentToken: Hashable, Sendable {
    /// How many characters of a certificate's SHA-256 stand in a token: 80 bits, so that nobody
    /// can make another certificate with the same.
    private static let pinCount = 16
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// 16 characters of Crockford's base 32, good once and for minutes.
    public let code: String
    /// The pin of the hub's authority; nil in a token that was typed without it.
    public let pin: String?

    public init(code: String, pin: String?) {
        self.code = code
        self.pin = pin
    }

    /// Reads a token as people type it: in either case, with blanks, O for 0, I and L for 1.
    public init(text: String) {
        let plain = text.uppercased().filter { !$0.isWhitespace }
            .replacing("O", with: "0").replacing("I", with: "1").replacing("L", with: "1")
        let parts = plain.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        code = parts.first.map(String.init) ?? ""
        pin = parts.count > 1 ? String(parts[1]) : nil
    }

    /// `CODE-PIN`; all of its characters are in QR's alphanumeric mode (ISO/IEC 18004, 7.4.4).
    public var text: String { pin.map { "\(code)-\($0)" } ?? code }

    /// By what a certificate is known in a token.
    ///
    /// - Parameter certificate: its DER encoding.
    /// - Returns: 16 characters of Crockford's base 32, the first 80 bits of its SHA-256.
    public static func pin(of certificate: [UInt8]) -> String {
        var text = ""
        var (bits, count) = (0, 0)
        for byte in ContentHash(of: certificate).bytes {
            (bits, count) = (bits << 8 | Int(byte), count + 8)
            while count >= 5, text.count < pinCount {
                count -= 5
                text.append(alphabet[bits >> count & 31])
            }
            bits &= 31
        }
        return text
    }
}
