import Foundation
import SwiftProtobuf
import Sync

/// What the cases share: the hub, and a terminal of their own that they enrol there.
package final class Stage {
    let line: any StrangerLine
    /// The one-time code that the hub gave out for the terminal.
    let code: String
    let now: () -> Int64
    var dice: any RandomNumberGenerator
    var terminal: Stranger
    var enrolled = WireEnrolled()
    /// A counter of the hybrid clock, so that no two operations have one stamp unless they should.
    private var tick: UInt64 = 0

    /// - Parameters:
    ///   - line: the way to the hub.
    ///   - code: a one-time code for a terminal that is not there yet, without its pin.
    ///   - now: milliseconds since 1970-01-01.
    ///   - dice: for ids.
    package init(
        line: any StrangerLine,
        code: String,
        now: @escaping () -> Int64,
        dice: any RandomNumberGenerator
    ) {
        let stranger = Stranger(incarnation: 1)
        self.line = ProvenLine(line: line, terminal: stranger)
        self.code = code
        self.now = now
        self.dice = dice
        terminal = stranger
        terminal.start(number())
    }

    /// A random number other than 0.
    func number() -> UInt64 { dice.next() | 1 }

    func random(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next() as UInt64) }
    }

    /// The site's scope that the cases speak in.
    var scope: String { enrolled.scopes.first { $0.contains("/") } ?? "" }

    // MARK: - Operations

    /// A report of an exception: `exception_report.raised`, as a fact.
    func report(_ entity: [UInt8]? = nil, text: String = "conformance") -> WireOperation {
        var operation = blank(entity ?? random(16))
        operation.kind = 1
        operation.type = "exception_report.raised"
        // Raised: 1 the category, 3 the station, 4 the words.
        operation.payload = Data(Self.strings([1: "conformance", 3: "CONFORMANCE", 4: text]))
        return operation
    }

    /// An edit of a report's problem, in a chain that has begun.
    func problem(of entity: [UInt8], _ text: String) -> WireOperation {
        var operation = blank(entity)
        operation.kind = 2
        operation.type = "exception_report.problem"
        operation.payload = Data(text.utf8)
        return operation
    }

    /// A move of a report's.
    func move(_ entity: [UInt8], _ type: String) -> WireOperation {
        var operation = blank(entity)
        operation.kind = 3
        operation.type = type
        return operation
    }

    private func blank(_ entity: [UInt8]) -> WireOperation {
        let place = scope.split(separator: "/").map(String.init)
        tick += 1
        var operation = WireOperation()
        operation.format = 1
        operation.stamp = UInt64(now()) << 16 | tick & 0xFFFF
        operation.author = "CONFORMANCE"
        operation.wallMilliseconds = now()
        operation.boot = 1
        operation.monotonicMilliseconds = tick
        operation.site = place.first ?? ""
        operation.area = place.last ?? ""
        operation.entityKind = "exception_report"
        operation.entity = Data(entity)
        return operation
    }

    /// A message with fields of text only, by their numbers.
    static func strings(_ fields: [UInt8: String]) -> [UInt8] {
        var bytes = Canon()
        for (number, text) in fields.sorted(by: { $0.key < $1.key }) {
            bytes.integer(UInt64(number) << 3 | 2)
            bytes.text(text)
        }
        return bytes.bytes
    }

    /// The next operation of the chain.
    func made(_ operation: WireOperation) throws -> [UInt8] {
        var operation = operation
        return try terminal.chain(&operation)
    }

    /// As after a start of the program: a chain of its own, so that what one case leaves behind
    /// does not stand in the next one's way.
    func startChain() { terminal.start(number()) }

    // MARK: - Exchanges

    /// Pushes operations, and gives the hub's word on each.
    func push(_ operations: [[UInt8]]) async throws -> WirePushed {
        let request = try terminal.push(operations, epoch: enrolled.epoch)
        return try await push(request)
    }

    func push(_ request: WirePush) async throws -> WirePushed {
        let reply = try await line.post("sync/v1/push", request.serializedBytes())
        let answer = try self.answer(WirePushed.self, reply)
        try expect(Array(answer.batch), is: Hash.short(request.signature), "the answer's `batch`")
        return answer
    }

    /// Pushes one operation, and gives the hub's word on it.
    func pushed(_ operation: [UInt8]) async throws -> WirePushed.Item {
        let answer = try await push([operation])
        try expect(answer.items.count, is: 1, "the number of items")
        return answer.items[0]
    }

    func pull(
        after: UInt64,
        limit: UInt32 = 500,
        _ change: (inout WirePull) -> Void = { _ in }
    ) async throws -> WirePulled {
        var request = pullRequest(after: after, limit: limit)
        change(&request)
        let reply = try await line.post("sync/v1/pull", request.serializedBytes())
        return try answer(WirePulled.self, reply)
    }

    func pullRequest(after: UInt64, limit: UInt32 = 500) -> WirePull {
        var request = WirePull()
        request.protocol = 1
        request.replica = Data(terminal.id)
        request.scope = scope
        request.epoch = enrolled.epoch
        request.after = after
        request.limit = limit
        return request
    }

    /// The last place of the scope's order.
    func head() async throws -> UInt64 { try await pull(after: 0, limit: 1).head }

    /// Reads an answer.
    func answer<Message: SwiftProtobuf.Message>(
        _ type: Message.Type,
        _ reply: Reply
    ) throws -> Message {
        try expect(reply.status == 200, "status \(reply.status)\(Self.told(reply)), expected 200")
        try expect(reply.mediaType, is: "application/x-protobuf", "the media type")
        do {
            return try type.init(serializedBytes: reply.body)
        } catch {
            throw CaseFailure("the answer is no \(type.protoMessageName)")
        }
    }

    /// Holds a reply against what a refusal has to be: with one of these codes, or any if none.
    func expectRefusal(_ reply: Reply, _ codes: String...) throws {
        try expectRefusal(reply, among: codes)
    }

    func expectRefusal(_ reply: Reply, among codes: [String]) throws {
        let wanted = codes.joined(separator: " or ")
        try expect(
            (400..<500).contains(reply.status),
            "status \(reply.status)\(Self.told(reply)), expected a refusal: \(wanted)"
        )
        try expect(reply.mediaType, is: "application/x-protobuf", "the media type of a refusal")
        guard let problem = try? WireProblem(serializedBytes: reply.body), !problem.code.isEmpty
        else { throw CaseFailure("the body of a refusal is no SyncProblem") }
        try expect(
            codes.isEmpty || codes.contains(problem.code),
            "refused with \(problem.code), expected \(wanted)"
        )
    }

    /// Holds the hub's word on an operation against what it has to be.
    func judge(
        _ item: WirePushed.Item,
        _ verdict: WireVerdict,
        _ reasons: String...,
        known: Bool = false
    ) throws {
        let said = "\(item.verdict) \(item.reason)"
        try expect(
            item.verdict == verdict && (reasons.isEmpty || reasons.contains(item.reason)),
            "the verdict is \(said), expected \(verdict) \(reasons.joined(separator: " or "))"
        )
        try expect(item.known, is: known, "`known`")
        try expect(item.stored, "`stored` is false")
    }

    /// Whether the hub still takes this terminal's work.
    func expectService() async throws {
        startChain()
        try judge(try await pushed(made(report())), .accepted)
    }

    /// What a body that is a problem says.
    private static func told(_ reply: Reply) -> String {
        guard let problem = try? WireProblem(serializedBytes: reply.body), !problem.code.isEmpty
        else { return "" }
        return " (\(problem.code))"
    }
}
