import ExceptionReports
import Forms
import Inspection
import Receiving
import Sync
import Tally
import Testing
import Workforce

/// Promise 3: the same operations give the same state, in whatever order, number and batches they
/// come: facts and edits in any, moves and decisions in the hub's.
@Suite struct HistoryTests {
    private static let vocabulary = Vocabulary(joining: [
        Worker.vocabulary, ReceivingRoom.vocabulary, InspectionRoom.vocabulary,
        FormsRoom.vocabulary, ExceptionRoom.vocabulary, Carton.vocabulary,
    ])
    /// A build without optimisation is some twenty times slower and plays fewer.
    #if DEBUG
    private static let historyCount: UInt64 = 800
    #else
    private static let historyCount: UInt64 = 10_000
    #endif
    private static let trialCount = 20
    /// Of histories up to this long, every permutation is tried.
    private static let exhaustiveCountMax = 6

    /// What a run has covered.
    private struct Coverage {
        var names: Set<String> = []
        var replicaCounts: Set<Int> = []
        var verdicts: Set<Verdict> = []
        var histories = 0
        var permutations = 0

        mutating func add(_ other: Coverage) {
            names.formUnion(other.names)
            replicaCounts.formUnion(other.replicaCounts)
            verdicts.formUnion(other.verdicts)
            histories += other.histories
            permutations += other.permutations
        }
    }

    @Test func `any order, repetition and batching of a history gives one state`() async throws {
        let shards: UInt64 = 8
        let coverage = try await withThrowingTaskGroup(of: Coverage.self) { group in
            for shard in 0..<shards {
                group.addTask { try Self.run(shard: shard, of: shards) }
            }
            return try await group.reduce(into: Coverage()) { $0.add($1) }
        }
        #expect(coverage.histories == Int(Self.historyCount))
        #expect(coverage.permutations >= Int(Self.historyCount) * Self.trialCount)
        #expect(coverage.replicaCounts == Set(1...6))
        #expect(coverage.verdicts == Set(Verdict.allCases))
        let sayings = Sayings(Self.vocabulary)
        #expect(sayings.names.subtracting(coverage.names) == [], "never generated")
    }

    private static func run(shard: UInt64, of shards: UInt64) throws -> Coverage {
        let reducer = Reducer(vocabulary)
        let sayings = Sayings(vocabulary)
        var coverage = Coverage()
        for seed in stride(from: seedBase + shard, to: seedBase + historyCount, by: Int(shards)) {
            var dice = SeededDice(seed: seed)
            // Every fourth history is short enough for all of its permutations.
            let count = seed.isMultiple(of: 4) ? 1 + dice.roll(6) : 7 + dice.roll(8)
            let history = try History(reducer, sayings, count: count, dice: &dice)
            let reference = Space()
            for step in history.steps {
                try reducer.apply(step.operation, step.judgement, to: reference)
            }
            #expect(reference.digest == reference.recomputedDigest, "seed \(seed)")
            for _ in 0..<trialCount {
                let space = try Self.trial(history, reducer, dice: &dice)
                guard space.digest == reference.digest, space.cells == reference.cells else {
                    Issue.record("seed \(seed): another order gave another state")
                    return coverage
                }
            }
            coverage.permutations += trialCount
            if count <= exhaustiveCountMax {
                var search = Permutations(history, reducer, reference)
                try search.tryAll()
                coverage.permutations += search.count
                #expect(search.failures == 0, "seed \(seed): of \(search.count) permutations")
            }
            coverage.histories += 1
            coverage.names.formUnion(history.names)
            coverage.replicaCounts.insert(history.replicaCount)
            coverage.verdicts.formUnion(history.steps.map(\.judgement.verdict))
        }
        return coverage
    }

    /// Applies a history in another order, some of it again, in batches of which some fail half-way
    /// and some come twice.
    private static func trial(
        _ history: History,
        _ reducer: Reducer,
        dice: inout SeededDice
    ) throws -> Space {
        let space = Space()
        let sequence = shuffled(history.steps, dice: &dice)
        var start = 0
        while start < sequence.count {
            let end = min(start + 1 + dice.roll(5), sequence.count)
            let batch = sequence[start..<end]
            if dice.once(in: 5) {
                let mark = space.mark
                for step in batch.prefix(dice.roll(batch.count + 1)) {
                    try reducer.apply(step.operation, step.judgement, to: space)
                }
                space.undo(to: mark)
            }
            for _ in 0..<(dice.once(in: 5) ? 2 : 1) {
                for step in batch {
                    try reducer.apply(step.operation, step.judgement, to: space)
                }
            }
            start = end
        }
        return space
    }

    /// The steps in a random order, moves and decisions in their own, and some of them again later.
    private static func shuffled(
        _ steps: [History.Step],
        dice: inout SeededDice
    ) -> [History.Step] {
        var sequence = steps.shuffled(using: &dice)
        let places = sequence.indices.filter { sequence[$0].isOrdered }
        let ordered = steps.filter(\.isOrdered)
        for (place, step) in zip(places, ordered) { sequence[place] = step }
        for _ in 0..<dice.roll(steps.count + 1) {
            let index = dice.roll(sequence.count)
            let later = index + 1 + dice.roll(sequence.count - index)
            sequence.insert(sequence[index], at: later)
        }
        return sequence
    }
}

/// Walks all orders of a short history, moves and decisions kept in theirs.
private struct Permutations {
    private let history: History
    private let reducer: Reducer
    private let reference: Space
    private let space = Space()
    private(set) var count = 0
    private(set) var failures = 0

    init(_ history: History, _ reducer: Reducer, _ reference: Space) {
        self.history = history
        self.reducer = reducer
        self.reference = reference
    }

    mutating func tryAll() throws { try extend(Array(history.steps.indices)) }

    private mutating func extend(_ rest: [Int]) throws {
        guard !rest.isEmpty else {
            count += 1
            if space.digest != reference.digest || space.cells != reference.cells { failures += 1 }
            return
        }
        var isBehindOrdered = false
        for index in rest {
            let step = history.steps[index]
            if step.isOrdered {
                if isBehindOrdered { continue }
                isBehindOrdered = true
            }
            let mark = space.mark
            try reducer.apply(step.operation, step.judgement, to: space)
            try extend(rest.filter { $0 != index })
            space.undo(to: mark)
        }
    }
}
