import Glibc

/// The text that a code's bytes stand for, and the encoding that it was read by.
///
/// Codes seldom tell their encoding. UTF-8 is strict enough to be believed when it fits; Chinese
/// labels without it are in GB 18030, which has GB 2312 and GBK inside; what is left is ISO 8859-1,
/// which takes all bytes.
public struct DecodedText: Hashable, Sendable {
    /// An encoding, by the name that it is registered under.
    public enum Encoding: String, Hashable, Sendable {
        case utf8 = "UTF-8"
        case gb18030 = "GB18030"
        case latin1 = "ISO-8859-1"
    }

    public let text: String
    public let encoding: Encoding

    /// Reads the bytes by the first encoding that they fit.
    public init(_ bytes: [UInt8]) {
        if let utf8 = String(validating: bytes, as: UTF8.self) {
            text = utf8
            encoding = .utf8
        } else if let chinese = Self.converted(bytes, from: Encoding.gb18030.rawValue) {
            text = chinese
            encoding = .gb18030
        } else {
            text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
            encoding = .latin1
        }
    }

    /// The text by the C library's conversion (POSIX iconv); nil when the bytes do not fit it, or
    /// the system lacks it.
    private static func converted(_ bytes: [UInt8], from encoding: String) -> String? {
        let failed = iconv_t(bitPattern: -1)
        guard let converter = iconv_open("UTF-8", encoding), converter != failed else { return nil }
        defer { iconv_close(converter) }
        // No byte of GB 18030 becomes more than three of UTF-8.
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
