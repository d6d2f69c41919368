import Agent
import AsyncHTTPClient
import Connectors
import Foundation
import Hub
import NIOCore
import NIOHTTP1
import Tally
import Web

/// The plant of the demo: a hub and two terminals as processes of their own, on loopback.
struct DemoPlant: Sendable {
    /// A terminal, the wire to the hub, and how to speak to it.
    struct Terminal: Sendable {
        let name: String
        let daemon: DaemonProcess
        let link: LinkRelay

        func status() async throws -> AgentAnswer.Status {
            let answer: AgentAnswer = try await daemon.ask(AgentRequest.status)
            guard case .status(let status) = answer else {
                throw DemoFailure("\(name) gave no status")
            }
            return status
        }

        /// Records a command through the terminal's interface; when this returns it was "saved".
        @discardableResult
        func run(_ command: FloorCommand, by worker: String) async throws -> SavedAnswer {
            struct Ask: Encodable {
                let worker: String
                let command: FloorCommand
            }
            let address = try await status().address
            var request = HTTPClientRequest(url: "http://\(address)/api/v1/commands")
            request.method = .POST
            request.body = .bytes(try JSONEncoder().encode(Ask(worker: worker, command: command)))
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            let body = try await response.body.collect(upTo: 1 << 20)
            guard response.status == .ok else {
                throw DemoFailure("\(name) refused \(command): \(String(buffer: body))")
            }
            return try JSONDecoder().decode(SavedAnswer.self, from: Data(body.readableBytesView))
        }
    }

    struct SavedAnswer: Decodable, Sendable {
        let saved: [String]
        let entity: String
    }

    let folder: String
    let hub: DaemonProcess
    let terminals: [Terminal]

    static let site = "SZ1"

    /// Starts the hub, gives it the sample plant, and enrols the terminals.
    static func start(folder: String, port: Int?) async throws -> DemoPlant {
        func listen(_ offset: Int) -> String { "127.0.0.1:\(port.map { $0 + offset } ?? 0)" }
        let hub = DaemonProcess(
            ["hub", "serve", "--data", folder + "/hub", "--listen", listen(0)],
            folder: folder + "/hub"
        )
        let answer = try await hub.start(HubRequest.status, as: HubAnswer.self)
        guard case .status(let status) = answer,
            let hubPort = status.address.split(separator: ":").last.flatMap({ Int($0) })
        else { throw DemoFailure("the hub has no address") }
        if !status.sites.contains(site) {
            let _: HubAnswer = try await hub.ask(HubRequest.addSite(site))
        }
        try await importSamples(hub)
        var terminals: [Terminal] = []
        for (index, name) in ["dock-1", "dock-2"].enumerated() {
            let link = LinkRelay()
            try await link.start(to: hubPort)
            let code: HubAnswer = try await hub.ask(HubRequest.enroll(site: site, name: name))
            guard case .code(let code) = code else { throw DemoFailure("no enrolment code") }
            let data = folder + "/" + name
            let daemon = DaemonProcess(
                [
                    "agent", "--data", data, "--hub", "http://127.0.0.1:\(link.port)",
                    "--enroll", code, "--listen", listen(index + 1), "--poll", "100",
                ],
                folder: data
            )
            _ = try await daemon.start(AgentRequest.status, as: AgentAnswer.self)
            terminals.append(Terminal(name: name, daemon: daemon, link: link))
        }
        return DemoPlant(folder: folder, hub: hub, terminals: terminals)
    }

    private static func importSamples(_ hub: DaemonProcess) async throws {
        let folder = try Texts.folder()
        let forms = folder.paths(in: "Inspection", ending: ".yaml")
        let tables = [
            "suppliers", "materials", "orders", "bins", "workers", "equipment", "routes",
        ]
        let paths =
            forms + ["ExceptionReports/categories.yaml"] + tables.map { "Sample/\($0).csv" }
        for path in paths {
            let name = String(path.split(separator: "/").last ?? "")
            let request = HubRequest.importFile(name: name, content: try folder.content(path))
            let answer: HubAnswer = try await hub.ask(request)
            guard case .imported(let report) = answer, report.refused.isEmpty else {
                throw DemoFailure("\(path) was not imported: \(answer)")
            }
        }
    }

    func hubStatus() async throws -> HubAnswer.Status {
        let answer: HubAnswer = try await hub.ask(HubRequest.status)
        guard case .status(let status) = answer else { throw DemoFailure("the hub has no status") }
        return status
    }

    func orders() async throws -> HubAnswer.Orders {
        let answer: HubAnswer = try await hub.ask(HubRequest.orders)
        guard case .orders(let orders) = answer else { throw DemoFailure("the hub has no orders") }
        return orders
    }

    /// Waits until everything that terminals recorded is at the hub, and every replica stands where
    /// the hub does, digest by digest.
    func settle(_ which: [Terminal]? = nil) async throws {
        let deadline = ContinuousClock.now + .seconds(15)
        while ContinuousClock.now < deadline {
            let hub = try await hubStatus()
            var isEqual = true
            for terminal in which ?? terminals {
                let status = try await terminal.status()
                isEqual = isEqual && status.unsynced == 0 && !status.scopes.isEmpty
                for (scope, state) in status.scopes {
                    let theirs =
                        hub.scopes[scope]
                        ?? HubAnswer.ScopeState(
                            position: 0,
                            digest: String(repeating: "0", count: 32)
                        )
                    isEqual = isEqual && theirs == state
                }
            }
            if isEqual { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw DemoFailure("the replicas did not come to agree")
    }

    func stop() async throws {
        for terminal in terminals {
            terminal.daemon.stop()
            try await terminal.link.stop()
        }
        hub.stop()
    }
}
