/// The data of a GS1 code: application identifiers with their values, in the order of the code.
public struct ElementString: Hashable, Sendable {
    /// An application identifier with its value.
    public struct Element: Hashable, Sendable {
        /// The application identifier, 2 to 4 digits.
        public let identifier: String
        public let value: String

        public init(identifier: String, value: String) {
            self.identifier = identifier
            self.value = value
        }
    }

    /// At least one.
    public let elements: [Element]

    init(_ elements: [Element]) { self.elements = elements }

    /// The value of the first element with this application identifier.
    public subscript(identifier: String) -> String? {
        elements.first { $0.identifier == identifier }?.value
    }

    /// The form for people: `(01)04012345123456(10)A1`.
    public var bracketed: String {
        elements.map { "(\($0.identifier))\($0.value)" }.joined()
    }

    /// The form for printers and scanners, `^` standing for FNC1: `^0104012345123456`.
    public var unbracketed: String {
        var text = "^"
        for (index, element) in elements.enumerated() {
            text += element.identifier + element.value
            let known = ApplicationIdentifier.named(element.identifier)
            if index + 1 < elements.count, known?.hasPredefinedLength != true { text += "^" }
        }
        return text
    }
}

/// What is wrong in a GS1 code.
public enum GS1Fault: String, Equatable, Sendable, CaseIterable {
    /// No application identifier that this program knows.
    case unknownIdentifier = "unknown_identifier"
    /// The value is shorter than its application identifier wants.
    case tooShort = "too_short"
    /// The value is longer than its application identifier allows.
    case tooLong = "too_long"
    /// A character that the application identifier does not allow.
    case badCharacter = "bad_character"
    case badCheckDigit = "bad_check_digit"
    case badDate = "bad_date"
    /// Something other than `(` and an application identifier where one must be.
    case badBracket = "bad_bracket"
    /// Nothing that identifies anything.
    case empty
    /// A percent sign that two hexadecimal digits do not follow.
    case badEscape = "bad_escape"
}

/// A value that breaks the rule of its application identifier.
struct GS1Error: Error, Equatable {
    let fault: GS1Fault
    /// Empty when there is none yet.
    let identifier: String
    /// The offset of the character, counted from the start of the value.
    let offset: Int
}

extension ApplicationIdentifier {
    /// Holds a value against the rules.
    func check(_ value: [UInt8]) throws(GS1Error) {
        guard value.count <= countMax else { throw fault(.tooLong, countMax) }
        var start = 0
        for (index, part) in parts.enumerated() {
            let later = parts[(index + 1)...].reduce(0) { $0 + $1.countMin }
            let count = min(part.countMax, value.count - start - later)
            guard count >= part.countMin else { throw fault(.tooShort, value.count) }
            try check(value, start..<(start + count), part)
            start += count
        }
        guard start == value.count else { throw fault(.tooLong, start) }
    }

    private func check(_ value: [UInt8], _ range: Range<Int>, _ part: Part) throws(GS1Error) {
        for offset in range where !part.characters.contains(value[offset]) {
            throw fault(.badCharacter, offset)
        }
        guard !range.isEmpty else { return }
        for rule in part.rules {
            switch rule {
            case .check where !CheckDigit.isRight(value[range]):
                throw fault(.badCheckDigit, range.upperBound - 1)
            case .date where !Self.isDate(value[range].map { Int($0) - 48 }):
                throw fault(.badDate, range.lowerBound)
            case .check, .date: break
            }
        }
    }

    /// YYMMDD, where the year lies within 49 years back and 50 ahead of now; only whether it is a
    /// leap year matters here, and any such window has the same ones but for a century's turn.
    private static func isDate(_ digits: [Int]) -> Bool {
        guard digits.count == 6 else { return false }
        let (year, month) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
        let day = digits[4] * 10 + digits[5]
        guard (1...12).contains(month) else { return false }
        let days = [31, year.isMultiple(of: 4) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return day <= days[month - 1]
    }

    private func fault(_ fault: GS1Fault, _ offset: Int) -> GS1Error {
        GS1Error(fault: fault, identifier: code, offset: offset)
    }
}
