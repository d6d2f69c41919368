import Tally

/// One question of a form, in XLSForm's words.
public struct Question: Hashable, Sendable {
    /// What kind of answer a question takes.
    public enum Kind: String, Sendable, CaseIterable {
        case integer, decimal
        case yesNo = "yes_no"
        case selectOne = "select_one"
        case text
        case date
        case photo
        /// Any code, taken as it was read.
        case scan
        /// The badge of who signs.
        case signature
        case meter
        /// Comes from other answers; nobody is asked.
        case calculate
        /// Questions that are asked once a round.
        case repeated = "repeat"
        /// Words to read; there is nothing to answer.
        case note
        /// A type of a newer program: kept, and not asked here.
        case unknown = ""

        public var isNumber: Bool { self == .integer || self == .decimal }

        /// Whether its answers have a unit.
        public var isMeasured: Bool { isNumber || self == .meter }

        /// Whether a person is asked for an answer here.
        public var isAsked: Bool {
            switch self {
            case .calculate, .repeated, .note, .unknown: false
            default: true
            }
        }

        /// The types that a definition can have.
        static var known: [Kind] { allCases.filter { $0 != .unknown } }
    }

    /// What is asked once a round.
    public struct Rounds: Hashable, Sendable {
        /// More rounds than this are not asked.
        public static let countMax = 50

        /// How many rounds there are; nil: the person says so before each.
        public let count: Expression?
        public let questions: [Question]
    }

    /// What is known about a meter.
    public struct Meter: Hashable, Sendable {
        /// The number at which it begins at zero again.
        public let rollsOverAt: Quantity?
        /// The most that it can run in a day of 24 hours.
        public let perDayMax: Quantity?
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

    /// Unique in its form, in snake_case; in a repeat with its round, as in `wheels.2.tread`.
    public private(set) var name: String
    public let kind: Kind
    public private(set) var label: Label
    public let hint: Label?
    /// For numbers and meters; perhaps for calculations.
    public let unit: Unit?
    public let limits: Limits?
    /// For `select_one`, and only for it.
    public let choices: [Choice]
    /// Whether a record can be signed without an answer, where the question is asked at all.
    public let isRequired: Bool
    /// When it is asked; nil: always.
    public let relevant: Expression?
    /// What an answer must meet to be taken; nil: anything of the right type.
    public let constraint: Expression?
    /// Whether a bad answer is a severe hazard.
    public let isSevere: Bool
    /// For `calculate`, and only for it.
    public let calculation: Expression?
    /// For `repeat`, and only for it.
    public let rounds: Rounds?
    /// For `meter`, and only for it.
    public let meter: Meter?

    init(
        name: String,
        kind: Kind,
        label: Label,
        hint: Label? = nil,
        unit: Unit? = nil,
        limits: Limits? = nil,
        choices: [Choice] = [],
        isRequired: Bool = false,
        relevant: Expression? = nil,
        constraint: Expression? = nil,
        isSevere: Bool = false,
        calculation: Expression? = nil,
        rounds: Rounds? = nil,
        meter: Meter? = nil
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
        self.calculation = calculation
        self.rounds = rounds
        self.meter = meter
    }
}

// MARK: - Rounds

extension Question {
    /// What a question is called in a round.
    static func name(_ name: String, in group: String, round: Int) -> String {
        "\(group).\(round).\(name)"
    }

    /// The question as it is asked in a round of a repeat.
    func asked(in group: Question, round: Int) -> Question {
        var question = self
        question.name = Self.name(name, in: group.name, round: round)
        let texts = label.texts.map { language, text in
            (language, "\(group.label.text(in: language)) \(round) · \(text)")
        }
        question.label = Label(Dictionary(texts) { first, _ in first })
        return question
    }

    /// The question whether a repeat has a round.
    func asking(round: Int) -> Question {
        let texts = label.texts.map { language, text in
            (language, language.hasPrefix("zh") ? "\(text) \(round)？" : "\(text) \(round)?")
        }
        return Question(
            name: "\(name).\(round)",
            kind: .yesNo,
            label: Label(Dictionary(texts) { first, _ in first }),
            hint: hint,
            isRequired: true
        )
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
    /// The type, unit and choices of an answer, held against the question.
    ///
    /// Limits are no part of this: an answer out of its limits is bad, and must be taken.
    func check(_ answer: Answer) throws(FormRefusal) {
        switch (kind, answer) {
        case (.integer, .quantity(let quantity)), (.decimal, .quantity(let quantity)):
            try checkUnit(quantity)
            guard kind == .decimal || quantity.scale == 0 else {
                throw .notWhole(question: name, read: quantity.number)
            }
        case (.meter, .meter(let reading)): try checkUnit(reading.quantity)
        case (.selectOne, .choice(let choice)):
            guard choices.contains(where: { $0.name == choice }) else {
                let expected = choices.map(\.name).joined(separator: ", ")
                throw .unknownChoice(question: name, expected: expected, read: choice)
            }
        case (.date, .text(let text)):
            guard CalendarDay(text)?.text == text else {
                throw .notADay(question: name, read: text)
            }
        case (.text, .text(let text)), (.scan, .text(let text)):
            guard text.contains(where: { !$0.isWhitespace }) else {
                throw .emptyText(question: name)
            }
        case (.yesNo, .yesNo), (.photo, .photo), (.signature, .signature): break
        default: throw .wrongType(question: name, expected: kind.rawValue)
        }
    }

    private func checkUnit(_ quantity: Quantity) throws(FormRefusal) {
        guard quantity.unit == unit else {
            let expected = unit?.code ?? ""
            throw .wrongUnit(question: name, expected: expected, read: quantity.unit.code)
        }
    }

    /// Whether an answer of the right type is good.
    public func assess(_ answer: Answer) -> Assessment {
        guard let limits else { return .noted }
        let bad = Assessment.bad(limits: limits.description, severe: isSevere)
        switch limits {
        case .good(let names):
            return names.contains(answer.plainText) ? .good : bad
        case .range(let low, let high):
            guard let quantity = answer.quantity else { return bad }
            // Numbers too far apart to compare exactly are out of any limits that a form can have.
            let isLow = low.map { quantity.isLess(than: $0) ?? true } ?? false
            let isHigh = high.map { $0.isLess(than: quantity) ?? true } ?? false
            return isLow || isHigh ? bad : .good
        }
    }
}
