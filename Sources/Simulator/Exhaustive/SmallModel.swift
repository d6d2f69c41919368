import Tally

/// What a small scope should come to, said plainly: lists, sets and a stage.
///
/// It shares nothing with the reducer. A record is an ordinal; the model knows who made it, what
/// was seen then, and in which order the hub took what it was sent.
struct SmallModel {
    /// What can be recorded.
    enum Word: Int, CaseIterable, Comparable {
        case fact, edit, close, reopen, stop, decide

        static func < (one: Word, other: Word) -> Bool { one.rawValue < other.rawValue }
    }

    /// What a replica shows.
    struct View: Equatable {
        var facts: Set<Int> = []
        /// Values in force.
        var heads: Set<Int> = []
        var stage = "open"
        /// Moves that are known, and whether each stands.
        var moves: [Int: Bool] = [:]
        var decision: Int?
        /// Whether the decision is a terminal's own, which the hub has not seen.
        var isPredicted = false

        static func == (one: View, other: View) -> Bool {
            one.facts == other.facts && one.heads == other.heads && one.stage == other.stage
                && one.moves == other.moves && one.decision == other.decision
        }
    }

    private struct Record {
        let replica: Int
        let word: Word
        let bases: Set<Int>
    }

    /// 0 is the hub.
    static let hub = 0
    private var records: [Record] = []
    /// In the hub's order, with its verdict: whether it took effect.
    private(set) var order: [(record: Int, isIn: Bool)] = []
    private var confirmed = View()
    /// Per terminal, how much of the order it has fetched, and what that came to.
    private var reached: [Int]
    private var fetched: [View]
    /// Per terminal, what it recorded and has not fetched back.
    private var own: [[Int]]
    private var sent: [Int]

    init(terminals: Int) {
        reached = Array(repeating: 0, count: terminals + 1)
        fetched = Array(repeating: View(), count: terminals + 1)
        own = Array(repeating: [], count: terminals + 1)
        sent = Array(repeating: 0, count: terminals + 1)
    }

    /// How many were recorded.
    var count: Int { records.count }

    func hasUnsent(_ replica: Int) -> Bool { sent[replica] < own[replica].count }

    func hasUnseen(_ replica: Int) -> Bool { reached[replica] < order.count }

    /// What a replica shows: for a terminal, what it fetched and its own on top.
    func view(of replica: Int) -> View {
        guard replica != Self.hub else { return confirmed }
        var view = fetched[replica]
        for (place, record) in own[replica].enumerated() {
            if place < sent[replica] {
                // The hub's word is known, though not yet in its order.
                guard let word = order.first(where: { $0.record == record }) else { continue }
                if records[record].word == .decide { continue }
                if !word.isIn {
                    view.moves[record] = false
                    continue
                }
            }
            predict(record, on: &view)
        }
        return view
    }

    private func predict(_ record: Int, on view: inout View) {
        // A terminal's own decision is none, but until the hub says so it is shown.
        if records[record].word == .decide {
            if !view.isPredicted { view.decision = record }
            view.isPredicted = true
            return
        }
        _ = apply(record, to: &view, verdict: nil)
    }

    /// Somebody records a word, having seen what the replica shows.
    mutating func record(_ word: Word, at replica: Int) {
        let bases = word == .edit ? view(of: replica).heads : []
        records.append(Record(replica: replica, word: word, bases: bases))
        let record = records.count - 1
        if replica == Self.hub { take(record) } else { own[replica].append(record) }
    }

    /// The hub takes a terminal's next record.
    ///
    /// - Returns: the record, and whether it takes effect.
    mutating func push(_ replica: Int) -> (record: Int, isIn: Bool) {
        let record = own[replica][sent[replica]]
        sent[replica] += 1
        take(record)
        return order[order.count - 1]
    }

    /// A terminal fetches all that the hub has.
    mutating func pull(_ replica: Int) {
        for (record, isIn) in order[reached[replica]...] {
            _ = apply(record, to: &fetched[replica], verdict: isIn)
            if let place = own[replica].firstIndex(of: record) {
                own[replica].remove(at: place)
                sent[replica] -= 1
            }
        }
        reached[replica] = order.count
    }

    private mutating func take(_ record: Int) {
        let isForeign = records[record].word == .decide && records[record].replica != Self.hub
        let isIn = !isForeign && apply(record, to: &confirmed, verdict: nil)
        order.append((record, isIn))
    }

    /// - Returns: whether it takes effect.
    private func apply(_ record: Int, to view: inout View, verdict: Bool?) -> Bool {
        switch records[record].word {
        case .fact:
            view.facts.insert(record)
        case .edit:
            view.heads.subtract(records[record].bases)
            view.heads.insert(record)
        case .decide:
            if verdict == false { return false }
            view.decision = record
        case .close: return move(record, ["open"], "closed", &view, verdict)
        case .reopen: return move(record, ["closed", "stopped"], "open", &view, verdict)
        case .stop:
            return move(record, ["open", "closed", "stopped"], "stopped", &view, verdict)
        }
        return true
    }

    private func move(
        _ record: Int,
        _ from: Set<String>,
        _ to: String,
        _ view: inout View,
        _ verdict: Bool?
    ) -> Bool {
        let stands = verdict ?? from.contains(view.stage)
        view.moves[record] = stands
        if stands { view.stage = to }
        return stands
    }
}
