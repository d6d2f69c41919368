/// A rule that a part of a value keeps beside its length and its characters: what the GS1 Barcode
/// Syntax Dictionary calls a linter, in our own words.
package enum GS1Rule: String, CaseIterable, Sendable {
    /// The last digit is the check digit of those before it.
    case check
    /// The last two characters are the check pair of those before them.
    case checkPair = "pair"
    /// A GS1 company prefix starts at the first character.
    case prefixFirst = "prefix1"
    /// A GS1 company prefix starts at the second character.
    case prefixSecond = "prefix2"
    /// YYMMDD.
    case date
    /// YYMMDD; day 00 leaves the day open.
    case month
    /// YYYYMMDD.
    case longDate = "longdate"
    /// YYYYMMDD; day 00 leaves the day open.
    case longMonth = "longmonth"
    /// HHMM.
    case time
    case hour
    case minute
    case second
    /// ISO 3166-1, three digits.
    case country
    /// ISO 3166-1, three digits, or 999.
    case countryOrAny = "country999"
    /// ISO 3166-1, two letters.
    case countryLetters = "letters"
    /// ISO 4217, three digits.
    case currency
    /// An international bank account number (ISO 13616).
    case account
    case latitude
    case longitude
    /// Percent signs are followed by two hexadecimal digits.
    case percent
    /// 0 or 1.
    case yesOrNo = "yesno"
    /// An importer index.
    case importer
    /// The kind of the carrier's medium.
    case media
    /// Piece number and piece total, of equal length.
    case piece
    /// `<position>/<end>`.
    case sequence
    /// A package type code.
    case package
    /// A North American coupon (AI 8110).
    case coupon
    /// A coupon of the positive offer file (AI 8112).
    case offer
    case hyphen
    /// The winding direction of a roll.
    case winding
    case zero
    case nonzero
    case noLeadingZero = "nolead"
    /// At least one character is not a digit.
    case letter
    /// ISO/IEC 5218.
    case sex
}

/// Where and how a part of a value breaks a rule; offsets count from the part's start.
package struct GS1RuleBreach: Error, Equatable {
    /// What is wrong.
    package let fault: GS1Fault
    /// The characters to point at; empty at the end when some are missing.
    package let range: Range<Int>

    init(_ fault: GS1Fault, _ range: Range<Int>) {
        self.fault = fault
        self.range = range
    }
}

extension GS1Rule {
    /// Holds a part of a value against the rule.
    ///
    /// - Returns: the first breach; nil when the rule is kept.
    package func breach(in part: [UInt8]) -> GS1RuleBreach? {
        switch self {
        case .check, .checkPair, .account: checksumBreach(part)
        case .prefixFirst: prefixBreach(part, from: 0)
        case .prefixSecond: prefixBreach(part, from: 1)
        case .date, .month, .longDate, .longMonth, .time, .hour, .minute, .second:
            clockBreach(part)
        case .country, .countryOrAny, .countryLetters, .currency, .media, .package:
            listBreach(part)
        case .latitude: coordinateBreach(part, highest: 1_800_000_000)
        case .longitude: coordinateBreach(part, highest: 3_600_000_000)
        case .coupon: Coupon.breach(in: part, Coupon.readPaper)
        case .offer: Coupon.breach(in: part, Coupon.readOffer)
        default: shapeBreach(part)
        }
    }

    /// The first character that is no digit.
    static func digitBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        part.firstIndex { !(48...57).contains($0) }
            .map { GS1RuleBreach(.badCharacter, $0..<($0 + 1)) }
    }

    /// Company prefixes have at least four digits.
    private func prefixBreach(_ part: [UInt8], from start: Int) -> GS1RuleBreach? {
        let count = 4
        guard part.count >= start + count else {
            return GS1RuleBreach(.badCompanyPrefix, (part.count > start ? start : 0)..<part.count)
        }
        return part[start..<(start + count)].firstIndex { !(48...57).contains($0) }
            .map { GS1RuleBreach(.badCompanyPrefix, $0..<($0 + 1)) }
    }

    private func coordinateBreach(_ part: [UInt8], highest: Int) -> GS1RuleBreach? {
        guard part.count == 10 else { return GS1RuleBreach(.badCoordinate, 0..<part.count) }
        if let breach = Self.digitBreach(part) { return breach }
        let value = part.reduce(0) { $0 * 10 + Int($1) - 48 }
        return value > highest ? GS1RuleBreach(.badCoordinate, 0..<10) : nil
    }
}
