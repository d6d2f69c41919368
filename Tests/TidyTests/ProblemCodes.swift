/// The problem codes in the code of the rooms, and the facts that come with them.
struct ProblemCodes {
    struct Use: Equatable {
        let code: String
        let path: String
        let line: Int
        /// Names of the facts that the refusal can give; nil where they come from elsewhere.
        let facts: Set<String>?
    }

    private(set) var uses: [Use] = []

    init(_ files: [SwiftText]) {
        for file in files where file.path.hasPrefix("Sources/") {
            for lines in Self.bodies(of: "var code: ProblemCode", in: file.code) {
                readCodes(in: lines, of: file, among: files)
            }
            for (index, line) in file.code.enumerated() where line.contains(": ProblemCode = ") {
                add(file.literals(in: index + 1...index + 1), file, index + 1, facts: nil)
            }
        }
    }

    /// Lines, from 1, of the braces behind each place where `opening` stands.
    static func bodies(of opening: String, in code: [String]) -> [ClosedRange<Int>] {
        code.indices.filter { code[$0].contains(opening + " {") }.compactMap { start in
            var depth = 0
            for line in start..<code.count {
                depth += code[line].count { $0 == "{" } - code[line].count { $0 == "}" }
                if depth == 0 { return start + 1...line + 1 }
            }
            return nil
        }
    }

    private mutating func add(
        _ codes: [String],
        _ file: SwiftText,
        _ line: Int,
        facts: Set<String>?
    ) {
        for code in codes where Self.isCode(code) {
            uses.append(Use(code: code, path: file.path, line: line, facts: facts))
        }
    }

    private mutating func readCodes(
        in lines: ClosedRange<Int>,
        of file: SwiftText,
        among files: [SwiftText]
    ) {
        let factBodies = Self.bodies(of: "var facts: [String: String]", in: file.code)
        let factLines = factBodies.first { $0.lowerBound > lines.lowerBound }
        let facts = factLines.map { Set(file.literals(in: $0)) }
        for line in lines {
            let codes = file.literals(in: line...line)
            if file.code[line - 1].contains(".rawValue") {
                let room = files.filter { $0.room == file.room }
                let endings = Self.rawValues(forCaseOn: line, of: file, in: room)
                if endings.isEmpty {  // not understood: let the text's absence say so
                    add(codes.map { $0 + "unknown_endings" }, file, line, facts: facts)
                }
                for prefix in codes { add(endings.map { prefix + $0 }, file, line, facts: facts) }
            } else {
                add(codes, file, line, facts: facts)
            }
        }
    }

    /// `case .gs1(let fault, _): … + fault.rawValue`: the raw values of the enum that the case
    /// `gs1` holds first.
    private static func rawValues(
        forCaseOn line: Int,
        of file: SwiftText,
        in room: [SwiftText]
    ) -> [String] {
        let words = file.code[line - 1].split { !($0.isLetter || $0.isNumber) }
        guard let at = words.firstIndex(of: "case"), at + 1 < words.count else { return [] }
        let opening = "case \(words[at + 1])("
        guard
            let declared = file.code.first(where: { $0.contains(opening) && !$0.contains("let ") }),
            let found = declared.firstRange(of: opening)
        else { return [] }
        let type = declared[found.upperBound...].prefix { $0.isLetter || $0.isNumber }
        for other in room {
            for body in bodies(ofEnum: String(type), in: other.code) {
                return body.flatMap { caseValues(on: $0, of: other) }
            }
        }
        return []
    }

    private static func bodies(ofEnum name: String, in code: [String]) -> [ClosedRange<Int>] {
        guard let line = code.first(where: { $0.contains("enum \(name):") && $0.hasSuffix("{") })
        else { return [] }
        return bodies(of: String(line.dropLast(2)), in: code)
    }

    private static func caseValues(on line: Int, of file: SwiftText) -> [String] {
        let code = file.code[line - 1].drop(while: \.isWhitespace)
        guard code.hasPrefix("case "), !code.hasPrefix("case .") else { return [] }
        let written = file.literals(in: line...line)
        if !written.isEmpty { return written }
        return code.dropFirst(5).split(separator: ",").map {
            $0.filter { $0.isLetter || $0.isNumber }
        }
    }

    /// `room.what`, in lower case.
    static func isCode(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy {
                        $0.isLowercase && $0.isASCII || $0.isNumber || $0 == "_" || $0 == "-"
                    }
            }
    }

    /// Codes without a text, and texts that fill in what the refusal does not give.
    func findings(in table: StringTable) -> [Finding] {
        uses.compactMap { use in
            guard let entry = table.entries["problem." + use.code] else {
                return Finding(
                    use.path,
                    use.line,
                    "problem.\(use.code) is missing in \(table.path)"
                )
            }
            guard let facts = use.facts else { return nil }
            let unknown = entry.placeholders.filter { !facts.contains($0) }
            guard !unknown.isEmpty else { return nil }
            let what = "problem.\(use.code) fills in \(unknown), which the refusal does not give"
            return Finding(table.path, entry.line, what)
        }
    }
}
