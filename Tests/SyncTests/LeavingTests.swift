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

    private func scopes(of terminal: TestTerminal) throws -> [Scope] {
        try terminal.store.read { try TerminalReplica.enrolment(in: $0)?.scopes ?? [] }
    }

    /// Both scopes with something sent and fetched, and one record unsent in the floor's.
    private func begun() throws -> (hub: TestHub, terminal: TestTerminal, unsent: Operation) {
        let hub = try TestHub()
        let terminal = try TestTerminal(seed: 2, at: hub, scopes: [Carton.dock, Carton.floor])
        try terminal.record(
            Carton.seen("sent", Carton.key("F", in: Carton.floor)),
            Carton.seen("here")
        )
        try terminal.push(to: hub)
        for scope in [Carton.dock, Carton.floor] { try terminal.pull(from: hub, scope) }
        let unsent = try terminal.record(Carton.seen("unsent", Carton.key("F", in: Carton.floor)))
        return (hub, terminal, unsent[0])
    }

    private func setScopes(_ scopes: [Scope], of terminal: TestTerminal, at hub: TestHub) throws {
        let id = terminal.terminal.replica.id
        try hub.store.write { try HubReplica.setScopes(scopes, of: id, in: $0) }
    }

    @Test(arguments: [true, false])
    func `a terminal learns by itself that it was moved, and drops nothing unsent`(
        _ pushesFirst: Bool
    ) throws {
        let (hub, terminal, unsent) = try begun()
        try setScopes([Carton.dock], of: terminal, at: hub)
        if !pushesFirst { try terminal.pull(from: hub) }
        try terminal.push(to: hub)
        #expect(try scopes(of: terminal) == [Carton.dock])
        // The state of what it left is gone; what it recorded there is not.
        #expect(terminal.cells(Carton.floor).isEmpty)
        #expect(!terminal.cells(Carton.dock).isEmpty)
        let own = try terminal.store.read { try $0.operation(unsent.id) }
        #expect(own?.operation.bytes == unsent.bytes)
        #expect(own?.acknowledged == .quarantined)
        #expect(try hub.aside.map(\.bytes) == [unsent.bytes])
        #expect(try terminal.upRequest() == nil)
        try terminal.pull(from: hub)
        #expect(try terminal.digest() == hub.digest())
    }

    @Test func `a scope that is given back is fetched from its beginning`() throws {
        let (hub, terminal, _) = try begun()
        try setScopes([Carton.dock], of: terminal, at: hub)
        try terminal.push(to: hub)
        try setScopes([Carton.dock, Carton.floor], of: terminal, at: hub)
        try terminal.pull(from: hub)
        try terminal.push(to: hub)
        #expect(try scopes(of: terminal) == [Carton.dock, Carton.floor])
        try terminal.pull(from: hub, Carton.floor)
        #expect(terminal.cells(Carton.floor) == hub.cells(Carton.floor))
        #expect(try terminal.digest(Carton.floor) == hub.digest(Carton.floor))
    }

    @Test func `a page of a scope that was left meanwhile changes nothing`() throws {
        let (hub, terminal, _) = try begun()
        let request = try terminal.pullRequest(Carton.floor)
        let page = try hub.pull(request)
        try setScopes([Carton.dock], of: terminal, at: hub)
        try terminal.push(to: hub)
        #expect(try terminal.apply(page) == .stale)
        let first = PullRequest(
            replica: terminal.terminal.replica.id,
            scope: Carton.floor,
            epoch: try hub.epoch,
            after: 0,
            limit: 10
        )
        try setScopes([Carton.dock, Carton.floor], of: terminal, at: hub)
        let whole = try hub.pull(first)
        #expect(try terminal.apply(whole) == .stale)
        #expect(terminal.cells(Carton.floor).isEmpty)
    }

    @Test func `scopes that the hub did not certify are not taken over`() throws {
        let (hub, terminal, _) = try begun()
        try setScopes([Carton.dock], of: terminal, at: hub)
        try terminal.pull(from: hub)
        let request = try #require(try terminal.upRequest())
        guard case .enroll(let reminder) = request else { return #expect(Bool(false)) }
        let answer = try hub.enroll(reminder)
        let forged = Enrolment(
            hub: answer.hub,
            hubPublicKey: answer.hubPublicKey,
            epoch: answer.epoch,
            name: answer.name,
            scopes: [Carton.floor],
            certificate: answer.certificate
        )
        #expect(try terminal.apply(try forged.bytes(), to: request) != .moved)
        #expect(try scopes(of: terminal) == [Carton.dock, Carton.floor])
    }
}
