import ArgumentParser
import Hub

/// `tallyman why`: the operations behind an order.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "The operations that led to an order, in the hub's order."
    )

    @Argument(help: "The order's number.")
    var order: String

    @Flag(help: "One JSON object a line.")
    var json = false

    @OptionGroup var data: HubOptions

    func run() async throws {
        try await Output.orExit {
            guard
                case .observations(let observations) = try await Office(data.place)
                    .ask(.why(order: order))
            else { throw ExitCode.failure }
            for observation in observations {
                if json {
                    try Output.json(observation)
                } else {
                    let unsure = observation.timeUnsure ? " (time unsure)" : ""
                    let terminal = observation.terminal.prefix(8)
                    let worker = observation.worker.isEmpty ? "hub" : observation.worker
                    let columns = [
                        observation.moment + unsure, worker, String(terminal), observation.what,
                    ]
                    Output.result(columns.joined(separator: "  "))
                }
            }
        }
    }
}
