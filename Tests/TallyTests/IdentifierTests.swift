import Tally
import Testing

@Suite struct IdentifierTests {
    @Test func `an identifier comes back from its bytes and its text`() throws {
        for seed in seedBase..<seedBase + 300 {
            var dice = SeededDice(seed: seed)
            let identifier = Identifier.random(&dice)
            #expect(identifier.bytes.count == 16)
            #expect(Identifier(bytes: identifier.bytes) == identifier, "seed \(seed)")
            #expect(Identifier(text: identifier.description) == identifier, "seed \(seed)")
            #expect(
                Identifier(text: identifier.description.uppercased()) == identifier,
                "seed \(seed)"
            )
        }
    }

    @Test(arguments: [
        "", "0", "00", String(repeating: "0", count: 31),
        String(repeating: "0", count: 33), String(repeating: "g", count: 32),
        " " + String(repeating: "0", count: 31), String(repeating: "０", count: 32),
        "0x" + String(repeating: "0", count: 30),
    ])
    func `a text that is not 32 hexadecimal digits is no identifier`(text: String) {
        #expect(Identifier(text: text) == nil)
    }

    @Test func `bytes of another length are no identifier`() {
        for count in [0, 1, 15, 17, 32] {
            #expect(Identifier(bytes: [UInt8](repeating: 7, count: count)) == nil)
        }
        for count in [0, 16, 31, 33] {
            #expect(OperationID(bytes: [UInt8](repeating: 7, count: count)) == nil)
        }
    }

    @Test func `parts of a derived identifier do not run into each other`() {
        let derived = [
            Identifier.derived("note", "a", "bc"),
            Identifier.derived("note", "ab", "c"),
            Identifier.derived("note", "abc"),
            Identifier.derived("note", "abc", ""),
            Identifier.derived("notea", "bc"),
            Identifier.derived("receipt", "a", "bc"),
        ]
        #expect(Set(derived).count == derived.count)
        #expect(Identifier.derived("note", "a", "bc") == derived[0])
    }

    @Test func `a derived identifier is the start of the hash over tag and parts`() {
        // printf '\004note\001a\002bc' | sha256sum
        #expect(
            Identifier.derived("note", "a", "bc").description == "617999cf00a81e40c5e3f144c6944b50"
        )
    }

    @Test func `order is that of the bytes`() {
        for seed in seedBase..<seedBase + 300 {
            var dice = SeededDice(seed: seed)
            let one = Identifier(high: dice.next() % 3, low: dice.next())
            let other = Identifier(high: dice.next() % 3, low: dice.next())
            #expect(
                (one < other) == one.bytes.lexicographicallyPrecedes(other.bytes),
                "seed \(seed)"
            )
            let operations = [one, other].map {
                OperationID(replica: $0, incarnation: dice.next(), sequence: dice.next())
            }
            #expect(
                (operations[0] < operations[1])
                    == operations[0].bytes.lexicographicallyPrecedes(operations[1].bytes),
                "seed \(seed)"
            )
            #expect(OperationID(text: operations[0].description) == operations[0], "seed \(seed)")
        }
    }
}

@Suite struct ScopeTests {
    @Test func `a scope comes back from its text`() {
        for scope in [
            Scope.company, Scope(site: "SZ1", area: "DOCK"), Scope(site: "苏州", area: "A"),
        ] {
            #expect(Scope(text: scope.description) == scope)
        }
    }

    @Test(arguments: ["", "/", "SZ1", "SZ1/", "/DOCK", "SZ1/DOCK/2", "Company"])
    func `a text that is not a site and an area is no scope`(text: String) {
        #expect(Scope(text: text) == nil)
    }
}
