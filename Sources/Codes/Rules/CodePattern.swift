import Tally

/// A regular expression of a rule, whose time grows with the text and the pattern alone.
///
/// Codes come from strangers and patterns from the plant, and no pair of the two may keep a
/// terminal busy. So all ways through a pattern are followed at once, character by character,
/// instead of one after another: `(a|aa)+b` costs no more than `a+b`. What cannot be done that way,
/// looking around and references back, is refused.
struct CodePattern: Hashable, Sendable {
    /// Why a text is no pattern that can be used.
    enum Fault: Error {
        case noPattern
        case tooLong
    }

    /// The steps that all searches in one text may take together; one whole match needs fewer.
    static let stepsMax = 20_000_000

    let source: String
    private let program: PatternProgram

    /// A pattern.
    ///
    /// - Throws: ``Fault``.
    init(_ source: String) throws(Fault) {
        self.source = source
        var parser = PatternParser(source)
        let tree = try parser.tree()
        program = try PatternProgram(tree, names: parser.names)
    }

    static func == (one: CodePattern, other: CodePattern) -> Bool { one.source == other.source }

    func hash(into hasher: inout Hasher) { hasher.combine(source) }

    /// The named groups when the pattern fits the whole text; nil when it does not.
    ///
    /// A link's percent escapes are undone.
    func whole(_ text: String) -> [String: String]? {
        let letters = Array(text.unicodeScalars)
        var steps = Self.stepsMax
        return program.match(letters, from: 0, isWhole: true, &steps).map { groups($0, letters) }
    }

    /// The named groups of each place that the pattern fits, from left to right.
    func each(_ text: String) -> [[String: String]] {
        let letters = Array(text.unicodeScalars)
        var steps = Self.stepsMax
        var found: [[String: String]] = []
        var at = 0
        while at <= letters.count,
            let match = program.match(letters, from: at, isWhole: false, &steps)
        {
            found.append(groups(match, letters))
            at = max(match.end, match.start + 1)
        }
        return found
    }

    private func groups(
        _ match: PatternProgram.Match,
        _ letters: [Unicode.Scalar]
    ) -> [String: String] {
        match.groups.mapValues { range in
            var text = ""
            text.unicodeScalars.append(contentsOf: letters[range])
            let bytes = PercentEncoding.decode(text.utf8)
            return bytes.flatMap { String(validating: $0, as: UTF8.self) } ?? text
        }
    }
}

/// What a pattern is made of.
indirect enum PatternTree {
    case letters(PatternLetters)
    case chain([PatternTree])
    case choice([PatternTree])
    /// A named group, by its number.
    case group(Int, PatternTree)
    case repeated(PatternTree, least: Int, most: Int?, isLazy: Bool)
    case start
    case end
}

/// Which characters may stand at a place.
struct PatternLetters: Hashable, Sendable {
    /// The kinds that have a letter of their own: `\d`, `\w`, `\s`.
    enum Kind: Hashable, Sendable {
        case digit
        case word
        case space

        func contains(_ letter: Unicode.Scalar) -> Bool {
            switch self {
            case .digit: ("0"..."9").contains(letter)
            case .space: letter.properties.isWhitespace
            case .word:
                letter == "_" || letter.properties.isAlphabetic
                    || letter.properties.numericType != nil
            }
        }
    }

    var ranges: [ClosedRange<Unicode.Scalar>] = []
    var kinds: [Kind] = []
    var otherKinds: [Kind] = []
    var isNegated = false

    /// What `.` stands for.
    static let any = PatternLetters(ranges: ["\n"..."\r"], isNegated: true)

    func contains(_ letter: Unicode.Scalar) -> Bool {
        let isIn =
            ranges.contains { $0.contains(letter) } || kinds.contains { $0.contains(letter) }
            || otherKinds.contains { !$0.contains(letter) }
        return isIn != isNegated
    }

    /// The same, whatever the case of letters from A to Z.
    var caseless: PatternLetters {
        var both = self
        for range in ranges {
            for (from, to) in [("a", "A"), ("A", "a")] as [(Unicode.Scalar, Unicode.Scalar)] {
                let last = Unicode.Scalar(UInt8(from.value + 25))
                let low = max(range.lowerBound, from)
                let high = min(range.upperBound, last)
                guard low <= high else { continue }
                let shift = Int(to.value) - Int(from.value)
                both.ranges.append(moved(low, shift)...moved(high, shift))
            }
        }
        return both
    }

    private func moved(_ letter: Unicode.Scalar, _ by: Int) -> Unicode.Scalar {
        Unicode.Scalar(UInt8(Int(letter.value) + by))
    }
}
