/// What the pages in `Templates` ask for.
enum PageTemplate {
    /// Names under which a page finds the texts of its reader's language.
    private static let roots: Set<Substring> = ["text", "texts", "t", "string", "strings"]

    /// Keys of texts, `{{text.section.key}}` or `{{#text}}section.key{{/text}}`, that the table
    /// does not have.
    static func missingTexts(in page: Repository.TextFile, table: StringTable) -> [Finding] {
        page.lines.enumerated().flatMap { number, line in
            keys(on: line).filter { table.entries[$0] == nil }
                .map { Finding(page.path, number + 1, "no table of strings has \($0)") }
        }
    }

    static func keys(on line: Substring) -> [String] {
        var keys: [String] = []
        var rest = line
        while let open = rest.firstRange(of: "{{"),
            let close = rest[open.upperBound...].firstRange(of: "}}")
        {
            let tag = rest[open.upperBound..<close.lowerBound]
            let name = tag.drop { "{&# ^/".contains($0) }.prefix { !" }".contains($0) }
            rest = rest[close.upperBound...]
            if tag.hasPrefix("#"), roots.contains(name) {
                keys.append(String(rest.prefix { $0 != "{" }))
            } else if let dot = name.firstIndex(of: "."), roots.contains(name[..<dot]) {
                keys.append(String(name[name.index(after: dot)...]))
            }
        }
        return keys
    }

    /// Files of `Templates` or `Devices` that a literal in the code names and that are not there.
    static func missingFiles(in file: SwiftText, exists: (String) -> Bool) -> [Finding] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        let endings = [".mustache", ".yaml", ".css", ".js", ".csv"]
        return file.literals.compactMap { literal in
            let name = literal.text
            guard name.contains("/"), endings.contains(where: name.hasSuffix), !name.hasPrefix("/"),
                !name.contains("\\"), !name.contains(" "), !exists(name),
                !exists("Templates/" + name)
            else { return nil }
            return Finding(file.path, literal.line, "there is no \(name) in Templates")
        }
    }
}
