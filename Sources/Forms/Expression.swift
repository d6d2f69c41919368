import Tally

/// An expression of `relevant`, `constraint`, `calculation` or `repeat_count`: the part of
/// XLSForm's that the room's README names.
///
/// `${name}` is the answer to an earlier question, `.` the answer that a constraint is about. A
/// question without an answer is the empty text. Numbers are exact decimals, and what cannot be
/// computed (a sum with a text, a division by zero) is the empty text.
public struct Expression: Hashable, Sendable {
    /// As it was written.
    public let source: String
    let root: ExpressionNode

    /// Reads an expression; nil when it cannot be read.
    public init?(_ source: String) {
        guard let root = ExpressionParser.parse(source) else { return nil }
        self.source = source
        self.root = root
    }

    /// One that is kept as a newer program wrote it, and that says nothing here.
    static func kept(_ source: String) -> Expression {
        Expression(source) ?? Expression(unreadable: source)
    }

    private init(unreadable source: String) {
        self.source = source
        root = .unreadable
    }

    /// Whether this program cannot make sense of it.
    public var isUnreadable: Bool { root == .unreadable }

    /// The questions that it names.
    public var names: Set<String> { root.names }

    /// The names that only a function over all rounds of a repeat may take, such as `sum`.
    var listed: Set<String> { root.listed }

    /// The names that stand for one value.
    var single: Set<String> { root.single }

    /// Whether it is about the answer that is being given (`.`).
    public var usesAnswer: Bool { root.usesAnswer }

    /// Whether it is true or false, and nothing else.
    public var isCondition: Bool { root.isCondition }

    /// Whether the expression is true; one that cannot be read counts as `otherwise`.
    func holds(_ scope: ExpressionScope, otherwise: Bool = true) -> Bool {
        isUnreadable ? otherwise : root.value(scope).isTrue
    }

    /// Whether the expression is true, in a form without repeats.
    ///
    /// - Parameters:
    ///   - answer: what `.` stands for.
    ///   - others: the answers by question.
    ///   - now: what `now()` stands for, as ``FormDefinition/relevantQuestions(_:now:)`` takes it.
    /// - Returns: whether it holds.
    public func holds(
        _ answer: Answer? = nil,
        beside others: [String: Answer],
        now: String = ""
    ) -> Bool {
        holds(ExpressionScope(answers: others, now: now, answer: answer))
    }

    /// What the expression comes to, in plain text, in a form without repeats.
    ///
    /// - Parameters:
    ///   - others: the answers by question.
    ///   - now: what `now()` stands for, as ``FormDefinition/relevantQuestions(_:now:)`` takes it.
    /// - Returns: the text; empty when it cannot be computed.
    public func text(beside others: [String: Answer], now: String = "") -> String {
        root.value(ExpressionScope(answers: others, now: now)).text
    }
}

/// What an expression can see.
struct ExpressionScope {
    /// The answers that count, by question; those in a repeat by their whole names.
    var answers: [String: Answer]
    /// The local date and time at which the record was begun, in ISO 8601.
    var now: String
    /// What `.` stands for.
    var answer: Answer?
    /// How many rounds each repeat has.
    var rounds: [String: Int] = [:]
    /// The repeat that each question in one belongs to.
    var repeats: [String: String] = [:]
    /// The round in which the expression stands.
    var round: (group: String, number: Int)?

    func value(of name: String) -> ExpressionValue {
        if let count = rounds[name] { return .number(ExactNumber(Int64(count))) }
        if let group = repeats[name] {
            guard let round, round.group == group else { return list(of: name) }
            return .init(answers[Question.name(name, in: group, round: round.number)])
        }
        return .init(answers[name])
    }

    /// The values of a question in all rounds; of any other question its one value.
    func list(of name: String) -> ExpressionValue {
        if let count = rounds[name] {
            return .list((1...max(count, 1)).prefix(count).map { .text(String($0)) })
        }
        guard let group = repeats[name] else { return .list([.init(answers[name])]) }
        let names = (1...max(rounds[group] ?? 0, 1)).prefix(rounds[group] ?? 0)
        return .list(names.map { .init(answers[Question.name(name, in: group, round: $0)]) })
    }
}

/// What a part of an expression comes to.
enum ExpressionValue: Hashable {
    case text(String)
    case number(ExactNumber)
    case truth(Bool)
    /// The values of a question in a repeat, one a round.
    case list([ExpressionValue])

    static let empty = ExpressionValue.text("")

    init(_ answer: Answer?) {
        switch answer {
        case nil: self = .empty
        case .quantity(let quantity)?: self = .number(ExactNumber(quantity))
        case .meter(let reading)?: self = .number(ExactNumber(reading.quantity))
        case let other?: self = .text(other.plainText)
        }
    }

    init(_ number: ExactNumber?) { self = number.map(ExpressionValue.number) ?? .empty }

    var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): number.text
        case .truth(let truth): truth ? "true" : "false"
        case .list(let list): list.first?.text ?? ""
        }
    }

    /// The value as a number; texts that are written as one are.
    var number: ExactNumber? {
        if case .number(let number) = self { number } else { ExactNumber(text) }
    }

    var isTrue: Bool { self == .truth(true) }
    var isEmpty: Bool { text.isEmpty }

    var items: [ExpressionValue] {
        if case .list(let list) = self { list } else { [self] }
    }
}
