import Foundation
import Hub
import Ledger
import Sync
import Synchronization
import Tally
import Testing

extension DaemonSuites {
    /// Sync between real processes that die at any moment, and requests that come twice or broken.
    @Suite struct SyncKillTests {
        private static let notes = 8
        private static let rounds = 20

        @Test func `hub and terminals agree after kills on either side`() async throws {
            let seed = Seeds.fresh
            print("sync: seed \(seed) (TALLYMAN_SEED)")
            try await DaemonPlant.with { plant in
                var dice = SeededDice(seed: seed)
                let told = try await shiftWithKills(plant, &dice)
                #expect(told.oddities == [], "seed \(seed)")
                #expect(told.saved.count > 100, "seed \(seed): little was recorded")
                print("sync: \(told.saved.count) operations saved; refused: \(told.refusals)")
                let names = ["hub", "dock-1", "dock-2"]
                let reports = try names.map(plant.verify)
                for (name, report) in zip(names, reports) {
                    #expect(report.sound, "seed \(seed): \(name) \(report.difference ?? "")")
                    #expect(report.scopes == reports[0].scopes, "seed \(seed): \(name)")
                }
                let log = try LogReading(plant.path("hub"))
                #expect(log.contradictions(to: told) == [], "seed \(seed)")
                try checkOrders(plant, seed)
            }
        }

        /// People work at both terminals while hub and terminals die and come back; ends when all
        /// have settled and were stopped in order.
        private func shiftWithKills(
            _ plant: DaemonPlant,
            _ dice: inout SeededDice
        ) async throws -> ShiftRecord {
            let hubPort = try HeldPort(using: &dice).port
            let all = try plant.startAll(["dock-1", "dock-2"], notes: Self.notes, port: hubPort)
            var hub = all.hub
            let names = ["dock-1", "dock-2"]
            let stations = all.terminals.map(Station.init)
            let shift = Shift()
            return try await withThrowingTaskGroup(of: ShiftRecord.self) { group in
                for (index, station) in stations.enumerated() {
                    for job in FloorWorker.Job.allCases {
                        let name = "\(index)-\(job)"
                        let worker = FloorWorker(name, job, notes: Self.notes, seed: dice.next())
                        group.addTask {
                            var worker = worker
                            while shift.goesOn {
                                worker.work(at: station.port) {
                                    Wait.pause(.milliseconds(5))
                                    return shift.goesOn
                                }
                                Wait.pause(.milliseconds(5))
                            }
                            return worker.record
                        }
                    }
                }
                defer { shift.end() }
                for _ in 0..<Self.rounds {
                    Wait.pause(.milliseconds(Int.random(in: 10...200, using: &dice)))
                    let victim = Int.random(in: 0..<3, using: &dice)
                    if victim == 2 {
                        hub.program.kill()
                        Wait.pause(.milliseconds(Int.random(in: 0...100, using: &dice)))
                        hub = try plant.startHub(port: hubPort)
                    } else {
                        stations[victim].daemon.program.kill()
                        stations[victim].daemon = try plant.startAgent(names[victim])
                    }
                }
                shift.end()
                let told = try await group.reduce(into: ShiftRecord()) { $0.join($1) }
                try plant.settle(hub, stations.map(\.daemon))
                for daemon in [hub] + stations.map(\.daemon) {
                    #expect(daemon.program.stop() == .exit(0))
                }
                return told
            }
        }

        /// Promise 2 of the design: one order a receipt, and no number twice.
        private func checkOrders(_ plant: DaemonPlant, _ seed: UInt64) throws {
            struct Order: Decodable {
                let number: String
                let receipt: String?
            }
            let lines = try plant.succeed(["hub", "orders", "--json", "--data", plant.path("hub")])
                .output.split(separator: "\n")
            let orders = try lines.map { try JSONDecoder().decode(Order.self, from: Data($0.utf8)) }
            #expect(orders.count > 1, "seed \(seed): the shift led to no orders")
            #expect(Set(orders.map(\.number)).count == orders.count, "seed \(seed)")
            let receipts = orders.compactMap(\.receipt)
            #expect(Set(receipts).count == receipts.count, "seed \(seed)")
        }

        // MARK: - Requests that come again, or broken

