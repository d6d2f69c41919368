/// Rules about the form of a file.
///
/// The limits are those of README, "Design".
enum Shape {
    static let fileLinesMax = 500
    /// Migrations and tests are long lists by nature.
    static let listLinesMax = 800
    static let functionLinesMax = 70
    static let columnsMax = 100

    static func fileLength(_ file: SwiftText) -> [Finding] {
        let isList = file.path.hasPrefix("Tests/") || file.path.contains("/Migrations/")
        let most = isList ? listLinesMax : fileLinesMax
        guard file.lines.count > most + 1 else { return [] }  // the last line end makes one more
        return [Finding(file.path, nil, "\(file.lines.count - 1) lines, \(most) at most")]
    }

    static func lineLength(_ file: SwiftText) -> [Finding] {
        file.lines.enumerated().compactMap { number, line in
            guard line.utf8.count > columnsMax, line.count > columnsMax else { return nil }
            return Finding(file.path, number + 1, "\(line.count) columns, \(columnsMax) at most")
        }
    }

    /// From the line with `func` or `init` to the one with the bracket that closes its body.
    static func functionLength(_ file: SwiftText) -> [Finding] {
        functions(in: file.code).compactMap { function in
            guard function.lines.count > functionLinesMax else { return nil }
            let what =
                "\(function.name) has \(function.lines.count) lines, \(functionLinesMax) at most"
            return Finding(file.path, function.lines.lowerBound, what)
        }
    }

    struct Function: Equatable {
        let name: String
        /// From 1.
        let lines: ClosedRange<Int>
    }

    /// Every function and initialiser with a body; one that holds others counts their lines too.
    static func functions(in code: [String]) -> [Function] {
        code.indices.compactMap { start in
            guard let name = functionName(code[start]) else { return nil }
            var braces = 0
            var brackets = 0
            var hasBody = false
            for line in start..<code.count {
                if line > start && !hasBody && brackets == 0 && startsAnew(code[line]) {
                    return nil
                }
                for character in code[line].utf8 {
                    switch character {
                    case UInt8(ascii: "("), UInt8(ascii: "["): brackets += 1
                    case UInt8(ascii: ")"), UInt8(ascii: "]"): brackets -= 1
                    case UInt8(ascii: "{"):
                        braces += 1
                        if brackets == 0 { hasBody = true }
                    case UInt8(ascii: "}"):
                        braces -= 1
                        if braces < 0 { return nil }
                        if hasBody && braces == 0 {
                            return Function(name: name, lines: start + 1...line + 1)
                        }
                    default: break
                    }
                }
            }
            return nil
        }
    }

    private static let modifiers: Set<Substring> = [
        "public", "package", "internal", "private", "fileprivate", "static", "class", "final",
        "override", "mutating", "nonmutating", "borrowing", "consuming", "required", "convenience",
        "nonisolated", "isolated", "indirect", "prefix", "postfix", "async",
    ]

    /// The words of a declaration behind its attributes and modifiers.
    private static func declaration(_ line: String) -> ArraySlice<Substring> {
        line.split(whereSeparator: \.isWhitespace).drop { word in
            word.hasPrefix("@") || modifiers.contains(word)
        }
    }

    private static func functionName(_ line: String) -> String? {
        guard line.contains("func ") || line.contains("init") || line.contains("subscript") else {
            return nil
        }
        let words = declaration(line.replacing("`", with: " "))
        // An attribute with arguments leaves words of its own in front: look behind them.
        if let place = words.firstIndex(of: "func"), place + 1 < words.endIndex {
            return String(words[place + 1].prefix { $0 != "(" && $0 != "<" })
        }
        guard let first = words.first else { return nil }
        for name in ["init", "subscript"] where first.hasPrefix(name) {
            let next = first.dropFirst(name.count).first
            if next == "(" || next == "<" || next == "?" || next == "!" { return name }
        }
        return nil
    }

    /// Whether a line starts another declaration, so that the one before had no body.
    private static func startsAnew(_ line: String) -> Bool {
        guard let first = line.split(whereSeparator: \.isWhitespace).first else { return false }
        let starts: Set<Substring> = [
            "func", "var", "let", "case", "init", "subscript", "associatedtype", "struct", "enum",
            "protocol", "extension", "typealias", "actor",
        ]
        return starts.contains(first.prefix { $0.isLetter }) || modifiers.contains(first)
            || first.hasPrefix("@")
    }

    static func leftovers(_ file: SwiftText) -> [Finding] {
        let words = ["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK"]
        return file.lines.enumerated().flatMap { number, line in
            words.filter { hasWord($0, in: line) }.map {
                Finding(file.path, number + 1, "\($0): finish it, or open an issue")
            }
        }
    }

    static func forcedCalls(_ file: SwiftText) -> [Finding] {
        file.code.enumerated().flatMap { number, line in
            ["try!", "as!"].filter { hasWord($0, in: line) }.map {
                Finding(file.path, number + 1, "\($0): throw, or say why it cannot fail")
            }
        }
    }

    static func uncheckedSendable(_ file: SwiftText) -> [Finding] {
        file.code.enumerated().compactMap { number, line in
            guard line.contains("@unchecked Sendable") else { return nil }
            let above = number > 0 ? file.lines[number - 1] : ""
            let words = above.drop(while: \.isWhitespace)
            guard !words.hasPrefix("//") else { return nil }
            return Finding(file.path, number + 1, "@unchecked Sendable: name its guard just above")
        }
    }

    /// Whether the word stands there, not as a part of a longer one.
    private static func hasWord(_ word: String, in line: String) -> Bool {
        guard let found = line.firstRange(of: word) else { return false }
        let around = [line[..<found.lowerBound].last, line[found.upperBound...].first]
        return !around.contains { $0?.isLetter == true || $0 == "_" }
    }
}
