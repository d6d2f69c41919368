import Sync
import Tally
import Testing

/// Terminals and hubs of several versions find the newest that both speak, whoever is upgraded
/// first.
@Suite struct VersionTests {
    private let hub: TestHub
    private let terminal: TestTerminal

    init() throws {
        hub = try TestHub()
        terminal = try TestTerminal(seed: 2, at: hub)
    }

    private func start(
        _ hubSpeaks: ClosedRange<UInt32>,
        _ terminalSpeaks: ClosedRange<UInt32>
    ) throws {
        hub.speaks = ProtocolVersions(hubSpeaks)
        try hub.restart()
        terminal.speaks = ProtocolVersions(terminalSpeaks)
        try terminal.restart()
    }

    private var version: UInt32 {
        get throws { try terminal.store.read { try terminal.terminal.version(in: $0) } }
    }

    /// One exchange as the daemons have it: bytes, and a refusal as its body.
    private func exchange() throws -> SyncRefusal? {
        guard let request = try terminal.upRequest() else { return nil }
        do {
            let answer = try hub.answer(bytes: try request.bytes(), of: request)
            try terminal.apply(answer, to: request)
            return nil
        } catch let refusal as SyncRefusal {
            let said = try #require(SyncProblem.refusal(in: try SyncProblem.bytes(of: refusal)))
            try terminal.note(said, of: request)
            return said
        }
    }

    /// Records something, and has it sent within a few exchanges.
    private func work(_ note: String) throws -> [SyncRefusal] {
        try terminal.record(Carton.seen(note))
        var refusals: [SyncRefusal] = []
        for _ in 0..<4 { try exchange().map { refusals.append($0) } }
        return refusals
    }

    private var unsent: Int {
        get throws {
            try terminal.store.read { try $0.backlog(of: terminal.terminal.replica.id).count }
        }
    }

    @Test(
        arguments: [1...1, 1...2, 2...2] as [ClosedRange<UInt32>],
        [
            1...1, 1...2, 2...2,
        ] as [ClosedRange<UInt32>]
    )
    func `both sides end at the newest version that both speak, or nothing is lost`(
        _ hubSpeaks: ClosedRange<UInt32>,
        _ terminalSpeaks: ClosedRange<UInt32>
    ) throws {
        try start(hubSpeaks, terminalSpeaks)
        let refusals = try work("1")
        let newest = min(hubSpeaks.upperBound, terminalSpeaks.upperBound)
        if newest >= max(hubSpeaks.lowerBound, terminalSpeaks.lowerBound) {
            #expect(try version == newest)
            #expect(try unsent == 0)
            // A hub that is older is met with one refusal, and never again.
            #expect(refusals.count == (terminalSpeaks.upperBound > newest ? 1 : 0))
            #expect(try work("2").isEmpty)
        } else {
            let isTerminalOlder = terminalSpeaks.upperBound < hubSpeaks.lowerBound
            let code: ProblemCode = isTerminalOlder ? "sync.version_ended" : "sync.version"
            #expect(refusals.count == 4)
            #expect(refusals.allSatisfy { $0.code == code && $0.isOfVersion })
            #expect(refusals.first?.facts["spoken"] == String(hubSpeaks.upperBound))
            #expect(refusals.first?.facts["oldest"] == String(hubSpeaks.lowerBound))
            #expect(try unsent == 1)
            // The upgrade of whichever side is older ends it, with nobody doing anything else.
            if isTerminalOlder { try start(hubSpeaks, 1...2) } else { try start(1...2, 2...2) }
            _ = try work("2")
            #expect(try unsent == 0)
            #expect(try version == 2)
        }
    }

    @Test func `an upgraded hub is spoken to in the newer version from its next answer on`() throws
    {
        try start(1...1, 1...2)
        #expect(try work("1").count == 1)
        #expect(try version == 1)
        try start(1...2, 1...2)
        #expect(try work("2").isEmpty)
        #expect(try version == 2)
        // A hub that goes back to the older program is followed too.
        try start(1...1, 1...2)
        #expect(try work("3").count == 1)
        #expect(try version == 1)
        #expect(try unsent == 0)
    }

    @Test func `a page lets a terminal that sends nothing find the newer version`() throws {
        try start(1...1, 1...2)
        _ = try work("1")
        try start(1...2, 1...2)
        try terminal.pull(from: hub)
        #expect(try version == 2)
    }

    @Test func `an answer in a form that the terminal does not speak is not taken`() throws {
        try start(1...2, 1...1)
        try terminal.record(Carton.seen("1"))
        let request = try #require(try terminal.pushRequest())
        var answer = try hub.push(request)
        #expect(answer.version == 1)
        answer.version = 2
        #expect(throws: SyncRefusal.malformed) {
            try terminal.apply(try PushResponse(bytes: try answer.bytes()), to: request)
        }
        #expect(try unsent == 1)
    }

    @Test func `a sparse answer says the same as a full one`() throws {
        try start(1...2, 1...2)
        try terminal.record(Carton.seen("1"), Carton.move("close"), Carton.move("close"))
        let request = try #require(try terminal.pushRequest())
        let answer = try hub.push(request)
        #expect(answer.version == 2)
        var full = answer
        full.version = 1
        let (sparse, whole) = (try answer.bytes(), try full.bytes())
        #expect(sparse.count < whole.count)
        let words = try PushResponse(bytes: sparse).items
        #expect(words == answer.items)
        #expect(try PushResponse(bytes: whole).items == words)
        #expect(words.map(\.verdict) == [.accepted, .accepted, .rejected])
        // Sent again, every word is another one.
        let again = try hub.push(request)
        #expect(try PushResponse(bytes: try again.bytes()).items == again.items)
        #expect(again.items.map(\.known) == [true, true, true])
    }
}
