import Tally

/// The functions of expressions, by XLSForm's names.
enum ExpressionFunction: String, Hashable, Sendable, CaseIterable {
    case choose = "if"
    case coalesce
    case not
    case yes = "true"
    case no = "false"
    case selected
    case count
    case countNonEmpty = "count-non-empty"
    case sum, min, max
    case number
    case string
    case int, round, abs
    case stringLength = "string-length"
    case substr
    case concat
    case contains
    case startsWith = "starts-with"
    case endsWith = "ends-with"
    case regex
    case today, now

    /// How many arguments it takes.
    var arguments: ClosedRange<Int> {
        switch self {
        case .yes, .no, .today, .now: 0...0
        case .not, .count, .countNonEmpty, .sum, .number, .string, .int, .abs, .stringLength: 1...1
        case .round: 1...2
        case .selected, .contains, .startsWith, .endsWith, .regex: 2...2
        case .choose: 3...3
        case .substr: 2...3
        case .coalesce: 2...8
        case .min, .max, .concat: 1...8
        }
    }

    /// Whether a question in a repeat stands for its answers in all rounds.
    var takesLists: Bool {
        switch self {
        case .count, .countNonEmpty, .sum, .min, .max: true
        default: false
        }
    }

    var isCondition: Bool {
        switch self {
        case .not, .yes, .no, .selected, .contains, .startsWith, .endsWith, .regex: true
        default: false
        }
    }

    /// Whether these arguments can be worked with, as far as the text alone tells.
    func takes(_ nodes: [ExpressionNode]) -> Bool {
        guard arguments.contains(nodes.count) else { return false }
        switch self {
        case .not, .choose:
            return nodes[0].isCondition
        case .count:
            if case .question = nodes[0] { return true }
            return false
        case .regex:
            guard case .text(let pattern) = nodes[1] else { return false }
            return TextPattern(pattern) != nil
        default:
            return true
        }
    }

    // MARK: - Values

    func value(_ nodes: [ExpressionNode], _ scope: ExpressionScope) -> ExpressionValue {
        switch self {
        case .choose: return nodes[nodes[0].value(scope).isTrue ? 1 : 2].value(scope)
        case .coalesce: return nodes.lazy.map { $0.value(scope) }.first { !$0.isEmpty } ?? .empty
        case .yes, .no: return .truth(self == .yes)
        case .not: return .truth(!nodes[0].value(scope).isTrue)
        case .today: return .text(CalendarDay(scope.now)?.text ?? "")
        case .now: return .text(scope.now)
        case .count, .countNonEmpty, .sum, .min, .max: return overLists(nodes, scope)
        case .selected, .contains, .startsWith, .endsWith, .regex:
            return .truth(holds(nodes[0].value(scope).text, nodes[1].value(scope).text))
        case .number, .int, .round, .abs: return numeric(nodes, scope)
        case .string, .stringLength, .substr, .concat: return textual(nodes, scope)
        }
    }

    private func overLists(_ nodes: [ExpressionNode], _ scope: ExpressionScope) -> ExpressionValue {
        let values = nodes.flatMap { node in
            if case .question(let name) = node {
                scope.list(of: name).items
            } else {
                [node.value(scope)]
            }
        }
        let given = values.filter { !$0.isEmpty }
        switch self {
        case .count:
            return .number(ExactNumber(Int64(values.count)))
        case .countNonEmpty:
            return .number(ExactNumber(Int64(given.count)))
        case .sum:
            return ExpressionValue(
                given.reduce(ExactNumber.zero as ExactNumber?) { sum, value in
                    value.number.flatMap { sum?.adding($0) }
                }
            )
        default:
            let numbers = given.compactMap(\.number)
            guard numbers.count == given.count else { return .empty }
            return ExpressionValue(self == .min ? numbers.min() : numbers.max())
        }
    }

    private func holds(_ text: String, _ wanted: String) -> Bool {
        switch self {
        case .contains: text.contains(wanted)
        case .startsWith: text.hasPrefix(wanted)
        case .endsWith: text.hasSuffix(wanted)
        case .regex: TextPattern(wanted)?.fits(text) ?? false
        default: text.split(separator: " ").contains { $0 == wanted }
        }
    }

    private func numeric(_ nodes: [ExpressionNode], _ scope: ExpressionScope) -> ExpressionValue {
        guard let number = nodes[0].value(scope).number else { return .empty }
        switch self {
        case .int: return .number(number.truncated)
        case .abs:
            return ExpressionValue(number < .zero ? ExactNumber.zero.subtracting(number) : number)
        case .round:
            let digits = nodes.count == 2 ? nodes[1].value(scope).number?.whole : 0
            guard let digits, (0...Int(Quantity.scaleMax)).contains(digits) else { return .empty }
            return ExpressionValue(number.rounded(to: digits))
        default: return .number(number)
        }
    }

    private func textual(_ nodes: [ExpressionNode], _ scope: ExpressionScope) -> ExpressionValue {
        let text = nodes[0].value(scope).text
        switch self {
        case .stringLength: return .number(ExactNumber(Int64(text.count)))
        case .concat: return .text(nodes.map { $0.value(scope).text }.joined())
        case .substr:
            let places = nodes.dropFirst().map { $0.value(scope).number?.whole }
            guard let start = places[0], let end = places.count == 2 ? places[1] : text.count
            else { return .empty }
            let from = Swift.max(0, start)
            return .text(String(text.dropFirst(from).prefix(Swift.max(0, end - from))))
        default: return .text(text)
        }
    }
}
