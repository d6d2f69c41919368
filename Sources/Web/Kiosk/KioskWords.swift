import Agent
import Codes
import Forms
import Foundation
import Inspection
import Tally

/// Says things in the language of who reads the page.
package struct KioskWords: Sendable {
    typealias Language = CommandCode.Language

    let table: StringTable
    let language: CommandCode.Language
    let zone: TimeZone
    /// The terminal's wall clock: what is of today is shown without its date.
    let now: Moment

    /// The words for one page.
    package init(
        table: StringTable,
        language: CommandCode.Language,
        zone: TimeZone,
        now: Moment
    ) {
        self.table = table
        self.language = language
        self.zone = zone
        self.now = now
    }

    func text(_ key: String, _ facts: [String: String] = [:]) -> String {
        table.text(key, language, facts)
    }

    func label(_ label: Label) -> String { label.text(in: language.rawValue) }

    /// A word of the code in the reader's language, such as a stage; itself where there is none.
    func word(_ section: String, _ word: String) -> String {
        table.find("\(section).\(word)", language) ?? word
    }

    /// Number and unit: `40 pcs`, `0.42 MPa`.
    func quantity(_ quantity: Quantity) -> String {
        "\(quantity.number) \(table.unit(quantity.unit, language))"
    }

    /// Hours and minutes; with month and day unless it is today.
    func time(_ moment: Moment) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
        let today = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
        let parts = calendar.dateComponents([.month, .day, .hour, .minute], from: date)
        let clock = "\(Self.two(parts.hour)):\(Self.two(parts.minute))"
        if calendar.isDate(date, inSameDayAs: today) { return clock }
        return "\(Self.two(parts.month))-\(Self.two(parts.day)) \(clock)"
    }

    /// Whether a moment is of today.
    func isToday(_ moment: Moment) -> Bool {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
        let today = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
        return calendar.isDate(date, inSameDayAs: today)
    }

    /// Month and day: `11-28`.
    func day(_ moment: Moment) -> String { String(date(moment).dropFirst(5).prefix(5)) }

    /// Day and minute, for paper: `2026-11-28 06:12`.
    func date(_ moment: Moment) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
        let day = "\(parts.year ?? 0)-\(Self.two(parts.month))-\(Self.two(parts.day))"
        return "\(day) \(Self.two(parts.hour)):\(Self.two(parts.minute))"
    }

    private static func two(_ number: Int?) -> String {
        let text = String(number ?? 0)
        return text.count < 2 ? "0" + text : text
    }

    /// An answer as a person reads it.
    func answer(_ answer: Answer, of question: Question?) -> String {
        switch answer {
        case .quantity(let quantity): self.quantity(quantity)
        case .yesNo(let yes): text(yes ? "answer.yes" : "answer.no")
        case .choice(let name):
            question?.choices.first { $0.name == name }.map { label($0.label) } ?? name
        case .text(let words): words
        case .photo: text("answer.photo")
        case .meter(let reading):
            reading.event.map {
                "\(self.quantity(reading.quantity)) (\(word("meter", $0.rawValue)))"
            }
                ?? self.quantity(reading.quantity)
        case .signature(let badge): badge
        case .opaque: text("answer.opaque")
        }
    }

    /// Limits as a person reads them: `0.4 … 0.8 MPa`, `yes`.
    func limits(of question: Question) -> String? {
        switch question.limits {
        case nil: nil
        case .range: question.limits.map { measured($0.description) }
        case .good(let names):
            names.sorted().map { name in
                question.kind == .yesNo
                    ? word("answer", name) : answer(.choice(name), of: question)
            }
            .joined(separator: " / ")
        }
    }

    /// Why a stop of a route is due.
    func due(_ reason: DueReason) -> String {
        switch reason {
        case .never: return text("kiosk.due_never")
        case .calendar(let moment, let shift):
            let facts = ["time": time(moment), "shift": shift]
            return text(shift.isEmpty ? "kiosk.due_calendar" : "kiosk.due_shift", facts)
        case .ran(let run, let every, let since), .expected(let run, let every, let since):
            let facts = [
                "quantity": quantity(run), "limits": quantity(every), "time": time(since),
            ]
            if case .ran = reason { return text("kiosk.due_ran", facts) }
            return text("kiosk.due_expected", facts)
        }
    }

    /// Plain text that may end with a unit's code, with the unit's word instead.
    func measured(_ text: String) -> String {
        guard let space = text.lastIndex(of: " "),
            let unit = Tally.Unit(String(text[text.index(after: space)...]))
        else { return text }
        return text[...space] + table.unit(unit, language)
    }
}

// MARK: - Feedback

extension KioskWords {
    /// Names that the facts of a feedback have for things which the page can say better.
    package struct Known: Sendable {
        /// What questions and choices of the form at hand are called, by their names.
        var labels: [String: String] = [:]
        /// What people are called, by their badges.
        var people: [String: String] = [:]

        /// Known names; none of a kind that is left out.
        package init(labels: [String: String] = [:], people: [String: String] = [:]) {
            self.labels = labels
            self.people = people
        }
    }

    /// The text of a feedback or refusal, its facts in the reader's words.
    package func feedback(_ feedback: KioskSession.Feedback, _ known: Known = Known()) -> String {
        var facts: [String: String] = [:]
        for (name, value) in feedback.facts { facts[name] = fact(name, value, known) }
        return text(feedback.message, facts)
    }

    /// Only what the code wrote is put into words: what was read or typed stays as it is.
    private func fact(_ name: String, _ value: String, _ known: Known) -> String {
        switch name {
        case "worker", "owner":
            return known.people[value] ?? value
        case "time", "since":
            return (try? Self.moment(value)).map(time) ?? value  // not a time: shown as it is
        case "read":
            return table.find("unit.\(value)", language) ?? value
        case "answer", "limits", "last":
            return known.labels[value] ?? table.find("answer.\(value)", language)
                ?? measured(value)
        case "expected" where value.hasPrefix("kiosk."):
            return text(value)
        case "expected", "question", "questions", "section", "sections", "stage", "defect", "kind":
            return value.split(separator: ", ").map { part in
                let part = String(part)
                let found = ["section", "stage", "unit", "answer", "defect", "item", "duty"].lazy
                    .compactMap { table.find("\($0).\(part)", language) }.first
                return known.labels[part] ?? found ?? part
            }
            .joined(separator: language == .chinese ? "；" : "; ")
        default:
            return value
        }
    }

    private static func moment(_ text: String) throws -> Moment {
        let date = try Date(
            text,
            strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        )
        return Moment(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }
}
