import Sync
import Tally
import Testing

@Suite struct MessagesTests {
    private let hub: TestHub
    private let terminal: TestTerminal

    init() throws {
        hub = try TestHub()
        terminal = try TestTerminal(seed: 2, at: hub)
        try terminal.record(Carton.seen("1"), Carton.label("A"), Carton.move("reopen"))
    }

    @Test func `every message comes back from its bytes`() throws {
        let push = try #require(try terminal.pushRequest())
        #expect(try PushRequest(bytes: try push.bytes()) == push)
        let pushed = try hub.push(push)
        #expect(pushed.items.contains { $0.verdict == .rejected })
        #expect(try PushResponse(bytes: try pushed.bytes()) == pushed)
        let pull = try terminal.pullRequest()
        #expect(try PullRequest(bytes: try pull.bytes()) == pull)
        let page = try hub.pull(pull)
        #expect(page.digest != nil)
        #expect(try PullResponse(bytes: try page.bytes()) == page)
        let part = try hub.pull(
            PullRequest(
                replica: pull.replica,
                scope: Carton.dock,
                epoch: 1,
                after: 0,
                limit: 1
            )
        )
        #expect(part.operations.isEmpty && part.digest == nil)
        #expect(try PullResponse(bytes: try part.bytes()) == part)
    }

    @Test func `an answer that is cut anywhere is refused or changes nothing wrongly`() throws {
        let push = try #require(try terminal.pushRequest())
        let pushed = try hub.push(push).bytes()
        for count in 0..<pushed.count {
            #expect(throws: SyncRefusal.malformed, "\(count) of \(pushed.count)") {
                let response = try PushResponse(bytes: Array(pushed.prefix(count)))
                try terminal.apply(response, to: push)
            }
        }
        #expect(try terminal.pushRequest() == push)
        try terminal.push(to: hub)
        let page = try hub.pull(try terminal.pullRequest()).bytes()
        for count in 0..<page.count {
            #expect(throws: SyncRefusal.malformed, "\(count) of \(page.count)") {
                try PullResponse(bytes: Array(page.prefix(count)))
            }
        }
    }

    @Test func `garbage is refused with a code and never crashes`() {
        for seed in seedBase..<seedBase + 5_000 {
            var dice = SeededDice(seed: seed)
            let garbage = dice.garbage(countMax: 120)
            let decoders: [([UInt8]) throws -> Void] = [
                { _ = try EnrollRequest(bytes: $0) }, { _ = try Enrolment(bytes: $0) },
                { _ = try PushRequest(bytes: $0) }, { _ = try PushResponse(bytes: $0) },
                { _ = try ReturnRequest(bytes: $0) }, { _ = try ReturnResponse(bytes: $0) },
                { _ = try PullRequest(bytes: $0) }, { _ = try PullResponse(bytes: $0) },
            ]
            for decode in decoders {
                do {
                    try decode(garbage)
                } catch {
                    #expect(error is SyncRefusal, "seed \(seed)")
                }
            }
        }
    }

    @Test func `another version of the protocol is refused by its number`() throws {
        let push = try #require(try terminal.pushRequest())
        let other = try push.bytes() + [0x08, 3]
        #expect(throws: SyncRefusal.version(3)) { try PushRequest(bytes: other) }
    }

    @Test func `a refusal comes back with its code and facts, and a page of a proxy is none`()
        throws
    {
        let refusal = SyncRefusal.scopeNotPermitted(Carton.dock)
        let read = SyncProblem.refusal(in: try SyncProblem.bytes(of: refusal))
        #expect(read?.code == refusal.code)
        #expect(read?.facts == ["scope": "SZ1/DOCK"])
        #expect(SyncProblem.refusal(in: Array("<html>log in</html>".utf8)) == nil)
        #expect(SyncProblem.refusal(in: []) == nil)
    }
}
