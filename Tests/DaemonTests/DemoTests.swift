import Foundation
import Testing

extension DaemonSuites {
    /// The main job from end to end, as a newcomer plays it first.
    @Suite struct DemoTests {
        private struct Story: Decodable {
            struct Order: Decodable {
                struct Line: Decodable {
                    let line: Int
                    let expected: String
                    let counted: String
                    let lots: [Lot]
                }

                struct Lot: Decodable {
                    let lot: String
                    let quantity: String
                }

                struct Pair: Decodable {
                    struct Observation: Decodable {
                        let worker: String
                        let terminal: String
                        let moment: String
                        let what: String
                    }

                    let one: Observation
                    let other: Observation
                    let ruling: String
                }

                let number: String
                let status: String
                let revision: Int
                let arrived: String
                let lines: [Line]
                let doubleCounts: [Pair]
            }

            struct Maintenance: Decodable {
                struct Finding: Decodable {
                    let answer: String
                    let inspection: String
                }

                let number: String
                let equipment: String
                let check: String
                let findings: [Finding]
            }

            struct Report: Decodable {
                let equipment: String
                let category: String
                let team: String
            }

            let arrivalOrders: [Order]
            let maintenanceOrders: [Maintenance]
            let exceptions: [Report]
            let replicas: [String: [String: ScopeState]]
            let replicasEqual: Bool
            let elapsedSeconds: Double
        }

        @Test func `the whole story comes out as told`() async throws {
            try await DaemonPlant.with { plant in
                let data = plant.path("plant")
                let outcome = try plant.run("demo", "--once", "--json", "--data", data)
                #expect(outcome.end == .exit(0), "\(outcome.errors)")
                let story = try outcome.decode(Story.self)
                print("demo: \(story.elapsedSeconds) s")
                #expect(story.elapsedSeconds < 20)
                try checkReceiving(story)
                checkInspection(story)
                #expect(story.replicasEqual)
                #expect(story.replicas.keys.sorted() == ["SZ1/DOCK", "SZ1/FLOOR", "company"])
                for (scope, states) in story.replicas {
                    #expect(states.keys.sorted() == ["dock-1", "dock-2", "hub"], "\(scope)")
                    #expect(Set(states.values).count == 1, "\(scope)")
                }
                try checkFolders(plant, story)
            }
        }

        private func checkReceiving(_ story: Story) throws {
            #expect(story.arrivalOrders.count == 1)
            let order = try #require(story.arrivalOrders.first)
            #expect(order.status == "released")
            // Held first, then settled: at least one revision.
            #expect(order.revision >= 2)
            #expect(!order.arrived.isEmpty)
            #expect(order.lines.map(\.counted) == ["200", "40", "120", "40"])
            #expect(order.lines.allSatisfy { $0.counted == $0.expected && $0.lots.count == 1 })
            #expect(order.doubleCounts.count == 1)
            let pair = try #require(order.doubleCounts.first)
            #expect(pair.ruling == "same_goods")
            #expect([pair.one.worker, pair.other.worker].sorted() == ["W001", "W002"])
            #expect(pair.one.terminal != pair.other.terminal)
            #expect(pair.one.what == pair.other.what)
            #expect(!pair.one.moment.isEmpty && !pair.other.moment.isEmpty)
        }

        private func checkInspection(_ story: Story) {
            #expect(story.maintenanceOrders.count == 1)
            let maintenance = story.maintenanceOrders.first
            #expect(maintenance?.equipment == "AIR-01")
            #expect(maintenance?.check == "oil_pressure")
            #expect(maintenance?.findings.count == 2)
            #expect(Set(maintenance?.findings.map(\.inspection) ?? []).count == 2)
            #expect(story.exceptions.count == 1)
            // By the rule for the process of the machine, moulding.
            #expect(story.exceptions.first?.team == "moulding_quality")
        }

        /// What the daemons left behind is sound, and tells the same to the commands alone.
        private func checkFolders(_ plant: DaemonPlant, _ story: Story) throws {
            for name in ["hub", "dock-1", "dock-2"] {
                let report = try plant.verify("plant/" + name)
                #expect(report.sound, "\(name): \(report.difference ?? "")")
                for (scope, state) in report.scopes {
                    #expect(story.replicas[scope]?[name] == state, "\(name) \(scope)")
                }
            }
            struct Order: Decodable { let number: String }
            let hub = plant.path("plant/hub")
            for badge in ["W999", "W005"] {
                let number = story.arrivalOrders.first?.number ?? ""
                let outcome = try plant.run(
                    ["hub", "review", number, "--ruling", "both-real", "--by", badge]
                        + ["--data", hub]
                )
                #expect(outcome.end == .exit(1))
                #expect(outcome.errors.contains("hub.may_not_review"), "\(outcome.errors)")
            }
            for kind in ["arrival", "maintenance"] {
                let arguments = ["hub", "orders", "--json", "--kind", kind, "--data", hub]
                let lines = try plant.succeed(arguments).output.split(separator: "\n")
                #expect(lines.count == 1)
                let order = try plant.succeed(arguments).decode(Order.self)
                let known =
                    kind == "arrival"
                    ? story.arrivalOrders.map(\.number) : story.maintenanceOrders.map(\.number)
                #expect(known == [order.number])
                let why = try plant.succeed(["why", order.number, "--json", "--data", hub])
                struct Step: Decodable { let worker: String }
                let steps = try why.output.split(separator: "\n").map {
                    try JSONDecoder().decode(Step.self, from: Data($0.utf8)).worker
                }
                let expected: Set =
                    kind == "arrival" ? ["W001", "W002", "W007"] : ["W003", "W004"]
                #expect(expected.isSubset(of: steps), "\(order.number): \(steps)")
            }
        }
    }
}
