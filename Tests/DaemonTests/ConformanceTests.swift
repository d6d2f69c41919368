import Conformance
import Foundation
import Sync
import SwiftProtobuf
import Tally
import Testing

extension DaemonSuites {
    /// The conformance suite at the real hub, and at one that lies.
    @Suite struct ConformanceTests {
        private struct Line: Decodable {
            let name: String?
            let passed: Bool?
            let failure: String?
            let cases: Int?
            let failed: Int?

            enum CodingKeys: String, CodingKey {
                case name = "case"
                case passed, failure, cases, failed
            }
        }

        private static func lines(_ outcome: DaemonPlant.Outcome) throws -> [Line] {
            try outcome.output.split(separator: "\n").map {
                try JSONDecoder().decode(Line.self, from: Data($0.utf8))
            }
        }

        @Test(arguments: [false, true])
        func `the hub passes every case, over HTTP and over TLS`(isSecure: Bool) async throws {
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let code = try plant.enrolmentCode("stranger")
                let words = ["hub", "serve"] + (isSecure ? ["--tls"] : [])
                let program = try plant.launch("hub", words)
                let port = try plant.listening(program, "hub").port
                let address = "\(isSecure ? "https" : "http")://127.0.0.1:\(port)"
                let outcome = try plant.run(
                    "conformance",
                    "--hub",
                    address,
                    "--enroll",
                    code,
                    "--json",
                    within: .seconds(240)
                )
                let lines = try Self.lines(outcome)
                let failures = lines.compactMap { line in
                    line.failure.map { "\(line.name ?? ""): \($0)" }
                }
                #expect(failures == [])
                #expect(outcome.end == .exit(0), "\(outcome.errors)")
                let last = try #require(lines.last)
                #expect(try #require(last.cases) >= 80)
                #expect(last.failed == 0)
                #expect(lines.count { $0.passed == true } == last.cases)
                program.stop()
                #expect(try plant.verify("hub").sound)
            }
        }

        @Test func `a hub of this machine is asked for a code, and the site is made`() async throws
        {
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let hub = try plant.startHub()
                let address = "http://127.0.0.1:\(hub.port)"
                let outcome = try plant.run(
                    "conformance",
                    "--hub",
                    address,
                    "--data",
                    plant.path("hub"),
                    within: .seconds(240)
                )
                #expect(outcome.end == .exit(0), "\(outcome.output)\(outcome.errors)")
                let other = try plant.run(
                    "conformance",
                    "--hub",
                    "http://127.0.0.1:1",
                    "--data",
                    plant.path("hub")
                )
                #expect(other.end == .exit(1))
                #expect(other.errors.contains("not at http://127.0.0.1:1"), "\(other.errors)")
            }
        }

        @Test func `what is no hub fails, and says so once`() async throws {
            try await DaemonPlant.with { plant in
                let outcome = try plant.run(
                    "conformance",
                    "--hub",
                    "http://127.0.0.1:1",
                    "--enroll",
                    "0123456789ABCDEF"
                )
                #expect(outcome.end == .exit(1))
                #expect(outcome.complaint.count == 1, "\(outcome.errors)")
                let wrong = try plant.run(
                    "conformance",
                    "--hub",
                    "http://10.0.0.1",
                    "--enroll",
                    "A"
                )
                #expect(wrong.end == .exit(64), "\(wrong.errors)")
            }
        }

        @Test(arguments: Lie.all)
        func `a hub that lies is found`(lie: Lie) async throws {
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let code = try plant.enrolmentCode("stranger")
                let hub = try plant.startHub()
                let stage = Stage(
                    line: LyingLine(port: hub.port, lie: lie),
                    code: String(code.split(separator: "-")[0]),
                    now: { Int64(Date().timeIntervalSince1970 * 1000) },
                    dice: SystemRandomNumberGenerator()
                )
                var failed: [String] = []
                _ = await ConformanceRun.play(
                    ConformanceCase.all.filter {
                        $0.name == "enroll.good" || $0.name == lie.finder
                    },
                    on: stage
                ) { outcome in
                    if outcome.failure != nil { failed.append(outcome.name) }
                }
                #expect(failed == [lie.finder])
            }
        }
    }
}

/// A wrong answer in the place of the hub's, and the case that must find it.
struct Lie: Sendable, CustomTestStringConvertible {
    let name: String
    let finder: String
    let path: String
    let tell: @Sendable (inout Reply) throws -> Void

    var testDescription: String { name }

