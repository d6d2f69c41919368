import Foundation
import Tally
import Testing

extension DaemonSuites {
    /// A terminal says what became of each record, before and after the hub has had it.
    @Suite struct RecordsTests {
        private struct Report: Decodable {
            let unsent: Int
            let unsentSince: String?
            let records: [Record]
        }

        private struct Record: Decodable {
            let operation: String
            let state: String
            let verdict: String?
            let reason: String?
        }

        @Test func `the author sees each record's verdict at the terminal`() async throws {
            let seed = Seeds.fresh
            try await DaemonPlant.with { plant in
                var dice = SeededDice(seed: seed)
                let port = try HeldPort(using: &dice).port
                let all = try plant.startAll(["dock-1", "dock-2"], notes: 2, port: port)
                all.hub.program.kill()
                var saved: [[String]] = []
                for (index, terminal) in all.terminals.enumerated() {
                    // Both open, count and close the same receipts: some moves cannot stand.
                    var worker = FloorWorker("\(index)", .receiving, notes: 2, seed: seed)
                    var left = 40
                    worker.work(at: terminal.port) {
                        left -= 1
                        return left >= 0
                    }
                    saved.append(worker.record.saved)
                    #expect(!worker.record.saved.isEmpty, "seed \(seed)")
                    let report = try terminal.get("/api/v1/records").decode(Report.self)
                    #expect(report.unsent == worker.record.saved.count, "seed \(seed)")
                    #expect(report.unsentSince != nil)
                    #expect(report.records.allSatisfy { $0.state == "unsent" && $0.verdict == nil })
                    #expect(try terminal.get("/records").text.contains("还没发送"))
                }
                let hub = try plant.startHub(port: port)
                try plant.settle(hub, all.terminals)
                var verdicts: Set<String> = []
                for (terminal, operations) in zip(all.terminals, saved) {
                    let report = try terminal.get("/api/v1/records").decode(Report.self)
                    #expect(report.unsent == 0)
                    #expect(report.records.allSatisfy { $0.verdict != "accepted" })
                    for operation in operations {
                        let reply = try terminal.get("/api/v1/records/\(operation)")
                        let record = try reply.decode(Record.self)
                        #expect(record.state == "ordered", "seed \(seed): \(operation)")
                        let isListed = report.records.contains { $0.operation == operation }
                        #expect(isListed == (record.verdict != "accepted"), "seed \(seed)")
                        #expect((record.reason == nil) == (record.verdict == "accepted"))
                        verdicts.insert(record.verdict ?? "none")
                    }
                }
                try plant.succeed(
                    ["backup", "--data", plant.path("hub"), "--out", plant.path("copy")]
                )
                let last = try #require(saved[0].last)
                let path = "/api/v1/records/\(last)"
                let isSecured: Bool? = try Wait.until(
                    within: .seconds(60),
                    every: .milliseconds(50)
                ) {
                    let record = try all.terminals[0].get(path).decode(Record.self)
                    return record.state == "secured" ? true : nil
                }
                #expect(isSecured == true, "seed \(seed)")
                print("records: seed \(seed): \(verdicts.sorted())")
                #expect(verdicts.contains("accepted") && !verdicts.contains("none"))
                let unknown = try all.terminals[0].get("/api/v1/records/00")
                #expect(unknown.status == 404)
            }
        }
    }
}
