import Foundation
import Hub
import LedgerPostgres
import Receiving
import Sync
import Tally

/// Measures a hub's store in PostgreSQL: ingestion beside the raw limit, and what a merge costs as
/// the log grows.
struct PostgresBench {
    private static let site = "BENCH"
    private static let batchCount = 1_000

    let address: DatabaseAddress
    let count: Int

    /// Operations and who made them, judged as they would come.
    private func operations() throws -> [LoggedOperation] {
        let store = MemoryStore()
        var dice = SystemDice()
        let reading = try MachineClock().reading()
        return try store.write { transaction in
            let replica = try Replica.open(transaction, dice: &dice)
            var terminal = TerminalReplica(replica, Reducer(PlantVocabulary.all))
            let made = try terminal.record(
                try (0..<count).map(Self.draft),
                by: "W001",
                reading: reading,
                dice: &dice,
                in: transaction
            )
            return made.enumerated().map { index, operation in
                LoggedOperation(
                    operation: operation,
                    judgement: Judgement(
                        position: UInt64(index) + 1,
                        verdict: .accepted,
                        effective: reading.wall,
                        effectiveStamp: HybridStamp(bits: UInt64(index))
                    )
                )
            }
        }
    }

    /// As what is merged, in a site of its own.
    private static func draft(_ number: Int) throws -> Draft {
        let draft = try SyncBench.draft(number)
        let entity = EntityKey(
            scope: Scope(site: "RAW", area: ReceivingRoom.area),
            kind: draft.entity.kind,
            id: draft.entity.id
        )
        return Draft(draft.kind, of: entity, type: draft.type, payload: draft.payload)
    }

    private static func seconds(_ work: () throws -> Void) throws -> Double {
        let begun = ContinuousClock.now
        try work()
        return (ContinuousClock.now - begun) / .seconds(1)
    }

    /// Operations into the log in large transactions, and the same rows through bare libpq.
    func ingest() throws -> [BenchFigure] {
        let store = try PostgresStore(address)
        defer { store.close() }
        guard try store.read({ try $0.scopes() }).isEmpty else {
            throw PostgresRefusal.foreign(address.name, detail: "records")
        }
        let merged = try merge(store)
        let rows = try operations()
        let raw = try RawOperations(address)
        var (mine, bare) = (0.0, 0.0)
        // In turn, so that both meet the same disk.
        for start in stride(from: 0, to: rows.count, by: Self.batchCount) {
            let batch = Array(rows[start..<min(start + Self.batchCount, rows.count)])
            bare += try Self.seconds { try raw.insert(batch, from: UInt64(start) + 1) }
            mine += try Self.seconds {
                try store.write { transaction in
                    for logged in batch { try transaction.append(logged) }
                }
            }
        }
        try raw.drop()
        return [
            .rate(
                "ingested operations, \(Self.batchCount) a transaction",
                "/s",
                count: rows.count,
                seconds: mine,
                "the same rows through bare libpq",
                rawSeconds: bare
            )
        ] + merged
    }

    // MARK: - Merging

    /// What an operation took.
    private struct Cost {
        let statements: Double
        let pages: Double
        let milliseconds: Double
    }

    /// A hub and a terminal that it knows.
    private struct Pair {
        var node: HubNode
        var terminal: TerminalReplica
        let peer = MemoryStore()
        var dice = SystemDice()
        let clock: MachineClock

        init(_ store: PostgresStore) throws {
            clock = try MachineClock()
            var dice = SystemDice()
            let (clock, peer) = (self.clock, self.peer)
            let replica = try peer.write { try Replica.open($0, dice: &dice) }
            terminal = TerminalReplica(replica, Reducer(PlantVocabulary.all))
            node = try store.write { transaction in
                let node = try HubNode(
                    opening: transaction,
                    compressor: NoteCompression.compressor,
                    reading: clock.reading(),
                    dice: &dice
                )
                let now = clock.reading().wall
                try HubNode.addSite(PostgresBench.site, in: transaction)
                let code = try HubNode.offerEnrolment(
                    site: PostgresBench.site,
                    name: "bench",
                    now: now,
                    dice: &dice,
                    in: transaction
                )
                let request = EnrollRequest(code: code, publicKey: replica.publicKey)
                let answer = try node.replica.enroll(request, now: now, in: transaction)
                try peer.write { try TerminalReplica.enroll(answer, in: $0) }
                return node
            }
        }

        /// Records 100 operations and merges them.
        ///
        /// - Returns: the seconds that merging took.
        mutating func push(from first: Int, to store: PostgresStore) throws -> Double {
            let drafts = try (first..<first + 100).map(SyncBench.draft)
            let reading = clock.reading()
            let request = try peer.write { transaction in
                _ = try terminal.record(
                    drafts,
                    by: "W001",
                    reading: reading,
                    dice: &dice,
                    in: transaction
                )
                return try terminal.pushRequest(in: transaction)
            }
            guard let request else { return 0 }
            let begun = ContinuousClock.now
            let answer = try store.write { transaction in
                try node.push(request, reading: reading, dice: &dice, in: transaction)
            }
            let seconds = (ContinuousClock.now - begun) / .seconds(1)
            _ = try peer.write { try terminal.apply(answer, to: request, in: $0) }
            return seconds
        }
    }

    /// What an operation costs, merged 100 a batch, on a log of a tenth of `count` and on one of
    /// `count`.
    private func merge(_ store: PostgresStore) throws -> [BenchFigure] {
        var pair = try Pair(store)
        let batches = 20
        var costs: [Cost] = []
        var done = 0
        for goal in [count / 10, count] {
            while done < goal {
                _ = try pair.push(from: done, to: store)
                done += 100
            }
            let (statements, pages) = (store.statementCount, try store.pageCount())
            var seconds = 0.0
            for _ in 0..<batches {
                seconds += try pair.push(from: done, to: store)
                done += 100
            }
            let operations = Double(batches * 100)
            costs.append(
                Cost(
                    statements: Double(store.statementCount - statements) / operations,
                    pages: Double(try store.pageCount() - pages) / operations,
                    milliseconds: seconds * 1000 / operations
                )
            )
        }
        let limit = "on a log of \(count / 10)"
        func figure(_ name: String, _ unit: String, _ cost: (Cost) -> Double) -> BenchFigure {
            .limited(
                "\(name) an operation, 100 a batch, on a log of \(count)",
                unit,
                cost(costs[1]),
                limit,
                cost(costs[0])
            )
        }
        return [
            figure("statements", "") { $0.statements },
            figure("pages", "") { $0.pages },
            figure("time", "ms") { $0.milliseconds },
        ]
    }
}
