import Sync
import Tally

/// Every history of a small scope, played by the real replicas and held against ``SmallModel``.
///
/// Two terminals and the hub record up to a number of operations of every kind, in every order,
/// with every choice of what was sent and fetched in between. Histories that only swap the two
/// terminals are played once, and so are those that differ only in where a fetch stands that nobody
/// builds on. Every push and every page comes twice.
public struct SmallScope {
    /// What came of it.
    public struct Report: Hashable, Sendable {
        /// Histories that were played to their end.
        public var histories = 0
        /// Steps that were compared with the model.
        public var steps = 0
        /// Whether the budget ended it before all was played.
        public var isCut = false
        /// The steps to the first difference, and what it was; nil when there is none.
        public var difference: String?
    }

    private enum Step {
        case record(SmallModel.Word, at: Int)
        case push(Int)
        case pull(Int)
    }

    private static let terminals = [1, 2]
    private let most: Int
    private let budget: Int
    private let plant: SmallPlant
    private var report = Report()
    private var path: [Step] = []

    private init(most: Int, budget: Int, defects: Set<Defect>) throws {
        self.most = most
        self.budget = budget
        plant = try SmallPlant(terminals: Self.terminals.count, defects: defects)
    }

    /// Plays every history of so many operations.
    ///
    /// - Parameters:
    ///   - operations: how many are recorded in a history.
    ///   - budget: the most histories to play.
    ///   - defect: a wilful fault, to see that it is found.
    /// - Returns: how many were played, and the first difference.
    /// - Throws: what the replicas throw, which is a difference too.
    public static func play(
        operations: Int,
        budget: Int = .max,
        defect: Defect? = nil
    ) throws -> Report {
        let defects = Set(defect.map { [$0] } ?? [])
        var scope = try SmallScope(most: operations, budget: budget, defects: defects)
        do {
            try scope.explore(SmallModel(terminals: terminals.count))
        } catch let difference as SmallPlant.Difference {
            let steps = scope.path.map { "\($0)" }.joined(separator: ", ")
            scope.report.difference = "\(difference.text) after \(steps)"
        }
        return scope.report
    }

    // MARK: - The tree

    private mutating func explore(_ model: SmallModel) throws {
        guard report.histories < budget else {
            report.isCut = true
            return
        }
        let isFull = model.count == most
        for terminal in Self.terminals where model.hasUnsent(terminal) {
            try branch(.push(terminal), model)
        }
        if isFull {
            if !Self.terminals.contains(where: model.hasUnsent) { try finish(model) }
            return
        }
        for replica in [SmallModel.hub] + Self.terminals where isFresh(replica) {
            for word in SmallModel.Word.allCases {
                try branch(.record(word, at: replica), model)
            }
        }
        for terminal in Self.terminals where isFresh(terminal) && model.hasUnseen(terminal) {
            // Fetching matters to what is recorded there next, and only to that.
            for word in SmallModel.Word.allCases {
                try branch(.pull(terminal), .record(word, at: terminal), model)
            }
        }
    }

    /// Whether a replica may speak: the second terminal only once the first one has.
    private func isFresh(_ replica: Int) -> Bool {
        guard replica == 2 else { return true }
        return path.contains { if case .record(_, at: 1) = $0 { true } else { false } }
    }

    private mutating func branch(_ step: Step, _ model: SmallModel) throws {
        try branch([step], model)
    }

    private mutating func branch(_ step: Step, _ next: Step, _ model: SmallModel) throws {
        try branch([step, next], model)
    }

    private mutating func branch(_ steps: [Step], _ model: SmallModel) throws {
        let mark = plant.mark()
        var model = model
        for step in steps {
            path.append(step)
            try play(step, &model)
        }
        try explore(model)
        path.removeLast(steps.count)
        plant.goBack(to: mark)
    }

    private mutating func play(_ step: Step, _ model: inout SmallModel) throws {
        report.steps += 1
        switch step {
        case .record(let word, at: let replica):
            model.record(word, at: replica)
            try plant.record(word, at: replica)
            try plant.compare(replica, model.view(of: replica))
        case .push(let terminal):
            let expected = model.push(terminal)
            try plant.push(terminal, expecting: expected)
            try plant.compare(terminal, model.view(of: terminal))
            try plant.compare(SmallModel.hub, model.view(of: SmallModel.hub))
        case .pull(let terminal):
            model.pull(terminal)
            try plant.pull(terminal)
            try plant.compare(terminal, model.view(of: terminal))
        }
    }

    /// All is sent: everybody fetches, and all are the same.
    private mutating func finish(_ model: SmallModel) throws {
        let mark = plant.mark()
        var model = model
        for terminal in Self.terminals {
            model.pull(terminal)
            try plant.pull(terminal)
            try plant.compare(terminal, model.view(of: SmallModel.hub))
        }
        try plant.compareCells()
        report.histories += 1
        plant.goBack(to: mark)
    }
}
