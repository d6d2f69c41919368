import Drivers
import Foundation
import Tally
import Testing

/// What a terminal runs when a machine is stopped: a real program each time.
@Suite struct StopOutputTests {
    private func output(_ yaml: String) throws -> StopOutput {
        try #require(try Carried.terminal("devices: []\nstopOutput:\n" + yaml).stopOutput)
    }

    @Test func `the program hears which machine, and whether it is stopped or released`()
        async throws
    {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "stop-output-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = folder.appending(path: "log").path
        let script = "echo \"$0 $TALLYMAN_STATE $TALLYMAN_MACHINE\" >> \(log)"
        let output = try output(
            """
              stop: [/bin/sh, -c, '\(script)', "red {machine}"]
              release: [/bin/sh, -c, '\(script)', green]
              machines: [prs-01]
              timeoutSeconds: 60
            """
        )
        #expect(output.isFor("PRS-01") && !output.isFor("PRS-02"))
        try await output.run(for: "PRS-01", isStopped: true)
        try await output.run(for: "PRS-01", isStopped: false)
        #expect(
            try String(contentsOfFile: log, encoding: .utf8)
                == "red PRS-01 stopped PRS-01\ngreen released PRS-01\n"
        )
    }

    @Test func `a program that fails, hangs or is not there is told`() async throws {
        let failing = try output(
            "  stop: [/bin/sh, -c, \"exit 3\"]\n  timeoutSeconds: 60\n"
        )
        await #expect(throws: StopOutput.Failure.failed(program: "/bin/sh", status: 3)) {
            try await failing.run(for: "A", isStopped: true)
        }
        // Without a program for it nothing is run.
        try await failing.run(for: "A", isStopped: false)
        let hanging = try output("  stop: [/bin/sleep, \"600\"]\n  timeoutSeconds: 1\n")
        await #expect(throws: StopOutput.Failure.timedOut(program: "/bin/sleep", seconds: 1)) {
            try await hanging.run(for: "A", isStopped: true)
        }
        let missing = try output("  stop: [/no/such/program]\n")
        await #expect(throws: StopOutput.Failure.self) {
            try await missing.run(for: "A", isStopped: true)
        }
    }

    @Test(arguments: [
        ("  stop: [stack-light, red]\n", "devices.bad_output"),
        ("  stop: [/bin/true]\n  release: [dark]\n", "devices.bad_output"),
        ("  stop: []\n", "devices.broken_profile"),
        ("  release: [/bin/true]\n", "devices.broken_profile"),
        ("  stop: [/bin/true]\n  colour: red\n", "devices.broken_profile"),
    ])
    func `what cannot be run is refused at the start`(_ yaml: String, _ code: String) {
        let refusal = #expect(throws: ProfileRefusal.self) { try output(yaml) }
        #expect(refusal?.code.text == code)
    }
}
