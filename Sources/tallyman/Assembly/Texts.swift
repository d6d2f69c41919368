import Codes
import Foundation
import Tally
import Web

/// The texts in which commands speak: English, or Chinese where the environment's language is.
struct Texts: Sendable {
    static let shared = Texts()

    private let table: StringTable?
    private let language: CommandCode.Language

    private init() {
        let environment = ProcessInfo.processInfo.environment
        let locale = environment["LC_ALL"] ?? environment["LC_MESSAGES"] ?? environment["LANG"]
        language = locale?.hasPrefix("zh") == true ? .chinese : .english
        do {
            table = try StringTable(try Self.folder())
        } catch {
            // Without its texts a command still tells codes and facts.
            table = nil
        }
    }

    /// The carried files of this installation.
    static func folder() throws -> TemplateFolder {
        try TemplateFolder.find(
            environment: ProcessInfo.processInfo.environment,
            executable: URL(filePath: CommandLine.executablePath)
        )
    }

    /// The text of a key by language; nil where there are no texts.
    func inEachLanguage(_ key: String) -> [String: String]? {
        guard let table else { return nil }
        let found = CommandCode.Language.allCases.compactMap { language in
            table.find(key, language).map { (language.rawValue, $0) }
        }
        return found.isEmpty ? nil : Dictionary(uniqueKeysWithValues: found)
    }

    /// A text in a language of the reader's, its names filled in; the key where there is none.
    func text(_ key: String, language: String, _ facts: [String: String]) -> String {
        let language = CommandCode.Language(rawValue: language) ?? self.language
        return table?.text(key, language, facts) ?? key
    }

    /// A refusal in words, with its code for whoever looks it up.
    func problem(_ refusal: any Refusal) -> String {
        let key = "problem." + refusal.code.text
        guard let table, table.find(key, language) != nil else { return refusal.plainText }
        var facts = refusal.facts
        for name in ["defect"] {
            if let word = facts[name], let words = table.find("\(name).\(word)", language) {
                facts[name] = words
            }
        }
        return table.text(key, language, facts) + " [\(refusal.code.text)]"
    }
}

extension CommandLine {
    /// The running program's file.
    static var executablePath: String {
        // Linux names it; proc_pid_exe(5).
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? arguments[0]
    }
}
