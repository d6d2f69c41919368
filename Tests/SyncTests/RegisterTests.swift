import Sync
import Tally
import Testing

@Suite struct RegisterTests {
    private func edit(
        _ replica: UInt64,
        _ sequence: UInt64,
        _ text: String,
        stamp: UInt64
    ) -> Register.Head {
        let operation = OperationID(
            replica: Identifier(high: 0, low: replica),
            incarnation: 1,
            sequence: sequence
        )
        let evidence = Evidence(
            operation: operation,
            author: "W1",
            moment: Moment(milliseconds: 0),
            timeUnsure: false,
            seen: 0,
            position: sequence
        )
        let value = FieldValue(evidence: evidence, value: Array(text.utf8))
        return Register.Head(stamp: HybridStamp(bits: stamp), value: value)
    }

    private func id(_ head: Register.Head) -> OperationID { head.value.evidence.operation }

    @Test func `an edit that saw the value replaces it, whatever its stamp`() {
        let old = edit(1, 1, "A", stamp: 9)
        let new = edit(2, 1, "B", stamp: 1)
        var register = Register()
        register.apply(old, bases: [])
        register.apply(new, bases: [id(old)])
        #expect(register.values.map(\.text) == ["B"])
        #expect(!register.isConflict)
    }

    @Test func `of two that did not know of each other the later is shown and both are kept`() {
        var register = Register()
        register.apply(edit(1, 1, "A", stamp: 5), bases: [])
        register.apply(edit(2, 1, "B", stamp: 6), bases: [])
        #expect(register.values.map(\.text) == ["B", "A"])
        #expect(register.isConflict)
    }

    @Test func `equal stamps are ordered by the operation`() {
        var register = Register()
        register.apply(edit(2, 1, "B", stamp: 5), bases: [])
        register.apply(edit(1, 1, "A", stamp: 5), bases: [])
        #expect(register.values.map(\.text) == ["B", "A"])
    }

    @Test func `equal values of two authors are no conflict`() {
        var register = Register()
        register.apply(edit(1, 1, "A", stamp: 5), bases: [])
        register.apply(edit(2, 1, "A", stamp: 6), bases: [])
        #expect(register.values.count == 2)
        #expect(!register.isConflict)
    }

    @Test func `whoever saw all values settles the conflict`() {
        let one = edit(1, 1, "A", stamp: 5)
        let other = edit(2, 1, "B", stamp: 6)
        var register = Register()
        register.apply(one, bases: [])
        register.apply(other, bases: [])
        register.apply(edit(3, 1, "C", stamp: 1), bases: [id(one), id(other)])
        #expect(register.values.map(\.text) == ["C"])
    }

    @Test func `a value that was replaced stays so when it comes late or again`() {
        let old = edit(1, 1, "A", stamp: 9)
        let new = edit(1, 2, "B", stamp: 10)
        var register = Register()
        register.apply(new, bases: [id(old)])
        register.apply(old, bases: [])
        register.apply(old, bases: [])
        #expect(register.values.map(\.text) == ["B"])
        #expect(register.replaced == [id(old)])
    }

    @Test func `a register is a function of the set of its edits`() throws {
        for seed in seedBase..<seedBase + 400 {
            var dice = SeededDice(seed: seed)
            var edits: [(head: Register.Head, bases: [OperationID])] = []
            for sequence in 1...UInt64(1 + dice.roll(7)) {
                let head = edit(
                    dice.next() % 3,
                    sequence,
                    "\(dice.roll(3))",
                    stamp: dice.next() % 4
                )
                edits.append((head, edits.filter { _ in dice.once(in: 3) }.map { id($0.head) }))
            }
            var reference = Register()
            for edit in edits { reference.apply(edit.head, bases: edit.bases) }
            let bases = Set(edits.flatMap(\.bases))
            #expect(
                Set(reference.values.map(\.evidence.operation))
                    == Set(edits.map { id($0.head) }).subtracting(bases),
                "seed \(seed)"
            )
            for _ in 0..<10 {
                var register = Register()
                for edit in (edits + edits.filter { _ in dice.once(in: 2) })
                    .shuffled(using: &dice)
                {
                    register.apply(edit.head, bases: edit.bases)
                }
                #expect(register == reference, "seed \(seed)")
                #expect(register.cell == reference.cell, "seed \(seed)")
                #expect(try Register(cell: register.cell) == register, "seed \(seed)")
            }
        }
    }

    @Test func `a damaged cell is refused`() {
        var register = Register()
        register.apply(edit(1, 1, "A", stamp: 9), bases: [])
        let cell = register.cell
        for count in 0..<cell.count {
            #expect(throws: CanonicalError.self) { try Register(cell: Array(cell.prefix(count))) }
        }
        #expect(throws: CanonicalError.self) { try Register(cell: cell + [0]) }
        for seed in seedBase..<seedBase + 5_000 {
            var dice = SeededDice(seed: seed)
            let garbage = dice.garbage(countMax: 60)
            do {
                #expect(try Register(cell: garbage).cell == garbage, "seed \(seed)")
            } catch {
                // Refused, as it must be when it is not what is written.
                #expect(error != .leftOver(offset: garbage.count), "seed \(seed)")
            }
        }
    }
}
