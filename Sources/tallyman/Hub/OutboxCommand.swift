import ArgumentParser
import Tally

/// `tallyman hub outbox`: messages on their way to other systems.
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Messages on their way to other systems: what waits, failed or arrived.",
        subcommands: [List.self, Replay.self, Targets.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show messages, the latest first, each with its target."
        )

        enum State: String, ExpressibleByArgument, CaseIterable {
            case waiting, sending, delivered, dead
        }

        @Option(help: "Only those to this target.")
        var target: String?

        @Option(help: "Only those in this state; may be given again.")
        var state: [State] = []

        @Option(help: "At most so many.")
        var limit = 100

        @Flag(help: "One JSON object a line, with what is told.")
        var json = false

        @OptionGroup var data: HubOptions

        func validate() throws {
            guard (1...100_000).contains(limit) else {
                throw ValidationError("--limit is 1 to 100000")
            }
        }

        func run() async throws {
            try await Output.orExit {
                let request = HubRequest.outbox(
                    target: target,
                    states: state.map(\.rawValue),
                    limit: limit
                )
                guard case .deliveries(let deliveries) = try await Office(data.place).ask(request)
                else { throw ExitCode.failure }
                for delivery in deliveries {
                    if json { try Output.json(delivery) } else { Output.result(delivery.text) }
                }
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send dead letters again.",
            discussion: """
                They keep their keys, and count as repeats: a target that can be asked is asked \
                first.
                """
        )

        @Argument(help: "The message's key; without it, all of the target.")
        var key: String?

        @Option(help: "The target.")
        var target: String?

        @Flag(help: "One JSON object.")
        var json = false

        @OptionGroup var data: HubOptions

        func validate() throws {
            guard key != nil || target != nil else {
                throw ValidationError("give a message's key, or --target")
            }
        }

        func run() async throws {
            try await Output.orExit {
                let request = HubRequest.replayOutbox(target: target, key: key)
                guard case .replayed(let count) = try await Office(data.place).ask(request)
                else { throw ExitCode.failure }
                if json {
                    try Output.json(["replayed": count])
                } else {
                    Output.result("\(count) sent again")
                }
                if count == 0 { throw ExitCode.failure }
            }
        }
    }

    struct Targets: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the targets, and how many messages of each are where."
        )

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                guard case .targets(let targets) = try await Office(data.place).ask(.outboxTargets)
                else { throw ExitCode.failure }
                for target in targets {
                    if json { try Output.json(target) } else { Output.result(target.text) }
                }
            }
        }
    }
}
