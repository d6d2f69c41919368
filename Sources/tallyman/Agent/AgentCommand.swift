import ArgumentParser
import Sync

/// `tallyman agent`: the terminal's daemon.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Run a terminal: its page, its records, its sync with the hub."
    )

    @OptionGroup var data: DataOptions

    @Option(help: "The hub's address, such as https://hub:8080; kept for the next start.")
    var hub: String?

    @Option(help: "The one-time code of `tallyman hub enroll`; not needed again.")
    var enroll: String?

    @Option(help: "Where to serve the page: HOST:PORT; port 0 takes a free one.")
    var listen = ListenAddress.standard(port: 8090)

    @Option(help: "What hangs on this terminal; see Devices/terminal.schema.json.")
    var profile: String?

    @Option(help: "Milliseconds between rounds when there is nothing to send.")
    var poll: UInt64 = PeerSettings().pollMilliseconds

    @Option(help: "Megabytes kept back, to go on recording when the disk is full; 0 for none.")
    var ballast = 64

    @Option(help: "Days that old history stays, once a backup of the hub has it; the state stays.")
    var historyDays = 30

    func validate() throws {
        guard (0...3_650).contains(historyDays) else {
            throw ValidationError("--history-days is 0 to 3650")
        }
        guard enroll == nil || hub != nil else {
            throw ValidationError("--enroll needs --hub")
        }
        guard (0...4_096).contains(ballast) else {
            throw ValidationError("--ballast is 0 to 4096 megabytes")
        }
        guard (10...3_600_000).contains(poll) else {
            throw ValidationError("--poll is 10 to 3600000 milliseconds")
        }
    }

    func run() async throws {
        try await Output.orExit {
            var peer = PeerSettings()
            peer.pollMilliseconds = poll
            peer.retryMilliseconds = min(peer.retryMilliseconds, poll)
            let daemon = AgentDaemon(
                folder: data.data,
                listen: listen,
                hub: hub,
                token: enroll.map(EnrolmentToken.init(text:)),
                profile: profile,
                peer: peer,
                ballastByteCount: ballast << 20,
                historyKept: Int64(historyDays) * 86_400_000
            )
            try await daemon.run()
        }
    }
}
