import Codes
import Forms
import Tally

/// Rules for suppliers' own codes, from YAML or JSON: `Templates/CodeRules/code_rules.schema.json`
/// says what can stand there.
public enum CodeRuleFile {
    private static let keys: Set<String> = [
        "name", "carrier", "supplier", "form", "pattern", "wanted", "between", "names",
        "suppliers", "lines", "line_names", "examples",
    ]

    /// Reads a file of rules.
    ///
    /// - Parameters:
    ///   - name: the file's name.
    ///   - bytes: its content.
    /// - Returns: the rules in the order of the file.
    /// - Throws: ``ImportRefusal`` for a broken file, ``CodeRuleFileRefusal`` naming the line, or
    ///   `CodeRefusal` for a rule that cannot work.
    public static func rules(name: String, bytes: [UInt8]) throws -> [CodeRule] {
        let tree = try DefinitionTree(name: name, bytes: bytes)
        do {
            let root = FormNodeReader(tree.node)
            try root.checkKeys(["rules"])
            return try root.required("rules").list().map { node in
                try CodeRule(try parts(node))
            }
        } catch let refusal as FormRefusal {
            throw CodeRuleFileRefusal(refusal, in: tree, file: name)
        }
    }

    private static func parts(_ node: FormNodeReader) throws -> CodeRule.Parts {
        try node.checkKeys(keys)
        var parts = CodeRule.Parts()
        parts.name = try node.required("name").text()
        parts.carrier = try node.required("carrier").word(SupplierCode.Carrier.self)
        parts.form = try node.required("form").word(CodeRule.Form.self)
        parts.supplier = try node.optional("supplier")?.text() ?? ""
        if parts.form == .pattern {
            parts.pattern = try node.required("pattern").text()
        } else {
            parts.wanted = try node.required("wanted").list().map { try $0.text() }
        }
        if let between = try node.optional("between") { parts.between = try between.text() }
        parts.names = try node.optional("names")?.texts() ?? [:]
        parts.suppliers = try node.optional("suppliers")?.texts() ?? [:]
        parts.lines = try node.optional("lines")?.text() ?? ""
        parts.lineNames = try node.optional("line_names")?.texts() ?? [:]
        parts.examples = try node.optional("examples")?.list().map { try $0.text() } ?? []
        return parts
    }
}

extension FormNodeReader {
    /// One of the words of a type.
    fileprivate func word<Word: RawRepresentable<String> & CaseIterable>(
        _ type: Word.Type
    ) throws(FormRefusal) -> Word {
        guard let word = Word(rawValue: try text()) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw refusal(.wrongKind, expected: known)
        }
        return word
    }

    fileprivate func texts() throws(FormRefusal) -> [String: String] {
        var texts: [String: String] = [:]
        for (key, value) in try entries() { texts[key] = try value.text() }
        return texts
    }
}

/// What is wrong in a file of rules, and on which line.
public struct CodeRuleFileRefusal: Refusal, Equatable {
    public let file: String
    public let line: Int
    public let detail: String

    init(_ refusal: FormRefusal, in tree: DefinitionTree, file: String) {
        self.file = file
        guard case .definition(let fault, let path, let read, let expected) = refusal else {
            line = 1
            detail = refusal.plainText
            return
        }
        line = tree.line(of: path)
        detail = [path, "\(fault)", read, expected].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    public var code: ProblemCode { "connectors.code_rules" }

    public var facts: [String: String] {
        ["file": file, "line": String(line), "detail": detail]
    }
}
