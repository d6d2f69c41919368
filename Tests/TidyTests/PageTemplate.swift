/// What the pages in `Templates` ask for.
enum PageTemplate {
    /// Keys of texts, `{{text.section.key}}`, that the table does not have.
    static func missingTexts(in page: Repository.TextFile, table: StringTable) -> [Finding] {
        page.lines.enumerated().flatMap { number, line in
            tags(on: line).filter { $0.hasPrefix("text.") }.map { String($0.dropFirst(5)) }
                .filter { table.entries[$0] == nil }
                .map { Finding(page.path, number + 1, "no table of strings has \($0)") }
        }
    }

    /// Pages, `{{> Folder/name}}`, that are not there.
    static func missingParts(
        in page: Repository.TextFile,
        exists: (String) -> Bool
    ) -> [Finding] {
        page.lines.enumerated().flatMap { number, line in
            tags(on: line).filter { $0.hasPrefix(">") }.map { $0.dropFirst().filter { $0 != " " } }
                .filter { !exists("Templates/\($0).mustache") }
                .map { Finding(page.path, number + 1, "there is no \($0).mustache in Templates") }
        }
    }

    /// The names in double braces on a line, without the mark of a section; a part keeps its `>`.
    static func tags(on line: Substring) -> [Substring] {
        var tags: [Substring] = []
        var rest = line
        while let open = rest.firstRange(of: "{{"),
            let close = rest[open.upperBound...].firstRange(of: "}}")
        {
            let tag = rest[open.upperBound..<close.lowerBound].drop { "{&#^/ ".contains($0) }
            tags.append(tag.hasPrefix(">") ? tag : tag.prefix { !" }".contains($0) })
            rest = rest[close.upperBound...]
        }
        return tags
    }

    /// Texts that the code asks for by a constant key and that the table does not have.
    static func missingTexts(in file: SwiftText, table: StringTable) -> [Finding] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        return file.literals.compactMap { literal in
            let key = literal.text
            guard literal.isWhole, key.contains("."), !key.contains("/"), table.entries[key] == nil,
                asksForText(literal, in: file)
            else { return nil }
            return Finding(file.path, literal.line, "no table of strings has \(key)")
        }
    }

    /// Whether a literal is the first argument of `text(…)` or `find(…)`, on its line or the next.
    private static func asksForText(_ literal: SwiftText.Literal, in file: SwiftText) -> Bool {
        let line = file.lines[literal.line - 1]
        let above = literal.line > 1 ? file.code[literal.line - 2] : ""
        let isFirst = line.drop(while: \.isWhitespace).hasPrefix("\"\(literal.text)\"")
        return ["text(", "find("].contains { call in
            line.contains("\(call)\"\(literal.text)\"") || isFirst && above.hasSuffix(call)
        }
    }

    /// Files of `Templates` that a literal in the code names and that are not there.
    ///
    /// `exists` is asked with a path from the root.
    static func missingFiles(in file: SwiftText, exists: (String) -> Bool) -> [Finding] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        let endings = [".mustache", ".yaml", ".css", ".js", ".csv"]
        return file.literals.compactMap { literal in
            let isPage = file.lines[literal.line - 1].contains("render(\"\(literal.text)\"")
            let name = isPage ? literal.text + ".mustache" : literal.text
            guard literal.isWhole, name.contains("/"), endings.contains(where: name.hasSuffix),
                !name.hasPrefix("/"), !exists(name), !exists("Templates/" + name)
            else { return nil }
            return Finding(file.path, literal.line, "there is no \(name) in Templates")
        }
    }
}
