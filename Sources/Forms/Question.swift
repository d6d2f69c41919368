import Tally

/// One question of a form, in XLSForm's words.
public struct Question: Hashable, Sendable {
    /// What kind of answer a question takes.
    public enum Kind: String, Sendable, CaseIterable {
        case integer, decimal
        case yesNo = "yes_no"
        case selectOne = "select_one"
        case text, photo
        /// Words to read; there is nothing to answer.
        case note

        public var isNumber: Bool { self == .integer || self == .decimal }
    }

    /// One of the answers that `select_one` offers.
    public struct Choice: Hashable, Sendable {
        public let name: String
        public let label: Label

        public init(name: String, label: Label) {
            self.name = name
            self.label = label
        }
    }

    /// Which answers are good; all others are bad, and are taken all the same.
    public enum Limits: Hashable, Sendable {
        /// Numbers from `low` up to `high`, both included; nil is no limit on that side.
        case range(low: Quantity?, high: Quantity?)
        /// Names of choices, or `yes` and `no`.
        case good(Set<String>)
    }

    /// Unique in its form, in snake_case.
    public let name: String
    public let kind: Kind
    public let label: Label
    public let hint: Label?
    /// For numbers, and only for them.
    public let unit: Unit?
    public let limits: Limits?
    /// For `select_one`, and only for it.
    public let choices: [Choice]
    /// Whether a record can be signed without an answer, where the question is asked at all.
    public let isRequired: Bool
    /// When it is asked; nil: always.
    public let relevant: Condition?
    /// What an answer must meet to be taken; nil: anything of the right type.
    public let constraint: Condition?
    /// Whether a bad answer is a severe hazard.
    public let isSevere: Bool

    public init(
        name: String,
        kind: Kind,
        label: Label,
        hint: Label? = nil,
        unit: Unit? = nil,
        limits: Limits? = nil,
        choices: [Choice] = [],
        isRequired: Bool = false,
        relevant: Condition? = nil,
        constraint: Condition? = nil,
        isSevere: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.label = label
        self.hint = hint
        self.unit = unit
        self.limits = limits
        self.choices = choices
        self.isRequired = isRequired
        self.relevant = relevant
        self.constraint = constraint
        self.isSevere = isSevere
    }
}

extension Question.Limits: CustomStringConvertible {
    /// The limits in plain text: `0.4 … 0.8 MPA`, `≤ 95 CEL`, `no`.
    public var description: String {
        switch self {
        case .range(let low?, let high?): "\(low.number) … \(high)"
        case .range(let low?, nil): "≥ \(low)"
        case .range(nil, let high?): "≤ \(high)"
        case .range(nil, nil): ""
        case .good(let names): names.sorted().joined(separator: ", ")
        }
    }
}

extension Question {
    /// The type, unit, choices and constraint of an answer, held against the question.
    ///
    /// Limits are no part of this: an answer out of its limits is bad, and must be taken.
    public func check(_ answer: Answer, beside others: [String: Answer] = [:]) throws(FormRefusal) {
        switch (kind, answer) {
        case (.integer, .quantity(let quantity)), (.decimal, .quantity(let quantity)):
            guard quantity.unit == unit else {
                let expected = unit?.code ?? ""
                throw .wrongUnit(question: name, expected: expected, read: quantity.unit.code)
            }
            guard kind == .decimal || quantity.scale == 0 else {
                throw .notWhole(question: name, read: quantity.number)
            }
        case (.selectOne, .choice(let choice)):
            guard choices.contains(where: { $0.name == choice }) else {
                let expected = choices.map(\.name).joined(separator: ", ")
                throw .unknownChoice(question: name, expected: expected, read: choice)
            }
        case (.text, .text(let text)):
            guard text.contains(where: { !$0.isWhitespace }) else {
                throw .emptyText(question: name)
            }
        case (.yesNo, .yesNo), (.photo, .photo): break
        default: throw .wrongType(question: name, expected: kind.rawValue)
        }
        if let constraint, !constraint.holds(answer, beside: others) {
            throw .constraint(
                question: name,
                expected: constraint.source,
                read: answer.plainText
            )
        }
    }

    /// Whether an answer of the right type is good.
    public func assess(_ answer: Answer) -> Assessment {
        guard let limits else { return .noted }
        let bad = Assessment.bad(limits: limits.description, severe: isSevere)
        switch (limits, answer) {
        case (.range(let low, let high), .quantity(let quantity)):
            // Numbers too far apart to compare exactly are out of any limits that a form can have.
            let isLow = low.map { quantity.isLess(than: $0) ?? true } ?? false
            let isHigh = high.map { $0.isLess(than: quantity) ?? true } ?? false
            return isLow || isHigh ? bad : .good
        case (.good(let names), _):
            return names.contains(answer.plainText) ? .good : bad
        case (.range, _):
            return bad
        }
    }
}
