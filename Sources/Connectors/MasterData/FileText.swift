import Foundation

/// The text of a file that somebody made with some program or other.
enum FileText {
    /// GB 18030, which contains GBK and GB 2312: what spreadsheets on Chinese systems save as CSV.
    private static let gb18030 = String.Encoding(rawValue: 0x8000_0632)

    /// Reads UTF-8 with or without a byte-order mark, else GB 18030; nil when it is neither.
    static func text(of bytes: [UInt8]) -> String? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let isMarked = bytes.starts(with: mark)
        let content = isMarked ? Array(bytes.dropFirst(mark.count)) : bytes
        if let text = String(validating: content, as: UTF8.self) {
            return text.contains("\0") ? nil : text
        }
        guard !isMarked, !content.contains(0),
            let text = String(data: Data(content), encoding: gb18030)
        else { return nil }
        // Other encodings come out of the decoder as characters that nobody types.
        let isTyped = text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .privateUse, .unassigned: false
            case .control: scalar == "\n" || scalar == "\r" || scalar == "\t"
            default: scalar != "\u{FFFD}"
            }
        }
        return isTyped ? text : nil
    }
}
