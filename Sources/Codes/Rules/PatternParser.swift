/// Reads the text of a pattern.
///
/// Literals, `.`, `[…]`, `\d \w \s` and their opposites, `\t \n \r \xHH \u{…}`, `(…)`, `(?:…)`,
/// `(?<name>…)`, `|`, `* + ? {n} {n,} {n,m}` and their lazy forms, `^`, `$`, and `(?i)` in front.
struct PatternParser {
    private static let charactersMax = 4_000
    private static let depthMax = 60
    private static let repeatsMax = 10_000

    /// The names of the groups, by their numbers.
    private(set) var names: [String] = []
    private var rest: ArraySlice<Unicode.Scalar>
    private var depth = 0
    private var isCaseless = false

    init(_ source: String) { rest = Array(source.unicodeScalars)[...] }

    mutating func tree() throws(CodePattern.Fault) -> PatternTree {
        guard rest.count <= Self.charactersMax else { throw .tooLong }
        if take("(?i)") { isCaseless = true }
        let tree = try choice()
        guard rest.isEmpty else { throw .noPattern }
        return tree
    }

    private mutating func choice() throws(CodePattern.Fault) -> PatternTree {
        var branches = [try chain()]
        while take("|") { branches.append(try chain()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func chain() throws(CodePattern.Fault) -> PatternTree {
        var items: [PatternTree] = []
        while let next = rest.first, next != "|", next != ")" { items.append(try repeated()) }
        return .chain(items)
    }

    private mutating func repeated() throws(CodePattern.Fault) -> PatternTree {
        let item = try single()
        let (least, most): (Int, Int?)
        if take("*") {
            (least, most) = (0, nil)
        } else if take("+") {
            (least, most) = (1, nil)
        } else if take("?") {
            (least, most) = (0, 1)
        } else if take("{") {
            (least, most) = try count()
        } else {
            return item
        }
        let isLazy = take("?")
        // No repetition is repeated again, and none keeps what it took for good.
        if let next = rest.first, "*+?{".unicodeScalars.contains(next) { throw .noPattern }
        switch item {
        case .start, .end: throw .noPattern
        default: return .repeated(item, least: least, most: most, isLazy: isLazy)
        }
    }

    private mutating func count() throws(CodePattern.Fault) -> (Int, Int?) {
        let least = number()
        guard take(",") else {
            guard let least, take("}") else { throw .noPattern }
            return (least, least)
        }
        let most = number()
        guard take("}"), least != nil || most != nil, most.map({ $0 >= least ?? 0 }) ?? true
        else { throw .noPattern }
        if least ?? 0 > Self.repeatsMax || most ?? 0 > Self.repeatsMax { throw .tooLong }
        return (least ?? 0, most)
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        guard !digits.isEmpty else { return nil }
        return digits.prefix(9).reduce(0) { $0 * 10 + Int($1.value) - 48 }
    }

    private mutating func single() throws(CodePattern.Fault) -> PatternTree {
        guard let next = rest.popFirst() else { throw .noPattern }
        switch next {
        case "(": return try group()
        case "[": return .letters(cased(try letterClass()))
        case ".": return .letters(.any)
        case "^": return .start
        case "$": return .end
        case "*", "+", "?", "{", "}", "]": throw .noPattern
        case "\\": return .letters(cased(try escape()))
        default: return .letters(cased(PatternLetters(ranges: [next...next])))
        }
    }

    private func cased(_ letters: PatternLetters) -> PatternLetters {
        isCaseless ? letters.caseless : letters
    }

    private mutating func group() throws(CodePattern.Fault) -> PatternTree {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else { throw .tooLong }
        var number: Int?
        if take("?<") {
            let name = rest.prefix { $0 != ">" }
            rest = rest.dropFirst(name.count)
            var text = ""
            text.unicodeScalars.append(contentsOf: name)
            let isName =
                !text.isEmpty && !("0"..."9").contains(name.first ?? "0")
                && text.unicodeScalars.allSatisfy(PatternLetters.Kind.word.contains)
            guard take(">"), isName, !names.contains(text) else { throw .noPattern }
            number = names.count
            names.append(text)
        } else if !take("?:"), rest.first == "?" {
            throw .noPattern
        }
        let inner = try choice()
        guard take(")") else { throw .noPattern }
        return number.map { .group($0, inner) } ?? inner
    }

    private mutating func letterClass() throws(CodePattern.Fault) -> PatternLetters {
        var letters = PatternLetters()
        letters.isNegated = take("^")
        var isFirst = true
        while let next = rest.popFirst() {
            if next == "]", !isFirst { return letters }
            isFirst = false
            guard next != "[" else { throw .noPattern }
            let low = next == "\\" ? try escape() : PatternLetters(ranges: [next...next])
            guard rest.first == "-", rest.dropFirst().first != "]",
                let from = low.ranges.first?.lowerBound, low.kinds.isEmpty
            else {
                letters.ranges += low.ranges
                letters.kinds += low.kinds
                letters.otherKinds += low.otherKinds
                continue
            }
            rest = rest.dropFirst()
            guard let end = rest.popFirst(), end != "[" else { throw .noPattern }
            let high = end == "\\" ? try escape() : PatternLetters(ranges: [end...end])
            guard let to = high.ranges.first?.upperBound, from <= to else { throw .noPattern }
            letters.ranges.append(from...to)
        }
        throw .noPattern
    }

    /// What stands behind a backslash.
    private mutating func escape() throws(CodePattern.Fault) -> PatternLetters {
        guard let next = rest.popFirst() else { throw .noPattern }
        switch next {
        case "d": return PatternLetters(kinds: [.digit])
        case "w": return PatternLetters(kinds: [.word])
        case "s": return PatternLetters(kinds: [.space])
        case "D": return PatternLetters(otherKinds: [.digit])
        case "W": return PatternLetters(otherKinds: [.word])
        case "S": return PatternLetters(otherKinds: [.space])
        case "t": return one("\t")
        case "n": return one("\n")
        case "r": return one("\r")
        case "x": return one(try hexadecimal(take("{") ? nil : 2))
        case "u": return one(try hexadecimal(take("{") ? nil : 4))
        default:
            // A letter or digit would mean something that this cannot do.
            guard !PatternLetters.Kind.word.contains(next) || next == "_" else {
                throw .noPattern
            }
            return one(next)
        }
    }

    private func one(_ letter: Unicode.Scalar) -> PatternLetters {
        PatternLetters(ranges: [letter...letter])
    }

    private mutating func hexadecimal(_ count: Int?) throws(CodePattern.Fault) -> Unicode.Scalar {
        let digits = count.map { rest.prefix($0) } ?? rest.prefix { $0 != "}" }
        rest = rest.dropFirst(digits.count)
        var text = ""
        text.unicodeScalars.append(contentsOf: digits)
        guard count.map({ $0 == digits.count }) ?? take("}"), digits.count <= 8,
            let value = UInt32(text, radix: 16), let letter = Unicode.Scalar(value)
        else { throw .noPattern }
        return letter
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = text.unicodeScalars
        guard rest.starts(with: wanted) else { return false }
        rest = rest.dropFirst(wanted.count)
        return true
    }
}
