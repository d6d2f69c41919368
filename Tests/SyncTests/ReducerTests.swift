import Sync
import Tally
import Testing

@Suite struct ReducerTests {
    private let reducer = Reducer(Carton.vocabulary)
    private let space = Space()

    private func operation(
        _ draft: Draft,
        replica: UInt64 = 1,
        sequence: UInt64 = 1,
        stamp: UInt64 = 5
    ) throws -> Operation {
        try Operation(
            draft,
            id: OperationID(
                replica: Identifier(high: 0, low: replica),
                incarnation: 1,
                sequence: sequence
            ),
            previous: nil,
            stamp: HybridStamp(bits: stamp),
            author: "W1",
            reading: ClockReading(
                wall: Moment(milliseconds: 1_795_248_000_000),
                boot: 1,
                monotonicMilliseconds: 1
            ),
            seen: 0
        )
    }

    /// Judges as the hub does, applies, and gives the verdict.
    @discardableResult
    private func take(_ operation: Operation, at position: UInt64) throws -> Verdict {
        let (verdict, reason) = try reducer.verdict(on: operation, in: space)
        let judgement = Judgement(
            position: position,
            verdict: verdict,
            reason: reason,
            effective: operation.reading.wall,
            effectiveStamp: operation.stamp
        )
        try reducer.apply(operation, judgement, to: space)
        return verdict
    }

    private var stage: String? {
        get throws {
            try space.cell(.stage, of: Carton.key()).map { try StageCell(cell: $0).stage }
        }
    }

    @Test func `two facts stand side by side and each counts once`() throws {
        let one = try operation(Carton.seen("40"), replica: 1)
        let other = try operation(Carton.seen("40"), replica: 2)
        try take(one, at: 1)
        try take(other, at: 2)
        try take(one, at: 1)
        #expect(space.cells.count == 2)
        let cell = try #require(space.cell(.fact(one.id), of: Carton.key()))
        let recorded = try Recorded(cell: cell)
        #expect(recorded.evidence.position == 1)
        #expect(recorded.type == "carton.seen")
        #expect(recorded.payload == Array("40".utf8))
    }

    @Test func `an edit that knew of the value is accepted, one that did not is a conflict`() throws
    {
        let first = try operation(Carton.label("A"))
        #expect(try take(first, at: 1) == .accepted)
        let second = try operation(Carton.label("B", bases: [first.id]), sequence: 2)
        #expect(try take(second, at: 2) == .accepted)
        let blind = try operation(Carton.label("C", bases: [first.id]), replica: 2)
        #expect(try take(blind, at: 3) == .conflict)
        let same = try operation(Carton.label("B", bases: [first.id]), replica: 3)
        #expect(try take(same, at: 4) == .conflict)
    }

    @Test func `moves are judged in the order in which they come`() throws {
        #expect(try take(operation(Carton.move("close")), at: 1) == .accepted)
        #expect(try stage == "closed")
        let late = try operation(Carton.move("close"), replica: 2)
        #expect(try take(late, at: 2) == .rejected)
        #expect(try stage == "closed")
        let cell = try #require(space.cell(.move(late.id), of: Carton.key()))
        let move = try JudgedMove(cell: cell)
        #expect(!move.stands)
        #expect(move.from == "closed")
    }

    @Test func `a safety move stands from every stage`() throws {
        #expect(try take(operation(Carton.move("close")), at: 1) == .accepted)
        #expect(try take(operation(Carton.move("stop"), replica: 2), at: 2) == .accepted)
        #expect(try stage == "stopped")
        #expect(try take(operation(Carton.move("reopen"), replica: 3), at: 3) == .rejected)
        #expect(try take(operation(Carton.move("stop"), replica: 4), at: 4) == .accepted)
    }

    @Test func `a move that comes again does not move again`() throws {
        let close = try operation(Carton.move("close"))
        try take(close, at: 1)
        try take(operation(Carton.move("reopen"), replica: 2), at: 2)
        let cells = space.cells
        let again = Judgement(
            position: 1,
            verdict: .accepted,
            effective: close.reading.wall,
            effectiveStamp: close.stamp
        )
        try reducer.apply(close, again, to: space)
        #expect(space.cells == cells)
        #expect(try stage == "open")
    }

    @Test func `of two decisions the later place counts, however they come`() throws {
        let one = try operation(Carton.ruled("1"))
        let other = try operation(Carton.ruled("2"), sequence: 2)
        try take(other, at: 9)
        try take(one, at: 3)
        let cell = try #require(space.cell(.decision("carton.ruled"), of: Carton.key()))
        #expect(try Recorded(cell: cell).payload == Array("2".utf8))
    }

    @Test func `what waits or is quarantined is kept aside until it is accepted`() throws {
        let fact = try operation(Carton.seen())
        for verdict in [Verdict.waiting, .quarantined] {
            let judgement = Judgement(
                position: 1,
                verdict: verdict,
                reason: "sync.flaw",
                effective: fact.reading.wall,
                effectiveStamp: fact.stamp
            )
            try reducer.apply(fact, judgement, to: space)
            #expect(space.cells.keys.map(\.key) == [.held(fact.id)])
        }
        try take(fact, at: 1)
        #expect(space.cells.keys.map(\.key) == [.fact(fact.id)])
    }

    @Test func `what only says that it is the hub's acceptance is kept aside like the rest`() throws
    {
        let claimed = try operation(
            Draft(.decision, of: Carton.key(), type: Acceptance.type, payload: [1, 2, 3])
        )
        let judgement = Judgement(
            position: 1,
            verdict: .quarantined,
            reason: "sync.decision_by_terminal",
            effective: claimed.reading.wall,
            effectiveStamp: claimed.stamp
        )
        try reducer.apply(claimed, judgement, to: space)
        #expect(space.cells.keys.map(\.key) == [.held(claimed.id)])
        #expect(!LoggedOperation(operation: claimed, judgement: judgement).endsGroup)
    }

    @Test func `an operation of a newer program waits, and what is accepted elsewhere is kept`()
        throws
    {
        let unknown = try operation(Draft(.fact, of: Carton.key(), type: "carton.sung"))
        let wrongKind = try operation(Draft(.fact, of: Carton.key(), type: "carton.close"))
        let newKind = try Operation(bytes: try operation(Carton.seen()).bytes + [0x70, 9])
        for operation in [unknown, wrongKind, newKind] {
            #expect(try reducer.verdict(on: operation, in: space).0 == .waiting)
            #expect(!reducer.knows(operation))
        }
        let accepted = Judgement(
            position: 1,
            verdict: .accepted,
            effective: unknown.reading.wall,
            effectiveStamp: unknown.stamp
        )
        try reducer.apply(unknown, accepted, to: space)
        #expect(space.cell(.opaque(unknown.id), of: Carton.key()) == unknown.hash.bytes)
    }

    @Test func `reducers that know other operations have other fingerprints`() {
        var fewer = Carton.vocabulary
        fewer.facts.remove("carton.seen")
        var elsewhere = fewer
        elsewhere.fields.insert("carton.seen")
        var easier = Carton.vocabulary
        easier.lifecycles["carton"] = Lifecycle(
            initial: "open",
            moves: (Carton.vocabulary.lifecycles["carton"]?.moves ?? []).map {
                Lifecycle.Move($0.name, from: $0.from, to: $0.to, alwaysStands: true)
            }
        )
        let all = [Carton.vocabulary, fewer, elsewhere, easier, Vocabulary()]
        #expect(Set(all.map { Reducer($0).fingerprint }).count == all.count)
        #expect(Reducer(Carton.vocabulary).fingerprint == reducer.fingerprint)
    }
}
