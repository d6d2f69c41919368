import Forms
import SwiftProtobuf
import Tally

extension ExceptionCategory {
    init(payload: [UInt8]) throws(ExceptionRefusal) {
        let wire: WireCategory
        do {
            wire = try WireCategory(serializedBytes: payload)
        } catch {
            throw .badPayload(type: Self.type)
        }
        guard !wire.code.isEmpty, wire.version > 0 else { throw .badPayload(type: Self.type) }
        var deadlines: [Section: Int] = [:]
        for allowance in wire.deadlines {
            guard let section = Section(rawValue: allowance.section) else {
                throw .badPayload(type: Self.type)
            }
            deadlines[section] = Int(allowance.minutes)
        }
        let needed = wire.needed.compactMap(Section.init(rawValue:))
        let phrases = wire.phrases.compactMap(Phrase.init)
        guard needed.count == wire.needed.count, phrases.count == wire.phrases.count else {
            throw .badPayload(type: Self.type)
        }
        self.init(
            code: wire.code,
            version: Int(wire.version),
            name: Label(wire.name),
            team: wire.team,
            deadlines: deadlines,
            needed: Set(needed)
        )
        self.phrases = phrases
        joinMinutes = wire.hasJoinMinutes ? Int(wire.joinMinutes) : Self.joinMinutesUsual
        maintenance = wire.maintenance
        rules = wire.rules.map {
            Rule(process: $0.process, equipment: $0.equipment, team: $0.team)
        }
        levels = wire.levels.map { Level(role: $0.role, afterMinutes: Int($0.afterMinutes)) }
        // A calendar that this machine's zones do not know counts round the clock: earlier, never
        // later.
        calendar = wire.hasCalendar ? ShiftCalendar(wire.calendar) : nil
    }

    func payload() throws -> [UInt8] {
        var wire = WireCategory()
        wire.code = code
        wire.version = UInt32(clamping: version)
        wire.name = name.wire
        wire.team = team
        wire.deadlines = deadlines.sorted { $0.key < $1.key }.map { section, minutes in
            var allowance = WireAllowance()
            allowance.section = section.rawValue
            allowance.minutes = UInt32(clamping: minutes)
            return allowance
        }
        wire.needed = needed.sorted().map(\.rawValue)
        wire.phrases = phrases.map(\.wire)
        if joinMinutes != Self.joinMinutesUsual {
            wire.joinMinutes = UInt32(clamping: joinMinutes)
        }
        wire.maintenance = maintenance
        wire.rules = rules.map { rule in
            var wireRule = WireRule()
            wireRule.process = rule.process
            wireRule.equipment = rule.equipment
            wireRule.team = rule.team
            return wireRule
        }
        wire.levels = levels.map { level in
            var wireLevel = WireLevel()
            wireLevel.role = level.role
            wireLevel.afterMinutes = UInt32(clamping: level.afterMinutes)
            return wireLevel
        }
        if let calendar { wire.calendar = calendar.wire }
        return try wire.serializedBytes()
    }
}

extension ExceptionCategory.Phrase {
    fileprivate init?(_ wire: WirePhrase) {
        guard let section = Section(rawValue: wire.section), !wire.code.isEmpty else { return nil }
        self.section = section
        code = wire.code
        text = Label(wire.text)
    }

    fileprivate var wire: WirePhrase {
        var wire = WirePhrase()
        wire.section = section.rawValue
        wire.code = code
        wire.text = text.wire
        return wire
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
