import Foundation
import Imaging

/// What a raw scan says: its wrapping taken off, GS where the scanner meant GS, as text.
public struct ScanReading: Hashable, Sendable {
    public let text: String
    /// By which encoding the bytes were read.
    public let encoding: DecodedText.Encoding
    /// The AIM identifier, where the scanner sends one: `]Q3`.
    public let aim: String?

    /// AIM identifiers (ISO/IEC 15424) that say that a code holds GS1 data.
    ///
    /// `Codes` wants to see them: whether a code is GS1 is never guessed from its content.
    private static let gs1 = ["]C1", "]e0", "]d2", "]Q3", "]J1"]

    /// The largest GB 18030 table has this number at Apple's and Swift's Foundation.
    private static let gb18030 = String.Encoding(rawValue: 0x8000_0632)

    /// Undoes what the format says.
    public init(_ scan: RawScan, _ format: ScanFormat) {
        self.init(bytes: scan.raw, format)
    }

    package init(bytes raw: [UInt8], _ format: ScanFormat) {
        var bytes = raw[...]
        let suffix = Array(format.suffix.utf8)
        if !suffix.isEmpty, bytes.count >= suffix.count,
            bytes.suffix(suffix.count).elementsEqual(suffix)
        {
            bytes.removeLast(suffix.count)
        }
        // Line ends and tabs are no data of any code here, as on the page.
        while let last = bytes.last, [0x0D, 0x0A, 0x09].contains(last) { bytes.removeLast() }
        if !format.prefix.isEmpty, bytes.starts(with: format.prefix.utf8) {
            bytes.removeFirst(format.prefix.utf8.count)
        }
        let decoded = Self.text(of: Self.withGS(Array(bytes), format), format.charset)
        encoding = decoded.encoding
        var text = decoded.text
        if format.isCaseSwapped { text = String(text.map(KeyTyping.swapped)) }
        if format.aim == .on, let identifier = Self.identifier(of: text) {
            aim = identifier
            if !Self.gs1.contains(identifier) { text.removeFirst(3) }
        } else {
            aim = nil
        }
        self.text = text
    }

    /// `]`, a letter, a letter or digit.
    private static func identifier(of text: String) -> String? {
        let start = Array(text.unicodeScalars.prefix(3))
        guard start.count == 3, start[0] == "]", start[1].properties.isAlphabetic,
            start[1].isASCII, start[2].isASCII,
            start[2].properties.isAlphabetic || start[2].properties.numericType != nil
        else { return nil }
        return String(String.UnicodeScalarView(start))
    }

    private static func withGS(_ bytes: [UInt8], _ format: ScanFormat) -> [UInt8] {
        let texts = format.gsTexts.map { Array($0.utf8) }.sorted { $0.count > $1.count }
        guard !texts.isEmpty else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if let found = texts.first(where: { bytes[index...].starts(with: $0) }) {
                result.append(0x1D)
                index += found.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    private static func text(
        of bytes: [UInt8],
        _ charset: ScanFormat.Charset
    ) -> (text: String, encoding: DecodedText.Encoding) {
        switch charset {
        case .latin1:
            let scalars = bytes.map { Unicode.Scalar($0) }
            return (String(String.UnicodeScalarView(scalars)), .latin1)
        case .gb18030:
            if let text = String(data: Data(bytes), encoding: gb18030) { return (text, .gb18030) }
        case .auto, .utf8:
            break
        }
        let decoded = DecodedText(bytes)
        return (decoded.text, decoded.encoding)
    }
}
