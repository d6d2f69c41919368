import Connectors
import Foundation
import Tally
import Testing

@Suite struct TargetFileTests {
    private static func read(
        _ text: String,
        _ environment: [String: String] = [:]
    ) throws -> [OutboxTarget] {
        try TargetFile.read(
            name: "targets.yaml",
            bytes: Array(text.utf8),
            environment: environment
        )
    }

    @Test func `a file of targets of every kind is read`() throws {
        let targets = try Self.read(
            """
            targets:
              erp:
                kind: rest
                topics: [arrival_order]
                sites: [SZ1]
                rate: 60/min
                timeout: 500ms
                retry: {after: [5s, 2m, 1h], attempts: 7}
                send: {url: "http://erp/orders", body: '{"reference": "{{key}}"}', number: id}
                ask: {url: "http://erp/orders?reference={{key}}", found: "[0]"}
              hook: {kind: webhook, url: "https://hook/in", secret: "env:HOOK"}
              feishu: {kind: robot, brand: feishu, url: "https://feishu/hook/T", language: en}
              post: {kind: mail, server: "smtps://mail:465", from: hub@plant, to: [a@b, c@d]}
              queue: {kind: rabbitmq, url: "amqp://u:p%40ss@mq:5673/%2Fplant", routing_key: orders}
            """,
            ["HOOK": "s"]
        )
        #expect(targets.map(\.name) == ["erp", "feishu", "hook", "post", "queue"])
        let erp = try #require(targets.first)
        #expect(erp.canBeAsked)
        #expect(erp.takes("arrival_order", of: "SZ1"))
        #expect(!erp.takes("maintenance_order", of: "SZ1"))
        #expect(!erp.takes("arrival_order", of: "SZ2"))
        #expect(erp.rate == RateLimit(count: 60, periodMilliseconds: 60_000))
        #expect(erp.retry.delaysMilliseconds == [5_000, 120_000, 3_600_000])
        #expect(erp.retry.attemptsMax == 7)
        #expect(erp.timeoutMilliseconds == 500)
        #expect(erp.digestMax == 1)
        let feishu = targets[1]
        #expect(feishu.rate == RateLimit(count: 100, periodMilliseconds: 60_000))
        #expect(feishu.digestMax == 12)
        #expect(targets.filter(\.canBeAsked).map(\.name) == ["erp"])
    }

    @Test(arguments: [
        ("kind: carrier-pigeon", 3), ("kind: webhook\n    url: ftp://x\n    secret: s", 4),
        ("kind: webhook\n    url: http://x", 3),
        ("kind: webhook\n    url: http://x\n    sekret: s", 5),
        ("kind: rabbitmq\n    url: http://x\n    routing_key: q", 4),
        ("kind: robot\n    brand: teams\n    url: http://x", 4),
        ("kind: mail\n    server: smtp://x\n    from: nobody\n    to: [a@b]", 5),
        ("kind: mail\n    server: smtp://x\n    from: \"a@b\\r\\nX: y\"\n    to: [a@b]", 5),
        ("kind: rest\n    rate: often\n    send: {url: 'http://x'}", 4),
        ("kind: rest\n    send: {url: 'http://x', body: '{{#open}}'}", 4),
        ("kind: rest\n    digest: 3\n    send: {url: 'http://x'}", 4),
        ("kind: rest\n    retry: {after: [soon], attempts: 3}\n    send: {url: 'http://x'}", 4),
        ("kind: rest\n    language: de\n    send: {url: 'http://x'}", 4),
    ])
    func `what cannot work is refused with its line`(_ text: String, _ line: Int) throws {
        do {
            _ = try Self.read("targets:\n  it:\n    \(text)\n")
            Issue.record("it was taken")
        } catch let refusal as OutboxRefusal {
            #expect(refusal.code == "outbox.targets")
            #expect(refusal.facts["line"] == String(line), "\(refusal.facts)")
        }
    }

    @Test func `a secret that is not there is told, without saying what another is`() {
        #expect(throws: OutboxRefusal.secret("env:NO")) {
            try Self.read("targets:\n  a: {kind: webhook, url: 'http://x', secret: 'env:NO'}")
        }
        #expect(throws: OutboxRefusal.secret("file:/nowhere/at/all")) {
            try Self.read(
                "targets:\n  a: {kind: webhook, url: 'http://x', secret: 'file:/nowhere/at/all'}"
            )
        }
    }
}
