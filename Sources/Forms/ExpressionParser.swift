import Tally

/// Reads the text of an ``Expression``.
///
///     or         = and { "or" and }
///     and        = comparison { "and" comparison }
///     comparison = sum [ ("=" | "!=" | "<" | "<=" | ">" | ">=") sum ]
///     sum        = product { ("+" | "-") product }
///     product    = operand { ("*" | "div" | "mod") operand }
///     operand    = "-" operand | "(" or ")" | function "(" [ or { "," or } ] ")"
///                | "${" name "}" | "." | text in single or double quotes | number
struct ExpressionParser {
    /// The longest expression that is read, and the deepest nesting: a form is data, and may come
    /// from anyone.
    static let characterCountMax = 1000
    static let depthMax = 16

    private var rest: Substring
    private var depth = 0

    static func parse(_ source: String) -> ExpressionNode? {
        guard source.count <= characterCountMax else { return nil }
        var parser = ExpressionParser(rest: source[...])
        guard let node = parser.or() else { return nil }
        parser.skipSpace()
        return parser.rest.isEmpty ? node : nil
    }

    private mutating func or() -> ExpressionNode? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax, var node = and() else { return nil }
        while takeWord("or") {
            guard let other = and(), node.isCondition, other.isCondition else { return nil }
            node = .or(node, other)
        }
        return node
    }

    private mutating func and() -> ExpressionNode? {
        guard var node = comparison() else { return nil }
        while takeWord("and") {
            guard let other = comparison(), node.isCondition, other.isCondition else { return nil }
            node = .and(node, other)
        }
        return node
    }

    private mutating func comparison() -> ExpressionNode? {
        guard let left = sum() else { return nil }
        let found = ExpressionNode.Comparison.allCases.first { take($0.rawValue) }
        guard let found else { return left }
        return sum().map { .compare(left, found, $0) }
    }

    private mutating func sum() -> ExpressionNode? {
        guard var node = product() else { return nil }
        while let operation = [ExpressionNode.Operation.plus, .minus].first(
            where: { take($0.rawValue) }
        ) {
            guard let other = product() else { return nil }
            node = .compute(node, operation, other)
        }
        return node
    }

    private mutating func product() -> ExpressionNode? {
        guard var node = operand() else { return nil }
        while true {
            let operation: ExpressionNode.Operation
            if take("*") {
                operation = .times
            } else if takeWord("div") {
                operation = .div
            } else if takeWord("mod") {
                operation = .mod
            } else {
                return node
            }
            guard let other = operand() else { return nil }
            node = .compute(node, operation, other)
        }
    }

    private mutating func operand() -> ExpressionNode? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else { return nil }
        if take("-") { return operand().map { .compute(.number(.zero), .minus, $0) } }
        if take("(") {
            guard let node = or(), take(")") else { return nil }
            return node
        }
        if take("${") {
            guard let name = takeText(until: "}"), name.isSnakeCase else { return nil }
            return .question(name)
        }
        for quote in ["'", "\""] as [Character] where take(String(quote)) {
            return takeText(until: quote).map(ExpressionNode.text)
        }
        return number() ?? function()
    }

    private mutating func number() -> ExpressionNode? {
        let number = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
        guard !number.isEmpty else { return nil }
        rest.removeFirst(number.count)
        return number == "." ? .answer : ExactNumber(String(number)).map(ExpressionNode.number)
    }

    private mutating func function() -> ExpressionNode? {
        let name = rest.prefix { $0 == "-" || ("a"..."z").contains($0) }
        guard let function = ExpressionFunction(rawValue: String(name)) else { return nil }
        rest.removeFirst(name.count)
        guard take("(") else { return nil }
        var arguments: [ExpressionNode] = []
        while !take(")") {
            guard arguments.isEmpty || take(","), let argument = or() else { return nil }
            arguments.append(argument)
        }
        return function.takes(arguments) ? .call(function, arguments) : nil
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
