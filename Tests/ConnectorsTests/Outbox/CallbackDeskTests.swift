import Connectors
import Foundation
import Tally
import Testing

@Suite struct CallbackDeskTests {
    private static let now = Moment(milliseconds: 1_790_000_000_000)

    private static func desk() throws -> CallbackDesk {
        let file = """
            targets:
              erp: {kind: webhook, url: "http://erp", secret: out, callback: in}
              mute: {kind: webhook, url: "http://mute", secret: out}
            """
        return CallbackDesk(
            try TargetFile.read(
                name: "targets.yaml",
                bytes: Array(file.utf8),
                environment: [:]
            )
        )
    }

    private static func word(
        _ body: String,
        at desk: CallbackDesk,
        from target: String = "erp",
        secret: String = "in"
    ) throws(OutboxRefusal) -> OutboxWord {
        let bytes = Array(body.utf8)
        let seconds = now.milliseconds / 1_000
        return try desk.word(
            from: target,
            bytes,
            timestamp: String(seconds),
            signature: WebhookSignature.signature(of: bytes, seconds: seconds, secret: secret),
            now: now
        )
    }

    private static let key = Identifier.derived("told", "1")

    @Test func `a signed call is understood once`() throws {
        let desk = try Self.desk()
        let body = #"{"key": "\#(Self.key)", "state": "accepted", "number": 77}"#
        let word = try Self.word(body, at: desk)
        #expect(
            word == OutboxWord(key: Self.key, target: "erp", state: .accepted, number: "77")
        )
        #expect(throws: OutboxRefusal.forgedCall("erp")) { try Self.word(body, at: desk) }
    }

    @Test func `who has no secret, or another's, is not believed`() throws {
        let desk = try Self.desk()
        let body = #"{"key": "\#(Self.key)", "state": "closed"}"#
        for (target, secret) in [("erp", "out"), ("mute", "out"), ("mute", ""), ("none", "in")] {
            #expect(throws: OutboxRefusal.forgedCall(target)) {
                try Self.word(body, at: desk, from: target, secret: secret)
            }
        }
    }

    @Test(arguments: [
        "", "{}", "[1]", #"{"key": "1", "state": "closed"}"#,
        #"{"key": "00000000000000000000000000000001", "state": "lost"}"#,
        #"{"key": null, "state": "closed"}"#,
    ])
    func `what says nothing is refused`(_ body: String) throws {
        let desk = try Self.desk()
        do {
            _ = try Self.word(body, at: desk)
            Issue.record("it was understood")
        } catch {
            #expect(error.code == "outbox.bad_call")
        }
    }
}
