import ArgumentParser
import Codes
import Deflate
import Foundation
import Labels
import Tally
import Web

/// `tallyman print`: the labels of a terminal, on its printers.
struct PrintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "print",
        abstract: "Print labels at a terminal, and look after its printers and their queue.",
        discussion: """
            "printed" is the printer's own word; "sent" means that it took the label and has not \
            said so; "unknown" is for a person to decide: look, then `confirm` or `retry`.
            """,
        subcommands: [
            Label.self, Plate.self, Note.self, List.self, Move.self, Retry.self, Confirm.self,
            Cancel.self, PrinterCommand.self,
        ]
    )

    /// What every order has.
    struct OrderOptions: ParsableArguments {
        @OptionGroup var data: DataOptions

        @Option(help: "The printer, by its name.")
        var printer: String

        @Option(help: "How many copies, 1 to 1000.")
        var copies = 1

        @Option(help: "The label's language: zh-CN or en.")
        var language = "zh-CN"

        @Flag(help: "One JSON object a job.")
        var json = false

        func order(_ label: String, _ fields: LabelData) -> PrintDesk.Order {
            var order = PrintDesk.Order(label: label, printer: printer)
            order.fields = fields.fields
            order.lists = fields.lists
            order.copies = copies
            order.language = language
            return order
        }

        func print(_ order: PrintDesk.Order) async throws {
            try await PrintJobs.show(
                PrintOffice(folder: data.data).ask(.print(order)),
                json: json
            )
        }
    }

    struct Label: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a label of a template.")

        @Argument(help: "The template's name; `tallyman label list` has them.")
        var template: String

        @Option(help: "A JSON file with the fields, and lists for repeated parts.")
        var fields: String

        @OptionGroup var order: OrderOptions

        func run() async throws {
            try await Output.orExit {
                let data = try LabelDataFile.read(try FileBytes.read(fields))
                try await order.print(order.order(template, data))
            }
        }
    }

    struct Plate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print machines' plates.")

        @Argument(help: "Equipment tags.")
        var tags: [String]

        @Option(help: "The address that plates link to; terminals read plates of any.")
        var base = Codes.Plate.standardBase

        @OptionGroup var order: OrderOptions

        func run() async throws {
            try await Output.orExit {
                // All tags are judged before the first is printed.
                let plates = try tags.map { tag in
                    try LabelData.plate(try Codes.Plate(tag: tag), base: base)
                }
                for plate in plates { try await order.print(order.order("plate", plate)) }
            }
        }
    }

    struct Note: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a delivery note and print it."
        )

        @Argument(help: "The note as JSON.")
        var file: String

        @Option(help: "The template: delivery_note (100 x 150 mm) or delivery_note_a4.")
        var template = "delivery_note"

        @Option(help: "A file with the Ed25519 seed to sign with, 64 hexadecimal digits.")
        var key: String?

        @Option(help: "The supplier as people know it.")
        var supplierName: String?

        @OptionGroup var order: OrderOptions

        func run() async throws {
            try await Output.orExit {
                let data = try NoteLabel(
                    json: try FileBytes.read(file),
                    key: key,
                    folder: order.data.data,
                    supplierName: supplierName
                )
                .data()
                try await order.print(order.order(template, data))
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The queue: what waits, and what became of the newest others."
        )

        @OptionGroup var data: DataOptions

        @Flag(help: "One JSON object a job.")
        var json = false

        func run() async throws {
            try await Output.orExit {
                try await PrintJobs.show(PrintOffice(folder: data.data).ask(.jobs), json: json)
            }
        }
    }

    /// A job to do something with.
    struct JobOptions: ParsableArguments {
        @Argument(help: "The job's number.")
        var job: Int64

        @OptionGroup var data: DataOptions

        @Flag(help: "The job as JSON.")
        var json = false

        func act(_ action: PrintDesk.Action, to printer: String? = nil) async throws {
            try await Output.orExit {
                let request = PrintRequest.act(action, job: job, printer: printer)
                try await PrintJobs.show(
                    PrintOffice(folder: data.data).ask(request),
                    json: json
                )
            }
        }
    }

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a job that is queued, failed, unknown or cancelled to another printer."
        )

        @OptionGroup var job: JobOptions

        @Option(help: "The printer that is to print it.")
        var to: String

        func run() async throws { try await job.act(.move, to: to) }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a job once more; counted as a reprint where it may have printed."
        )

        @OptionGroup var job: JobOptions

        func run() async throws { try await job.act(.retry) }
    }

    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that the label of a sent or unknown job is there."
        )

        @OptionGroup var job: JobOptions

        func run() async throws { try await job.act(.confirm) }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take back a job that has not printed."
        )

        @OptionGroup var job: JobOptions

        func run() async throws { try await job.act(.cancel) }
    }
}

/// Jobs on standard output.
enum PrintJobs {
    static func show(_ answer: PrintAnswer, json: Bool) throws {
        guard case .jobs(let jobs) = answer else { return }
        for job in jobs {
            if json {
                try Output.json(job)
                continue
            }
            var words = ["\(job.id)", job.state, job.printer, job.title]
            if job.copies > 1 { words.append("x\(job.copies)") }
            if job.reprints > 0 { words.append("reprints: \(job.reprints)") }
            if !job.note.isEmpty { words.append("(\(job.note))") }
            if !job.detail.isEmpty { words.append(job.detail) }
            Output.result(words.joined(separator: "  "))
        }
    }
}
