import Sync
import Tally
import Testing

/// Damage that no sum noticed is found by the scrub, and mended with as much traffic as damage.
@Suite struct DigestTests {
    /// What was exchanged until all was well.
    private struct Course {
        var exchanges = 0
        var entities = 0
        var outcome = TerminalReplica.PullOutcome.applied(more: true)
    }

    /// A hub and a terminal that share cartons, a few of them changed since by others.
    private func plant(
        seed: UInt64,
        cartons: Int
    ) throws -> (TestHub, TestTerminal, [EntityKey]) {
        let hub = try TestHub(seed: seed)
        let author = try TestTerminal(seed: seed &* 31 &+ 2, at: hub)
        let keys = (0..<cartons).map { Carton.key("\(seed) \($0)") }
        for start in stride(from: 0, to: cartons, by: 500) {
            for key in keys[start..<min(start + 500, cartons)] {
                try author.record(Carton.seen("x", key))
            }
            try author.push(to: hub)
        }
        let terminal = try TestTerminal(seed: seed &* 31 &+ 3, at: hub)
        try terminal.pull(from: hub)
        return (hub, terminal, keys)
    }

    /// Looks at all cells of a node.
    private func scrub(_ node: TestNode) throws -> Scrubber.Finding {
        var scrubber = Scrubber(cellCount: 3_000)
        var all = Scrubber.Finding(scope: Carton.dock)
        while let look = scrubber.next(Carton.dock, now: 1) {
            let (slice, finding) = try node.store.read { try Scrubber.look(look, in: $0) }
            all.leaves += finding.leaves
            all.isRootWrong = all.isRootWrong || finding.isRootWrong
            scrubber.looked(look, slice, now: 1)
        }
        return all
    }

    /// One round as the daemon's: a look at the cells, then pages until the hub has no more.
    private func round(_ terminal: TestTerminal, _ hub: TestHub) throws -> Course {
        let finding = try scrub(terminal)
        if !finding.isEmpty {
            try terminal.store.write {
                try terminal.terminal.settle(finding, now: terminal.wall, in: $0)
            }
        }
        var course = Course()
        while course.outcome == .applied(more: true) {
            let request = try terminal.pullRequest()
            let answer = try hub.pull(request)
            course.entities += answer.entities.count
            if !answer.ranges.isEmpty || !answer.entities.isEmpty { course.exchanges += 1 }
            course.outcome = try terminal.apply(answer)
        }
        return course
    }

    /// One cell altered, one lost, one too many; gives the entities.
    private func plantDamage(_ node: TestNode, _ keys: [EntityKey], dice: inout SeededDice) {
        let cells = node.cells()
        let altered = keys[dice.roll(keys.count)]
        let lost = keys[dice.roll(keys.count)]
        if let key = cells[altered]?.keys.first, var value = cells[altered]?[key] {
            value[dice.roll(value.count)] ^= 1
            node.store.damage(key, of: altered, to: value)
        }
        if let key = cells[lost]?.keys.first { node.store.damage(key, of: lost, to: nil) }
        node.store.damage(.field("carton.label"), of: Carton.key("stray"), to: [1, 2])
    }

