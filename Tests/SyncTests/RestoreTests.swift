import Sync
import Tally
import Testing

/// A hub that is restored from a backup gets everything back, with nobody doing anything.
@Suite struct RestoreTests {
    private let hub: TestHub
    private let one: TestTerminal
    private let other: TestTerminal

    init() throws {
        hub = try TestHub(react: Self.react)
        one = try TestTerminal(seed: 2, at: hub)
        other = try TestTerminal(seed: 3, at: hub)
    }

    /// Every carton that was seen is ruled upon once.
    @Sendable private static func react(
        _ changed: Set<EntityKey>,
        _ transaction: any ReplicaTransaction
    ) throws -> [Draft] {
        try changed.sorted().filter {
            try transaction.cell(.decision("carton.ruled"), of: $0) == nil
        }.map { Carton.ruled("ruled", $0) }
    }

    private func expectEqual(_ restored: TestHub, _ terminals: TestTerminal...) throws {
        for terminal in terminals {
            #expect(try terminal.digest() == restored.digest())
            #expect(terminal.cells() == restored.cells())
        }
    }

    @Test func `what a restored hub lost comes back as it was, others' records too`() throws {
        try one.record(Carton.seen("1"))
        try one.sync(with: hub)
        let backup = try hub.copied()
        try one.record(Carton.seen("2", Carton.key("B")), Carton.label("A"))
        try one.sync(with: hub)
        try other.sync(with: hub)
        let cells = hub.cells()
        // The one that recorded it is gone for good; the other had received it.
        try backup.takeNewEpoch()
        try other.sync(with: backup)
        #expect(backup.cells() == cells)
        #expect(try backup.digest() == hub.digest())
        try expectEqual(backup, other)
        #expect(
            try backup.store.read { try $0.log(offset: 0, limit: .max) }.map(\.operation.hash)
                == hub.store.read { try $0.log(offset: 0, limit: .max) }.map(\.operation.hash)
        )
        // It goes on from there.
        try other.record(Carton.seen("3"))
        try other.sync(with: backup)
        try one.sync(with: backup)
        try expectEqual(backup, one)
        #expect(try one.record(of: Carton.key()).facts.count == 2)
    }

    @Test func `a hub that was restored to empty gets everything back`() throws {
        try one.record(Carton.seen("1"), Carton.label("A"))
        try one.sync(with: hub)
        try other.record(Carton.seen("2"))
        try other.sync(with: hub)
        let cells = hub.cells()
        let empty = try TestHub(react: Self.react)
        for terminal in [one, other] {
            let code = try empty.offer()
            let key = terminal.terminal.replica.publicKey
            _ = try empty.enroll(EnrollRequest(code: code, publicKey: key))
        }
        empty.dice = SeededDice(seed: 99)
        try empty.takeNewEpoch()
        try other.sync(with: empty)
        #expect(empty.cells() == cells)
        try one.sync(with: empty)
        try expectEqual(empty, one, other)
    }

    /// A hub that waits for its terminals decides nothing twice; one that a person told to go on
    /// does, and says so.
    @Test(arguments: [true, false])
    func `what was taken since the restore stays, and what comes back is judged anew`(
        _ waits: Bool
    ) throws {
        try one.sync(with: hub)
        try other.sync(with: hub)
        let backup = try hub.copied()
        try one.record(Carton.seen("1"), Carton.move("close"))
        try one.sync(with: hub)
        try backup.takeNewEpoch()
        if !waits { try backup.resume() }
        // A third one, which had seen nothing, comes first.
        let third = try TestTerminal(seed: 4, at: backup)
        try third.record(Carton.seen("3"), Carton.move("stop"))
        try third.sync(with: backup)
        try one.sync(with: backup)
        try third.pull(from: backup)
        try other.sync(with: backup)
        try expectEqual(backup, one, other, third)
        let record = try one.record(of: Carton.key())
        #expect(record.facts.count == 2)
        #expect(record.stage == "stopped")
        #expect(record.moves.map(\.stands).filter { $0 }.count == 1)
        // One ruling, not two.
        #expect(record.decisions.count == 1)
        let rulings = try backup.store.read { try $0.log(offset: 0, limit: .max) }
            .filter { $0.operation.type == "carton.ruled" }
        #expect(
            rulings.map(\.judgement?.reason) == (waits ? [""] : ["", "sync.decision_overtaken"])
        )
        #expect(try backup.store.read { try !HubReplica.isRecovering(in: $0) })
    }

    @Test func `what an author had seen in the old order does not count in the new one`() throws {
        let backup = try hub.copied()
        try one.record(Carton.seen("1"))
        try one.sync(with: hub)
        try other.sync(with: hub)
        let late = try other.record(Carton.seen("2"))[0]
        #expect(late.seen == 3)
        #expect(try late.seenEpoch == hub.epoch)
        try backup.takeNewEpoch()
        let third = try TestTerminal(seed: 4, at: backup)
        try third.record(Carton.seen("3"))
        try third.sync(with: backup)
        // The orders have nothing in common: the author had seen nothing of this one.
        try other.sync(with: backup)
        let judged = try backup.store.read { try $0.operation(late.id)?.judgement }
        #expect(judged?.seen == 0)
        let record = try other.record(of: Carton.key())
        let evidence = record.facts.map(\.evidence)
        let own = try #require(evidence.first { $0.operation == late.id })
        let thirds = try #require(
            evidence.first { $0.operation.replica == third.terminal.replica.id }
        )
        #expect(own.isConcurrent(with: thirds))
    }

    @Test func `what an author had seen counts as far as the orders agree`() throws {
        let backup = try hub.copied()
        try one.record(Carton.seen("1"))
        try one.sync(with: hub)
        try other.sync(with: hub)
        let late = try other.record(Carton.seen("2"))[0]
        try backup.takeNewEpoch()
        try other.sync(with: backup)
        let judged = try backup.store.read { try $0.operation(late.id)?.judgement }
        #expect(judged?.seen == 3)
    }

    @Test func `a hub that lost its end without being restored finds out and takes it back`() throws
    {
        try one.record(Carton.seen("1"))
        try one.sync(with: hub)
        let backup = try hub.copied()
        try one.record(Carton.seen("2"), Carton.seen("3"))
        try one.sync(with: hub)
        try other.sync(with: hub)
        let cells = hub.cells()
        let epoch = try hub.epoch
        try other.pull(from: backup)
        #expect(try backup.epoch != epoch)
        #expect(backup.cells() == cells)
        try one.record(Carton.seen("4"))
        try one.sync(with: backup)
        try other.sync(with: backup)
        try expectEqual(backup, one, other)
    }

    private func isAwaited(_ terminal: TestTerminal, at hub: TestHub) throws -> Bool {
        try hub.store.read {
            try HubReplica.awaited(in: $0).contains(terminal.terminal.replica.id)
        }
    }

    @Test(arguments: [-365, 365] as [Int64])
    func `a hub whose clock was wrong waits for a terminal as ever`(_ days: Int64) throws {
        try one.record(Carton.seen("1"))
        try one.push(to: hub)
        hub.wall = hub.wall.adding(milliseconds: days * 24 * 60 * 60 * 1000)
        hub.monotonic += 5 * 60 * 1000
        try other.record(Carton.seen("2"))
        try other.push(to: hub)
        let backup = try hub.copied()
        try backup.takeNewEpoch()
        #expect(try isAwaited(one, at: backup))
        #expect(try isAwaited(other, at: backup))
    }

    @Test func `a terminal that is away for a month of the hub's running time is not waited for`()
        throws
    {
        try one.record(Carton.seen("1"))
        try one.push(to: hub)
        let ask = try PushRequest([], epoch: try hub.epoch, by: other.terminal.replica)
        func pass(hours: Int) throws {
            for _ in 0..<hours {
                hub.monotonic += 60 * 60 * 1000
                _ = try hub.push(ask)
            }
        }
        try pass(hours: 30 * 24 - 1)
        let before = try hub.copied()
        try before.takeNewEpoch()
        #expect(try isAwaited(one, at: before))
        // A hub that stood still has not heard what it could have heard.
        hub.monotonic += 365 * 24 * 60 * 60 * 1000
        _ = try hub.push(ask)
        try pass(hours: 1)
        let after = try hub.copied()
        try after.takeNewEpoch()
        #expect(try !isAwaited(one, at: after))
        #expect(try isAwaited(other, at: after))
    }

    @Test func `a copy lets go of a ticket that the restored hub does not know`() throws {
        try one.record(Carton.seen("1"))
        try one.sync(with: hub)
        let backup = try hub.copied()
        let copy = try one.copied(seed: 77)
        try one.record(Carton.seen("one's"))
        try one.sync(with: hub)
        try copy.record(Carton.seen("the copy's"))
        let push = try #require(try copy.upRequest())
        try copy.apply(try hub.answer(push), to: push)
        let asked = try #require(try copy.upRequest())
        try backup.takeNewEpoch()
        let refusal = SyncRefusal.enrolmentCode(backup.hub.replica.id)
        #expect(throws: refusal) { try backup.answer(asked) }
        try copy.note(.remote(code: refusal.code.text, facts: refusal.facts), of: asked)
        for terminal in [one, copy, one, copy, one] { try terminal.sync(with: backup) }
        #expect(copy.terminal.replica.id != one.terminal.replica.id)
        let said = try one.record(of: Carton.key()).facts.map(\.payload)
        #expect(Set(said) == Set(["1", "one's", "the copy's"].map { Array($0.utf8) }))
        #expect(said.count == 3)
        try expectEqual(backup, one, copy)
    }

    @Test func `a hub that forgot both identities of a terminal is reminded of both`() throws {
        let empty = try hub.copied()
        let late = try TestTerminal(seed: 9, at: hub)
        let former = late.terminal.replica.id
        try late.record(Carton.seen("1"))
        try late.push(to: hub)
        let copy = try late.copied(seed: 77)
        try late.record(Carton.seen("2"))
        try late.push(to: hub)
        try copy.record(Carton.seen("3"))
        while copy.terminal.replica.id == former {
            let request = try #require(try copy.upRequest())
            try copy.apply(try hub.answer(request), to: request)
        }
        try copy.record(Carton.seen("4"))
        try empty.takeNewEpoch()
        var refusals = 0
        while let request = try copy.upRequest() {
            do {
                try copy.apply(try empty.answer(request), to: request)
            } catch let refusal as SyncRefusal {
                refusals += 1
                #expect(refusals <= 3)
                guard refusals <= 3 else { break }
                try copy.note(refusal, of: request)
            }
        }
        #expect(refusals > 0)
        let known = try empty.store.read { try HubReplica.terminals(in: $0) }.map(
            \.terminal.replica
        )
        #expect(known.contains(former) && known.contains(copy.terminal.replica.id))
        try copy.pull(from: empty)
        let facts = try copy.record(of: Carton.key()).facts.map(\.payload)
        #expect(Set(facts).isSuperset(of: ["3", "4"].map { Array($0.utf8) }))
    }

    @Test func `another hub's answers are refused and nothing is lost`() throws {
        try one.record(Carton.seen("1"))
        try one.sync(with: hub)
        try one.record(Carton.seen("2"))
        let wrong = try TestHub(seed: 50)
        let code = try wrong.offer()
        let key = one.terminal.replica.publicKey
        _ = try wrong.enroll(EnrollRequest(code: code, publicKey: key))
        let request = try #require(try one.upRequest())
        let foreign = SyncRefusal.foreignHub(wrong.hub.replica.id)
        #expect(throws: foreign) { try one.apply(try wrong.answer(request), to: request) }
        #expect(throws: foreign) { try one.apply(try wrong.pull(try one.pullRequest())) }
        #expect(try one.upRequest() == request)
        try one.sync(with: hub)
        try expectEqual(hub, one)
    }

    @Test func `an order that this hub did not give out is refused`() throws {
        try one.record(Carton.seen("1"))
        try one.sync(with: hub)
        let forger = try TestHub(seed: 50)
        let code = try forger.offer()
        let key = one.terminal.replica.publicKey
        _ = try forger.enroll(EnrollRequest(code: code, publicKey: key))
        let log = try hub.store.read { try $0.log(offset: 0, limit: .max) }
        let request = try ReturnRequest(
            Carton.dock,
            epoch: 5,
            after: 0,
            log.map(\.operation.bytes),
            by: one.terminal.replica
        )
        #expect(throws: SyncRefusal.self) { try forger.giveBack(request) }
        #expect(try forger.store.read { try $0.head(of: Carton.dock) } == 0)
    }

    @Test func `an answer of an earlier epoch acknowledges nothing`() throws {
        try one.record(Carton.seen("1"))
        let request = try #require(try one.pushRequest())
        let response = try hub.push(request)
        try hub.takeNewEpoch()
        #expect(try one.pull(from: hub) == .applied(more: false))
        #expect(try one.apply(response, to: request) == .stale)
        try one.sync(with: hub)
        try other.sync(with: hub)
        try expectEqual(hub, one, other)
    }
}
