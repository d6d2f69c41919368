import Agent
import AsyncHTTPClient
import Connectors
import Foundation
import Hub
import NIOCore
import NIOHTTP1
import Sync
import Tally
import Testing

/// Hubs are killed at random while orders flow to real servers of every kind that loopback has.
///
/// 10 kills and 50 orders; `TALLYMAN_OUTBOX_KILLS=100 TALLYMAN_OUTBOX_ORDERS=1000` is the long run.
@Suite(
    .serialized,
    .enabled(if: TargetServer.canRun, "Python with aiosmtpd and pika is missing")
) struct OutboxKillTests {
    private static func number(_ name: String, or usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
    }

    private static let kills = number("TALLYMAN_OUTBOX_KILLS", or: 10)
    private static let orders = number("TALLYMAN_OUTBOX_ORDERS", or: 50)

    /// A message as `hub outbox list --json` shows it.
    private struct Delivery: Decodable {
        let key: String
        let order: String
        let revision: String
        let state: String
        let attempts: Int
        let detail: String
        let number: String
    }

    /// The file of targets: retries soon, since a test waits for them.
    private static func targets(_ server: TargetServer, amqp port: Int?) -> String {
        let base = "http://127.0.0.1:\(server.http)"
        let secret = TargetServer.secret
        let common = "timeout: 2s, language: en, retry: {after: [200ms, 500ms], attempts: 1000}"
        let robots = [
            ("wecom", "wecom?key=K"), ("feishu", "feishu"), ("dingtalk", "dingtalk?access_token=T"),
        ].map { brand, path in
            """
              \(brand): {kind: robot, brand: \(brand), url: "\(base)/\(path)",
                secret: "\(secret)", rate: 60/min,
                link: "https://hub.example/orders/{{number}}", \(common)}
            """
        }
        let queue = port.map { port in
            """
              queue: {kind: rabbitmq, url: "amqp://guest:guest@127.0.0.1:\(port)/",
                routing_key: orders, \(common)}
            """
        }
        let others = """
            targets:
              erp:
                kind: rest
                callback: "\(secret)"
                timeout: 2s
                retry: {after: [200ms, 500ms], attempts: 1000}
                send:
                  url: "\(base)/erp"
                  body: >-
                    {"reference": "{{key}}", "number": "{{number}}", "revision": {{revision}},
                    "lines": [{{#lines}}{"material": "{{material}}", "counted":
                    {{counted}}}{{^is_last}},{{/is_last}}{{/lines}}]}
                  number: id
                ask:
                  url: "\(base)/erp?reference={{key}}"
                  found: "orders[0]"
                  number: "orders[0].id"
              deaf: {kind: webhook, url: "http://127.0.0.1:1/", secret: "\(secret)",
                retry: {after: [10ms], attempts: 1}}
              hook: {kind: webhook, url: "\(base)/hook", secret: "\(secret)", \(common)}
              mail: {kind: mail, server: "smtp://127.0.0.1:\(server.smtp)",
                from: hub@plant.example, to: [buyer@plant.example], rate: 600/min, \(common)}
            """
        return ([others] + robots + [queue].compactMap(\.self)).joined(separator: "\n") + "\n"
    }

    @Test func `a hub is killed while orders flow to every kind of target`() async throws {
        try await Self.flow(over: nil)
    }

    @Test func `three hubs over PostgreSQL are killed while orders flow`() async throws {
        try await Self.flow(over: PostgresServer.common())
    }

    private static func flow(over database: PostgresServer?) async throws {
        let folder = NSTemporaryDirectory() + "tallyman-targets-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // best effort
        let server = try TargetServer(in: folder)
        let broker = RabbitServer.isInstalled ? try RabbitServer(in: folder) : nil
        if broker == nil { print("RabbitMQ is not tested: Debian's rabbitmq-server is missing") }
        try broker?.declareQueue()
        let text = targets(server, amqp: broker?.port)
        try await HubPlant.with(database, notes: orders, targets: text) { plant in
            let terminal = try await plant.enroll("dock-1")
            try await terminal.sync("master data")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await record(at: terminal) }
                group.addTask { try await kill(plant) }
                try await group.waitForAll()
            }
            let names =
                ["erp", "hook", "mail", "wecom", "feishu", "dingtalk"]
                + (broker == nil ? [] : ["queue"])
            let told = try await delivered(plant, terminal, names)
            try check(told, server, broker)
            try await callBack(plant, told["erp"]?.first?.key ?? "")
            try await replay(plant, count: told["erp"]?.count ?? 0)
        }
    }

    private static func record(at terminal: PlantTerminal) async throws {
        for note in 0..<orders {
            let number = HubPlant.noteNumber(note)
            let receipt = try await terminal.shell.run(
                .openNote(supplier: HubPlant.supplier, number: number),
                by: "W001"
            ).entity.id.description
            for command: FloorCommand in [
                .countLine(receipt: receipt, line: 2, quantity: "\(5 + note % 7)"),
                .closeReceipt(receipt: receipt),
            ] { _ = try await terminal.shell.run(command, by: "W001") }
            try await terminal.sync("note \(note)")
        }
    }

    private static func kill(_ plant: HubPlant) async throws {
        for _ in 0..<kills {
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...600)))
            let victim = Int.random(in: 0..<plant.hubCount)
            plant.kill(victim)
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...50)))
            try await plant.start(victim)
        }
    }

    /// What each target was told, once nothing is on its way any more.
    private static func delivered(
        _ plant: HubPlant,
        _ terminal: PlantTerminal,
        _ names: [String]
    ) async throws -> [String: [Delivery]] {
        var told: [String: [Delivery]] = [:]
        for name in names {
            told[name] = try await Wait.until("\(name) was told", within: .seconds(400)) {
                // A message goes out once a terminal holds the decision.
                try await terminal.sync("decisions")
                let lines = try plant.succeed(
                    "hub",
                    "outbox",
                    "list",
                    "--json",
                    "--target",
                    name,
                    "--limit",
                    "100000"
                ).split(separator: "\n")
                let all = try lines.filter { $0.hasPrefix("{") }.map {
                    try JSONDecoder().decode(Delivery.self, from: Data($0.utf8))
                }
                let isDone = all.allSatisfy { $0.state == "delivered" }
                let orders = Set(all.map(\.order))
                if let dead = all.first(where: { $0.state == "dead" }) {
                    throw ServerFailure("a dead letter: \(dead)")
                }
                if isDone && orders.count == Self.orders { return all }
                // The next look is a process of its own.
                try await Task.sleep(for: .milliseconds(500))
                return nil
            }
        }
        return told
    }

    /// The ERP says that an order is closed; who does not have its secret cannot.
    private static func callBack(_ plant: HubPlant, _ key: String) async throws {
        let port = try #require(plant.port(0))
        let body = Array(#"{"key": "\#(key)", "state": "closed", "number": "BOOK-1"}"#.utf8)
        let seconds = Int64(Date().timeIntervalSince1970)
        var statuses: [UInt] = []
        for secret in ["another", TargetServer.secret, TargetServer.secret] {
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/v1/callbacks/erp")
            request.method = .POST
            request.headers.add(name: "tallyman-timestamp", value: String(seconds))
            request.headers.add(
                name: "tallyman-signature",
                value: WebhookSignature.signature(of: body, seconds: seconds, secret: secret)
            )
            request.body = .bytes(body)
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            statuses.append(response.status.code)
        }
        #expect(statuses == [401, 204, 401], "forged, honest, played again")
        let list = try plant.succeed("hub", "outbox", "list", "--json", "--target", "erp")
        let told = list.split(separator: "\n").first { $0.contains(key) } ?? ""
        #expect(told.contains(#""number":"BOOK-1""#) && told.contains(#""word":"closed""#))
    }

    /// Nobody listens at the deaf target: each message is a dead letter, and one again when it was
    /// sent again.
    private static func replay(_ plant: HubPlant, count: Int) async throws {
        let list = ["hub", "outbox", "list", "--target", "deaf", "--state", "dead", "--json"]
        func dead() async throws -> [String] {
            try await Wait.until("dead letters") {
                let text = try plant.succeed(list + ["--limit", "100000"])
                let lines = text.split(separator: "\n").map(String.init)
                if lines.count == count { return lines }
                try await Task.sleep(for: .milliseconds(500))
                return nil
            }
        }
        let first = try await dead()
        #expect(first.allSatisfy { $0.contains(#""error":"outbox.unreachable""#) })
        let replayed = try plant.succeed("hub", "outbox", "replay", "--target", "deaf", "--json")
        #expect(replayed.contains(#"{"replayed":\#(count)}"#), "\(replayed)")
        let second = try await dead()
        #expect(second.allSatisfy { !$0.contains(#""attempts":1,"#) })
        let targets = try plant.succeed("hub", "outbox", "targets")
        #expect(targets.contains("erp\trest\tasked before a repeat\tdelivered \(count)"))
        #expect(targets.contains("deaf\twebhook"))
    }

    // MARK: - What arrived

    private static func check(
        _ told: [String: [Delivery]],
        _ server: TargetServer,
        _ broker: RabbitServer?
    ) throws {
        #expect(try server.taken(by: "forged").isEmpty)
        try checkERP(told["erp"] ?? [], server)
        var seen: [String: [(key: String, isRepeat: Bool)]] = [:]
        seen["hook"] = try server.taken(by: "hook").map { call in
            (call["key"] as? String ?? "", call["repeat"] as? Bool ?? false)
        }
        seen["mail"] = try server.taken(by: "mail").flatMap { mail in
            let repeats = mail["repeats"] as? [String] ?? []
            return (mail["keys"] as? [String] ?? []).map { ($0, repeats.contains($0)) }
        }
        for brand in ["wecom", "feishu", "dingtalk"] {
            seen[brand] = try server.taken(by: brand).flatMap { card in
                keys(in: card["text"] as? String ?? "")
            }
        }
        if let broker {
            seen["queue"] = try broker.take().map { message in
                let headers = message["headers"] as? [String: String] ?? [:]
                #expect(message["mode"] as? Int == 2)
                #expect(headers["cloudEvents:type"] == "tallyman.arrival_order")
                #expect(headers["cloudEvents:id"] == message["id"] as? String)
                return (message["id"] as? String ?? "", headers["cloudEvents:repeat"] == "true")
            }
        }
        for (target, calls) in seen {
            let sent = Set((told[target] ?? []).map(\.key))
            #expect(Set(calls.map(\.key)) == sent, "\(target)")
            var known: Set<String> = []
            for call in calls where !known.insert(call.key).inserted {
                #expect(call.isRepeat, "\(target) got \(call.key) again, unmarked")
            }
            let twice = calls.count - known.count
            print("outbox kills: \(target): \(known.count) messages, \(twice) repeats, all marked")
        }
    }

    /// The ERP, which does not mind having an order twice, has each message once, and gave the hub
    /// its number.
    private static func checkERP(_ told: [Delivery], _ server: TargetServer) throws {
        let taken = try server.taken(by: "erp")
        let keys = taken.compactMap { $0["key"] as? String }
        #expect(keys.count == Set(keys).count, "the ERP has an order twice")
        #expect(Set(keys) == Set(told.map(\.key)))
        let numbers = taken.compactMap { call in (call["order"] as? [String: Any])?["id"] }
        #expect(Set(numbers.compactMap { $0 as? String }) == Set(told.map(\.number)))
        let asked = told.filter { $0.attempts > 1 }.count
        print("outbox kills: erp: \(keys.count) messages, each once, \(asked) asked for first")
    }

    /// Keys in a card's text, each with whether it is marked.
    private static func keys(in text: String) -> [(key: String, isRepeat: Bool)] {
        text.matches(of: /key ([0-9a-f]{32})( \(sent again)?/).map { match in
            (String(match.output.1), match.output.2 != nil)
        }
    }
}
