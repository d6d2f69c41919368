import Sync
import Tally
import Testing

@Suite struct PageReaderTests {
    private let hub: TestHub
    private let writer: TestTerminal
    private let reader: TestTerminal
    private let page: [[UInt8]]

    /// Two groups: three operations and an acceptance, one operation and an acceptance.
    init() throws {
        hub = try TestHub()
        writer = try TestTerminal(seed: 2, at: hub)
        reader = try TestTerminal(seed: 3, at: hub)
        try writer.record(Carton.seen("1"), Carton.label("A"), Carton.move("close"))
        try writer.push(to: hub)
        try writer.record(Carton.seen("2"))
        try writer.push(to: hub)
        page = try hub.pull(try reader.pullRequest()).operations
    }

    /// What the reader of `node` makes of a page; nil when it is refused.
    private func read(
        _ page: [[UInt8]],
        by node: TestTerminal? = nil,
        after: UInt64 = 0
    )
        -> [Judgement]?
    {
        var reader = PageReader(
            scope: Carton.dock,
            hub: hub.hub.replica.id,
            position: after
        )
        do {
            let store = (node ?? self.reader).store
            return try store.read { try reader.judged(page, log: $0) }.map(\.1)
        } catch is SyncRefusal {
            return nil
        } catch is OperationError {
            return nil
        } catch {
            Issue.record(error)
            return nil
        }
    }

    @Test func `a whole page is read in the hub's order`() throws {
        #expect(page.count == 6)
        let judgements = try #require(read(page))
        #expect(judgements.map(\.position) == [1, 2, 3, 4, 5, 6])
        #expect(judgements.allSatisfy { $0.verdict == .accepted })
    }

    @Test func `a group's operations may lie in any order, the acceptance says which`() throws {
        let mixed = [page[2], page[0], page[1]] + page[3...]
        #expect(read(mixed) == read(page))
    }

    @Test func `a page that is cut within a group is refused`() {
        for count in 1..<page.count where count != 4 {
            #expect(read(Array(page.prefix(count))) == nil, "\(count) of \(page.count)")
        }
        #expect(read(Array(page.prefix(4)))?.count == 4)
    }

    @Test func `a page that lacks an operation is refused, also by who has it in the log`() {
        for index in page.indices {
            var gap = page
            gap.remove(at: index)
            #expect(read(gap) == nil, "without \(index)")
            #expect(read(gap, by: writer) == nil, "without \(index)")
        }
    }

    @Test func `a page whose groups are exchanged or that starts elsewhere is refused`() {
        #expect(read(Array(page[4...] + page[..<4])) == nil)
        #expect(read(page, after: 1) == nil)
        #expect(read(Array(page[4...])) == nil)
        #expect(read(Array(page[4...]), after: 4)?.map(\.position) == [5, 6])
        #expect(read(Array(page[4...] + page[4...]), after: 4) == nil)
    }

    @Test func `an operation with other bytes than the hub accepted is refused`() {
        for index in 0..<3 {
            var altered = page
            altered[index] += [0xA0, 0x1F, 7]
            #expect(read(altered) == nil)
        }
    }

    @Test func `an operation of another scope, or one more than was accepted, is refused`() throws {
        let foreign = try TestTerminal(seed: 9, at: hub, scopes: [Carton.floor])
        let other = try foreign.record(Carton.seen("3", Carton.key(in: Carton.floor)))
        #expect(read([other[0].bytes] + page) == nil)
        let more = try reader.record(Carton.seen("4"))
        #expect(read([more[0].bytes] + page) == nil)
    }

    @Test func `a stranger's acceptance ends no group`() throws {
        let stranger = try TestHub(seed: 77)
        let terminal = try TestTerminal(seed: 5, at: stranger)
        try terminal.record(Carton.seen("1"))
        try terminal.push(to: stranger)
        let forged = try stranger.pull(try terminal.pullRequest()).operations
        #expect(forged.count == 2)
        #expect(read(forged) == nil)
    }

    @Test func `garbage is refused`() {
        for seed in seedBase..<seedBase + 2_000 {
            var dice = SeededDice(seed: seed)
            var damaged = page
            let index = dice.roll(damaged.count)
            let place = dice.roll(damaged[index].count)
            damaged[index][place] ^= UInt8(1 + dice.roll(255))
            #expect(read(damaged) == nil || index == 3 || index == 5, "seed \(seed)")
        }
    }
}
