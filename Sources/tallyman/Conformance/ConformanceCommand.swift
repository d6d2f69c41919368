import ArgumentParser
import Conformance
import Foundation
import Sync
import Tally
import Web

/// `tallyman conformance`: whether a hub speaks the protocol as it is written up.
struct ConformanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance",
        abstract: "Play the sync protocol as a stranger would, against any hub.",
        discussion: """
            The cases enrol a terminal of their own and leave its records behind: about 1,500 \
            exception reports. So give them a hub that is there to be tested. With --enroll they \
            use a code that the hub's office gave out; else they ask the hub of --data for one.
            """
    )

    @Option(help: "The hub's address.", transform: Self.address)
    var hub: URL

    @Option(help: "A code from `tallyman hub enroll` for a terminal that is not there yet.")
    var enroll: String?

    @Option(help: "The site of the terminal where the code is asked for; made if it is not there.")
    var site = "CONFORMANCE"

    @OptionGroup var data: DataOptions

    @Flag(help: "One JSON object a case, and one in the end.")
    var json = false

    private static func address(_ text: String) throws -> URL {
        guard let url = URL(string: text), HubDoor.permits(url) else {
            throw ValidationError(
                "\(text) is no address of a hub: https://HOST:PORT, or http:// on this machine"
            )
        }
        return url
    }

    func run() async throws {
        try await Output.orExit {
            let token = EnrolmentToken(text: try await code())
            let door = HubDoor(
                hub: hub,
                pin: token.pin,
                memory: .init(recall: { nil }, keep: { _ in })
            )
            let failed: Int
            do {
                failed = try await play(token, through: door)
                try await door.close()
            } catch {
                try? await door.close()  // the error that counts is the other one
                throw error
            }
            if failed > 0 { throw ExitCode.failure }
        }
    }

    private func play(_ token: EnrolmentToken, through door: HubDoor) async throws -> Int {
        let line = StrangerHTTP(hub: hub, door: door)
        // A hub that is not there is one failure, not a hundred.
        _ = try await line.get("sync/v1/authority")
        let clock = try MachineClock()
        let stage = Stage(
            line: line,
            code: token.code,
            now: { clock.reading().wall.milliseconds },
            dice: SystemRandomNumberGenerator()
        )
        let cases = ConformanceCase.all
        var failures = 0
        for each in cases {
            failures += await ConformanceRun.play([each], on: stage) { outcome in report(outcome) }
        }
        if json {
            try Output.json(Summary(cases: cases.count, failed: failures))
        } else {
            Output.talk("\(cases.count) cases, \(failures) failed")
        }
        return failures
    }

    private func report(_ outcome: CaseOutcome) {
        if json {
            let line = Line(
                case: outcome.name,
                rule: outcome.rule,
                passed: outcome.failure == nil,
                failure: outcome.failure
            )
            // A line of text and a truth value can be encoded.
            try? Output.json(line)
        } else if let failure = outcome.failure {
            Output.result("FAILED  \(outcome.name): \(outcome.rule): \(failure)")
        } else {
            Output.result("passed  \(outcome.name): \(outcome.rule)")
        }
    }

    private struct Line: Encodable {
        let `case`: String
        let rule: String
        let passed: Bool
        let failure: String?
    }

    private struct Summary: Encodable {
        let cases: Int
        let failed: Int
    }

    private func code() async throws -> String {
        if let enroll { return enroll }
        let office = Office(HubPlace(folder: data.data))
        guard case .status(let status) = try await office.ask(.status) else {
            throw ExitCode.failure
        }
        guard serves(status.address) else {
            throw ValidationError(
                "the hub of \(data.data) is at \(status.address), not at \(hub); give --data of "
                    + "the hub under test, or --enroll with a code of its `tallyman hub enroll`"
            )
        }
        if !status.sites.contains(NaturalKey.code(site)) {
            _ = try await office.ask(.addSite(site))
        }
        let name = "conformance-\(try MachineClock().reading().wall.milliseconds)"
        guard case .code(let code) = try await office.ask(.enroll(site: site, name: name)) else {
            throw ExitCode.failure
        }
        return code
    }

    /// Whether an address that a hub serves at is the one under test.
    private func serves(_ address: String) -> Bool {
        address.hasSuffix(":\(hub.port ?? (hub.scheme == "https" ? 443 : 80))")
    }
}
