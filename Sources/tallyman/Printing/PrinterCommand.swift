import ArgumentParser
import Drivers
import Foundation
import Labels
import Tally
import Web

/// `tallyman print printer`: the printers of a terminal.
struct PrinterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "printer",
        abstract: "The printers of a terminal.",
        subcommands: [Add.self, List.self, Remove.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a printer, or change the one of that name."
        )

        @Argument(help: "What jobs call it: letters, digits, dots and hyphens.")
        var name: String

        @Argument(
            help: """
                tcp://HOST:9100, serial:/dev/ttyUSB0?baud=9600&flow=rtscts, usb:/dev/usb/lp0, \
                ipp://HOST:631/printers/NAME.
                """
        )
        var connection: String

        @Option(help: "What it speaks: zpl, tspl, escpos, or pdf over ipp.")
        var language = "zpl"

        @Option(help: "Dots an inch, 100 to 1200.")
        var resolution = 203

        @Option(help: "The widest that it prints, in millimetres, 10 to 420.")
        var width: Int?

        @OptionGroup var data: DataOptions

        func validate() throws {
            guard LabelPrinter.Language(rawValue: language) != nil else {
                let names = LabelPrinter.Language.allCases.map(\.rawValue)
                throw ValidationError("--language is one of \(names.joined(separator: ", "))")
            }
        }

        func run() async throws {
            try await Output.orExit {
                let usual = ["escpos": 72, "pdf": 210][language] ?? 104
                let setting = PrinterSetting(
                    name: name,
                    connection: connection,
                    language: language,
                    resolution: resolution,
                    widthMillimetres: width ?? usual
                )
                _ = try PrinterConnection(connection)
                _ = try setting.printer()
                _ = try await PrintOffice(folder: data.data).ask(.savePrinter(setting))
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The printers.")

        @OptionGroup var data: DataOptions

        @Flag(help: "One JSON object a printer.")
        var json = false

        func run() async throws {
            try await Output.orExit {
                let answer = try await PrintOffice(folder: data.data).ask(.printers)
                guard case .printers(let printers) = answer else { return }
                for printer in printers {
                    if json {
                        try Output.json(printer)
                    } else {
                        Output.result(
                            "\(printer.name)  \(printer.language)  \(printer.connection)  "
                                + "\(printer.resolution) dpi  \(printer.widthMillimetres) mm"
                        )
                    }
                }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a printer for which no job waits."
        )

        @Argument(help: "The printer's name.")
        var name: String

        @OptionGroup var data: DataOptions

        func run() async throws {
            try await Output.orExit {
                _ = try await PrintOffice(folder: data.data).ask(.removePrinter(name))
            }
        }
    }
}
