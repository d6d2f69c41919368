import Codes
import Tally
import Yams

/// The texts of pages and messages, in every language of the page.
///
/// `Templates/Strings/<language>.yaml` has sections of keys; a text is asked for by
/// `section.key`. What people wrote is never looked up here, and never translated.
public struct StringTable: Sendable {
    /// The languages of the page.
    public typealias Language = CommandCode.Language
    /// By section, then by key; a key may have dots.
    public typealias Sections = [String: [String: String]]

    private let languages: [Language: Sections]

    /// Reads the tables of all languages.
    ///
    /// - Throws: ``TemplateError`` naming the file and what is wrong in it.
    public init(_ folder: TemplateFolder) throws(TemplateError) {
        var languages: [Language: Sections] = [:]
        for language in Language.allCases {
            let path = "Strings/\(language.rawValue).yaml"
            languages[language] = try Self.sections(of: try folder.text(path), path: path)
        }
        self.languages = languages
    }

    /// Reads one table.
    package static func sections(of text: String, path: String) throws(TemplateError) -> Sections {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw .malformed(path, detail: "\(error)")
        }
        guard let sections = node?.mapping else {
            throw .malformed(path, detail: "no sections")
        }
        var result: Sections = [:]
        for (key, value) in sections {
            guard let name = key.string, let entries = value.mapping else {
                throw .malformed(path, detail: "\(key.string ?? "?") is no section")
            }
            var section: [String: String] = [:]
            for (key, value) in entries {
                guard let key = key.string, let text = value.scalar?.string else {
                    throw .malformed(path, detail: "\(name).\(key.string ?? "?") is no text")
                }
                section[key] = text
            }
            result[name] = section
        }
        return result
    }

    /// The sections of a language, for pages: `{{text.section.key}}`.
    public func sections(_ language: Language) -> Sections { languages[language] ?? [:] }

    /// The text of `section.key`, its `{names}` filled in; an unknown key shows itself, so that
    /// a slip is seen and the message is not lost.
    ///
    /// - Parameters:
    ///   - key: `section.key`; the key may have dots of its own.
    ///   - language: of the reader.
    ///   - facts: what the names stand for; a name without a fact stays as it is.
    /// - Returns: the text, or the key.
    public func text(
        _ key: String,
        _ language: Language,
        _ facts: [String: String] = [:]
    ) -> String {
        guard let text = find(key, language) else { return key }
        return Self.fill(text, facts)
    }

    /// The text of a key; nil when the table has none.
    public func find(_ key: String, _ language: Language) -> String? {
        guard let dot = key.firstIndex(of: ".") else { return nil }
        return languages[language]?[String(key[..<dot])]?[String(key[key.index(after: dot)...])]
    }

    /// What a unit is called; its code where the table has no word for it.
    public func unit(_ unit: Tally.Unit, _ language: Language) -> String {
        find("unit.\(unit.code)", language) ?? unit.code
    }

    /// Filled in one pass, so that a fact which itself has braces stays as a person wrote it.
    private static func fill(_ text: String, _ facts: [String: String]) -> String {
        var result = ""
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            result += rest[..<open]
            result += facts[name] ?? "{\(name)}"
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}
