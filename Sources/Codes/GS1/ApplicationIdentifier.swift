/// What follows an application identifier, and what may stand beside it.
struct ApplicationIdentifier: Sendable {
    /// A part of the value.
    struct Part: Sendable {
        let characters: GS1Characters
        /// The least count of characters when the part is there.
        let countMin: Int
        let countMax: Int
        let isOptional: Bool
        let rules: [GS1Rule]
    }

    /// Identifiers that start alike: `31` of four digits, or one identifier.
    struct Pattern: Sendable, CustomStringConvertible {
        let start: String
        let count: Int
        var description: String { start + String(repeating: "n", count: count - start.utf8.count) }

        func matches(_ code: String) -> Bool {
            code.utf8.count == count && code.hasPrefix(start)
        }
    }

    /// 2 to 4 digits.
    let code: String
    let parts: [Part]
    /// Whether a Digital Link may carry it behind the question mark.
    let isLinkAttribute: Bool
    /// Each must be met: by one alternative, all of whose patterns have a match.
    let companions: [[[Pattern]]]
    /// None of these may stand beside it.
    let exclusions: [Pattern]
    /// Whether a Digital Link can start with it.
    let isPrimaryKey: Bool
    /// As a primary key: the qualifiers in their order, by alternative.
    let qualifiers: [[String]]

    var countMin: Int { parts.reduce(0) { $0 + ($1.isOptional ? 0 : $1.countMin) } }
    var countMax: Int { parts.reduce(0) { $0 + $1.countMax } }

    /// Whether the value ends by its length alone, so that no separator need follow
    /// (General Specifications, figure 7.8.5-2).
    let hasPredefinedLength: Bool

    private static let predefined: Set<String> = [
        "00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
        "31", "32", "33", "34", "35", "36", "41",
    ]

    /// The identifier that `text` starts with; nil when there is none.
    static func leading(_ text: some Collection<UInt8>) -> ApplicationIdentifier? {
        for count in 2...4 {
            let start = text.prefix(count)
            guard start.count == count else { return nil }
            if let known = table[String(decoding: start, as: UTF8.self)] { return known }
        }
        return nil
    }

    static func named(_ code: some StringProtocol) -> ApplicationIdentifier? {
        table[String(code)]
    }

    /// By code; no code is the start of another one.
    private static let table: [String: ApplicationIdentifier] = {
        var table: [String: ApplicationIdentifier] = [:]
        for row in rows.split(separator: "\n") {
            let words = row.split(separator: " ")
            for (code, family) in codes(words[0]) {
                table[code] = ApplicationIdentifier(code: code, family: family, row: words)
            }
        }
        return table
    }()

    /// The codes of a row, each with the family that it is of.
    private static func codes(_ word: Substring) -> [(code: String, family: String)] {
        let pieces = word.split(separator: "_")
        let ends = pieces[0].split(separator: "-")
        guard let low = Int(ends[0]), let high = Int(ends[ends.count - 1]), low <= high else {
            preconditionFailure("bad row of application identifiers: \(word)")
        }
        let starts = (low...high).map { number in
            let digits = String(number)
            return String(repeating: "0", count: ends[0].utf8.count - digits.utf8.count) + digits
        }
        guard pieces.count == 2, let last = Int(pieces[1]) else { return starts.map { ($0, $0) } }
        return starts.flatMap { start in (0...last).map { ("\(start)\($0)", start) } }
    }

    private init(code: String, family: String, row: [Substring]) {
        self.code = code
        hasPredefinedLength = Self.predefined.contains(String(code.prefix(2)))
        var parts: [Part] = []
        var companions: [[[Pattern]]] = []
        var exclusions: [Pattern] = []
        var qualifiers: [[String]] = []
        for word in row.dropFirst() {
            let mark = word.split(separator: "=")
            let alternatives = mark.count == 2 ? mark[1].split(separator: "/") : []
            switch mark[0] {
            case "with":
                companions.append(alternatives.map { $0.split(separator: "+").map(Self.pattern) })
            case "not":
                exclusions += alternatives.map {
                    $0 == "own" ? Pattern(start: family, count: 4) : Self.pattern($0)
                }
            case "key": qualifiers = alternatives.map { $0.split(separator: ".").map(String.init) }
            case "pathonly": break
            default: parts.append(Self.part(word))
            }
        }
        self.parts = parts
        self.companions = companions
        self.exclusions = exclusions
        self.qualifiers = qualifiers
        isPrimaryKey = row.contains { $0 == "key" || $0.hasPrefix("key=") }
        isLinkAttribute = !row.contains("pathonly")
    }

    private static func pattern(_ word: Substring) -> Pattern {
        Pattern(start: String(word.prefix { $0 != "n" }), count: word.utf8.count)
    }

    /// `N14:check`, `X..20`, `Y..30`, `N..12?`.
    private static func part(_ word: Substring) -> Part {
        let pieces = word.split(separator: ":")
        let shape = pieces[0]
        guard let count = Int(shape.filter(\.isNumber)) else {
            preconditionFailure("bad part of an application identifier: \(word)")
        }
        let characters: GS1Characters =
            switch shape.first {
            case "N": .numeric
            case "Y": .narrow
            case "Z": .base64
            default: .wide
            }
        let rules = pieces.dropFirst().map { name in
            guard let rule = GS1Rule(rawValue: String(name)) else {
                preconditionFailure("no rule \(name) for application identifiers")
            }
            return rule
        }
        return Part(
            characters: characters,
            countMin: shape.contains("..") ? 1 : count,
            countMax: count,
            isOptional: shape.hasSuffix("?"),
            rules: rules
        )
    }
}
