import Sync
import Tally
import Testing

/// Two machines with one identity: a copied card, or an old image.
@Suite struct CloneTests {
    private let hub: TestHub
    private let original: TestTerminal

    init() throws {
        hub = try TestHub()
        original = try TestTerminal(seed: 2, at: hub)
    }

    private var alerts: [CloneAlert] {
        get throws { try hub.store.read { try HubReplica.terminals(in: $0).flatMap(\.clones) } }
    }

    private func facts() throws -> [String] {
        try hub.store.read { reading in
            try EntityReader(reading, hub.hub.reducer).record(of: Carton.key()).facts
                .map { String(decoding: $0.payload, as: UTF8.self) }.sorted()
        }
    }

    @Test(arguments: [false, true])
    func `both sides' records are kept once, and the later one takes a new identity`(
        _ copyIsFirst: Bool
    ) throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 77)
        try original.restart()
        try original.record(Carton.seen("original 1"), Carton.seen("original 2"))
        try copy.record(Carton.seen("copy 1"), Carton.seen("copy 2"))
        let (first, later) = copyIsFirst ? (copy, original) : (original, copy)
        let former = original.terminal.replica.id
        try first.push(to: hub)
        #expect(try alerts.isEmpty)
        try later.push(to: hub)
        #expect(first.terminal.replica.id == former)
        #expect(later.terminal.replica.id != former)
        #expect(try alerts.map(\.successor) == [later.terminal.replica.id])
        try later.record(Carton.seen("later on"))
        try first.record(Carton.seen("and here"))
        for terminal in [later, first] { try terminal.sync(with: hub) }
        for terminal in [later, first] {
            try terminal.pull(from: hub)
            #expect(try terminal.digest() == hub.digest())
            #expect(terminal.cells() == hub.cells())
        }
        #expect(
            try facts() == [
                "and here", "before", "copy 1", "copy 2", "later on", "original 1", "original 2",
            ]
        )
        #expect(try alerts.count == 1)
        try first.restart()
        try later.restart()
        #expect(first.terminal.replica.id != later.terminal.replica.id)
    }

    @Test func `a code that another site's hub refused is shown again to the own one`() throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 77)
        try original.record(Carton.seen("original"))
        try original.push(to: hub)
        try copy.record(Carton.seen("copy"))
        let former = copy.terminal.replica.id
        let push = try #require(try copy.upRequest())
        try copy.apply(try hub.answer(push), to: push)
        let asked = try #require(try copy.upRequest())
        guard case .enroll = asked else { return #expect(Bool(false), "\(asked)") }
        try copy.note(.remote(code: "sync.enrolment_code", facts: [:]), of: asked)
        // Not at once: whoever refused it would be asked again and again.
        #expect(try copy.upRequest() == nil)
        try copy.pull(from: hub)
        #expect(try copy.upRequest() == asked)
        try copy.push(to: hub)
        #expect(copy.terminal.replica.id != former)
        #expect(try facts() == ["before", "copy", "original"])
    }

    @Test func `a code that is refused again and again is let go`() throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 77)
        try original.record(Carton.seen("original"))
        try original.push(to: hub)
        try copy.record(Carton.seen("copy"))
        let push = try #require(try copy.upRequest())
        try copy.apply(try hub.answer(push), to: push)
        var refusals = 0
        while let asked = try copy.upRequest(), case .enroll = asked {
            refusals += 1
            try copy.note(.remote(code: "sync.enrolment_code", facts: [:]), of: asked)
            try copy.pull(from: hub)
            guard refusals < 100 else { break }
        }
        #expect(refusals == 8)
        // With nothing to send, it asks its hub for another one by what it recorded last.
        let former = copy.terminal.replica.id
        guard case .push(let asking)? = try copy.upRequest() else {
            return #expect(Bool(false), "it does not ask")
        }
        #expect(asking.operations.count == 1)
        try copy.push(to: hub)
        #expect(copy.terminal.replica.id != former)
        #expect(try copy.upRequest() == nil)
        #expect(try facts() == ["before", "copy", "original"])
    }

    @Test func `a copy that lost its code and started again is told again`() throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 77)
        try original.record(Carton.seen("original"))
        try original.push(to: hub)
        try copy.record(Carton.seen("copy"))
        let former = copy.terminal.replica.id
        let push = try #require(try copy.upRequest())
        try copy.apply(try hub.answer(push), to: push)
        // The card lost its last writes.
        try copy.store.write { try $0.set(SettingKey("replica.succession_code"), to: nil) }
        try copy.restart()
        try copy.record(Carton.seen("later"))
        try copy.push(to: hub)
        let successor = copy.terminal.replica.id
        #expect(successor != former)
        #expect(try alerts.map(\.successor) == [successor, successor])
        #expect(try facts() == ["before", "copy", "later", "original"])
        // The original, which starts again too, goes on under its name.
        try original.restart()
        try original.record(Carton.seen("again"))
        try original.push(to: hub)
        #expect(original.terminal.replica.id == former)
        #expect(try alerts.count == 2)
    }

    @Test func `an original that runs on in its incarnation is told when it comes later`() throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 77)
        try copy.record(Carton.seen("copy"))
        try copy.push(to: hub)
        try original.record(Carton.seen("original"))
        let former = copy.terminal.replica.id
        try original.push(to: hub)
        #expect(original.terminal.replica.id != former)
        #expect(copy.terminal.replica.id == former)
        // The copy's repeated records of the common past do not make it one.
        let known = try hub.store.read { try $0.log(offset: 0, limit: 1) }
        let repeated = try PushRequest(
            known.map(\.operation.bytes),
            epoch: try hub.epoch,
            by: copy.terminal.replica
        )
        #expect(try hub.push(repeated).ticket == nil)
        #expect(try facts() == ["before", "copy", "original"])
    }

    @Test func `copies of a terminal that had recorded nothing are seen too`() throws {
        let copy = try original.copied(seed: 77)
        try original.record(Carton.seen("1"))
        try copy.record(Carton.seen("2"))
        try original.push(to: hub)
        try copy.push(to: hub)
        #expect(copy.terminal.replica.id != original.terminal.replica.id)
        #expect(try facts() == ["1", "2"])
    }

    @Test func `two that name an operation alike are both kept and both take effect`() throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        // A copy with its memory: it goes on in the same incarnation.
        let copy = try original.copied(seed: 78, withMemory: true)
        let one = try original.record(Carton.seen("original 1"), Carton.label("A"))
        let other = try copy.record(
            Carton.seen("copy 1"),
            Carton.label("B"),
            Carton.seen("copy 2")
        )
        #expect(one[0].id == other[0].id)
        try original.push(to: hub)
        try copy.push(to: hub)
        try copy.sync(with: hub)
        try original.sync(with: hub)
        #expect(copy.terminal.replica.id != original.terminal.replica.id)
        #expect(try facts() == ["before", "copy 1", "copy 2", "original 1"])
        let label = try copy.record(of: Carton.key()).fields["carton.label"]
        #expect(label?.map(\.text).sorted() == ["A", "B"])
        let aside = try hub.aside
        #expect(aside.map(\.reason) == ["sync.fork", "sync.fork", "sync.fork"])
        #expect(aside.map(\.state) == [.recordedAgain, .recordedAgain, .recordedAgain])
        #expect(aside.map(\.bytes) == other.map(\.bytes))
        #expect(try copy.digest() == hub.digest())
    }

    @Test func `what a person released before is not said a second time`() throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 2, withMemory: true)
        try original.record(Carton.seen("original"))
        try copy.record(Carton.seen("copy"))
        try original.push(to: hub)
        let request = try #require(try copy.upRequest())
        let answer = try hub.answer(request)
        #expect(try hub.release(1) == .accepted)
        try copy.apply(answer, to: request)
        try copy.sync(with: hub)
        #expect(copy.terminal.replica.id != original.terminal.replica.id)
        #expect(try facts() == ["before", "copy", "original"])
    }

    @Test func `a code for a copy is nobody else's`() throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 77)
        try original.record(Carton.seen("1"))
        try copy.record(Carton.seen("2"))
        try original.push(to: hub)
        let request = try #require(try copy.pushRequest())
        let code = try #require(try hub.push(request).ticket)
        #expect(try hub.push(request).ticket == code)
        let thief = try Replica(privateKey: [UInt8](repeating: 9, count: 32))
        let stolen = EnrollRequest(code: code, publicKey: thief.publicKey)
        let former = original.terminal.replica.id
        #expect(throws: SyncRefusal.badSignature(former)) { try hub.enroll(stolen) }
    }

    @Test func `an answer that is lost at any step changes nothing in the end`() throws {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 77)
        try original.record(Carton.seen("1"))
        try original.push(to: hub)
        try copy.record(Carton.seen("2"))
        while let request = try copy.upRequest() {
            _ = try hub.answer(request)
            try copy.restart()
            guard try copy.upRequest() == request else { continue }
            try copy.apply(try hub.answer(request), to: request)
        }
        #expect(copy.terminal.replica.id != original.terminal.replica.id)
        #expect(try facts() == ["1", "2", "before"])
        #expect(try hub.store.read { try HubReplica.terminals(in: $0) }.count == 2)
    }

    @Test func `an answer that is cut anywhere gives a copy no identity, and takes no scope`()
        throws
    {
        try original.record(Carton.seen("before"))
        try original.push(to: hub)
        let copy = try original.copied(seed: 77)
        try original.record(Carton.seen("1"))
        try original.push(to: hub)
        try copy.record(Carton.seen("2"))
        let former = copy.terminal.replica.id
        let push = try #require(try copy.upRequest())
        try copy.apply(try hub.answer(push), to: push)
        let asked = try #require(try copy.upRequest())
        let answer = try hub.answer(asked)
        for count in 0..<answer.count {
            #expect(throws: (any Error).self) {
                try copy.apply(Array(answer.prefix(count)), to: asked)
            }
            #expect(copy.terminal.replica.id == former)
        }
        try copy.apply(answer, to: asked)
        #expect(copy.terminal.replica.id != former)
    }

    @Test func `a terminal that merely starts again is no copy`() throws {
        for index in 0..<6 {
            try original.record(Carton.seen("\(index)"))
            if index.isMultiple(of: 2) { try original.push(to: hub) }
            try original.restart()
        }
        try original.push(to: hub)
        #expect(try alerts.isEmpty)
    }
}
