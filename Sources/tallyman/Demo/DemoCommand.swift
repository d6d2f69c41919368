import ArgumentParser
import Foundation
import Hub
import UnixSignals

/// `tallyman demo`: a whole plant on this machine, and the main job played through.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a hub and two terminals with a sample plant, and play the main job."
    )

    @Option(help: "The folder for the plant's data; without it, one that is removed at the end.")
    var data: String?

    @Option(help: "The hub's port; the terminals take the two after it. Without it, free ones.")
    var port: Int?

    @Flag(help: "Stop after the story; otherwise all keeps running until Ctrl-C.")
    var once = false

    @Flag(help: "The outcome as one JSON object on standard output; the story on standard error.")
    var json = false

    func validate() throws {
        guard port.map((1...65_000).contains) ?? true else {
            throw ValidationError("--port is 1 to 65000")
        }
    }

    /// What `--json` prints.
    struct Outcome: Encodable {
        struct Conflict: Encodable {
            let order: String
            let pair: ArrivalOrderView.DoubleCount
        }

        let arrivalOrders: [ArrivalOrderView]
        let maintenanceOrders: [MaintenanceOrderView]
        let exceptions: [ExceptionReportView]
        let conflicts: [Conflict]
        /// By scope, by replica: position and digest.
        let replicas: [String: [String: HubAnswer.ScopeState]]
        let replicasEqual: Bool
        let elapsedSeconds: Double
    }

    func run() async throws {
        try await Output.orExit {
            let temporary = NSTemporaryDirectory() + "tallyman-demo-\(getpid())"
            let folder = URL(fileURLWithPath: data ?? temporary).standardizedFileURL.path
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            try await play(in: folder)
            // Only what this run made for itself is removed.
            if data == nil { try FileManager.default.removeItem(atPath: folder) }
        }
    }

    private func play(in folder: String) async throws {
        let begun = ContinuousClock.now
        let isJSON = json
        let tell: (String) -> Void = { text in
            if isJSON { Output.talk(text) } else { Output.result(text) }
        }
        let plant = try await DemoPlant.start(folder: folder, port: port)
        do {
            let story = DemoStory(plant) { step in tell("• " + step) }
            try await story.play()
            let seconds = (ContinuousClock.now - begun) / .seconds(1)
            try await show(try await outcome(plant, seconds: seconds), tell)
            if !once { try await keepRunning(plant) }
            try await plant.stop()
        } catch {
            try await plant.stop()
            throw error
        }
    }

    private func outcome(_ plant: DemoPlant, seconds: Double) async throws -> Outcome {
        let orders = try await plant.orders()
        var replicas: [String: [String: HubAnswer.ScopeState]] = [:]
        var scopesOf = ["hub": try await plant.hubStatus().scopes]
        for terminal in plant.terminals {
            scopesOf[terminal.name] = try await terminal.status().scopes
        }
        for (replica, scopes) in scopesOf {
            for (scope, state) in scopes { replicas[scope, default: [:]][replica] = state }
        }
        return Outcome(
            arrivalOrders: orders.arrivalOrders,
            maintenanceOrders: orders.maintenanceOrders,
            exceptions: orders.exceptions,
            conflicts: orders.arrivalOrders.flatMap { order in
                order.doubleCounts.map { Outcome.Conflict(order: order.number, pair: $0) }
            },
            replicas: replicas,
            replicasEqual: replicas.values.allSatisfy { Set($0.values).count == 1 },
            elapsedSeconds: (seconds * 1000).rounded() / 1000
        )
    }

    private func show(_ outcome: Outcome, _ tell: (String) -> Void) async throws {
        if json { return try Output.json(outcome) }
        tell("")
        outcome.arrivalOrders.forEach { tell($0.text) }
        outcome.maintenanceOrders.forEach { tell($0.text) }
        outcome.exceptions.forEach { tell($0.summary) }
        for (scope, states) in outcome.replicas.sorted(by: { $0.key < $1.key }) {
            let equal = Set(states.values).count == 1 ? "equal" : "DIFFERENT"
            let digest = states["hub"]?.digest ?? ""
            tell("\(scope): \(states.count) replicas \(equal), digest \(digest)")
        }
        tell("\(outcome.elapsedSeconds) s")
    }

    /// Names the pages and waits until somebody stops it.
    private func keepRunning(_ plant: DemoPlant) async throws {
        Output.talk("\nhub        http://\(try await plant.hubStatus().address)/healthz")
        for terminal in plant.terminals {
            Output.talk("\(terminal.name)     http://\(try await terminal.status().address)/")
        }
        Output.talk("sign in by typing TM:W:W001; Ctrl-C stops everything")
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
    }
}
