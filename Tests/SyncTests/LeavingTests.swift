import Sync
import Tally
import Testing

/// A terminal that leaves a scope: what it recorded there before is neither dropped nor shown on.
@Suite struct LeavingTests {
    @Test func `work that was not sent when a terminal left its scope is kept`() throws {
        let hub = try TestHub()
        let terminal = try TestTerminal(seed: 2, at: hub, scopes: [Carton.dock, Carton.floor])
        let there = Carton.key("F", in: Carton.floor)
        try terminal.record(Carton.seen("sent", there))
        try terminal.push(to: hub)
        try terminal.pull(from: hub, Carton.floor)
        let unsent = try terminal.record(Carton.seen("unsent", there), Carton.seen("here"))
        // The hub enrols it anew, without the floor.
        let request = EnrollRequest(
            code: try hub.offer([Carton.dock]),
            publicKey: terminal.terminal.replica.publicKey
        )
        let answer = try hub.enroll(request)
        try terminal.store.write { try TerminalReplica.enroll(answer, in: $0) }
        let words = try terminal.push(to: hub)
        #expect(words.map(\.verdict) == [.quarantined, .accepted])
        #expect(words.map(\.stored) == [true, true])
        #expect(try hub.aside.map(\.bytes) == [unsent[0].bytes])
        #expect(try hub.aside.map(\.reason) == ["sync.scope_not_permitted"])
        // The author sees why, and still has it.
        let own = try terminal.store.read { try $0.operation(unsent[0].id) }
        #expect(own?.operation.bytes == unsent[0].bytes)
        #expect(own?.acknowledged == .quarantined)
        #expect(own?.answer == "sync.scope_not_permitted")
        // Nothing more of the scope comes to it.
        #expect(throws: SyncRefusal.scopeNotPermitted(Carton.floor)) {
            try hub.pull(try terminal.pullRequest(Carton.floor))
        }
        // A person lets it count.
        #expect(try hub.release(1) == .accepted)
        let facts = try hub.store.read { reading in
            try EntityReader(reading, hub.hub.reducer).record(of: there).facts.count
        }
        #expect(facts == 2)
    }
}
