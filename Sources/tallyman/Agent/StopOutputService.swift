import Agent
import Drivers
import Inspection
import Logging
import ServiceLifecycle
import Sync
import Tally

/// Runs the terminal's stop output when a machine is stopped or released, whoever recorded it: this
/// terminal's page, a program at its interface, or another terminal by way of the hub.
struct StopOutputService: Service {
    /// A program that failed is run again after so long, while the machine stands as it did.
    private static let retry = Duration.seconds(2)

    let output: StopOutput
    let shell: TerminalShell
    let devices: TerminalDevices
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await follow() }
    }

    private func follow() async throws {
        // What is stopped at the start is told again: the light may have lost its power too.
        var told: Set<String> = []
        var isSettled = false
        while !Task.isCancelled {
            let stopped = try await stopped()
            isSettled = true
            for tag in stopped.symmetricDifference(told).sorted() {
                let isStopped = stopped.contains(tag)
                if await tell(tag, isStopped: isStopped) {
                    if isStopped { told.insert(tag) } else { told.remove(tag) }
                } else {
                    isSettled = false
                }
            }
            if isSettled {
                var changes = shell.changed.makeAsyncIterator()
                if await changes.next() == nil { return }
            } else {
                // Cut short by the end of the daemon.
                try? await Task.sleep(for: Self.retry)
            }
        }
    }

    private func tell(_ tag: String, isStopped: Bool) async -> Bool {
        do {
            try await output.run(for: tag, isStopped: isStopped)
            devices.noteStopOutput(nil)
            logger.info(
                "stop output ran",
                metadata: ["machine": "\(tag)", "stopped": "\(isStopped)"]
            )
            return true
        } catch {
            // Look at what the profile names: the stop is recorded, the light does not show it.
            logger.error(
                "stop output failed",
                metadata: ["machine": "\(tag)", "error": "\(error)"]
            )
            devices.noteStopOutput(error)
            return false
        }
    }

    /// The tags of the machines that must not run and that the output is for.
    private func stopped() async throws -> Set<String> {
        try await shell.read { reader, reading in
            let scopes = try TerminalReplica.enrolment(in: reading)?.scopes ?? []
            let machines = try scopes.filter { $0.area == TerminalNode.floorArea }.flatMap {
                try reader.records(kind: InspectionRoom.EntityKind.equipment, in: $0)
            }
            return Set(
                machines.compactMap(Equipment.init)
                    .filter { $0.isStopped && output.isFor($0.tag) }.map(\.tag)
            )
        }
    }
}
