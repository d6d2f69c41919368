/// A file of texts for people, `Templates/Strings/<language>.yaml`.
///
/// Read without a library, in the subset of YAML that these files keep to, so that a slip in them
/// is named with its line:
///
///     section:
///       key.with.dots: "text with {placeholders}"
struct StringTable {
    struct Entry: Equatable {
        let text: String
        let line: Int

        /// Names in braces, in alphabetical order.
        var placeholders: [String] {
            text.split(separator: "{").dropFirst(text.hasPrefix("{") ? 0 : 1).compactMap { part in
                part.firstIndex(of: "}").map { String(part[..<$0]) }
            }.sorted()
        }
    }

    let path: String
    /// By `section.key`.
    private(set) var entries: [String: Entry] = [:]
    private(set) var findings: [Finding] = []

    init(path: String, text: String) {
        self.path = path
        var section: String?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let number = index + 1
            let content = line.drop { $0 == " " }
            if content.isEmpty || content.hasPrefix("#") { continue }
            if content.count == line.count, content.hasSuffix(":") {
                section = String(content.dropLast())
            } else if let section, line.hasPrefix("  "), let pair = Self.pair(content) {
                add(section + "." + pair.key, Entry(text: pair.text, line: number))
            } else {
                findings.append(Finding(path, number, "neither `section:` nor `  key: \"text\"`"))
            }
        }
    }

    private mutating func add(_ key: String, _ entry: Entry) {
        if entries[key] != nil {
            findings.append(Finding(path, entry.line, "\(key) stands here a second time"))
        }
        if entry.text.allSatisfy(\.isWhitespace) {
            findings.append(Finding(path, entry.line, "\(key) has no text"))
        }
        entries[key] = entry
    }

    private static func pair(_ content: Substring) -> (key: String, text: String)? {
        guard let colon = content.firstRange(of: ": ") else { return nil }
        let key = content[..<colon.lowerBound].filter { $0 != "\"" }
        let value = content[colon.upperBound...]
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return nil }
        var text = ""
        var isEscaped = false
        for character in value.dropFirst().dropLast() {
            if character == "\"" && !isEscaped { return nil }
            if character != "\\" || isEscaped { text.append(character) }
            isEscaped = character == "\\" && !isEscaped
        }
        return isEscaped ? nil : (key, text)
    }

    /// Keys that one of the two lacks, and texts whose placeholders differ.
    static func differences(_ one: StringTable, _ other: StringTable) -> [Finding] {
        var findings: [Finding] = []
        for (key, entry) in one.entries.sorted(by: { $0.value.line < $1.value.line }) {
            guard let twin = other.entries[key] else {
                findings.append(Finding(one.path, entry.line, "\(key) is missing in \(other.path)"))
                continue
            }
            if entry.placeholders != twin.placeholders {
                let names = twin.placeholders.joined(separator: ", ")
                findings.append(
                    Finding(one.path, entry.line, "\(key): \(other.path) fills in [\(names)]")
                )
            }
        }
        for (key, entry) in other.entries.sorted(by: { $0.value.line < $1.value.line })
        where one.entries[key] == nil {
            findings.append(Finding(other.path, entry.line, "\(key) is missing in \(one.path)"))
        }
        return findings
    }
}
