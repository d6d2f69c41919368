import Tally

/// Reads the text of a ``Condition``.
///
///     or         = and { "or" and }
///     and        = term { "and" term }
///     term       = "not" "(" or ")" | "(" or ")" | operand comparison operand
///     operand    = "${" name "}" | "." | text in single or double quotes | number
struct ConditionParser {
    /// The longest expression that is read, and the deepest nesting: a form is data, and may come
    /// from anyone.
    static let characterCountMax = 1000
    static let depthMax = 16

    private var rest: Substring
    private var depth = 0

    static func parse(_ source: String) -> Condition.Node? {
        guard source.count <= characterCountMax else { return nil }
        var parser = ConditionParser(rest: source[...])
        guard let node = parser.or() else { return nil }
        parser.skipSpace()
        return parser.rest.isEmpty ? node : nil
    }

    private mutating func or() -> Condition.Node? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax, var node = and() else { return nil }
        while takeWord("or") {
            guard let other = and() else { return nil }
            node = .or(node, other)
        }
        return node
    }

    private mutating func and() -> Condition.Node? {
        guard var node = term() else { return nil }
        while takeWord("and") {
            guard let other = term() else { return nil }
            node = .and(node, other)
        }
        return node
    }

    private mutating func term() -> Condition.Node? {
        if takeWord("not") {
            guard take("("), let node = or(), take(")") else { return nil }
            return .not(node)
        }
        if take("(") {
            guard let node = or(), take(")") else { return nil }
            return node
        }
        guard let left = operand(),
            let comparison = Condition.Comparison.allCases.first(where: { take($0.rawValue) }),
            let right = operand()
        else { return nil }
        return .compare(left, comparison, right)
    }

    private mutating func operand() -> Condition.Operand? {
        if take("${") {
            guard let name = takeText(until: "}"), name.isSnakeCase else { return nil }
            return .question(name)
        }
        for quote in ["'", "\""] as [Character] where take(String(quote)) {
            return takeText(until: quote).map(Condition.Operand.text)
        }
        let number = rest.prefix { $0 == "." || $0 == "-" || ("0"..."9").contains($0) }
        rest.removeFirst(number.count)
        if number == "." { return .answer }
        return Quantity(text: String(number), unit: .piece).map { .text($0.number) }
    }

    // MARK: - Characters

    private mutating func skipSpace() { rest = rest.drop(while: \.isWhitespace) }

    private mutating func take(_ text: String) -> Bool {
        skipSpace()
        guard rest.hasPrefix(text) else { return false }
        rest.removeFirst(text.count)
        return true
    }

    /// Takes a word that is not the beginning of a longer one.
    private mutating func takeWord(_ word: String) -> Bool {
        let before = rest
        guard take(word) else { return false }
        if let next = rest.first, next.isLetter || next.isNumber || next == "_" {
            rest = before
            return false
        }
        return true
    }

    private mutating func takeText(until end: Character) -> String? {
        guard let index = rest.firstIndex(of: end) else { return nil }
        let text = String(rest[..<index])
        rest = rest[rest.index(after: index)...]
        return text
    }
}
