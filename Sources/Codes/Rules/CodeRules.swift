import Tally

/// The rules for suppliers' own codes, in the order in which they are tried.
public struct CodeRules: Hashable, Sendable {
    /// No rule at all.
    public static let none = CodeRules()

    public let rules: [CodeRule]

    private init() { rules = [] }

    /// Takes the rules in their order.
    ///
    /// - Throws: ``CodeRefusal/badRule(_:name:read:)`` for a name that two have.
    public init(_ rules: [CodeRule]) throws(CodeRefusal) {
        var names: Set<String> = []
        for rule in rules where !names.insert(rule.name).inserted {
            throw .badRule(.nameTaken, name: rule.name, read: "")
        }
        self.rules = rules
    }

    /// What the first rule that fits makes of a text that is no GS1 data; nil when none does.
    func read(_ text: String) -> SupplierCode? {
        rules.lazy.filter { $0.parts.form != .gs1 }.compactMap { $0.read(text) }.first
    }

    /// What the first rule for GS1 data makes of them; nil when none does.
    func read(_ elements: ElementString) -> SupplierCode? {
        rules.lazy.compactMap { $0.read(elements) }.first
    }
}

/// Why a rule for suppliers' codes cannot work.
public enum CodeRuleFault: String, Hashable, Sendable {
    /// The pattern is no regular expression.
    case noPattern = "no_pattern"
    /// The pattern is too long, once its repetitions are written out.
    case patternTooLong = "pattern_too_long"
    /// No key must be there, so the rule would take anything.
    case nothingWanted = "nothing_wanted"
    /// The rule does not read its own example.
    case exampleNotRead = "example_not_read"
    /// Another rule has the name.
    case nameTaken = "name_taken"
}
