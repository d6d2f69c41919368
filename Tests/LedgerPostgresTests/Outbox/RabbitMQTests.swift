import AsyncHTTPClient
import Connectors
import Foundation
import Tally
import Testing

/// A real broker, which loses its queue, its connections and itself.
@Suite(
    .serialized,
    .enabled(if: RabbitServer.isInstalled, "Debian's rabbitmq-server is missing"),
    .enabled(if: TargetServer.canRun, "Python with pika and aiosmtpd is missing")
) struct RabbitMQTests {
    private static let now = Moment(milliseconds: 1_790_000_000_000)

    private static func message(_ number: Int) -> OutboundMessage {
        OutboundMessage(
            key: .derived("told", String(number)),
            topic: "arrival_order",
            site: "SZ1",
            entity: .derived("order", String(number)),
            isRepeat: number == 2,
            content: .map(["number": .text("AO-SZ1-00000\(number)"), "note": .text("送货单\"")])
        )
    }

    @Test func `what no queue takes is undelivered, and a broker that comes back is found`()
        async throws
    {
        let folder = NSTemporaryDirectory() + "tallyman-mq-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // best effort
        var broker: RabbitServer? = try RabbitServer(in: folder)
        let port = broker?.port ?? 0
        let file = """
            targets:
              queue: {kind: rabbitmq, url: "amqp://guest:guest@127.0.0.1:\(port)/", timeout: 5s,
                routing_key: orders}
            """
        let targets = try TargetFile.read(
            name: "targets.yaml",
            bytes: Array(file.utf8),
            environment: [:]
        )
        let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
        let connector = try #require(targets.first).connector(client) { key, _, _ in key }
        try await client.shutdown()

        let unroutable = await connector.send([Self.message(1)], now: Self.now)
        #expect(unroutable == .failed(SendFailure(.unroutable, "no queue takes /orders")))
        try broker?.declareQueue()
        for number in 1...2 {
            let sent = await connector.send([Self.message(number)], now: Self.now)
            #expect(sent == .accepted(number: ""))
        }
        let messages = try #require(try broker?.take())
        #expect(messages.map { $0["mode"] as? Int } == [2, 2])
        let headers = messages.compactMap { $0["headers"] as? [String: String] }
        #expect(headers.map { $0["cloudEvents:repeat"] } == ["false", "true"])
        #expect(
            headers.map { $0["cloudEvents:source"] } == [
                "/tallyman/sites/SZ1", "/tallyman/sites/SZ1",
            ]
        )
        #expect(
            headers.map { $0["cloudEvents:id"] } == [1, 2].map { Self.message($0).key.description }
        )
        #expect(headers.map { $0["cloudEvents:subject"] } == ["AO-SZ1-000001", "AO-SZ1-000002"])
        let notes = messages.map { ($0["body"] as? [String: Any])?["note"] as? String }
        #expect(notes == ["送货单\"", "送货单\""])

        broker = nil
        let lost = await connector.send([Self.message(3)], now: Self.now)
        guard case .failed(let failure) = lost else {
            Issue.record("\(lost)")
            return
        }
        #expect(failure.isUnreachable)
        let again = try RabbitServer(in: folder, port: port)
        try again.declareQueue()
        let sent = await connector.send([Self.message(3)], now: Self.now)
        #expect(sent == .accepted(number: ""))
        #expect(try again.take().count == 1)
    }
}
