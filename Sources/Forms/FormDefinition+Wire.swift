import SwiftProtobuf
import Tally

extension FormDefinition {
    /// Reads a serialised `Form` of `forms.proto`.
    public init(payload: [UInt8]) throws(FormRefusal) {
        let wire: WireForm
        do {
            wire = try WireForm(serializedBytes: payload)
        } catch {
            throw .malformed("Form")
        }
        guard !wire.code.isEmpty, let version = Int(exactly: wire.version), version > 0 else {
            throw .malformed("Form")
        }
        var questions: [Question] = []
        for question in wire.questions { questions.append(try Question(question)) }
        self.init(
            code: wire.code,
            version: version,
            title: Label(wire.title),
            questions: questions
        )
    }

    /// The form as a serialised `Form` of `forms.proto`; equal forms give equal bytes.
    public func payload() throws -> [UInt8] {
        var wire = WireForm()
        wire.code = code
        wire.version = UInt32(clamping: version)
        wire.title = title.wire
        wire.questions = questions.map(\.wire)
        return try wire.serializedBytes()
    }
}

extension Label {
    fileprivate init(_ texts: [WireText]) {
        self.init(Dictionary(texts.map { ($0.language, $0.text) }) { first, _ in first })
    }

    fileprivate var wire: [WireText] {
        sorted.map { language, text in
            var wire = WireText()
            wire.language = language
            wire.text = text
            return wire
        }
    }
}

extension Question {
    /// What this program does not know of a newer one's question is kept aside, and the question is
    /// not asked: a terminal must not lose a whole form for one type.
    fileprivate init(_ wire: WireQuestion, depth: Int = 0) throws(FormRefusal) {
        guard !wire.name.isEmpty, !wire.type.isEmpty, depth < 2 else {
            throw .malformed("Question \(wire.name)")
        }
        let kind = Kind(rawValue: wire.type) ?? .unknown
        let unit = Unit(wire.unit)
        guard unit != nil || !kind.isMeasured else { throw .malformed("Question \(wire.name)") }
        var rounds: Rounds?
        if kind == .repeated {
            var questions: [Question] = []
            for question in wire.questions {
                questions.append(try Question(question, depth: depth + 1))
            }
            rounds = Rounds(count: Self.expression(wire.repeatCount), questions: questions)
        }
        self.init(
            name: wire.name,
            kind: kind,
            label: Label(wire.label),
            hint: wire.hint.isEmpty ? nil : Label(wire.hint),
            unit: unit,
            limits: kind == .unknown ? nil : try Limits(wire, unit),
            choices: wire.choices.map { Choice(name: $0.name, label: Label($0.label)) },
            isRequired: wire.required,
            relevant: Self.expression(wire.relevant),
            constraint: Self.expression(wire.constraint),
            isSevere: wire.severe,
            calculation: Self.expression(wire.calculation),
            rounds: rounds,
            meter: kind == .meter ? try Meter(wire, unit) : nil
        )
    }

    private static func expression(_ source: String) -> Expression? {
        source.isEmpty ? nil : .kept(source)
    }

    fileprivate var wire: WireQuestion {
        var wire = WireQuestion()
        wire.name = name
        wire.type = kind.rawValue
        wire.label = label.wire
        wire.hint = hint?.wire ?? []
        wire.unit = unit?.code ?? ""
        switch limits {
        case .range(let low, let high):
            if let low { wire.low = WireNumber(low) }
            if let high { wire.high = WireNumber(high) }
        case .good(let names): wire.good = names.sorted()
        case nil: break
        }
        wire.choices = choices.map { choice in
            var wireChoice = WireChoice()
            wireChoice.name = choice.name
            wireChoice.label = choice.label.wire
            return wireChoice
        }
        wire.required = isRequired
        wire.relevant = relevant?.source ?? ""
        wire.constraint = constraint?.source ?? ""
        wire.severe = isSevere
        wire.calculation = calculation?.source ?? ""
        wire.repeatCount = rounds?.count?.source ?? ""
        wire.questions = rounds?.questions.map(\.wire) ?? []
        if let rollover = meter?.rollsOverAt { wire.rollsOverAt = WireNumber(rollover) }
        if let most = meter?.perDayMax { wire.perDayMax = WireNumber(most) }
        return wire
    }
}

extension Question.Limits {
    fileprivate init?(_ wire: WireQuestion, _ unit: Unit?) throws(FormRefusal) {
        if wire.hasLow || wire.hasHigh {
            let low = wire.hasLow ? try wire.low.quantity(unit, wire.name) : nil
            let high = wire.hasHigh ? try wire.high.quantity(unit, wire.name) : nil
            self = .range(low: low, high: high)
        } else if !wire.good.isEmpty {
            self = .good(Set(wire.good))
        } else {
            return nil
        }
    }
}

extension Question.Meter {
    fileprivate init(_ wire: WireQuestion, _ unit: Unit?) throws(FormRefusal) {
        self.init(
            rollsOverAt: wire.hasRollsOverAt
                ? try wire.rollsOverAt.quantity(unit, wire.name) : nil,
            perDayMax: wire.hasPerDayMax ? try wire.perDayMax.quantity(unit, wire.name) : nil
        )
    }
}

extension WireNumber {
    fileprivate init(_ quantity: Quantity) {
        self.init()
        amount = quantity.amount
        scale = UInt32(quantity.scale)
    }

    fileprivate func quantity(
        _ unit: Unit?,
        _ question: String
    ) throws(FormRefusal) -> Quantity {
        guard let unit, let scale = UInt8(exactly: scale),
            let quantity = Quantity(amount: amount, scale: scale, unit: unit)
        else { throw .malformed("Question \(question)") }
        return quantity
    }
}
