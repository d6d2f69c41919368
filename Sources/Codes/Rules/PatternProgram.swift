/// A pattern as steps, all ways through which are followed at once.
struct PatternProgram: Sendable {
    /// Where a pattern fits.
    struct Match {
        let start: Int
        let end: Int
        let groups: [String: Range<Int>]
    }

    private enum Step {
        case letters(PatternLetters)
        /// Two ways on, the better one first.
        case fork(Int, Int)
        case jump(Int)
        /// Remembers where it is: twice the group's number, and one more at its end.
        case mark(Int)
        case start
        case end
        case done
    }

    /// A way that is followed: where it is in the program, and the last mark it passed.
    private struct Way {
        let step: Int
        let mark: Int
    }

    /// A mark that ways passed; -1 is none.
    private struct Mark {
        let slot: Int
        let at: Int
        let before: Int
    }

    private static let stepsMax = 8_000
    private static let marksMax = 2_000_000

    private let names: [String]
    private var steps: [Step] = []

    init(_ tree: PatternTree, names: [String]) throws(CodePattern.Fault) {
        self.names = names
        try emit(.mark(names.count * 2))
        try add(tree)
        try emit(.done)
    }

    // MARK: - From a tree to steps

    private mutating func emit(_ step: Step) throws(CodePattern.Fault) {
        guard steps.count < Self.stepsMax else { throw .tooLong }
        steps.append(step)
    }

    private mutating func add(_ tree: PatternTree) throws(CodePattern.Fault) {
        switch tree {
        case .letters(let letters): try emit(.letters(letters))
        case .start: try emit(.start)
        case .end: try emit(.end)
        case .chain(let items): for item in items { try add(item) }
        case .group(let number, let inner):
            try emit(.mark(number * 2))
            try add(inner)
            try emit(.mark(number * 2 + 1))
        case .choice(let branches): try add(branches[...])
        case .repeated(let item, let least, let most, let isLazy):
            for _ in 0..<least { try add(item) }
            guard let most else {
                try add(endless: item, isLazy)
                return
            }
            var forks: [Int] = []
            for _ in least..<max(least, most) {
                forks.append(steps.count)
                try emit(.jump(0))
                try add(item)
            }
            for at in forks { steps[at] = fork(at + 1, steps.count, isLazy) }
        }
    }

    private mutating func add(_ branches: ArraySlice<PatternTree>) throws(CodePattern.Fault) {
        guard let first = branches.first else { return }
        guard branches.count > 1 else { return try add(first) }
        let fork = steps.count
        try emit(.jump(0))
        try add(first)
        let leave = steps.count
        try emit(.jump(0))
        steps[fork] = .fork(fork + 1, steps.count)
        try add(branches.dropFirst())
        steps[leave] = .jump(steps.count)
    }

    private mutating func add(endless item: PatternTree, _ isLazy: Bool) throws(CodePattern.Fault) {
        let again = steps.count
        try emit(.jump(0))
        try add(item)
        try emit(.jump(again))
        steps[again] = fork(again + 1, steps.count, isLazy)
    }

    private func fork(_ into: Int, _ past: Int, _ isLazy: Bool) -> Step {
        isLazy ? .fork(past, into) : .fork(into, past)
    }

    // MARK: - Following

    /// The leftmost place from `from` on that the pattern fits, by the best way through it.
    ///
    /// - Parameters:
    ///   - letters: the text.
    ///   - from: where to begin.
    ///   - isWhole: whether it must fit from there to the end.
    ///   - budget: steps that may be taken, less what is taken; nothing fits when it is used up.
    /// - Returns: where it fits; nil when it fits nowhere.
    func match(
        _ letters: [Unicode.Scalar],
        from: Int,
        isWhole: Bool,
        _ budget: inout Int
    ) -> Match? {
        var marks: [Mark] = []
        var seen = [Int](repeating: -1, count: steps.count)
        var ways: [Way] = []
        var best: (mark: Int, end: Int)?
        var at = from
        while true {
            if best == nil, at == from || !isWhole {
                follow(Way(step: 0, mark: -1), at, letters.count, &ways, &seen, &marks, &budget)
            }
            var next: [Way] = []
            for way in ways {
                if case .letters(let set) = steps[way.step] {
                    guard at < letters.count, set.contains(letters[at]) else { continue }
                    let on = Way(step: way.step + 1, mark: way.mark)
                    // `seen` holds the place, so one array serves this place and the next.
                    follow(on, at + 1, letters.count, &next, &seen, &marks, &budget)
                } else if !isWhole || at == letters.count {
                    best = (way.mark, at)
                    break  // the ways behind it are worse
                }
            }
            guard budget > 0, marks.count < Self.marksMax else { return nil }
            ways = next
            at += 1
            if at > letters.count || (ways.isEmpty && (isWhole || best != nil)) { break }
        }
        return best.map { found(in: marks, from: $0.mark, end: $0.end) }
    }

    /// Goes on as far as no character is needed, and lists the ways that need one, or are done.
    private func follow(
        _ way: Way,
        _ at: Int,
        _ count: Int,
        _ ways: inout [Way],
        _ seen: inout [Int],
        _ marks: inout [Mark],
        _ budget: inout Int
    ) {
        var open = [way]
        while let way = open.popLast() {
            guard seen[way.step] != at else { continue }
            seen[way.step] = at
            budget -= 1
            let next = Way(step: way.step + 1, mark: way.mark)
            switch steps[way.step] {
            case .letters, .done: ways.append(way)
            case .jump(let to): open.append(Way(step: to, mark: way.mark))
            case .fork(let better, let worse):
                open.append(Way(step: worse, mark: way.mark))
                open.append(Way(step: better, mark: way.mark))
            case .start: if at == 0 { open.append(next) }
            case .end: if at == count { open.append(next) }
            case .mark(let slot):
                marks.append(Mark(slot: slot, at: at, before: way.mark))
                open.append(Way(step: next.step, mark: marks.count - 1))
            }
        }
    }

    /// What the marks of a way say; those passed last count.
    private func found(in marks: [Mark], from last: Int, end: Int) -> Match {
        var places: [Int: Int] = [:]
        var mark = last
        while mark >= 0 {
            let passed = marks[mark]
            if places[passed.slot] == nil { places[passed.slot] = passed.at }
            mark = passed.before
        }
        var groups: [String: Range<Int>] = [:]
        for (number, name) in names.enumerated() {
            guard let low = places[number * 2], let high = places[number * 2 + 1], low <= high
            else { continue }
            groups[name] = low..<high
        }
        return Match(start: places[names.count * 2] ?? end, end: end, groups: groups)
    }
}
