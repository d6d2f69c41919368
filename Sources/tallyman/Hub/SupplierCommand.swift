import ArgumentParser
import Receiving
import Tally

/// `tallyman hub supplier`: what the plant has settled with its suppliers, as master data.
struct SupplierCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supplier",
        abstract: "The suppliers, and whether their unsigned notes are received.",
        subcommands: [List.self, Unsigned.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the suppliers.")

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await SupplierCommand.show(.suppliers, json, data.place)
        }
    }

    struct Unsigned: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a supplier's own codes, which nobody signed, open a receipt.",
            discussion: "They do not until this says so. Terminals learn it by sync."
        )

        enum Answer: String, ExpressibleByArgument, CaseIterable {
            case allow, refuse
        }

        @Argument(help: "The supplier's code.")
        var supplier: String

        @Argument(help: "allow, or refuse.")
        var answer: Answer

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            let request = HubRequest.takeUnsigned(supplier: supplier, takes: answer == .allow)
            try await SupplierCommand.show(request, json, data.place)
        }
    }

    private static func show(_ request: HubRequest, _ json: Bool, _ place: HubPlace) async throws {
        try await Output.orExit {
            let answer = try await Office(place).ask(request)
            guard case .suppliers(let suppliers) = answer else { throw ExitCode.failure }
            for supplier in suppliers {
                if json { try Output.json(supplier) } else { Output.result(supplier.text) }
            }
        }
    }
}

/// A supplier as the office sees it.
struct SupplierView: Codable, Sendable {
    let code: String
    let name: String
    let keys: Int
    let takesUnsigned: Bool

    init(_ supplier: SupplierRegistration) {
        code = supplier.code
        name = supplier.name
        keys = supplier.keys.count
        takesUnsigned = supplier.takesUnsigned
    }

    var text: String {
        "\(code)\t\(name)\t\(keys) keys\tunsigned notes \(takesUnsigned ? "allowed" : "refused")"
    }
}
