import Sync
import Tally

/// What every queue of deliveries promises, on a new store.
public enum OutboxQueueSuite {
    /// One promise.
    public struct Behaviour: Sendable, CustomStringConvertible {
        public let name: String
        let body: @Sendable (any ReplicaStore, any OutboxQueue) async throws -> Void

        init(
            _ name: String,
            _ body: @escaping @Sendable (any ReplicaStore, any OutboxQueue) async throws -> Void
        ) {
            self.name = name
            self.body = body
        }

        public var description: String { name }

        /// Holds a new store and its queue to the promise.
        public func check(_ store: any ReplicaStore, _ queue: any OutboxQueue) async throws {
            try await body(store, queue)
        }
    }

    private static let start = Moment(milliseconds: 1_790_000_000_000)

    private static func after(_ milliseconds: Int64) -> Moment {
        start.adding(milliseconds: milliseconds)
    }

    private static func lease(_ number: UInt64) -> Identifier { Identifier(high: 9, low: number) }

    private static func key(_ number: Int) -> Identifier { .derived("told", String(number)) }

    /// Queues a message about an entity.
    private static func enqueue(
        _ number: Int,
        about entity: Int,
        at scope: Scope = Workbench.dock,
        in store: any ReplicaStore
    ) throws {
        let message = OutboxMessage(
            key: key(number),
            topic: "receipt",
            entity: Workbench.receipt(entity, in: scope),
            payload: [UInt8(number)]
        )
        try store.write { try $0.enqueue(message) }
    }

    private static func order(
        _ number: Int,
        _ targets: [String],
        site: String = "S1"
    ) -> OutboxOrder {
        OutboxOrder(key: key(number), site: site, targets: targets)
    }

    private static func terms(
        _ target: String = "erp",
        digest: Int = 1,
        _ rate: RateLimit? = nil
    )
        -> LeaseTerms
    {
        LeaseTerms(
            target: target,
            rate: rate,
            digestMax: digest,
            holdMilliseconds: rate == nil ? 1_000 : 60_000
        )
    }

    public static let behaviours: [Behaviour] = taking + ending + limits

    private static let taking: [Behaviour] = [
        Behaviour("a message goes to each of its targets once") { store, queue in
            try enqueue(1, about: 1, in: store)
            for _ in 0..<2 { try await queue.add([order(1, ["erp", "robot"])], now: start) }
            let all = try await queue.deliveries(OutboxQuestion())
            try expect(all.map(\.target), ["erp", "robot"], "targets")
            let first = try await queue.lease(terms(), as: lease(1), now: start)
            try expect(first.map(\.key), [key(1)], "leased")
            try expect(first.map(\.payload), [[1]], "payload")
            try expect(first.map(\.topic), ["receipt"], "topic")
            try expect(first.map(\.attempts), [1], "attempts")
            let again = try await queue.lease(terms(), as: lease(2), now: after(999))
            try expect(again.count, 0, "somebody has it")
            let other = try await queue.lease(terms("robot"), as: lease(3), now: start)
            try expect(other.map(\.target), ["robot"], "another target")
        },
        Behaviour("what is not in the outbox is given to nobody") { _, queue in
            try await queue.add([order(7, ["erp"])], now: start)
            try expect(try await queue.deliveries(OutboxQuestion()).count, 0, "deliveries")
        },
        Behaviour("what its sender left goes again when its time is up") { store, queue in
            try enqueue(1, about: 1, in: store)
            try await queue.add([order(1, ["erp"])], now: start)
            _ = try await queue.lease(terms(), as: lease(1), now: start)
            let again = try await queue.lease(terms(), as: lease(2), now: after(1_000))
            try expect(again.map(\.attempts), [2], "attempts")
            try expect(again.map(\.mayBeThere), [true], "may be there")
        },
        Behaviour("what is about one entity goes in its order") { store, queue in
            for (number, entity) in [(1, 1), (2, 1), (3, 2)] {
                try enqueue(number, about: entity, in: store)
                try await queue.add([order(number, ["erp"])], now: start)
            }
            let first = try await queue.lease(terms(), as: lease(1), now: start)
            let second = try await queue.lease(terms(), as: lease(2), now: start)
            let third = try await queue.lease(terms(), as: lease(3), now: start)
            try expect(first.map(\.key), [key(1)], "first")
            try expect(second.map(\.key), [key(3)], "of another entity")
            try expect(third.count, 0, "the first is open")
            try await queue.settle(
                first.map { OutboxOutcome($0, .delivered(number: "E1")) },
                now: after(5)
            )
            let last = try await queue.lease(terms(), as: lease(4), now: after(6))
            try expect(last.map(\.key), [key(2)], "the next")
        },
        Behaviour("one target is served over all sites") { store, queue in
            let other = Scope(site: "S2", area: "DOCK")
            try enqueue(1, about: 1, in: store)
            try enqueue(2, about: 1, at: other, in: store)
            try await queue.add([order(2, ["erp"], site: "S2")], now: start)
            try await queue.add([order(1, ["erp"])], now: after(1))
            var sites: [String] = []
            for number in 1...2 as ClosedRange<UInt64> {
                let taken = try await queue.lease(terms(), as: lease(number), now: after(2))
                sites += taken.map(\.site)
            }
            try expect(sites, ["S2", "S1"], "the earliest first")
        },
    ]

