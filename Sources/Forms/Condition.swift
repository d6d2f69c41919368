import Tally

/// An expression of `relevant` or `constraint`: a small part of XLSForm's.
///
/// `${name}` is the answer to an earlier question, `.` the answer that a constraint is about. They
/// are compared with `=  !=  <  <=  >  >=` to texts in quotes, to numbers, or to each other;
/// comparisons are joined by `and`, `or` and `not(…)`, with parentheses. Numbers are exact decimals
/// in the unit of the question. A question without an answer is the empty text, so that
/// `${name} = ''` asks for that.
public struct Condition: Hashable, Sendable {
    /// As it was written.
    public let source: String
    let root: Node

    /// Reads an expression; nil when it cannot be read.
    public init?(_ source: String) {
        guard let root = ConditionParser.parse(source) else { return nil }
        self.source = source
        self.root = root
    }

    /// The questions that it names.
    public var names: Set<String> { root.names }

    /// Whether it is about the answer that is being given (`.`).
    public var usesAnswer: Bool { root.usesAnswer }

    /// Whether the expression is true.
    ///
    /// - Parameters:
    ///   - answer: what `.` stands for.
    ///   - others: the answers by question.
    /// - Returns: whether it holds.
    public func holds(_ answer: Answer? = nil, beside others: [String: Answer]) -> Bool {
        root.holds(answer, others)
    }

    indirect enum Node: Hashable, Sendable {
        case and(Node, Node)
        case or(Node, Node)
        case not(Node)
        case compare(Operand, Comparison, Operand)
    }

    enum Operand: Hashable, Sendable {
        case question(String)
        case answer
        case text(String)
    }

    enum Comparison: String, Hashable, Sendable, CaseIterable {
        // Longer ones first: the parser takes the first that fits.
        case notEqual = "!="
        case atMost = "<="
        case atLeast = ">="
        case equal = "="
        case less = "<"
        case more = ">"
    }
}

extension Condition.Node {
    func holds(_ answer: Answer?, _ others: [String: Answer]) -> Bool {
        switch self {
        case .and(let one, let other): one.holds(answer, others) && other.holds(answer, others)
        case .or(let one, let other): one.holds(answer, others) || other.holds(answer, others)
        case .not(let node): !node.holds(answer, others)
        case .compare(let left, let comparison, let right):
            comparison.holds(left.text(answer, others), right.text(answer, others))
        }
    }

    var names: Set<String> {
        switch self {
        case .and(let one, let other), .or(let one, let other): one.names.union(other.names)
        case .not(let node): node.names
        case .compare(let left, _, let right): left.names.union(right.names)
        }
    }

    var usesAnswer: Bool {
        switch self {
        case .and(let one, let other), .or(let one, let other): one.usesAnswer || other.usesAnswer
        case .not(let node): node.usesAnswer
        case .compare(let left, _, let right): left == .answer || right == .answer
        }
    }
}

extension Condition.Operand {
    /// What is compared: texts as they are, numbers without their unit.
    func text(_ answer: Answer?, _ others: [String: Answer]) -> String {
        switch self {
        case .question(let name): others[name]?.comparable ?? ""
        case .answer: answer?.comparable ?? ""
        case .text(let text): text
        }
    }

    var names: Set<String> {
        if case .question(let name) = self { [name] } else { [] }
    }
}

extension Answer {
    fileprivate var comparable: String {
        if case .quantity(let quantity) = self { quantity.number } else { plainText }
    }
}

extension Condition.Comparison {
    /// Compares as numbers where both sides are numbers; else only for being equal.
    func holds(_ left: String, _ right: String) -> Bool {
        guard let one = Quantity(text: left, unit: .piece),
            let other = Quantity(text: right, unit: .piece)
        else {
            switch self {
            case .equal: return left == right
            case .notEqual: return left != right
            case .less, .atMost, .more, .atLeast: return false
            }
        }
        switch self {
        case .equal: return one == other
        case .notEqual: return one != other
        case .less: return one.isLess(than: other) ?? false
        case .more: return other.isLess(than: one) ?? false
        case .atMost: return one == other || one.isLess(than: other) ?? false
        case .atLeast: return one == other || other.isLess(than: one) ?? false
        }
    }
}