        @Test func `a push that is repeated is known and changes nothing`() async throws {
            try await DaemonPlant.with { plant in
                let bytes = try Self.unsentPush(plant)
                let hub = try plant.startHub()
                let first = try Self.push(bytes, to: hub)
                #expect(!first.items.isEmpty)
                #expect(first.items.allSatisfy { $0.stored && !$0.known })
                let after = try hub.status()
                for _ in 0..<3 {
                    let again = try Self.push(bytes, to: hub)
                    #expect(again.items.count == first.items.count)
                    #expect(again.items.allSatisfy { $0.stored && $0.known })
                    #expect(again.items.map(\.verdict) == first.items.map(\.verdict))
                    #expect(try hub.status() == after)
                }
                hub.program.kill()
                let reborn = try plant.startHub()
                let late = try Self.push(bytes, to: reborn)
                #expect(late.items.allSatisfy { $0.stored && $0.known })
                #expect(try reborn.status() == after)
                // The terminal itself never heard an answer, sends all of it again, and is content.
                let terminal = try plant.startAgent("dock", hub: reborn.port)
                try plant.settle(reborn, [terminal])
                #expect(try reborn.status() == after)
                reborn.program.stop()
                #expect(try plant.verify("hub").sound)
            }
        }

        @Test func `garbage at the hub is refused by its code and changes nothing`() async throws {
            let seed = Seeds.fresh
            print("garbage: seed \(seed) (TALLYMAN_SEED)")
            try await DaemonPlant.with { plant in
                let push = try Self.unsentPush(plant)
                let hub = try plant.startHub()
                let before = try hub.status()
                var dice = SeededDice(seed: seed)
                for body in Self.garbage(push, &dice) {
                    for path in ["push", "pull", "enroll"] {
                        let reply = try hub.post("/sync/v1/\(path)", body)
                        let isRefused = (400..<500).contains(reply.status)
                        let what = "\(path) of \(body.count) bytes, seed \(seed): \(reply.status)"
                        #expect(isRefused, "\(what)")
                        let refusal = SyncProblem.refusal(in: reply.body)
                        #expect(refusal?.code.text.hasPrefix("sync.") == true, "\(what)")
                    }
                }
                #expect(try hub.status() == before)
                // What was refused in pieces is taken whole.
                #expect(try Self.push(push, to: hub).items.allSatisfy { $0.stored && !$0.known })
                hub.program.stop()
                #expect(try plant.verify("hub").sound)
            }
        }

        /// Bodies that are no request: nothing, noise, a proxy's page, and a true request that was
        /// cut, lengthened, or changed in one bit.
        private static func garbage(_ push: [UInt8], _ dice: inout SeededDice) -> [[UInt8]] {
            var bodies: [[UInt8]] = [[], Array("<html><body>502 Bad Gateway</body></html>".utf8)]
            for count in [1, 7, 64, 1_000, 100_000] {
                bodies.append((0..<count).map { _ in UInt8.random(in: 0...255, using: &dice) })
            }
            for _ in 0..<25 {
                bodies.append(Array(push.prefix(Int.random(in: 0..<push.count, using: &dice))))
                var changed = push
                let place = Int.random(in: 0..<push.count, using: &dice)
                changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
                bodies.append(changed)
            }
            return bodies
        }

        /// What a terminal has to tell a hub that it has not reached yet; both are stopped.
        private static func unsentPush(_ plant: DaemonPlant) throws -> [UInt8] {
            let (hub, terminals) = try plant.startAll(["dock"])
            hub.program.stop()
            var left = 12
            var worker = FloorWorker("once", .receiving, notes: 1, seed: 5)
            worker.work(at: terminals[0].port) {
                left -= 1
                return left >= 0
            }
            terminals[0].program.stop()
            guard worker.record.saved.count > 3 else { throw PlantFailure("nothing to send") }
            let store = try LedgerStore(try DataFolder(plant.path("dock")))
            var dice = SeededDice(seed: 1)
            let replica = try store.write { try Replica.open($0, dice: &dice) }
            let terminal = TerminalReplica(replica, Reducer(PlantVocabulary.all))
            let request = try store.read { try terminal.pushRequest(in: $0) }
            try store.close()
            guard let request, request.operations.count >= worker.record.saved.count else {
                throw PlantFailure("the terminal has lost what it saved")
            }
            return try request.bytes()
        }

        private static func push(_ bytes: [UInt8], to hub: PlantDaemon) throws -> PushResponse {
            let reply = try hub.post("/sync/v1/push", bytes)
            guard reply.status == 200 else { throw PlantFailure("\(reply.status) \(reply.text)") }
            return try PushResponse(bytes: reply.body)
        }
    }
}

/// A place on the floor: the daemon there changes each time that it is killed.
private final class Station: Sendable {
    private let box: Mutex<PlantDaemon>

    init(_ daemon: PlantDaemon) { box = Mutex(daemon) }

    var daemon: PlantDaemon {
        get { box.withLock { $0 } }
        set { box.withLock { $0 = newValue } }
    }

    var port: Int { daemon.port }
}

/// Whether people still work.
private final class Shift: Sendable {
    private let isOver = Mutex(false)

    var goesOn: Bool { !isOver.withLock { $0 } }

    func end() { isOver.withLock { $0 = true } }
}