    private static let ending: [Behaviour] = [
        Behaviour("a failure waits for its moment, and only its own attempt may tell of it") {
            store,
            queue in
            try enqueue(1, about: 1, in: store)
            try await queue.add([order(1, ["erp"])], now: start)
            let taken = try await queue.lease(terms(), as: lease(1), now: start)
            let failure = OutboxOutcome.Result.again(
                due: after(5_000),
                error: "outbox.busy",
                detail: "no"
            )
            try await queue.settle(taken.map { OutboxOutcome($0, failure) }, now: after(10))
            let early = try await queue.lease(terms(), as: lease(2), now: after(4_999))
            try expect(early.count, 0, "too early")
            let due = try await queue.lease(terms(), as: lease(3), now: after(5_000))
            try expect(due.map(\.attempts), [2], "attempts")
            try expect(due.map(\.error), ["outbox.busy"], "error")
            // The first attempt was given up long ago.
            let late = OutboxOutcome.Result.dead(error: "outbox.refused", detail: "late")
            try await queue.settle(taken.map { OutboxOutcome($0, late) }, now: after(5_001))
            let states = try await queue.deliveries(OutboxQuestion()).map(\.state)
            try expect(states, [.sending], "still under way")
            try await queue.settle(
                taken.map { OutboxOutcome($0, .delivered(number: "E7")) },
                now: after(5_002)
            )
            let all = try await queue.deliveries(OutboxQuestion())
            try expect(all.map(\.state), [.delivered], "whoever says that it arrived")
            try expect(all.map(\.number), ["E7"], "its number")
            try expect(all.map(\.delivered), [after(5_002)], "when")
        },
        Behaviour("what a target says by itself is kept, and closed stays closed") {
            store,
            queue in
            try enqueue(1, about: 1, in: store)
            try await queue.add([order(1, ["erp", "robot"])], now: start)
            func hear(
                _ state: OutboxWord.State,
                _ number: String,
                _ name: Int = 1
            ) async throws
                -> Bool
            {
                let word = OutboxWord(
                    key: key(name),
                    target: "erp",
                    state: state,
                    number: number
                )
                return try await queue.hear(word, now: after(10))
            }
            try expect(try await hear(.accepted, "", 9), false, "nobody knows of it")
            try expect(try await hear(.accepted, "E1"), true, "accepted")
            let question = OutboxQuestion(target: "erp")
            let accepted = try await queue.deliveries(question)
            try expect(accepted.map(\.state), [.delivered], "so it arrived")
            try expect(accepted.map(\.number), ["E1"], "its number")
            try expect(accepted.map(\.word), [.accepted], "its word")
            try expect(accepted.map(\.wordMoment), [after(10)], "when")
            try expect(try await hear(.closed, ""), true, "closed")
            try expect(try await hear(.accepted, ""), true, "late")
            let closed = try await queue.deliveries(question)
            try expect(closed.map(\.word), [.closed], "stays closed")
            try expect(closed.map(\.number), ["E1"], "keeps its number")
            let robot = try await queue.deliveries(OutboxQuestion(target: "robot"))
            try expect(robot.map(\.word), [nil], "another target's")
        },
        Behaviour("dead letters stay, are counted, and go again when somebody says so") {
            store,
            queue in
            for number in 1...3 {
                try enqueue(number, about: number, in: store)
                try await queue.add([order(number, ["erp"])], now: start)
            }
            for number in 1...2 as ClosedRange<UInt64> {
                let taken = try await queue.lease(terms(), as: lease(number), now: start)
                let dead = OutboxOutcome.Result.dead(error: "outbox.refused", detail: "no")
                try await queue.settle(taken.map { OutboxOutcome($0, dead) }, now: after(1))
            }
            let counts = try await queue.counts()
            try expect(
                counts.map { "\($0.state) \($0.count)" },
                ["dead 2", "waiting 1"],
                "counts"
            )
            let question = OutboxQuestion(target: "erp", states: [.dead], limit: 1)
            try expect(try await queue.deliveries(question).count, 1, "as many as asked for")
            try expect(try await queue.replay(key(1), of: nil, now: after(9)), 1, "by key")
            try expect(try await queue.replay(nil, of: "robot", now: after(9)), 0, "of nobody")
            try expect(try await queue.replay(nil, of: "erp", now: after(9)), 1, "the others")
            try expect(try await queue.replay(nil, of: "erp", now: after(9)), 0, "none is left")
            let waiting = OutboxQuestion(states: [.waiting])
            try expect(try await queue.deliveries(waiting).count, 3, "all wait")
        },
    ]

    private static let limits: [Behaviour] = [
        Behaviour("a limit holds, and messages go together before it is reached") {
            store,
            queue in
            for number in 1...12 {
                try enqueue(number, about: number, in: store)
                try await queue.add([order(number, ["robot"])], now: start)
            }
            let limited = terms(
                "robot",
                digest: 4,
                RateLimit(count: 8, periodMilliseconds: 60_000)
            )
            var sizes: [Int] = []
            for number in 1...6 as ClosedRange<UInt64> {
                sizes.append(
                    try await queue.lease(limited, as: lease(number), now: after(1)).count
                )
            }
            // Four may go at once: two alone, two with company.
            try expect(sizes, [1, 1, 4, 4, 0, 0], "sizes")
            let later = try await queue.lease(limited, as: lease(9), now: after(15_001))
            try expect(later.count, 2, "the rest")
        },
        Behaviour("of many who take at once, each message goes to one") { store, queue in
            for number in 1...20 {
                try enqueue(number, about: number, in: store)
                try await queue.add([order(number, ["erp"])], now: start)
            }
            let keys = try await withThrowingTaskGroup(of: [Identifier].self) { group in
                for number in 0..<8 as Range<UInt64> {
                    group.addTask {
                        var keys: [Identifier] = []
                        for turn in 0..<3 as Range<UInt64> {
                            keys += try await queue.lease(
                                terms(),
                                as: lease(number * 10 + turn),
                                now: start
                            ).map(\.key)
                        }
                        return keys
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try expect(keys.count, 20, "all")
            try expect(Set(keys).count, 20, "each once")
        },
    ]
}
