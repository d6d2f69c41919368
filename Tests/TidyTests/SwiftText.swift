/// A Swift file with its code parted from its comments and literals.
struct SwiftText: Sendable {
    struct Literal: Equatable, Sendable {
        /// From 1; where the literal starts.
        let line: Int
        /// As written between the quotes; escapes stay, interpolations are left out.
        let text: String
        /// Without interpolations.
        let isWhole: Bool
    }

    let path: String
    /// As written.
    let lines: [String]
    /// The same lines, with comments and the contents of literals blanked.
    let code: [String]
    let literals: [Literal]

    init(path: String, text: String) {
        var lexer = Lexer(bytes: Array(text.utf8))
        lexer.scanCode(insideParentheses: false)
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = lexer.code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        literals = lexer.literals
    }

    var name: String { String(path.split(separator: "/").last ?? "") }

    /// The folder in `Sources` or `Tests`; nil for a file elsewhere.
    var room: String? {
        let parts = path.split(separator: "/")
        guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
        return String(parts[1])
    }

    /// The literals that start on one of these lines, counted from 1.
    func literals(in lines: ClosedRange<Int>) -> [String] {
        literals.filter { lines.contains($0.line) }.map(\.text)
    }
}

/// Walks over the bytes of a Swift file once.
///
/// Knows comments (nested too), strings (raw, of several lines, with interpolations, whose insides
/// are code again); regular-expression literals that hold a quote are beyond it.
struct Lexer {
    let bytes: [UInt8]
    var code: [UInt8] = []
    var literals: [SwiftText.Literal] = []
    private var index = 0
    private var line = 1

    init(bytes: [UInt8]) { self.bytes = bytes }

    private func starts(_ text: StaticString) -> Bool {
        let end = index + text.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[index..<end]) }
    }

    /// Steps over bytes: kept as code, or blanked.
    ///
    /// Line ends are always kept.
    private mutating func step(_ count: Int = 1, blank: Bool) {
        for _ in 0..<count where index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") { line += 1 }
            code.append(blank && byte != UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte)
            index += 1
        }
    }

    /// Reads code to the end, or to the bracket that closes an interpolation.
    mutating func scanCode(insideParentheses: Bool) {
        var depth = 0
        while index < bytes.count {
            if starts("//") {
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { step(blank: true) }
            } else if starts("/*") {
                scanComment()
            } else if let hashes = hashesBeforeQuote() {
                scanLiteral(hashes: hashes)
            } else {
                let byte = bytes[index]
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                step(blank: false)
                if insideParentheses && depth < 0 { return }
            }
        }
    }

    private mutating func scanComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                step(2, blank: true)
            } else if starts("*/") {
                depth -= 1
                step(2, blank: true)
            } else {
                step(blank: true)
            }
        } while depth > 0 && index < bytes.count
    }

    /// How many `#` stand before a quote that starts here; nil where no literal starts.
    private func hashesBeforeQuote() -> Int? {
        var end = index
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        return end - index
    }

    private mutating func scanLiteral(hashes: Int) {
        let start = line
        step(hashes, blank: false)
        let quotes = starts("\"\"\"") ? 3 : 1
        step(quotes, blank: false)
        let close =
            Array(repeating: UInt8(ascii: "\""), count: quotes)
            + Array(repeating: UInt8(ascii: "#"), count: hashes)
        let escape = [UInt8(ascii: "\\")] + Array(repeating: UInt8(ascii: "#"), count: hashes)
        var text: [UInt8] = []
        var isWhole = true
        while index < bytes.count {
            let rest = bytes[index...]
            if rest.starts(with: close) || quotes == 1 && rest.first == UInt8(ascii: "\n") { break }
            if rest.starts(with: escape + [UInt8(ascii: "(")]) {
                step(escape.count + 1, blank: true)
                scanCode(insideParentheses: true)
                isWhole = false
            } else if rest.starts(with: escape) {
                text += rest.prefix(escape.count + 1)
                step(escape.count + 1, blank: true)
            } else {
                text.append(bytes[index])
                step(blank: true)
            }
        }
        if index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
            step(close.count, blank: false)
        }
        literals.append(
            .init(line: start, text: String(decoding: text, as: UTF8.self), isWhole: isWhole)
        )
    }
}
