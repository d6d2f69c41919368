import ArgumentParser
import Foundation
import Hub
import Tally

extension HubCommand {
    /// What terminals sent and the hub keeps aside for a person.
    struct Quarantine: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What terminals sent and could not take effect: nothing of it is dropped.",
            subcommands: [List.self, Release.self, Dismiss.self]
        )

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "List what is kept aside.")

            @Flag(help: "What is settled too.")
            var all = false

            @Flag(help: "One JSON object a line, bytes included.")
            var json = false

            @OptionGroup var data: HubOptions

            func run() async throws {
                try await Output.orExit {
                    let answer = try await Office(data.place).ask(.keptAside(all: all))
                    guard case .keptAside(let records) = answer else { throw ExitCode.failure }
                    for record in records {
                        if json { try Output.json(record) } else { Output.result(record.text) }
                    }
                }
            }
        }

        struct Release: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Judge a record again, as if it had come by the right way."
            )

            @Argument(help: "The ticket.")
            var ticket: UInt64

            @Option(help: "The badge of a team leader or supervisor.")
            var by: String

            @OptionGroup var data: HubOptions

            func run() async throws {
                try await Output.orExit {
                    let request = HubRequest.release(ticket: ticket, worker: by)
                    let answer = try await Office(data.place).ask(request)
                    guard case .released(let verdict) = answer else { throw ExitCode.failure }
                    Output.talk("released: \(verdict)")
                }
            }
        }

        struct Dismiss: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Say that a record shall not count, and why; it stays on record."
            )

            @Argument(help: "The ticket.")
            var ticket: UInt64

            @Option(help: "Why.")
            var reason: String

            @Option(help: "The badge of a team leader or supervisor.")
            var by: String

            @OptionGroup var data: HubOptions

            func run() async throws {
                try await Output.orExit {
                    let request = HubRequest.dismiss(ticket: ticket, reason: reason, worker: by)
                    _ = try await Office(data.place).ask(request)
                    Output.talk("dismissed")
                }
            }
        }
    }

    /// The terminals that the hub knows.
    struct Terminals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The terminals: when they were seen, what waits, and copied identities."
        )

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let answer = try await Office(data.place).ask(.terminals)
                guard case .terminals(let terminals) = answer else { throw ExitCode.failure }
                for terminal in terminals {
                    if json { try Output.json(terminal) } else { Output.result(terminal.text) }
                }
            }
        }
    }

    /// Revokes a terminal that was lost or stolen.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a terminal: what it sends from now on is kept aside for a person."
        )

        @Argument(help: "Its name or replica id.")
        var terminal: String

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                _ = try await Office(data.place).ask(.revoke(terminal))
                Output.talk("revoked: \(terminal)")
            }
        }
    }
}

extension HubCommand {
    /// Moves a terminal to another site.
    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a terminal to another site; it learns of it by itself.",
            discussion: """
                What it recorded for its former site and had not sent by then is kept aside for a \
                person (`hub quarantine`); nothing is dropped.
                """
        )

        @Argument(help: "Its name or replica id.")
        var terminal: String

        @Argument(help: "The site's code.")
        var site: String

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let request = HubRequest.move(terminal: terminal, site: site)
                _ = try await Office(data.place).ask(request)
                Output.talk("moved: \(terminal)")
            }
        }
    }

    /// Ends a restored hub's wait for terminals that will not come.
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a restored hub make orders again, without terminals that are away.",
            discussion: """
                A restored hub waits until each terminal has given back what it holds; `hub \
                terminals` says which are awaited. What one of them holds alone may then be \
                decided a second time.
                """
        )

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                _ = try await Office(data.place).ask(.resume)
                Output.talk("resumed")
            }
        }
    }
}

extension KeptView {
    var text: String {
        let what = type.map { "\($0) of \(entity ?? "") by \(worker ?? "")" } ?? "unreadable"
        let settled = state == "held" ? "" : "  \(state) \(person) \(remark)"
        let words = Texts.shared.problem(KeptReason(code: ProblemCode(reason)))
        return "\(ticket)  \(received)  \(terminal)  \(verdict)  \(what)\(settled)\n    \(words)"
    }
}

extension TerminalView {
    var text: String {
        let words = [
            seen.map { "last seen \($0)" } ?? "never seen",
            held > 0 ? "\(held) kept aside" : nil,
            isAwaited ? "AWAITED 等待送回" : nil,
            revoked.map { "REVOKED 已吊销 \($0)" },
            former.map { "was \($0)" },
        ]
        let alerts = clones.map { clone in
            let after = clone.successor.map { ": the later one is \($0) now" } ?? ""
            return "\n    COPIED IDENTITY 身份重复 noticed \(clone.noticed)\(after)"
        }
        return "\(name)  \(replica)  " + words.compactMap(\.self).joined(separator: ", ")
            + alerts.joined()
    }
}

/// Why a record is kept, to be said in words.
private struct KeptReason: Refusal {
    let code: ProblemCode
    var facts: [String: String] { [:] }
}
