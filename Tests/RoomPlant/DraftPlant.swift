import Sync
import Tally

/// A hub and terminals in memory: what is recorded runs through real operations, verdicts and
/// cells before a test reads it.
package final class DraftPlant {
    /// What the hub records when entities have changed.
    package typealias Reaction =
        @Sendable (Set<EntityKey>, EntityReader, any ReplicaTransaction) throws
        -> [Draft]

    /// One replica: its store and its clock's share of the plant.
    package final class Terminal {
        fileprivate let store = MemoryStore()
        fileprivate var replica: TerminalReplica

        fileprivate init(_ reducer: Reducer, _ dice: inout SeededDice) throws {
            replica = try store.write { transaction in
                TerminalReplica(try Replica.open(transaction, dice: &dice), reducer)
            }
        }

        /// An entity as this terminal knows it.
        package func record(of key: EntityKey) throws -> EntityRecord {
            try store.read { try EntityReader($0, replica.reducer).record(of: key) }
        }
    }

    /// In the order in which tests name them.
    package let terminals: [Terminal]
    private let store = MemoryStore()
    private let scopes: [Scope]
    private var hub: HubReplica
    private var dice = SeededDice(seed: 7)
    /// What the clocks of the plant show.
    package private(set) var now = Moment(milliseconds: 1_795_248_000_000)

    /// A plant whose hub knows all its terminals.
    package init(
        _ vocabulary: Vocabulary,
        scopes: [Scope],
        terminals count: Int,
        flaw: @escaping @Sendable (OperationKind, String, [UInt8]) -> ProblemCode?,
        react: @escaping Reaction = { _, _, _ in [] }
    ) throws {
        let reducer = Reducer(vocabulary)
        let rules = HubRules(
            flaw: { operation in
                operation.kind.flatMap { flaw($0, operation.type, operation.payload)?.text }
            },
            react: { changed, transaction in
                try react(changed, EntityReader(transaction, reducer), transaction)
            }
        )
        self.scopes = scopes
        var dice = SeededDice(seed: 8)
        hub = try store.write { transaction in
            _ = try HubReplica.epoch(in: transaction, dice: &dice)
            return HubReplica(try Replica.open(transaction, dice: &dice), reducer, rules)
        }
        terminals = try (0..<count).map { _ in try Terminal(reducer, &dice) }
        for terminal in terminals { try enroll(terminal) }
    }

    private func enroll(_ terminal: Terminal) throws {
        let answer = try store.write { transaction in
            let code = try HubReplica.offerEnrolment(
                name: "T",
                scopes: scopes,
                now: now,
                dice: &dice,
                in: transaction
            )
            let request = EnrollRequest(
                code: code,
                publicKey: terminal.replica.replica.publicKey
            )
            return try hub.enroll(request, now: now, in: transaction)
        }
        try terminal.store.write { try TerminalReplica.enroll(answer, in: $0) }
    }

    /// Records at a terminal, a minute after what was recorded last; nothing is sent.
    @discardableResult
    package func record(_ drafts: [Draft], by author: String, on index: Int) throws -> [OperationID]
    {
        let terminal = terminals[index]
        let reading = tick()
        return try terminal.store.write { transaction in
            try terminal.replica.record(
                drafts,
                by: author,
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }.map(\.id)
    }

    /// Records at the hub.
    package func decide(_ drafts: [Draft?]) throws {
        let reading = tick()
        try store.write { transaction in
            try hub.record(
                drafts.compactMap { $0 },
                by: "office",
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
    }

    /// Sends what a terminal recorded, then fetches what the hub has.
    package func sync(_ index: Int) throws {
        let terminal = terminals[index]
        while let request = try terminal.store.read({ try terminal.replica.pushRequest(in: $0) }) {
            let reading = tick()
            let response = try store.write {
                try hub.push(request, reading: reading, dice: &dice, in: $0)
            }
            _ = try terminal.store.write {
                try terminal.replica.apply(response, to: request, in: $0)
            }
        }
        for scope in scopes {
            let request = try terminal.store.read {
                try terminal.replica.pullRequest(scope, in: $0)
            }
            let response = try store.read { try hub.pull(request, in: $0) }
            _ = try terminal.store.write {
                try terminal.replica.apply(response, now: now, in: $0)
            }
        }
    }

    /// An entity as the hub knows it.
    package func record(of key: EntityKey) throws -> EntityRecord {
        try store.read { try EntityReader($0, hub.reducer).record(of: key) }
    }

    /// Lets time pass.
    package func wait(minutes: Int) {
        now = now.adding(milliseconds: Int64(minutes) * 60_000)
    }

    private func tick() -> ClockReading {
        now = now.adding(milliseconds: 60_000)
        return ClockReading(
            wall: now,
            boot: 1,
            monotonicMilliseconds: UInt64(now.milliseconds - 1_795_000_000_000)
        )
    }
}
