import Sync
import Tally
import Testing

/// A snapshot and what came since give what the whole history gives.
@Suite struct SnapshotTests {
    /// A compressor that packs nothing.
    private struct NoCompressor: Compressor {
        func compress(_ bytes: [UInt8]) throws -> [UInt8] { bytes }

        func decompress(_ bytes: [UInt8], countMax: Int) throws -> [UInt8] {
            guard bytes.count <= countMax else { throw SyncRefusal.malformed }
            return bytes
        }
    }

    /// What a hub keeps of a snapshot.
    private final class Shelf {
        var pieces: [[UInt8]: [UInt8]] = [:]
    }

    private func snapshot(_ hub: TestHub, _ shelf: Shelf) throws -> SnapshotManifest {
        let manifest = try hub.store.read {
            try hub.hub.snapshot(of: Carton.dock, in: $0, compressor: NoCompressor()) {
                shelf.pieces[$0] = $1
            }
        }
        return try SnapshotManifest(bytes: try manifest.bytes())
    }

    /// Fetches the missing pieces, at most `limit`.
    private func fetch(
        _ manifest: SnapshotManifest,
        _ terminal: TestTerminal,
        _ shelf: Shelf,
        limit: Int = .max
    ) throws -> Int {
        var count = 0
        while count < limit,
            let piece = try terminal.store.read({
                try terminal.terminal.missingPiece(of: manifest, in: $0)
            })
        {
            let bytes = try #require(shelf.pieces[piece.hash])
            try terminal.store.write {
                try terminal.terminal.take(bytes, as: piece, for: Carton.dock, in: $0)
            }
            count += 1
        }
        return count
    }

    private func install(_ manifest: SnapshotManifest, _ terminal: TestTerminal) throws {
        try terminal.store.write {
            try terminal.terminal.install(manifest, compressor: NoCompressor(), in: $0)
        }
    }

    private func take(_ manifest: SnapshotManifest, _ terminal: TestTerminal) throws -> Bool {
        try terminal.store.write {
            try terminal.terminal.take(manifest, for: Carton.dock, in: $0)
        }
    }

    /// Records something random.
    private func record(_ terminal: TestTerminal, dice: inout SeededDice) throws {
        let key = Carton.key("\(dice.roll(40))")
        switch dice.roll(4) {
        case 0: try terminal.record(Carton.seen("\(dice.roll(50))", key))
        case 1: try terminal.record(Carton.weighed("1", key))
        case 2:
            let bases = try terminal.record(of: key).bases(of: "carton.label")
            try terminal.record(Carton.label("\(dice.roll(5))", bases: bases, key))
        default: try terminal.record(Carton.move(["close", "reopen", "stop"][dice.roll(3)], key))
        }
    }

    @Test func `snapshot and tail give what the history gives, wherever it is cut`() throws {
        for seed in seedBase..<seedBase + 12 {
            var dice = SeededDice(seed: seed)
            let hub = try TestHub(seed: seed)
            let authors = try (0..<2).map { try TestTerminal(seed: seed &* 10 + $0, at: hub) }
            let late = try TestTerminal(seed: seed &* 10 + 5, at: hub)
            let whole = try TestTerminal(seed: seed &* 10 + 6, at: hub)
            let shelf = Shelf()
            var manifest: SnapshotManifest?
            let cut = 20 + dice.roll(60)
            for number in 0..<120 {
                let author = authors[dice.roll(2)]
                try record(author, dice: &dice)
                if dice.once(in: 3) { try author.sync(with: hub) }
                if number == cut { manifest = try snapshot(hub, shelf) }
            }
            let found = try #require(manifest)
            // The late one has recorded something already, and was away.
            try late.record(Carton.seen("late", Carton.key("3")), Carton.move("close"))
            let own = try late.record(of: Carton.key("3"))
            #expect(try take(found, late))
            _ = try fetch(found, late, shelf)
            try install(found, late)
            #expect(try late.cursor == found.position)
            #expect(try late.record(of: Carton.key("3")).facts.count >= own.facts.count)
            try late.sync(with: hub)
            for author in authors { try author.sync(with: hub) }
            try late.pull(from: hub)
            try whole.pull(from: hub)
            #expect(late.cells() == whole.cells(), "seed \(seed), cut \(cut)")
            #expect(late.cells() == hub.cells(), "seed \(seed), cut \(cut)")
            #expect(try late.digest() == hub.digest())
            #expect(try late.repairs() == 0)
            for name in 0..<40 {
                let key = Carton.key("\(name)")
                #expect(try late.record(of: key) == whole.record(of: key), "seed \(seed)")
            }
        }
    }

