import ArgumentParser
import Connectors
import ExceptionReports
import Foundation
import Hub
import Tally
import Web

/// `tallyman exception`: where reports go, and what became of them.
struct ExceptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exception",
        abstract: "Exception reports: try their rules, list them, print one as an 8D.",
        subcommands: [Route.self, List.self, EightD.self]
    )

    /// What the rules would make of a report.
    struct Route: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say where a report would go and by when, without making one.",
            discussion: """
                The rules are those that the hub has published, or a draft with `--file`; machines \
                are the hub's. Nothing is recorded.
                """
        )

        @Option(help: "The category's code.")
        var category: String

        @Option(help: "The machine's tag.")
        var equipment = ""

        @Option(help: "The process, where the machine is not registered.")
        var process: String?

        @Option(help: "When it would be captured, ISO 8601; without it now.")
        var at: String?

        @Option(help: "The site of the machine; needed where the hub has several.")
        var site: String?

        @Option(help: "A file of categories that is not published yet.")
        var file: String?

        @Flag(help: "One JSON object.")
        var json = false

        @OptionGroup var data: HubOptions

        func validate() throws {
            if let at, Self.moment(at) == nil {
                throw ValidationError("--at wants a time such as 2026-11-28T08:00:00+08:00")
            }
        }

        private static func moment(_ text: String) -> Moment? {
            let date = try? Date(text, strategy: .iso8601)
            return date.map {
                Moment(milliseconds: Int64(($0.timeIntervalSince1970 * 1000).rounded()))
            }
        }

        func run() async throws {
            try await Output.orExit {
                let draft = try file.map { file in
                    ExceptionRules(
                        name: URL(filePath: file).lastPathComponent,
                        content: Data(try FileBytes.read(file))
                    )
                }
                let question = RouteQuestion(
                    category: category,
                    equipment: NaturalKey.code(equipment),
                    process: process,
                    at: at.flatMap(Self.moment)?.milliseconds,
                    site: site.map(NaturalKey.code),
                    draft: draft
                )
                let answer = try await Office(data.place).ask(.routeException(question))
                guard case .route(let route) = answer else { throw ExitCode.failure }
                if json { try Output.json(route) } else { Output.result(route.text) }
                if route.team.isEmpty { throw ExitCode.failure }
            }
        }
    }

    /// The reports.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the exception reports, earliest first."
        )

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let answer = try await Office(data.place).ask(.orders)
                guard case .orders(let orders) = answer else { throw ExitCode.failure }
                for report in orders.exceptions {
                    if json {
                        try Output.json(report)
                    } else {
                        Output.result("\(report.id)  \(report.summary)")
                    }
                }
            }
        }
    }

    /// A report for paper.
    struct EightD: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "8d",
            abstract: "Write a report as an 8D: one HTML file that prints on A4."
        )

        @Argument(help: "The report's id, as `exception list` shows it.")
        var report: String

        @Option(help: "zh-CN or en.")
        var language = "zh-CN"

        @OptionGroup var data: HubOptions

        func validate() throws {
            guard ["zh-CN", "en"].contains(language) else {
                throw ValidationError("--language is zh-CN or en")
            }
        }

        func run() async throws {
            try await Output.orExit {
                let answer = try await Office(data.place)
                    .ask(.eightD(report: report, language: language))
                guard case .page(let html) = answer else { throw ExitCode.failure }
                Output.result(html)
            }
        }
    }
}

/// A file of categories, as a command hands it over.
struct ExceptionRules: Codable, Sendable {
    let name: String
    let content: Data
}

/// What is asked of the rules.
struct RouteQuestion: Codable, Sendable {
    let category: String
    let equipment: String
    let process: String?
    /// UTC milliseconds; nil for now.
    let at: Int64?
    let site: String?
    let draft: ExceptionRules?
}

/// Where a report would go.
struct RouteView: Codable, Sendable {
    /// When a level would hear that a section is late.
    struct Level: Codable, Sendable {
        let role: String
        let moment: String
    }

    /// A section: when it is due, and who hears when it is late.
    struct Due: Codable, Sendable {
        let section: String
        let due: String
        let levels: [Level]
    }

    let category: String
    let version: Int
    let equipment: String
    let process: String
    /// Empty when no rule is there.
    let team: String
    /// The rule that gave the team; empty for the category's own.
    let rule: String
    let captured: String
    let deadlines: [Due]
    let needed: [String]
    let joinMinutes: Int
    let maintenanceOrder: Bool

    var text: String {
        guard !team.isEmpty else { return "\(category)\tno such category: nobody would get it" }
        let by = rule.isEmpty ? "the category's own team" : "rule \(rule)"
        let machine = equipment.isEmpty ? "" : " on \(equipment)"
        let process = process.isEmpty ? "" : " (\(process))"
        let head = "\(category) v\(version)\(machine)\(process) → \(team), by \(by)"
        let dues = deadlines.map { due in
            let levels = due.levels.map { "    late → \($0.role) \($0.moment)" }
            return (["  \(due.section)  due \(due.due)"] + levels).joined(separator: "\n")
        }
        let more = [
            "  captured \(captured); closing needs \(needed.joined(separator: ", "))",
            joinMinutes > 0
                ? "  reports on the same machine join for \(joinMinutes) min"
                : "  reports never join",
            maintenanceOrder
                ? "  raises a maintenance order" : "  raises no maintenance order",
        ]
        return ([head] + dues + more).joined(separator: "\n")
    }
}