    /// Without optimisation a tenth is enough to see that it works.
    private var rows: Int {
        #if DEBUG
        1_000
        #else
        10_000
        #endif
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `damage among 10,000 rows is found in the next round and costs what it is`(
        _ number: UInt64
    ) throws {
        let seed = seedBase + number
        var dice = SeededDice(seed: seed)
        let (hub, terminal, keys) = try plant(seed: seed, cartons: rows)
        #expect(try round(terminal, hub).outcome == .applied(more: false))
        plantDamage(terminal, keys, dice: &dice)
        #expect(try terminal.digest() == hub.digest(), "no sum noticed")
        let course = try round(terminal, hub)
        #expect(course.outcome == .repaired(refetch: false))
        #expect(course.exchanges <= 4, "seed \(seed): \(course.exchanges) exchanges")
        #expect((2...3).contains(course.entities), "seed \(seed): \(course.entities) entities")
        #expect(terminal.cells() == hub.cells(), "seed \(seed)")
        #expect(try scrub(terminal).isEmpty, "seed \(seed)")
        let record = try terminal.store.read { try RepairRecord.of(Carton.dock, in: $0) }
        #expect(record.repairs == 1 && record.entities == UInt64(course.entities))
        #expect(record.damagedLeaves >= 2)
        #expect(record.last == terminal.wall)
    }

    @Test func `while others go on recording, the search still ends`() throws {
        let (hub, terminal, keys) = try plant(seed: seedBase, cartons: 2_000)
        let author = try TestTerminal(seed: 77, at: hub)
        var dice = SeededDice(seed: seedBase)
        plantDamage(terminal, keys, dice: &dice)
        try terminal.store.write {
            try terminal.terminal.settle(try scrub(terminal), now: terminal.wall, in: $0)
        }
        var outcome = TerminalReplica.PullOutcome.applied(more: true)
        var answers = 0
        while outcome == .applied(more: true) {
            try author.record(Carton.seen("more", keys[dice.roll(keys.count)]))
            try author.push(to: hub)
            outcome = try terminal.apply(try hub.pull(try terminal.pullRequest()))
            answers += 1
            try #require(answers < 50)
        }
        #expect(outcome == .repaired(refetch: false))
        #expect(answers <= 6)
        #expect(terminal.cells() == hub.cells())
    }

    @Test func `a state that is lost whole is not searched entity by entity`() throws {
        let (hub, terminal, keys) = try plant(seed: seedBase, cartons: 3_000)
        for key in keys {
            for cell in terminal.cells()[key] ?? [:] where key.id.low % 8 > 0 {
                terminal.store.damage(cell.key, of: key, to: nil)
            }
        }
        let course = try round(terminal, hub)
        #expect(course.outcome == .repaired(refetch: false))
        #expect(course.exchanges <= 5)
        #expect(terminal.cells() == hub.cells())
    }

    @Test func `a hub mends its own cells from its log, and gives out none that are damaged`()
        throws
    {
        for seed in seedBase..<seedBase + 6 {
            var dice = SeededDice(seed: seed)
            let (hub, terminal, keys) = try plant(seed: seed, cartons: 800)
            let right = hub.cells()
            plantDamage(hub, keys, dice: &dice)
            let finding = try scrub(hub)
            // The terminal looks for a difference of its own in the same leaf.
            let leaf = try #require(finding.leaves.first)
            let range = DigestRange(bytes: [UInt8(leaf.bucket >> 8), UInt8(leaf.bucket & 0xFF)])
            let request = try terminal.pullRequest()
            let asking = PullRequest(
                replica: request.replica,
                scope: request.scope,
                epoch: request.epoch,
                after: request.after,
                limit: 1,
                ranges: [try #require(range)]
            )
            #expect(throws: SyncRefusal.repairing(Carton.dock)) { try hub.pull(asking) }
            let remade = try hub.store.read { try hub.hub.remake(finding, in: $0) }
            // Somebody records about damaged cartons before the hub mends them.
            let author = try TestTerminal(seed: seed &+ 99, at: hub)
            try author.record(Carton.seen("late", keys[0]), Carton.move("close", keys[1]))
            try author.push(to: hub)
            let mended = try hub.store.write {
                try hub.hub.mend(finding, remade, now: hub.wall, in: $0)
            }
            #expect((2...3).contains(mended), "seed \(seed): \(mended)")
            #expect(try scrub(hub).isEmpty)
            try terminal.pull(from: hub)
            #expect(terminal.cells() == hub.cells())
            let unchanged = keys.dropFirst(2).filter { hub.cells()[$0] == right[$0] }
            #expect(unchanged.count == keys.count - 2, "seed \(seed)")
            #expect(hub.cells()[Carton.key("stray")]?.isEmpty ?? true)
        }
    }

    @Test func `a digest that is damaged itself is set right and told`() throws {
        let (hub, terminal, _) = try plant(seed: seedBase, cartons: 50)
        let rows = terminal.cells()
        // Without its cells noticing: a sum is changed, then the cell is put back.
        let key = Carton.key("\(seedBase) 7")
        let (cell, value) = try #require(rows[key]?.first)
        try terminal.store.write { try $0.setCell(cell, of: key, to: [1]) }
        terminal.store.damage(cell, of: key, to: value)
        #expect(try terminal.digest() != hub.digest())
        #expect(try round(terminal, hub).outcome == .applied(more: false))
        #expect(try terminal.digest() == hub.digest())
        let record = try terminal.store.read { try RepairRecord.of(Carton.dock, in: $0) }
        #expect(record.damagedLeaves == 1)
        #expect(record.repairs == 0)
    }

    @Test func `the parts of every range add up to it`() throws {
        let (hub, _, _) = try plant(seed: seedBase, cartons: 600)
        try hub.store.read { reading in
            func sum(_ range: DigestRange) throws -> ScopeDigest {
                var sum = ScopeDigest()
                if range.isLeaf {
                    let bucket = range.buckets.lowerBound
                    for entity in try reading.entityDigests(of: Carton.dock, in: bucket) {
                        sum.add(entity.digest)
                    }
                } else {
                    for part in try reading.parts(of: range, in: Carton.dock).values {
                        sum.add(part)
                    }
                }
                return sum
            }
            #expect(try sum(.root) == reading.digest(of: Carton.dock))
            for (byte, part) in try reading.parts(of: .root, in: Carton.dock) {
                let range = try #require(DigestRange.root.part(byte))
                #expect(try sum(range) == part)
                for (next, leaf) in try reading.parts(of: range, in: Carton.dock) {
                    #expect(try sum(#require(range.part(next))) == leaf)
                }
            }
        }
    }
}
