/// What follows an application identifier, as the GS1 General Specifications (3.2) say.
struct ApplicationIdentifier: Sendable {
    /// The characters that a part of the value takes.
    enum CharacterSet: Sendable {
        /// Digits.
        case numeric
        /// The 82 characters of the General Specifications, figure 7.11-1.
        case wide
        /// The 39 characters of figure 7.11-2: `#`, `-`, `/`, digits, capital letters.
        case narrow

        func contains(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): self != .numeric
            case UInt8(ascii: "-"), UInt8(ascii: "/"): self != .numeric
            case UInt8(ascii: "#"): self == .narrow
            case UInt8(ascii: "a")...UInt8(ascii: "z"): self == .wide
            case UInt8(ascii: "$"), UInt8(ascii: "@"): false
            case UInt8(ascii: "!")...UInt8(ascii: "?"), UInt8(ascii: "_"): self == .wide
            default: false
            }
        }
    }

    enum Rule: Sendable {
        /// The last digit is the check digit of the part.
        case check
        /// YYMMDD; day 00 stands for the end of the month.
        case date
    }

    /// A part of the value.
    struct Part: Sendable {
        let characters: CharacterSet
        let countMin: Int
        let countMax: Int
        let rules: [Rule]
    }

    /// 2 to 4 digits.
    let code: String
    let parts: [Part]

    var countMin: Int { parts.reduce(0) { $0 + $1.countMin } }
    var countMax: Int { parts.reduce(0) { $0 + $1.countMax } }

    /// Whether the value ends by its length alone, so that no separator need follow
    /// (General Specifications, figure 7.8.5-2).
    var hasPredefinedLength: Bool { Self.predefined.contains(String(code.prefix(2))) }

    /// Whether a Digital Link can start with it.
    var isPrimaryKey: Bool { Self.primaryKeys.contains(code) }

    private static let predefined: Set<String> = [
        "00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
        "31", "32", "33", "34", "35", "36", "41",
    ]

    private static let primaryKeys: Set<String> = [
        "00", "01", "253", "255", "401", "402", "414", "417", "8003", "8004", "8006", "8010",
        "8013", "8017", "8018",
    ]

    /// The identifier that `text` starts with; nil when this program knows none.
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
            let parts = words.dropFirst().map(part)
            for code in codes(words[0]) {
                table[code] = ApplicationIdentifier(code: code, parts: parts)
            }
        }
        return table
    }()

    /// `41` or `310-316`; a final `n` stands for each digit.
    private static func codes(_ word: Substring) -> [String] {
        let ends = word.split(separator: "-")
        let isFamily = word.hasSuffix("n")
        let first = ends[0].prefix { $0 != "n" }
        let last = (ends.last ?? ends[0]).prefix { $0 != "n" }
        guard let low = Int(first), let high = Int(last), low <= high else {
            preconditionFailure("bad row of application identifiers: \(word)")
        }
        let plain = (low...high).map { number in
            String(repeating: "0", count: max(0, first.count - String(number).count))
                + String(number)
        }
        return isFamily ? plain.flatMap { code in (0...9).map { "\(code)\($0)" } } : plain
    }

    /// `N14:check`, `X..20`, `Y..30`, `N..12?`; `?` marks a part that may be left out.
    private static func part(_ word: Substring) -> Part {
        let pieces = word.split(separator: ":")
        let isOptional = word.hasSuffix("?")
        let shape = pieces[0].filter { $0 != "?" }
        let isVariable = shape.contains("..")
        guard let count = Int(shape.filter(\.isNumber)) else {
            preconditionFailure("bad part of an application identifier: \(word)")
        }
        let characters: CharacterSet =
            switch shape.first {
            case "N": .numeric
            case "Y": .narrow
            default: .wide
            }
        let rules: [Rule] = pieces.dropFirst().map { $0.hasPrefix("date") ? .date : .check }
        return Part(
            characters: characters,
            countMin: isOptional ? 0 : isVariable ? 1 : count,
            countMax: count,
            rules: rules
        )
    }

    /// Facts from the GS1 General Specifications, section 3.2; N digits, X wide, Y narrow.
    private static let rows = """
        00 N18:check
        01-03 N14:check
        10 X..20
        11-13 N6:date
        15-17 N6:date
        20 N2
        21 X..20
        22 X..20
        235 X..28
        240-241 X..30
        242 N..6
        243 X..20
        250-251 X..30
        253 N13:check X..17?
        254 X..20
        255 N13:check N..12?
        30 N..8
        310n-316n N6
        320n-337n N6
        340n-357n N6
        360n-369n N6
        37 N..8
        390n N..15
        391n N3 N..15
        392n N..15
        393n N3 N..15
        394n N4
        395n N6
        400-401 X..30
        402 N17:check
        403 X..30
        410-417 N13:check
        420 X..20
        421 N3 X..9
        422 N3
        423 N3 N..12?
        424-426 N3
        427 X..3
        4300-4301 X..35
        4302-4306 X..70
        4307 X2
        4308 X..30
        4309 N20
        4310-4311 X..35
        4312-4316 X..70
        4317 X2
        4318 X..20
        4319 X..30
        4320 X..35
        4321-4323 N1
        4324-4325 N10
        4326 N6:date
        7001 N13
        7002 X..30
        7003 N10
        7004 N..4
        7005 X..12
        7006 N6:date
        7008 X..3
        7009 X..10
        7010 X..2
        7020-7022 X..20
        7023 X..30
        7030-7039 N3 X..27
        710-717 X..20
        7240 X..20
        8001 N14
        8002 X..20
        8003 N14:check X..16?
        8004 X..30
        8005 N6
        8006 N14:check N4
        8007 X..34
        8008 N8 N..4?
        8009 X..50
        8010 Y..30
        8011 N..12
        8012 X..20
        8013 X..25
        8017-8018 N18:check
        8019 N..10
        8020 X..25
        8026 N14:check N4
        8110 X..70
        8111 N4
        8112 X..70
        8200 X..70
        90 X..30
        91-99 X..90
        """
}
