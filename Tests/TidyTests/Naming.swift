/// Rules about names, and about the words that stand above them.
enum Naming {
    /// Names that say nothing about what is inside.
    static let emptyNames = [
        "Utils", "Utilities", "Helpers", "Helper", "Manager", "Basics", "Common",
    ]

    /// Parts of protocols of the language, whose meaning is told there.
    private static let witnesses: Set<String> = [
        "==", "<", "hash", "encode", "next", "makeIterator", "body",
    ]

    static func emptyName(_ path: String) -> [Finding] {
        let stems = path.split(separator: "/").map { $0.prefix { $0 != "." && $0 != "+" } }
        return emptyNames.filter { name in stems.contains { $0.hasSuffix(name) } }
            .map { Finding(path, nil, "\($0) in a name: say what it holds") }
    }

    /// Public declarations of types and functions without `///`.
    ///
    /// Constants, cases and initialisers may do without where their name says it all; types and
    /// functions are what other rooms meet first.
    ///
    /// What a protocol of ours promises is told there; overloads in a file share the words above
    /// the first.
    static func undocumented(_ file: SwiftText, promised: Set<String> = []) -> [Finding] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        var told = witnesses.union(promised)
        return file.code.indices.compactMap { number in
            guard let name = declared(file.code[number]) else { return nil }
            var above = number - 1
            while above >= 0, file.lines[above].drop(while: \.isWhitespace).hasPrefix("@") {
                above -= 1
            }
            if above >= 0, file.lines[above].drop(while: \.isWhitespace).hasPrefix("///") {
                told.insert(name)
            }
            guard !told.contains(name) else { return nil }
            return Finding(file.path, number + 1, "\(name) is seen by other rooms and has no ///")
        }
    }

    /// Names of the functions that protocols of ours ask for.
    static func promises(_ file: SwiftText) -> Set<String> {
        let openings = file.code.filter { $0.contains("protocol ") && $0.hasSuffix(" {") }
        var names: Set<String> = []
        for opening in openings {
            for lines in ProblemCodes.bodies(of: String(opening.dropLast(2)), in: file.code) {
                for line in file.code[(lines.lowerBound - 1)..<lines.upperBound] {
                    guard let function = line.firstRange(of: "func ") else { continue }
                    names.insert(
                        String(line[function.upperBound...].prefix { $0 != "(" && $0 != "<" })
                    )
                }
            }
        }
        return names
    }

    /// The name of a public or package type or function that a line declares.
    private static func declared(_ line: String) -> String? {
        guard line.contains("public ") || line.contains("package ") else { return nil }
        let words = line.split(whereSeparator: \.isWhitespace).drop { $0.hasPrefix("@") }
        guard let access = words.first, access == "public" || access == "package" else {
            return nil
        }
        let kinds: Set<Substring> = [
            "struct", "enum", "class", "actor", "protocol", "func", "typealias",
        ]
        guard let kind = words.firstIndex(where: { kinds.contains($0) }), kind + 1 < words.endIndex
        else { return nil }
        let isLine = words[..<kind].allSatisfy { $0.allSatisfy(\.isLetter) || $0.hasPrefix("@") }
        guard isLine else { return nil }
        return String(
            words[kind + 1].prefix { !"(:<{".contains($0) || $0 == words[kind + 1].first }
        )
    }

    /// A type that is named as its module hides the module's other names from its users.
    static func namedAsModule(_ file: SwiftText) -> [Finding] {
        guard file.path.hasPrefix("Sources/"), let room = file.room else { return [] }
        return file.code.enumerated().compactMap { number, line in
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            let kinds: Set<Substring> = [
                "struct", "enum", "class", "actor", "protocol", "typealias",
            ]
            guard let kind = words.firstIndex(where: { kinds.contains($0) }),
                kind + 1 < words.endIndex, words[kind + 1] == room
            else { return nil }
            return Finding(
                file.path,
                number + 1,
                "\(room) is the module's name: name the type apart"
            )
        }
    }
}
