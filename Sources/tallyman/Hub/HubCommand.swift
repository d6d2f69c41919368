import ArgumentParser
import Connectors
import Foundation
import Hub
import Hummingbird
import Tally
import Web

/// `tallyman hub`: the hub's daemon, and what the office does.
struct HubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub",
        abstract: "The hub that the terminals reconcile with.",
        subcommands: [
            Serve.self, Site.self, Enroll.self, Import.self, Orders.self, Note.self, Review.self,
            KeyCommand.self, SupplierCommand.self, Quarantine.self, Terminals.self, Revoke.self,
            Move.self, Resume.self, OutboxCommand.self,
        ]
    )

    /// The hub's daemon.
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run the hub.")

        @OptionGroup var data: HubOptions

        @Option(help: "Where to serve: HOST:PORT; port 0 takes a free one.")
        var listen = ListenAddress.standard(port: 8080)

        @Flag(help: "Serve over TLS on this machine's own addresses too, as on all others.")
        var tls = false

        @Option(help: "The file of targets that are told of orders; targets.yaml in the folder.")
        var targets: String?

        func run() async throws {
            try await Output.orExit {
                let place = data.place(targets: targets)
                try await HubDaemon(place: place, listen: listen, isSecure: tls).run()
            }
        }
    }

    struct Site: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The sites that the hub serves.",
            subcommands: [Add.self]
        )

        struct Add: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Make a site.")

            @Argument(help: "The site's code, such as SZ1.")
            var name: String

            @OptionGroup var data: HubOptions

            func run() async throws {
                try await Output.orExit {
                    _ = try await Office(data.place).ask(.addSite(name))
                    Output.talk("site \(NaturalKey.code(name)) is there")
                }
            }
        }
    }

    struct Enroll: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give out a one-time code with which a terminal enrols."
        )

        @Option(help: "The terminal's site.")
        var site: String

        @Option(help: "The terminal's name.")
        var name: String

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let answer = try await Office(data.place)
                    .ask(.enroll(site: site, name: name))
                guard case .code(let code) = answer else { throw ExitCode.failure }
                Output.result(code)
                if isatty(STDOUT_FILENO) == 1 { Output.talk(try TerminalQR.text(code)) }
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take in master data: CSV, JSON or YAML. Importing again changes nothing."
        )

        @Argument(help: "The files.")
        var files: [String]

        @Flag(help: "One JSON object a file.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let contents = try files.map { file in
                    (
                        name: URL(fileURLWithPath: file).lastPathComponent,
                        bytes: try FileBytes.read(file)
                    )
                }
                var isClean = true
                // What names another thing goes after it, in whatever order the files were given.
                for file in MasterDataFile.inOrder(contents) {
                    let answer = try await Office(data.place)
                        .ask(.importFile(name: file.name, content: Data(file.bytes)))
                    guard case .imported(let report) = answer else { throw ExitCode.failure }
                    if json { try Output.json(report) } else { Output.result(report.text) }
                    if !report.refused.isEmpty { isClean = false }
                }
                if !isClean { throw ExitCode.failure }
            }
        }
    }

    struct Orders: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The orders.")

        enum Kind: String, ExpressibleByArgument, CaseIterable {
            case arrival, maintenance
        }

        @Option(help: "Only these: arrival or maintenance.")
        var kind: Kind?

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                guard case .orders(let orders) = try await Office(data.place).ask(.orders)
                else { throw ExitCode.failure }
                if kind != .maintenance {
                    for order in orders.arrivalOrders {
                        if json { try Output.json(order) } else { Output.result(order.text) }
                    }
                }
                if kind != .arrival {
                    for order in orders.maintenanceOrders {
                        if json { try Output.json(order) } else { Output.result(order.text) }
                    }
                }
            }
        }
    }

    struct Note: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a supplier's delivery note: issue it, and print its signed text."
        )

        @Argument(help: "The note as JSON; see `tallyman note make --help`.")
        var file: String

        @Option(help: "Who makes it.")
        var by = ""

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let json = Data(try FileBytes.read(file))
                let answer = try await Office(data.place)
                    .ask(.makeNote(json: json, worker: by))
                guard case .note(let text) = answer else { throw ExitCode.failure }
                Output.result(text)
            }
        }
    }

    struct Review: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Rule on two counts, or on notes that differ, of an order that is held.",
            discussion: "A later ruling replaces an earlier one; both stay on record."
        )

        enum Ruling: String, ExpressibleByArgument, CaseIterable {
            case bothReal = "both-real"
            case sameGoods = "same-goods"
        }

        @Argument(help: "The order's number.")
        var order: String

        @Option(help: "both-real, or same-goods: then the other count does not count.")
        var ruling: Ruling?

        @Option(help: "Which of the notes that differ holds: the operation that opened it.")
        var note: String?

        @Option(help: "The observation that counts; needed where several pairs are open.")
        var one: String?

        @Option(help: "The observation that may be the same goods.")
        var other: String?

        @Option(help: "The reviewer's badge.")
        var by: String

        @OptionGroup var data: HubOptions

        func validate() throws {
            guard (one == nil) == (other == nil) else {
                throw ValidationError("give both --one and --other, or neither")
            }
            guard (ruling == nil) != (note == nil) else {
                throw ValidationError("give either --ruling or --note")
            }
        }

        func run() async throws {
            try await Output.orExit {
                if let note {
                    let request = HubRequest.settleNotes(order: order, opening: note, worker: by)
                    _ = try await Office(data.place).ask(request)
                    return Output.talk("ruled: \(note) holds")
                }
                let ruling = (ruling?.rawValue ?? "").replacingOccurrences(of: "-", with: "_")
                let request = HubRequest.settle(
                    order: order,
                    ruling: ruling,
                    one: one,
                    other: other,
                    worker: by
                )
                _ = try await Office(data.place).ask(request)
                Output.talk("ruled: \(ruling)")
            }
        }
    }
}