    /// Changes the message of a good answer.
    private static func answer<Message: SwiftProtobuf.Message>(
        _ name: String,
        _ finder: String,
        _ path: String,
        _ type: Message.Type,
        _ change: @escaping @Sendable (inout Message) -> Void
    ) -> Lie {
        Lie(name: name, finder: finder, path: path) { reply in
            guard reply.status == 200 else { return }
            var message = try type.init(serializedBytes: reply.body)
            change(&message)
            reply = Reply(
                status: 200,
                mediaType: reply.mediaType,
                body: try message.serializedBytes()
            )
        }
    }

    private typealias Pushed = Tallyman_Sync_V1_PushResponse
    private typealias Pulled = Tallyman_Sync_V1_PullResponse

    static let all: [Lie] = [
        answer("another batch", "push.one", "push", Pushed.self) { $0.batch[0] ^= 1 },
        answer("nothing is known", "push.repeated", "push", Pushed.self) { answer in
            for index in answer.items.indices { answer.items[index].known = false }
        },
        answer("a word is missing", "push.most", "push", Pushed.self) { _ = $0.items.popLast() },
        answer("all is accepted", "verdict.rejected", "push", Pushed.self) { answer in
            for index in answer.items.indices {
                answer.items[index].verdict = .accepted
                answer.items[index].reason = ""
            }
        },
        answer("all is accepted, forks too", "verdict.fork", "push", Pushed.self) { answer in
            for index in answer.items.indices { answer.items[index].verdict = .accepted }
        },
        answer("nothing is stored", "push.one", "push", Pushed.self) { answer in
            for index in answer.items.indices { answer.items[index].stored = false }
        },
        answer("a page lost its last operation", "pull.order", "pull", Pulled.self) {
            _ = $0.operations.popLast()
        },
        answer("a page lost its first operation", "pull.pages", "pull", Pulled.self) {
            if !$0.operations.isEmpty { $0.operations.removeFirst() }
        },
        answer("operations are encoded anew", "verdict.unknown_field", "pull", Pulled.self) {
            page in
            page.operations = page.operations.map { bytes in
                guard var operation = try? Tallyman_Sync_V1_WireOperation(serializedBytes: bytes)
                else { return bytes }
                operation.unknownFields = SwiftProtobuf.UnknownStorage()
                return (try? operation.serializedData()) ?? bytes
            }
        },
        answer("the digest is another", "state.digest", "pull", Pulled.self) { page in
            if !page.digest.isEmpty { page.digest[15] ^= 1 }
        },
        answer("the sum of a part is another", "state.digest", "pull", Pulled.self) { page in
            if !page.ranges.isEmpty { page.ranges[0].parts[0].sum[0] ^= 1 }
        },
        answer("a cell is another", "state.digest", "pull", Pulled.self) { page in
            if !page.entities.isEmpty { page.entities[0].cells[0].value.append(0) }
        },
        answer("another epoch", "pull.other_epoch", "pull", Pulled.self) { $0.epoch &+= 1 },
        answer(
            "there is always news",
            "watch.quiet",
            "watch",
            Tallyman_Sync_V1_WatchResponse.self
        ) { $0.changed = true },
        Lie(name: "a forgery is good", finder: "forgery.altered", path: "push") { reply in
            guard reply.status != 200 else { return }
            reply = Reply(status: 200, mediaType: "application/x-protobuf", body: [])
        },
        Lie(name: "a page of a proxy's", finder: "push.too_many", path: "push") { reply in
            guard reply.status != 200 else { return }
            reply = Reply(status: 502, mediaType: "text/html", body: Array("<html>".utf8))
        },
    ]
}

/// The real hub's answers, but for one kind.
private struct LyingLine: StrangerLine {
    let port: Int
    let lie: Lie

    func post(_ path: String, _ body: [UInt8], proof: [UInt8]?) async throws -> Reply {
        let headers = proof.map { ["tallyman-proof": $0.hexadecimal] } ?? [:]
        let answer = try PlainHTTP.post("/" + path, body, headers: headers, at: .port(port))
        var reply = Self.reply(answer)
        if path == "sync/v1/" + lie.path { try lie.tell(&reply) }
        return reply
    }

    func get(_ path: String) async throws -> Reply {
        Self.reply(try PlainHTTP.get("/" + path, at: .port(port)))
    }

    func breakOff(_ path: String, _ body: [UInt8], after count: Int) async {}

    private static func reply(_ answer: HTTPReply) -> Reply {
        Reply(
            status: answer.status,
            mediaType: answer.headers["content-type"] ?? "",
            body: answer.body
        )
    }
}