    @Test func `what waits in a snapshot is judged anew after it`() throws {
        let hub = try TestHub(vocabulary: Carton.olderVocabulary)
        let author = try TestTerminal(seed: 2, at: hub, vocabulary: Carton.olderVocabulary)
        try author.record(Carton.weighed("1"), Carton.seen("2"))
        try author.push(to: hub)
        let late = try TestTerminal(seed: 3, at: hub, vocabulary: Carton.olderVocabulary)
        let shelf = Shelf()
        let manifest = try snapshot(hub, shelf)
        #expect(try take(manifest, late))
        _ = try fetch(manifest, late, shelf)
        try install(manifest, late)
        #expect(late.cells() == hub.cells())
        try hub.restart()
        try late.restart()
        try late.pull(from: hub)
        #expect(late.cells() == hub.cells())
        #expect(try late.record(of: Carton.key()).facts.count == 2)
    }

    @Test func `what was fetched is kept, and what is wrong replaces nothing`() throws {
        let hub = try TestHub()
        let author = try TestTerminal(seed: 2, at: hub)
        for number in 0..<30 {
            let text = String(repeating: "x", count: 30_000)
            try author.record(Carton.seen(text, Carton.key("\(number)")))
        }
        try author.push(to: hub)
        let late = try TestTerminal(seed: 3, at: hub)
        let shelf = Shelf()
        let manifest = try snapshot(hub, shelf)
        #expect(manifest.pieces.count >= 3)
        #expect(manifest.cellCount == 30)
        #expect(try take(manifest, late))
        #expect(try fetch(manifest, late, shelf, limit: 2) == 2)
        let before = late.cells()
        #expect(throws: SyncRefusal.malformed) { try install(manifest, late) }
        #expect(late.cells() == before)
        try late.restart()
        let piece = try #require(manifest.pieces.last)
        #expect(throws: SyncRefusal.malformed) {
            try late.store.write {
                try late.terminal.take([1, 2], as: piece, for: Carton.dock, in: $0)
            }
        }
        // A piece of another snapshot under the same digest: all or nothing.
        let wrong = try SnapshotManifest(
            bytes: try {
                try author.record(Carton.seen("more"))
                try author.push(to: hub)
                let newer = Shelf()
                let other = try snapshot(hub, newer)
                shelf.pieces.merge(newer.pieces) { first, _ in first }
                return try other.bytes()
            }()
        )
        #expect(try fetch(manifest, late, shelf) == manifest.pieces.count - 2)
        try install(manifest, late)
        #expect(try late.cursor == manifest.position)
        #expect(try !take(manifest, late), "one that is not newer")
        #expect(try take(wrong, late))
        // Pieces that did not change are here already.
        #expect(try fetch(wrong, late, shelf) < wrong.pieces.count)
        try install(wrong, late)
        #expect(late.cells() == hub.cells())
    }

    @Test func `a snapshot of another hub or another reducer is of no use`() throws {
        let hub = try TestHub()
        let author = try TestTerminal(seed: 2, at: hub)
        try author.record(Carton.seen("1"))
        try author.push(to: hub)
        let late = try TestTerminal(seed: 3, at: hub)
        let older = try TestTerminal(seed: 4, at: hub, vocabulary: Carton.olderVocabulary)
        let manifest = try snapshot(hub, Shelf())
        #expect(try !take(manifest, older))
        try hub.takeNewEpoch()
        #expect(try !take(try snapshot(hub, Shelf()), late))
    }

    @Test func `a snapshot of the order before a restore is not gone on with`() throws {
        let hub = try TestHub()
        let author = try TestTerminal(seed: 2, at: hub)
        try author.record(Carton.seen("1"), Carton.seen("2"))
        try author.push(to: hub)
        let late = try TestTerminal(seed: 3, at: hub)
        let shelf = Shelf()
        let manifest = try snapshot(hub, shelf)
        #expect(try take(manifest, late))
        _ = try fetch(manifest, late, shelf)
        func incoming() throws -> SnapshotManifest? {
            try late.store.read { try late.terminal.incoming(Carton.dock, in: $0) }
        }
        #expect(try incoming() == manifest)
        // All is here, and before it is put in its place the hub is restored.
        try hub.takeNewEpoch()
        try late.pull(from: hub)
        #expect(try incoming() == nil)
        try author.sync(with: hub)
        try late.sync(with: hub)
        #expect(late.cells() == hub.cells())
    }

    @Test func `a move that a snapshot has is not shown as made once more`() throws {
        let hub = try TestHub()
        let author = try TestTerminal(seed: 2, at: hub)
        let other = try TestTerminal(seed: 3, at: hub)
        try author.record(Carton.move("close"))
        try author.push(to: hub)
        try other.pull(from: hub)
        try other.record(Carton.move("reopen"))
        try other.push(to: hub)
        let shelf = Shelf()
        let manifest = try snapshot(hub, shelf)
        #expect(try take(manifest, author))
        _ = try fetch(manifest, author, shelf)
        try install(manifest, author)
        try other.pull(from: hub)
        let shown = try author.record(of: Carton.key())
        #expect(try shown == other.record(of: Carton.key()))
        #expect(shown.stage == "open")
    }

    @Test func `an edit that a snapshot has is shown with the hub's word on its time`() throws {
        let hub = try TestHub()
        let author = try TestTerminal(seed: 2, at: hub)
        let other = try TestTerminal(seed: 3, at: hub)
        // A clock that is a year ahead: the hub clamps what it says.
        author.wall = author.wall.adding(milliseconds: 365 * 86_400_000)
        try author.record(Carton.label("A"))
        try author.push(to: hub)
        other.wall = hub.wall.adding(milliseconds: 110_000)
        hub.wall = hub.wall.adding(milliseconds: 120_000)
        try other.record(Carton.label("B"))
        try other.push(to: hub)
        let shelf = Shelf()
        let manifest = try snapshot(hub, shelf)
        #expect(try take(manifest, author))
        _ = try fetch(manifest, author, shelf)
        try install(manifest, author)
        try other.pull(from: hub)
        let shown = try author.record(of: Carton.key())
        #expect(try shown == other.record(of: Carton.key()))
        #expect(shown.fields["carton.label"]?.count == 2)
    }

    @Test func `a hub gives a snapshot only of what a terminal may see`() throws {
        let hub = try TestHub()
        let late = try TestTerminal(seed: 3, at: hub)
        let request = SnapshotRequest(replica: late.terminal.replica.id, scope: Carton.floor)
        #expect(throws: SyncRefusal.scopeNotPermitted(Carton.floor)) {
            try hub.store.read { try HubReplica.checkAccess(request, in: $0) }
        }
    }

    @Test func `who waits is told when there is something, and only of what it may see`() throws {
        let hub = try TestHub()
        let author = try TestTerminal(seed: 2, at: hub)
        let other = try TestTerminal(seed: 3, at: hub)
        let request = try other.store.read { try other.terminal.watchRequest(in: $0) }
        let again = try WatchRequest(bytes: try request.bytes())
        #expect(again == request)
        #expect(
            try hub.store.read { try HubReplica.hasNews(for: request, in: $0) }.changed == false
        )
        try author.record(Carton.seen("1"))
        try author.push(to: hub)
        #expect(try hub.store.read { try HubReplica.hasNews(for: request, in: $0) }.changed)
        let foreign = WatchRequest(
            replica: request.replica,
            epoch: request.epoch,
            places: [Carton.floor: 0],
            waitMilliseconds: 1
        )
        #expect(throws: SyncRefusal.scopeNotPermitted(Carton.floor)) {
            try hub.store.read { try HubReplica.hasNews(for: foreign, in: $0) }
        }
    }
}
