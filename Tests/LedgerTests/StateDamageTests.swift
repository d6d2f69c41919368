import Foundation
import GRDB
import Ledger
import PortSuites
import Sync
import Tally
import Testing

/// Rows that somebody changes by SQL, past every sum: found in the next round, and mended.
@Suite struct StateDamageTests {
    /// One way to damage the state.
    struct Damage: Sendable, CustomStringConvertible {
        let description: String
        let sql: String
    }

    static let damages = [
        Damage(
            description: "a cell altered",
            sql: """
                UPDATE cell SET value = CAST(value || x'00' AS BLOB)
                WHERE area = 'DOCK' AND key = x'03'
                """
        ),
        Damage(
            description: "a cell lost",
            sql: "DELETE FROM cell WHERE area = 'DOCK' AND key = x'03'"
        ),
        Damage(
            description: "a cell too many",
            sql: """
                INSERT INTO cell VALUES
                ('S1', 'DOCK', 'receipt', x'0123456789ABCDEF0123456789ABCDEF', x'03', x'01')
                """
        ),
        Damage(
            description: "a cell with a key that nobody knows",
            sql: """
                INSERT INTO cell SELECT site, area, kind, entity, x'FF01', x'' FROM cell
                WHERE area = 'DOCK' AND key = x'03'
                """
        ),
        Damage(
            description: "an entity lost from the list",
            sql: "DELETE FROM entity WHERE area = 'DOCK' AND kind = 'receipt'"
        ),
        Damage(
            description: "a leaf's sum altered",
            sql: "UPDATE leaf SET sum = zeroblob(16) WHERE area = 'DOCK' AND kind = 'receipt'"
        ),
        Damage(
            description: "a leaf lost",
            sql: "DELETE FROM leaf WHERE area = 'DOCK' AND kind = 'receipt'"
        ),
        Damage(
            description: "the digest altered",
            sql: "UPDATE scope SET digest = zeroblob(16) WHERE area = 'DOCK'"
        ),
        Damage(
            description: "all cells lost",
            sql: "DELETE FROM cell WHERE area = 'DOCK'"
        ),
    ]

    /// Opens a store for a moment.
    private static func closing<Result>(
        _ fixture: Fixture,
        _ name: String,
        _ body: (LedgerStore) throws -> Result
    ) throws -> Result {
        let store = try fixture.open(name)
        defer { try? store.close() }  // best effort: a failed test tells enough
        return try body(store)
    }

    private func look(_ store: LedgerStore) throws -> Scrubber.Finding {
        var scrubber = Scrubber(cellCount: 3)
        var all = Scrubber.Finding(scope: Workbench.dock)
        while let look = scrubber.next(Workbench.dock, now: 1) {
            let (slice, finding) = try store.read { try Scrubber.look(look, in: $0) }
            all.leaves += finding.leaves
            all.isRootWrong = all.isRootWrong || finding.isRootWrong
            scrubber.looked(look, slice, now: 1)
        }
        return all
    }

    private func openHub(_ store: LedgerStore) throws -> HubReplica {
        var dice = SeededDice(seed: 91)
        return try store.write {
            let rules = HubRules(flaw: { _ in nil }, react: { _, _ in [] })
            return HubReplica(try Replica.open($0, dice: &dice), Workbench.reducer, rules)
        }
    }

    /// Pages until the hub has no more.
    private func pull(
        _ terminal: TerminalReplica,
        _ store: LedgerStore,
        from hub: HubReplica,
        _ hubStore: LedgerStore
    ) throws -> TerminalReplica.PullOutcome {
        var outcome = TerminalReplica.PullOutcome.applied(more: true)
        while outcome == .applied(more: true) {
            let request = try store.read { try terminal.pullRequest(Workbench.dock, in: $0) }
            let answer = try hubStore.read { try hub.pull(request, in: $0) }
            let now = Moment(milliseconds: 1_790_000_000_000)
            outcome = try store.write { try terminal.apply(answer, now: now, in: $0) }
        }
        return outcome
    }

    /// Packs and lets go of everything that the first terminal has.
    private func letGo(_ bench: Workbench, _ store: LedgerStore) throws -> [OperationID] {
        let end = try store.read { reading in
            try bench.terminal.foldable(
                Workbench.dock,
                before: Moment(milliseconds: .max),
                countMin: 1,
                in: reading
            )
        }
        let (manifest, pieces) = try store.read { reading in
            var pieces: [(hash: [UInt8], packed: [UInt8])] = []
            let manifest = try bench.terminal.pack(
                Workbench.dock,
                in: reading,
                compressor: PlainPacking(),
                keep: { pieces.append(($0, $1)) }
            )
            return (manifest, pieces)
        }
        return try store.write { transaction in
            for piece in pieces {
                try transaction.putPiece(piece.hash, piece.packed, of: Workbench.dock)
            }
            #expect(try bench.terminal.rest(on: manifest, in: transaction))
            return try bench.terminal.letGo(
                upTo: end ?? 0,
                of: Workbench.dock,
                limit: 1_000,
                in: transaction
            ).gone
        }
    }

