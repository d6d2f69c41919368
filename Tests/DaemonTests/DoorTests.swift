import Foundation
import Testing

extension DaemonSuites {
    /// The hub's door: TLS by the hub's own authority, which terminals pin when they enrol.
    @Suite struct DoorTests {
        private struct Health: Decodable {
            let enrolled: Bool
            let connected: Bool
            let unsynced: Int
        }

        private static let report = Array(
            #"""
            {"worker":"W005","command":{"raiseException":
            {"category":"quality","equipment":"INJ-01","text":"door test"}}}
            """#.utf8
        )

        private func health(_ agent: PlantDaemon) throws -> Health {
            try agent.get("/healthz").decode(Health.self)
        }

        private func secureHub(
            _ plant: DaemonPlant,
            _ name: String,
            port: Int = 0
        ) throws
            -> PlantDaemon
        {
            let program = try plant.launch(name, ["hub", "serve", "--tls"], port: port)
            return try plant.listening(program, name)
        }

        private func agent(
            _ plant: DaemonPlant,
            _ name: String,
            _ hub: PlantDaemon,
            _ token: String?
        ) throws -> PlantDaemon {
            var arguments = ["agent", "--poll", "50", "--hub", "https://127.0.0.1:\(hub.port)"]
            if let token { arguments += ["--enroll", token] }
            return try plant.listening(try plant.launch(name, arguments), name)
        }

        /// Waits until a terminal has what the hub had at the start, and the hub all of its.
        private func waitUntilSettled(_ agent: PlantDaemon) throws -> Bool {
            try Wait.until(within: .seconds(60), every: .milliseconds(20)) { () -> Bool? in
                let status = try agent.status()
                let isThere = status.scopes["company"].map { $0.position > 0 } ?? false
                return status.connected == true && status.unsynced == 0 && isThere ? true : nil
            } ?? false
        }

        @Test func `a terminal enrols over TLS, and speaks to no other hub afterwards`()
            async throws
        {
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let token = try plant.enrolmentCode("dock")
                let hub = try secureHub(plant, "hub")
                // Whoever speaks plainly to it gets no answer in HTTP.
                #expect(throws: (any Error).self) { try hub.get("/healthz") }
                let first = try agent(plant, "dock", hub, token.lowercased())
                #expect(try waitUntilSettled(first))
                #expect(first.program.stop() == .exit(0))
                // Started again it needs no token.
                var dock = try agent(plant, "dock", hub, nil)
                #expect(try waitUntilSettled(dock))
                // Another hub in the same place is told nothing, and nothing is lost.
                #expect(hub.program.stop() == .exit(0))
                try plant.succeed(["hub", "site", "add", "SZ1", "--data", plant.path("other")])
                let other = try secureHub(plant, "other", port: hub.port)
                #expect(dock.program.stop() == .exit(0))
                dock = try agent(plant, "dock", other, nil)
                #expect(try dock.post("/api/v1/commands", Self.report).status == 200)
                Wait.pause(.seconds(1))
                let alone = try health(dock)
                #expect(alone.enrolled && !alone.connected && alone.unsynced > 0)
                #expect(dock.program.errors.contains("not reachable"))
                #expect(other.program.stop() == .exit(0))
                let back = try secureHub(plant, "hub", port: hub.port)
                #expect(try waitUntilSettled(dock))
                // What is sent is not yet fetched back in the hub's order.
                Wait.pause(.seconds(2))
                for daemon in [dock, back] { #expect(daemon.program.stop() == .exit(0)) }
                for _ in 0..<5
                where try plant.verify("hub").scopes != plant.verify("dock").scopes {
                    let again = try secureHub(plant, "hub", port: hub.port)
                    dock = try agent(plant, "dock", again, nil)
                    #expect(try waitUntilSettled(dock))
                    Wait.pause(.seconds(2))
                    for daemon in [dock, again] { #expect(daemon.program.stop() == .exit(0)) }
                }
                #expect(try plant.verify("hub").scopes == plant.verify("dock").scopes)
            }
        }

        @Test func `a token for another hub is not spent, and a plain way is not taken`()
            async throws
        {
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let token = try plant.enrolmentCode("dock")
                let hub = try secureHub(plant, "hub")
                let code = token.prefix { $0 != "-" }
                let address = "https://127.0.0.1:\(hub.port)"
                for (name, hub, token, problem) in [
                    ("a", address, "\(code)-0000000000000000", "door.other_hub"),
                    ("b", address, "\(code)", "door.no_pin"),
                    ("c", "http://192.0.2.1:8080", token, "daemon.plain_hub"),
                    ("d", "http://hub.example:8080", token, "daemon.plain_hub"),
                ] {
                    let outcome = try plant.run(
                        [
                            "agent", "--hub", hub, "--enroll", token, "--data", plant.path(name),
                            "--listen", "127.0.0.1:0",
                        ]
                    )
                    #expect(outcome.end == .exit(1), "\(outcome.errors)")
                    #expect(outcome.errors.contains(problem), "\(outcome.errors)")
                }
                let dock = try agent(plant, "dock", hub, token)
                #expect(try waitUntilSettled(dock))
            }
        }
    }
}
