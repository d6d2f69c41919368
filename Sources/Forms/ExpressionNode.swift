import Tally

/// The tree of an ``Expression``.
indirect enum ExpressionNode: Hashable, Sendable {
    case text(String)
    case number(ExactNumber)
    case question(String)
    /// The answer that is being given.
    case answer
    case and(ExpressionNode, ExpressionNode)
    case or(ExpressionNode, ExpressionNode)
    case compare(ExpressionNode, Comparison, ExpressionNode)
    case compute(ExpressionNode, Operation, ExpressionNode)
    case call(ExpressionFunction, [ExpressionNode])
    case unreadable

    enum Comparison: String, Hashable, Sendable, CaseIterable {
        // Longer ones first: the parser takes the first that fits.
        case notEqual = "!="
        case atMost = "<="
        case atLeast = ">="
        case equal = "="
        case less = "<"
        case more = ">"
    }

    enum Operation: String, Hashable, Sendable {
        case plus = "+"
        case minus = "-"
        case times = "*"
        case div, mod
    }

    // MARK: - What it is made of

    private var parts: [ExpressionNode] {
        switch self {
        case .text, .number, .question, .answer, .unreadable: []
        case .and(let one, let other), .or(let one, let other): [one, other]
        case .compare(let one, _, let other), .compute(let one, _, let other): [one, other]
        case .call(_, let arguments): arguments
        }
    }

    var names: Set<String> { listed.union(single) }

    var single: Set<String> {
        if case .question(let name) = self { return [name] }
        if case .call(let function, _) = self, function.takesLists { return [] }
        return parts.reduce(into: []) { $0.formUnion($1.single) }
    }

    var listed: Set<String> {
        if case .call(let function, let arguments) = self, function.takesLists {
            return arguments.reduce(into: []) { $0.formUnion($1.names) }
        }
        return parts.reduce(into: []) { $0.formUnion($1.listed) }
    }

    var usesAnswer: Bool { self == .answer || parts.contains(where: \.usesAnswer) }

    /// Whether its value is always true or false: only such a thing can be a condition, since
    /// `${running}` alone would hold for the answer `no` too.
    var isCondition: Bool {
        switch self {
        case .and, .or, .compare: true
        case .call(.choose, let arguments): arguments.dropFirst().allSatisfy(\.isCondition)
        case .call(let function, _): function.isCondition
        default: false
        }
    }

    // MARK: - Its value

    func value(_ scope: ExpressionScope) -> ExpressionValue {
        switch self {
        case .text(let text): .text(text)
        case .number(let number): .number(number)
        case .question(let name): scope.value(of: name)
        case .answer: ExpressionValue(scope.answer)
        case .and(let one, let other):
            .truth(one.value(scope).isTrue && other.value(scope).isTrue)
        case .or(let one, let other):
            .truth(one.value(scope).isTrue || other.value(scope).isTrue)
        case .compare(let one, let comparison, let other):
            .truth(comparison.holds(one.value(scope), other.value(scope)))
        case .compute(let one, let operation, let other):
            operation.value(one.value(scope).number, other.value(scope).number)
        case .call(let function, let arguments): function.value(arguments, scope)
        case .unreadable: .empty
        }
    }
}

extension ExpressionNode.Comparison {
    /// Compares as numbers where both sides are numbers, as dates where both are; else only for
    /// being equal.
    func holds(_ left: ExpressionValue, _ right: ExpressionValue) -> Bool {
        if let one = left.number, let other = right.number { return holds(one, other) }
        if let one = CalendarDay(left.text), let other = CalendarDay(right.text), one != other {
            return holds(one, other)
        }
        switch self {
        case .equal: return left.text == right.text
        case .notEqual: return left.text != right.text
        case .atMost, .atLeast:
            return CalendarDay(left.text) != nil
                && CalendarDay(left.text) == CalendarDay(right.text)
        case .less, .more: return false
        }
    }

    private func holds<Value: Comparable>(_ one: Value, _ other: Value) -> Bool {
        switch self {
        case .equal: one == other
        case .notEqual: one != other
        case .less: one < other
        case .more: one > other
        case .atMost: one <= other
        case .atLeast: one >= other
        }
    }
}

extension ExpressionNode.Operation {
    fileprivate func value(_ one: ExactNumber?, _ other: ExactNumber?) -> ExpressionValue {
        guard let one, let other else { return .empty }
        return switch self {
        case .plus: ExpressionValue(one.adding(other))
        case .minus: ExpressionValue(one.subtracting(other))
        case .times: ExpressionValue(one.times(other))
        case .div: ExpressionValue(one.divided(by: other))
        case .mod: ExpressionValue(one.remainder(by: other))
        }
    }
}
