import Sync
import Tally
import Testing

/// A terminal lets go of old history that a backup of the hub has; what came of it stays.
@Suite struct RetentionTests {
    /// A compressor that packs nothing.
    private struct NoCompressor: Compressor {
        func compress(_ bytes: [UInt8]) throws -> [UInt8] { bytes }
        func decompress(_ bytes: [UInt8], countMax: Int) throws -> [UInt8] { bytes }
    }

    private static let later = Moment(milliseconds: 1_795_248_000_000 + 86_400_000)
    private let hub: TestHub
    private let one: TestTerminal
    private let other: TestTerminal

    init() throws {
        hub = try TestHub()
        one = try TestTerminal(seed: 2, at: hub)
        other = try TestTerminal(seed: 3, at: hub)
        for number in 0..<30 {
            try one.record(Carton.seen("\(number)", Carton.key("\(number % 4)")))
            try other.record(Carton.seen("o\(number)", Carton.key("\(number % 3)")))
            try one.sync(with: hub)
            try other.sync(with: hub)
        }
        try one.sync(with: hub)
    }

    /// A backup of the hub has everything.
    @discardableResult
    private func backUp() throws -> TestHub {
        let backup = try hub.copied()
        try hub.store.write { transaction in
            let head = try transaction.head(of: Carton.dock)
            try HubReplica.noteSecured([Carton.dock: head], in: transaction)
        }
        return backup
    }

    private func foldable(before limit: Moment = later, countMin: Int = 10) throws -> UInt64? {
        try one.store.read {
            try one.terminal.foldable(
                Carton.dock,
                before: limit,
                countMin: countMin,
                in: $0
            )
        }
    }

    @discardableResult
    private func rest() throws -> Bool {
        var pieces: [([UInt8], [UInt8])] = []
        let manifest = try one.store.read {
            try one.terminal.pack(Carton.dock, in: $0, compressor: NoCompressor()) {
                pieces.append(($0, $1))
            }
        }
        return try one.store.write { transaction in
            for (hash, bytes) in pieces {
                try transaction.putPiece(hash, bytes, of: Carton.dock)
            }
            return try one.terminal.rest(on: manifest, in: transaction)
        }
    }

    private func letGo(upTo end: UInt64) throws -> [OperationID] {
        var gone: [OperationID] = []
        var more = true
        while more {
            let part = try one.store.write {
                try one.terminal.letGo(upTo: end, of: Carton.dock, limit: 7, in: $0)
            }
            gone += part.gone
            more = part.more
        }
        return gone
    }

    private var log: [OperationID] {
        get throws {
            try one.store.read { try $0.log(offset: 0, limit: .max) }.map(\.operation.id)
        }
    }

    @Test func `what no backup has, or is young, stays`() throws {
        #expect(try foldable() == nil)
        try backUp()
        try one.sync(with: hub)
        #expect(try foldable(before: Moment(milliseconds: 1)) == nil)
        #expect(try foldable(countMin: 100_000) == nil)
        #expect(try foldable() != nil)
    }

    @Test func `nothing goes before the state is packed`() throws {
        try backUp()
        try one.sync(with: hub)
        let end = try #require(try foldable())
        let before = try log
        #expect(try letGo(upTo: end).isEmpty)
        #expect(try log == before)
    }

    @Test func `the history goes, the state stays, and work goes on`() throws {
        try backUp()
        try one.sync(with: hub)
        let end = try #require(try foldable())
        let (cells, before) = (one.cells(), try log)
        #expect(try rest())
        let gone = try letGo(upTo: end)
        #expect(gone.count > 100)
        #expect(try log == before.filter { !gone.contains($0) })
        #expect(one.cells() == cells)
        #expect(try foldable() == nil)
        // The chain goes on from what was recorded last.
        try one.restart()
        try one.record(Carton.seen("after"))
        try one.sync(with: hub)
        try other.sync(with: hub)
        #expect(one.cells() == hub.cells())
        #expect(try hub.aside.isEmpty)
    }

    @Test func `what the hub holds for a newer program stays until it is judged`() throws {
        try one.record(Draft(.fact, of: Carton.key("1"), type: "carton.unheard_of"))
        try one.sync(with: hub)
        let held = try #require(try log.last { $0.replica == one.terminal.replica.id })
        try one.record(Carton.seen("x"))
        try one.sync(with: hub)
        try backUp()
        try one.sync(with: hub)
        let end = try #require(try foldable())
        try rest()
        #expect(try !letGo(upTo: end).contains(held))
        #expect(try log.contains(held))
    }

    @Test func `a hub restored from that backup has all, and the terminal fetches it again`() throws
    {
        let backup = try backUp()
        try one.sync(with: hub)
        let end = try #require(try foldable())
        try rest()
        let gone = try letGo(upTo: end)
        try one.record(Carton.seen("later"))
        try one.sync(with: hub)
        try backup.takeNewEpoch()
        try one.sync(with: backup)
        try other.sync(with: backup)
        try one.sync(with: backup)
        #expect(one.cells() == backup.cells())
        #expect(try Set(gone).isSubset(of: Set(log)))
        #expect(try one.record(of: Carton.key()).facts.count == 1)
    }

    @Test func `a hub older than what was let go gets the rest from others, and nobody waits`()
        throws
    {
        let old = try hub.copied()
        for number in 30..<40 {
            try one.record(Carton.seen("\(number)", Carton.key("\(number % 4)")))
            try one.sync(with: hub)
            try other.sync(with: hub)
        }
        try backUp()
        try one.sync(with: hub)
        let end = try #require(try foldable())
        try rest()
        // Nothing is left behind that could be given back but what its next record links to.
        #expect(try letGo(upTo: end).count > 100)
        #expect(try one.store.read { try one.terminal.cursor(of: Carton.dock, in: $0) } == end)
        try old.takeNewEpoch()
        try one.sync(with: old)
        try other.sync(with: old)
        try one.sync(with: old)
        #expect(one.cells() == old.cells())
        #expect(other.cells() == old.cells())
        #expect(try one.record(of: Carton.key("3")).facts.count == 10)
        #expect(try old.store.read { try HubReplica.awaited(in: $0) }.isEmpty)
    }

    @Test func `another program fetches what it cannot make from the history here`() throws {
        try backUp()
        try one.sync(with: hub)
        let end = try #require(try foldable())
        try rest()
        _ = try letGo(upTo: end)
        try one.record(Carton.seen("tail"))
        try one.sync(with: hub)
        // Another program makes the state anew: the history before is not here, so it is fetched.
        try one.restart(Carton.olderVocabulary)
        try one.sync(with: hub)
        try one.restart()
        try one.sync(with: hub)
        #expect(one.cells() == hub.cells())
    }
}
