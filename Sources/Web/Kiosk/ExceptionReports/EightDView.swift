import Agent
import Codes
import ExceptionReports
import Foundation
import Inspection
import Sync
import Tally

/// A report as an 8D (8D 报告): what goes on paper, and to a customer who asks for one.
///
/// Of 8D's disciplines the five sections are D2, D1, D3, D4 and D7; what was corrected (D5, D6)
/// stands in the maintenance order and in the move that resolved it, and D8 is who closed it.
package struct EightDView: Sendable {
    /// One discipline.
    struct Discipline: Sendable {
        let number: String
        let heading: String
        let rows: [Row]
        let isEmpty: Bool
    }

    /// Words, and whose they are.
    struct Row: Sendable {
        let words: String
        let author: String
        let time: String
        let photo: String?
    }

    /// A fact of the head.
    struct Fact: Sendable {
        let name: String
        let value: String
    }

    /// Something that happened, in the order of time.
    struct Step: Sendable {
        let time: String
        let words: String
    }

    let text: StringTable.Sections
    let language: String
    let title: String
    let facts: [Fact]
    let disciplines: [Discipline]
    let steps: [Step]
    let printed: String
    /// The style within the page; nil where the page loads it.
    var style: String?

    /// - Parameters:
    ///   - report: the report.
    ///   - reader: as this replica knows entities.
    ///   - words: of the language and the moment of the paper.
    /// - Throws: when the store cannot be read.
    package init(
        _ report: ExceptionReport,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        text = words.table.sections(words.language)
        language = words.language.rawValue
        let category = try reader.exceptionCategories()
            .first { $0.code == report.raising.category }
        let tag = report.raising.place
        title = words.text("eight_d.title", ["equipment": tag])
        facts = try Self.facts(report, category, reader, words)
        disciplines = try Self.disciplines(report, category, reader, words)
        steps = try Self.steps(report, reader, words)
        printed = words.text("eight_d.printed", ["time": words.date(words.now)])
    }

    private static func facts(
        _ report: ExceptionReport,
        _ category: ExceptionCategory?,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [Fact] {
        let tag = report.raising.place
        let machine = try reader.machine(tag, site: report.key.scope.site)
        let name = machine.map { words.label($0.registration.name) } ?? ""
        let goods = report.voices.flatMap { voice in
            words.goods(
                order: voice.raising.productionOrder,
                material: voice.raising.material,
                lot: voice.raising.lot
            )
        }
        var seen: Set<String> = []
        let facts = [
            ("equipment", [tag, name].filter { !$0.isEmpty }.joined(separator: " ")),
            ("category", category.map { words.label($0.name) } ?? report.raising.category),
            ("captured", words.date(report.captured)),
            ("stage", words.word("stage", report.stage.rawValue)),
            ("goods", goods.filter { seen.insert($0).inserted }.joined(separator: " · ")),
            ("order", try reader.breakdownOrder(of: report)?.number ?? ""),
            ("report", report.key.id.description),
        ]
        return facts.filter { !$0.1.isEmpty }
            .map { Fact(name: words.text("eight_d.\($0.0)"), value: $0.1) }
    }

    // MARK: - Disciplines

    private static func disciplines(
        _ report: ExceptionReport,
        _ category: ExceptionCategory?,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [Discipline] {
        let rules = try reader.routing(of: report)
        var team = try rows(.responsibleTeam, report, reader, words)
        if !rules.team.isEmpty {
            let routed = words.text(
                "eight_d.routed",
                ["team": words.word("team", rules.team)]
            )
            team.insert(Row(words: routed, author: "", time: "", photo: nil), at: 0)
        }
        let voices = try report.voices.map { voice in
            let said = words.problem(voice.raising, category)
            return Row(
                words: said.isEmpty ? words.text("kiosk.voice_silent") : said,
                author: try reader.workerName(voice.evidence.author),
                time: words.date(voice.evidence.moment),
                photo: voice.raising.photo.isEmpty
                    ? nil : "/api/v1/photos/\(voice.raising.photo.hexadecimal)"
            )
        }
        let written: [(String, [Row])] = [
            ("1", team), ("2", voices + (try rows(.problem, report, reader, words))),
            ("3", try rows(.containment, report, reader, words)),
            ("4", try rows(.rootCause, report, reader, words)),
            ("5", try corrections(report, reader, words)),
            ("7", try rows(.prevention, report, reader, words)),
            ("8", try closing(report, reader, words)),
        ]
        return written.map { number, rows in
            Discipline(
                number: "D" + (number == "5" ? "5/D6" : number),
                heading: words.text("eight_d.d\(number)"),
                rows: rows,
                isEmpty: rows.isEmpty
            )
        }
    }

    private static func rows(
        _ section: Section,
        _ report: ExceptionReport,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [Row] {
        let values = report.sections[section] ?? []
        let written = values.map { ($0.text, $0.evidence) }
        let added = report.records.filter { $0.section == section }
            .map { ($0.text, $0.evidence) }
        return try (written + added).map { said, evidence in
            Row(
                words: section == .responsibleTeam ? words.word("team", said) : said,
                author: try reader.workerName(evidence.author),
                time: words.date(evidence.moment),
                photo: nil
            )
        }
    }

    /// What was corrected: the maintenance order, and who said that the cause is gone.
    private static func corrections(
        _ report: ExceptionReport,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [Row] {
        var rows: [Row] = []
        if let order = try reader.breakdownOrder(of: report) {
            let stage = words.word("stage", order.stage.rawValue)
            rows.append(
                Row(
                    words: words.text(
                        "kiosk.breakdown_order",
                        ["order": order.number, "stage": stage]
                    ),
                    author: "",
                    time: "",
                    photo: nil
                )
            )
            rows += try order.notes.map { note in
                Row(
                    words: note.text,
                    author: try reader.workerName(note.evidence.author),
                    time: words.date(note.evidence.moment),
                    photo: nil
                )
            }
        }
        return try rows
            + moved("exception_report.resolve", "kiosk.report_resolve", report, reader, words)
    }

    private static func closing(
        _ report: ExceptionReport,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [Row] {
        guard report.closed != nil else { return [] }
        return try moved("exception_report.close", "kiosk.report_close", report, reader, words)
    }

    private static func moved(
        _ type: String,
        _ key: String,
        _ report: ExceptionReport,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [Row] {
        let moves = try reader.record(of: report.key).moves
        return try moves.filter { $0.stands && $0.recorded.type == type }.suffix(1).map { move in
            Row(
                words: words.text(key),
                author: try reader.workerName(move.recorded.evidence.author),
                time: words.date(move.recorded.evidence.moment),
                photo: nil
            )
        }
    }

    // MARK: - What happened

    private static func steps(
        _ report: ExceptionReport,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [Step] {
        var steps: [(Moment, String)] = []
        for (section, levels) in try reader.routing(of: report).levels {
            let written = report.sections[section]?.map(\.evidence.moment).min()
            let stop = report.acknowledgements.first { $0.section == section }?.evidence.moment
            let end = [written, stop, report.closed?.moment, words.now].compactMap(\.self).min()
            for (index, level) in levels.enumerated() where level.moment <= end ?? words.now {
                let facts = [
                    "section": words.word("section", section.rawValue),
                    "role": words.word("role", level.role), "level": String(index + 1),
                ]
                steps.append((level.moment, words.text("eight_d.escalated", facts)))
            }
        }
        for word in report.acknowledgements {
            let facts = [
                "section": words.word("section", word.section.rawValue),
                "name": try reader.workerName(word.evidence.author),
            ]
            steps.append((word.evidence.moment, words.text("eight_d.acknowledged", facts)))
        }
        return steps.sorted { $0.0 < $1.0 }
            .map { Step(time: words.date($0.0), words: $0.1) }
    }
}
