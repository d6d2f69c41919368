import Codes
import Connectors
import Foundation
import Tally
import Web

/// The rules for suppliers' own codes of this installation: every file of `Templates/CodeRules`, in
/// the order of their names.
enum CodeRuleLibrary {
    /// Reads all rules.
    ///
    /// - Throws: what is wrong in the first file that cannot work, with its line or rule.
    static func rules(_ folder: TemplateFolder) throws -> CodeRules {
        var rules: [CodeRule] = []
        for path in folder.paths(in: "CodeRules", ending: ".yaml") {
            let content = Array(try folder.content(path))
            rules += try CodeRuleFile.rules(name: path, bytes: content)
        }
        return try CodeRules(rules)
    }

    /// Reads all rules; none where a program stands alone, without its templates.
    static func rulesIfThere() throws -> CodeRules {
        guard let folder = try? Texts.folder() else { return .none }  // then there are none
        return try rules(folder)
    }

    /// Reads the rules of one file.
    static func rules(file: String) throws -> CodeRules {
        let bytes = try FileBytes.read(file)
        return try CodeRules(try CodeRuleFile.rules(name: file, bytes: bytes))
    }
}
