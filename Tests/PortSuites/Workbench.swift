import Sync
import Tally

/// Makes operations for the suites: a replica with toy facts, seeded, through Sync's own API.
public struct Workbench {
    public static let dock = Scope(site: "S1", area: "DOCK")
    public static let hall = Scope(site: "S1", area: "HALL")
    public static let scopes = [Scope.company, dock, hall]
    public static let kinds = ["receipt", "exception_report"]

    /// One fact, one field, one decision and a lifecycle of two stages for receipts.
    public static let reducer = Reducer(
        Vocabulary(
            facts: ["receipt.counted", "exception_report.photographed"],
            fields: ["receipt.remark", "exception_report.containment"],
            decisions: ["receipt.noted"],
            lifecycles: [
                "receipt": Lifecycle(
                    initial: "open",
                    moves: [Lifecycle.Move("receipt.close", from: ["open"], to: "closed")]
                )
            ]
        )
    )

    public var dice: SeededDice
    public var terminal: TerminalReplica
    private var milliseconds: Int64 = 1_790_000_000_000

    /// A workbench at a store: the replica is the store's own.
    public init(seed: UInt64, at store: any ReplicaStore) throws {
        var dice = SeededDice(seed: seed)
        let replica = try store.write { try Replica.open($0, dice: &dice) }
        terminal = TerminalReplica(replica, Self.reducer)
        self.dice = dice
    }

    public var id: Identifier { terminal.replica.id }

    /// A number from 0 up to, not including, `end`.
    public mutating func roll(_ end: Int) -> Int { Int(dice.next() % UInt64(end)) }

    /// The clocks, a second later at each call.
    public mutating func reading() -> ClockReading {
        milliseconds += 1_000
        return ClockReading(
            wall: Moment(milliseconds: milliseconds),
            boot: 7,
            monotonicMilliseconds: UInt64(milliseconds)
        )
    }

    public static func receipt(_ number: Int, in scope: Scope = dock) -> EntityKey {
        EntityKey(
            scope: scope,
            kind: "receipt",
            id: .derived("receipt", scope.description, String(number))
        )
    }

    public static func counted(_ entity: EntityKey, _ text: String = "40") -> Draft {
        Draft(.fact, of: entity, type: "\(entity.kind).counted", payload: Array(text.utf8))
    }

    /// Records in a store, as a terminal does.
    public mutating func record(
        _ drafts: [Draft],
        in store: any ReplicaStore
    ) throws -> [Operation] {
        let reading = reading()
        return try store.write {
            try terminal.record(drafts, by: "W1", reading: reading, dice: &dice, in: $0)
        }
    }

    /// What another replica recorded: operations that are in no store of the test yet.
    public static func foreign(seed: UInt64, _ drafts: [Draft]) throws -> [Operation] {
        let store = MemoryStore()
        var bench = try Workbench(seed: seed, at: store)
        return try bench.record(drafts, in: store)
    }

    public static func judgement(
        _ position: UInt64,
        _ verdict: Verdict = .accepted,
        reason: String = ""
    ) -> Judgement {
        let moment = Moment(milliseconds: 1_790_000_000_000 + Int64(position))
        return Judgement(
            position: position,
            verdict: verdict,
            reason: reason,
            effective: moment,
            effectiveStamp: HybridStamp(bits: .max - position),
            timeUnsure: position.isMultiple(of: 2)
        )
    }
}