    /// Packs nothing.
    private struct PlainPacking: Compressor {
        func compress(_ bytes: [UInt8]) throws -> [UInt8] { bytes }
        func decompress(_ bytes: [UInt8], countMax: Int) throws -> [UInt8] { bytes }
    }

    @Test
    func `a terminal that let go of its history is sound, and a row more that is gone is found`()
        throws
    {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let hubStore = try fixture.open("hub")
            let hub = try openHub(hubStore)
            try hubStore.write { transaction in
                let head = try transaction.head(of: Workbench.dock)
                try HubReplica.noteSecured([Workbench.dock: head], in: transaction)
            }
            try Self.closing(fixture, "one") { store in
                let bench = try Workbench(seed: 11, at: store)
                _ = try pull(bench.terminal, store, from: hub, hubStore)
                let count = try store.read { try $0.log(offset: 0, limit: 99) }.count
                let gone = try letGo(bench, store)
                #expect(gone.count > 3)
                let left = try store.read { try $0.log(offset: 0, limit: 99) }.count
                #expect(left == count - gone.count)
                let verified = try store.verify(Workbench.reducer, compressor: PlainPacking())
                #expect(verified.difference == nil)
                #expect(verified.operationCount == left)
            }
            try fixture.tamper(
                "one",
                "DELETE FROM operation WHERE ordinal = (SELECT min(ordinal) FROM operation)"
            )
            try Self.closing(fixture, "one") { store in
                let verified = try store.verify(Workbench.reducer, compressor: PlainPacking())
                #expect(verified.difference != nil)
            }
        }
    }

    @Test(arguments: damages)
    func `a terminal finds it in its next round and is the hub's equal again`(
        _ damage: Damage
    ) throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let hubStore = try fixture.open("hub")
            let hub = try openHub(hubStore)
            let bench = try Self.closing(fixture, "one") { store in
                let bench = try Workbench(seed: 11, at: store)
                let outcome = try pull(bench.terminal, store, from: hub, hubStore)
                #expect(outcome == .applied(more: false))
                #expect(try look(store).isEmpty)
                return bench
            }
            try fixture.tamper("one", damage.sql)
            let store = try fixture.open("one")
            // A key that nobody knows cannot even be read.
            let differs = try? store.verify(Workbench.reducer)
            #expect(differs?.isSound != true)
            let finding = try look(store)
            #expect(!finding.isEmpty)
            let now = Moment(milliseconds: 1_790_000_000_000)
            try store.write { try bench.terminal.settle(finding, now: now, in: $0) }
            _ = try pull(bench.terminal, store, from: hub, hubStore)
            #expect(try look(store).isEmpty)
            let verified = try store.verify(Workbench.reducer)
            #expect(verified.difference == nil)
            let digest = try hubStore.read { try $0.digest(of: Workbench.dock) }
            #expect(verified.scopes.first { $0.scope == Workbench.dock }?.digest == digest)
            let record = try store.read { try RepairRecord.of(Workbench.dock, in: $0) }
            #expect(record.damagedLeaves > 0)
            #expect(record.last == now)
        }
    }

    @Test(arguments: damages)
    func `a hub finds it and mends it from its log`(_ damage: Damage) throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let right = try Self.closing(fixture, "hub") { try $0.verify(Workbench.reducer) }
            #expect(right.difference == nil)
            try fixture.tamper("hub", damage.sql)
            let store = try fixture.open("hub")
            let hub = try openHub(store)
            let finding = try look(store)
            #expect(!finding.isEmpty)
            let remade = try store.read { try hub.remake(finding, in: $0) }
            let now = Moment(milliseconds: 1_790_000_000_000)
            _ = try store.write { try hub.mend(finding, remade, now: now, in: $0) }
            let verified = try store.verify(Workbench.reducer)
            #expect(verified.difference == nil)
            #expect(verified.scopes == right.scopes)
        }
    }

    @Test func `writes of others are noticed, the own are not`() async throws {
        try await Fixture.with { fixture in
            let store = try fixture.open()
            let key = SettingKey("x")
            let before = try await store.outsideWrites()
            try await store.write { try $0.set(key, to: [1]) }
            _ = try await store.read { try $0.setting(key) }
            #expect(try await store.outsideWrites() == before)
            try fixture.tamper("data", "UPDATE setting SET value = x'02'")
            #expect(try await store.outsideWrites() != before)
        }
    }

    @Test func `a database of before the leaves gets them when it is opened`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            try fixture.tamper("one", "DELETE FROM leaf")
            let store = try fixture.open("one")
            #expect(try !look(store).isEmpty)
            let migration = try #require(Migration.all.first { $0.number == 3 })
            try store.pool.write { try migration.work?($0) }
            #expect(try look(store).isEmpty)
            #expect(try store.verify(Workbench.reducer).difference == nil)
        }
    }
}
