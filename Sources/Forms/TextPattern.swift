/// A regular expression of a form, whose time grows with the text and the pattern alone.
///
/// All ways through the pattern are followed at once, so that no pair of pattern and text keeps a
/// terminal busy. It holds literal characters, `.`, classes in square brackets, `\d \w \s` and
/// their opposites, groups, `|`, `*`, `+`, `?`, `{n}` and `{n,m}`; `^` and `$` may stand at the
/// ends, since a pattern always has to fit the whole text.
struct TextPattern {
    /// More steps than this make a pattern too large.
    static let stepCountMax = 2000

    enum Step {
        case letter(Letters)
        /// Goes on at both places.
        case fork(Int, Int)
        case jump(Int)
    }

    /// Which characters may stand at a place.
    struct Letters {
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        var isNegated = false

        func contains(_ letter: Unicode.Scalar) -> Bool {
            ranges.contains { $0.contains(letter) } != isNegated
        }
    }

    private let steps: [Step]

    /// Reads a pattern; nil when it cannot be read, or is too large.
    init?(_ source: String) {
        var parser = TextPatternParser(source)
        guard let steps = parser.steps() else { return nil }
        self.steps = steps
    }

    /// Whether the pattern fits the whole text.
    func fits(_ text: String) -> Bool {
        var places = reached(from: [0])
        for letter in text.unicodeScalars {
            let next = places.filter { place in
                guard place < steps.count, case .letter(let letters) = steps[place] else {
                    return false
                }
                return letters.contains(letter)
            }
            guard !next.isEmpty else { return false }
            places = reached(from: next.map { $0 + 1 })
        }
        return places.contains(steps.count)
    }

    /// The places at which a letter is wanted, or the end.
    private func reached(from starts: [Int]) -> [Int] {
        var seen = Array(repeating: false, count: steps.count + 1)
        var waiting = starts
        var places: [Int] = []
        while let place = waiting.popLast() {
            guard !seen[place] else { continue }
            seen[place] = true
            guard place < steps.count else {
                places.append(place)
                continue
            }
            switch steps[place] {
            case .letter: places.append(place)
            case .jump(let offset): waiting.append(place + offset)
            case .fork(let one, let other): waiting += [place + one, place + other]
            }
        }
        return places
    }
}

/// Reads the text of a ``TextPattern`` into steps, which name each other by their distance.
struct TextPatternParser {
    private typealias Step = TextPattern.Step
    private typealias Letters = TextPattern.Letters

    private var rest: ArraySlice<Unicode.Scalar>
    private var depth = 0

    init(_ source: String) {
        var letters = Array(source.unicodeScalars)
        if letters.first == "^" { letters.removeFirst() }
        let isEscaped = letters.dropLast().reversed().prefix { $0 == "\\" }.count % 2 == 1
        if letters.last == "$", !isEscaped { letters.removeLast() }
        rest = letters[...]
    }

    mutating func steps() -> [TextPattern.Step]? {
        guard let steps = choice(), rest.isEmpty else { return nil }
        return steps
    }

    private mutating func choice() -> [Step]? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 16, var steps = chain() else { return nil }
        while take("|") {
            guard let other = chain() else { return nil }
            steps = [.fork(1, steps.count + 2)] + steps + [.jump(other.count + 1)] + other
            guard steps.count <= TextPattern.stepCountMax else { return nil }
        }
        return steps
    }

    private mutating func chain() -> [Step]? {
        var steps: [Step] = []
        while let next = rest.first, next != "|", next != ")" {
            guard let piece = repeated() else { return nil }
            steps += piece
            guard steps.count <= TextPattern.stepCountMax else { return nil }
        }
        return steps
    }

    private mutating func repeated() -> [Step]? {
        guard let piece = piece() else { return nil }
        if take("*") { return Self.any(piece) }
        if take("+") { return piece + Self.any(piece) }
        if take("?") { return Self.perhaps(piece) }
        guard take("{") else { return piece }
        guard let least = count() else { return nil }
        let most = take(",") ? (rest.first == "}" ? nil : count() ?? -1) : least
        guard take("}"), most.map({ $0 >= least }) ?? true,
            max(least, most ?? 0) * piece.count <= TextPattern.stepCountMax
        else { return nil }
        let needed = Array(repeating: piece, count: least).flatMap(\.self)
        guard let most else { return needed + Self.any(piece) }
        return needed + (0..<most - least).reduce([]) { more, _ in Self.perhaps(piece + more) }
    }

    private static func any(_ piece: [Step]) -> [Step] {
        [.fork(1, piece.count + 2)] + piece + [.jump(-piece.count - 1)]
    }

    private static func perhaps(_ piece: [Step]) -> [Step] {
        [.fork(1, piece.count + 1)] + piece
    }

    private mutating func piece() -> [Step]? {
        guard let letter = rest.popFirst() else { return nil }
        switch letter {
        case "(":
            if take("?"), !take(":") { return nil }
            guard let steps = choice(), take(")") else { return nil }
            return steps
        case "[": return letters().map { [.letter($0)] }
        case ".": return [.letter(Letters(ranges: ["\n"..."\r"], isNegated: true))]
        case "\\": return escaped().map { [.letter($0)] }
        case "*", "+", "?", "{", "}", "]", "^", "$": return nil
        default: return [.letter(Letters(ranges: [letter...letter]))]
        }
    }

    private mutating func letters() -> Letters? {
        var letters = Letters(isNegated: take("^"))
        while let letter = rest.popFirst(), letter != "]" || letters.ranges.isEmpty {
            if letter == "\\" {
                guard let more = escaped(), !more.isNegated else { return nil }
                letters.ranges += more.ranges
            } else if rest.first == "-", let last = rest.dropFirst().first, last != "]" {
                rest.removeFirst(2)
                guard letter <= last, last != "\\" else { return nil }
                letters.ranges.append(letter...last)
            } else {
                letters.ranges.append(letter...letter)
            }
            if rest.isEmpty { return nil }
        }
        return letters
    }

    private mutating func escaped() -> Letters? {
        guard let letter = rest.popFirst() else { return nil }
        let digits: [ClosedRange<Unicode.Scalar>] = ["0"..."9"]
        switch letter {
        case "d": return Letters(ranges: digits)
        case "D": return Letters(ranges: digits, isNegated: true)
        case "w", "W":
            let words = digits + ["a"..."z", "A"..."Z", "_"..."_"]
            return Letters(ranges: words, isNegated: letter == "W")
        case "s", "S":
            let spaces: [ClosedRange<Unicode.Scalar>] = [
                "\t"..."\r", " "..." ", "\u{3000}"..."\u{3000}",
            ]
            return Letters(ranges: spaces, isNegated: letter == "S")
        default:
            // An escaped letter that means something elsewhere must not mean itself here.
            guard !letter.properties.isAlphabetic, !("0"..."9").contains(letter) else { return nil }
            return Letters(ranges: [letter...letter])
        }
    }

    private mutating func count() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits.count <= 4 ? Int(String(String.UnicodeScalarView(digits))) : nil
    }

    private mutating func take(_ letter: Unicode.Scalar) -> Bool {
        guard rest.first == letter else { return false }
        rest.removeFirst()
        return true
    }
}
