import Foundation
import Hub
import Receiving
import Sync
import Tally

/// How many bytes an operation costs on the way to the hub.
///
/// The operations are those of the peers' comparison: edits of 5,000 entities with 12 fields, each
/// a text of 190 random characters, in batches of 100 as one terminal records them.
struct FramingBench {
    private static let batchSize = 100
    private static let entityCount = 5_000
    private static let fieldCount = 12
    private static let textLength = 190

    private let batchCount: Int

    init(count: Int) { batchCount = max(1, count / Self.batchSize) }

    /// What a batch has to carry in any layout: the entity's 16 bytes and the text.
    private static let contentSize = 16 + textLength

    /// A terminal at work.
    private struct Worker {
        var terminal: TerminalReplica
        var reading: ClockReading
        var dice: SeededDice
        private let store = MemoryStore()
        private var last: [Field: OperationID] = [:]

        init() throws {
            var dice = SeededDice(seed: 1)
            terminal = try store.write { transaction in
                TerminalReplica(
                    try Replica.open(transaction, dice: &dice),
                    Reducer(PlantVocabulary.all)
                )
            }
            self.dice = dice
            reading = try MachineClock().reading()
        }

        /// A shift's work: something every few seconds.
        mutating func batch() throws -> [Sync.Operation] {
            try (0..<FramingBench.batchSize).flatMap { _ in
                let draft = FramingBench.draft(&dice, last)
                let passed = UInt64.random(in: 500...9_000, using: &dice)
                reading.wall = reading.wall.adding(milliseconds: Int64(passed))
                reading.monotonicMilliseconds += passed
                let made = try store.write { transaction in
                    try terminal.record(
                        [draft],
                        by: "W001",
                        reading: reading,
                        dice: &dice,
                        in: transaction
                    )
                }
                last[Field(draft)] = made.first?.id
                return made
            }
        }

        /// The push of a batch, in a version of the protocol.
        func request(_ batch: [Sync.Operation], version: UInt32) throws -> [UInt8] {
            try PushRequest(
                batch.map(\.bytes),
                epoch: 1,
                clock: PushClock(
                    reading,
                    times: batch.map { DerivedTime($0.reading.wall, within: 40) }
                ),
                by: terminal.replica,
                version: version
            ).bytes()
        }
    }

    func figures() throws -> [BenchFigure] {
        var worker = try Worker()
        var (plain, packed, deflated) = (0, 0, 0)
        var times = (pack: 0.0, unpack: 0.0)
        for _ in 0..<batchCount {
            let batch = try worker.batch()
            plain += try worker.request(batch, version: 1).count
            let message = try worker.request(batch, version: 2)
            packed += message.count
            deflated += try BodyCompression.compressor.compress(message).count
            let bytes = batch.map(\.bytes)
            var begun = ContinuousClock.now
            let pack = OperationPack.pack(bytes)
            times.pack += (ContinuousClock.now - begun) / .seconds(1)
            begun = .now
            guard OperationPack.unpack(pack, countMax: Self.batchSize) == bytes else {
                throw NotTheSame()
            }
            times.unpack += (ContinuousClock.now - begun) / .seconds(1)
        }
        let count = batchCount * Self.batchSize
        let per = { (total: Int) in Double(total) / Double(count) }
        let content = Double(Self.contentSize)
        return [
            .limited("bytes around an operation's content", "B", per(packed) - content, "goal", 24),
            .limited("the same in version 1, without packs", "B", per(plain) - content, "goal", 24),
            .limited("an operation, packed and deflated", "B", per(deflated), "goal", 175),
            .rate(
                "packed operations",
                "/s",
                count: count,
                seconds: times.pack,
                "unpacked",
                rawSeconds: times.unpack
            ),
        ]
    }

    private struct NotTheSame: Error {}

    private struct Field: Hashable {
        let entity: EntityKey
        let type: String

        init(_ draft: Draft) {
            entity = draft.entity
            type = draft.type
        }
    }

    private static func draft(_ dice: inout SeededDice, _ last: [Field: OperationID]) -> Draft {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        let text = (0..<textLength).map { _ in
            letters[Int.random(in: letters.indices, using: &dice)]
        }
        let entity = EntityKey(
            scope: Scope(site: "BENCH", area: ReceivingRoom.area),
            kind: ReceivingRoom.EntityKind.receipt,
            id: .derived("bench", String(Int.random(in: 0..<entityCount, using: &dice)))
        )
        let field = Int.random(in: 0..<fieldCount, using: &dice)
        let type = "\(ReceivingRoom.EntityKind.receipt).field_\(field)"
        var draft = Draft(.edit, of: entity, type: type, payload: text)
        if let replaced = last[Field(draft)] {
            draft = Draft(.edit, of: entity, type: type, payload: text, bases: [replaced])
        }
        return draft
    }
}
