/// The data of a label in ISO/IEC 15434 syntax: format 05 with GS1 application identifiers, 06 with
/// MH10.8.2 data identifiers, 12 with text element identifiers, or several of them.
///
/// A message is `[)>` RS, then for each format two digits, GS, fields with GS between, RS; and EOT
/// at the end. Labels and scanners break these rules in known ways, which are taken all the same:
/// see ``init(_:)``.
public struct DataMessage: Hashable, Sendable {
    /// An identifier with its value.
    public struct Field: Hashable, Sendable {
        /// The format that the field stands in: `05`, `06` or `12`.
        public let format: String
        /// `P` or `1T` in format 06, `10` in format 05, `SER` in format 12.
        public let identifier: String
        public let value: String
        /// What the field is; nil for an identifier that is not in our table.
        public var meaning: DataIdentifier? { DataIdentifier.named(identifier, format: format) }
    }

    /// At least one, in the order of the label.
    public let fields: [Field]

    /// The value of the first field with this data identifier.
    public subscript(identifier: String) -> String? {
        fields.first { $0.identifier == identifier }?.value
    }

    /// The value of the first field of this kind.
    public func first(_ kind: DataIdentifier.Kind) -> String? {
        fields.first { $0.meaning?.kind == kind }?.value
    }

    private static let header = Array("[)>".unicodeScalars)
    private static let record: Unicode.Scalar = "\u{1E}"
    private static let group: Unicode.Scalar = "\u{1D}"
    private static let noise: Set<Unicode.Scalar> = ["\r", "\n", "\0", " "]
    private static let ends: Set<Unicode.Scalar> = ["\u{1E}", "\u{04}"]

    /// Whether the text starts like a message, also one whose header was lost but for `06`.
    static func claims(_ text: String) -> Bool {
        let text = DataMessageRepair.withoutStart(text)
        return text.hasPrefix("[)>") || text.hasPrefix("06\u{1D}") || text.hasPrefix("12\u{1D}")
    }

    /// Reads the text of a label.
    ///
    /// These faults are taken: characters before the header, the record separator behind the header
    /// missing or another mark in its place, the group separator behind the format missing, another
    /// mark between the fields (`^`, `|`, `~`), separators written out (`{GS}`, `<RS>`, `^]`, `␝`,
    /// `\u001d`), no record separator or EOT at the end, a line end or spaces behind it, empty
    /// fields, and no header at all.
    init(_ text: String) throws(CodeRefusal) {
        let scalars = Array(DataMessageRepair.withControls(text).unicodeScalars)
        let lead = DataMessageRepair.withoutStart(text)
        let offset = text.unicodeScalars.count - lead.unicodeScalars.count
        var start = scalars.starts(with: Self.header) ? Self.header.count : 0
        if start > 0, start < scalars.count, !Self.isDigit(scalars[start]) { start += 1 }
        var end = scalars.count
        while end > start, Self.noise.contains(scalars[end - 1]) { end -= 1 }
        // A blank before the end mark belongs to the last value.
        while end > start, Self.ends.contains(scalars[end - 1]) { end -= 1 }
        var fields: [Field] = []
        var unknown: Int?
        for part in scalars[start..<end].split(separator: Self.record) {
            guard let found = try Self.fields(part, in: scalars, offset: offset) else {
                unknown = unknown ?? part.startIndex
                continue
            }
            fields += found
        }
        if fields.isEmpty, let unknown {
            throw .message(.unknownFormat, position: unknown + 1 + offset)
        }
        guard !fields.isEmpty else { throw .message(.empty, position: end + 1) }
        self.fields = fields
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars))
    }

    /// The fields of one format; nil when this program does not know it.
    private static func fields(
        _ part: ArraySlice<Unicode.Scalar>,
        in scalars: [Unicode.Scalar],
        offset: Int
    ) throws(CodeRefusal) -> [Field]? {
        guard part.count >= 2, part.prefix(2).allSatisfy(isDigit) else {
            throw .message(.badHeader, position: part.startIndex + 1 + offset)
        }
        let format = text(part.prefix(2))
        guard ["05", "06", "12"].contains(format) else { return nil }
        var body = part.dropFirst(2)
        var separator = group
        if let mark = body.first, !mark.properties.isAlphabetic, !isDigit(mark) {
            separator = mark
            body = body.dropFirst()
        }
        if format == "05" { return try applicationFields(body, separator, offset) }
        var fields: [Field] = []
        for field in body.split(separator: separator) {
            fields.append(
                format == "06" ? try dataField(field, offset) : try textField(field, offset)
            )
        }
        guard !fields.isEmpty else {
            throw .message(.empty, position: part.startIndex + 4 + offset)
        }
        return fields
    }

    private static func applicationFields(
        _ body: ArraySlice<Unicode.Scalar>,
        _ separator: Unicode.Scalar,
        _ offset: Int
    ) throws(CodeRefusal) -> [Field] {
        let gs1 = "\u{1D}" + text(ArraySlice(body.map { $0 == separator ? group : $0 }))
        do {
            return try GS1Parser.parse(gs1, isStrict: false).elements.map {
                Field(format: "05", identifier: $0.identifier, value: $0.value)
            }
        } catch {
            guard case .gs1(let fault, let place) = error else { throw error }
            throw .gs1(fault, place.moved(by: body.startIndex - 1 + offset))
        }
    }

    private static func dataField(
        _ part: ArraySlice<Unicode.Scalar>,
        _ offset: Int
    ) throws(CodeRefusal) -> Field {
        let digits = part.prefix(while: isDigit)
        guard digits.count <= 3, let letter = part.dropFirst(digits.count).first,
            ("A"..."Z").contains(letter)
        else { throw .message(.badIdentifier, position: part.startIndex + 1 + offset) }
        let value = part.dropFirst(digits.count + 1)
        try check(value, offset)
        return Field(format: "06", identifier: text(digits) + String(letter), value: text(value))
    }

    /// Three letters or digits, mostly with a blank behind them.
    private static func textField(
        _ part: ArraySlice<Unicode.Scalar>,
        _ offset: Int
    ) throws(CodeRefusal) -> Field {
        let name = part.prefix(3)
        guard name.count == 3, name.allSatisfy({ ("A"..."Z").contains($0) || isDigit($0) }) else {
            throw .message(.badIdentifier, position: part.startIndex + 1 + offset)
        }
        let rest = part.dropFirst(3)
        let value = rest.first == " " ? rest.dropFirst() : rest
        try check(value, offset)
        return Field(format: "12", identifier: text(name), value: text(value))
    }

    private static func check(
        _ value: ArraySlice<Unicode.Scalar>,
        _ offset: Int
    ) throws(CodeRefusal) {
        if let bad = value.firstIndex(where: { $0.value < 0x20 }) {
            throw .message(.badCharacter, position: bad + 1 + offset)
        }
    }
}

/// What is wrong in a label in ISO/IEC 15434 syntax.
public enum DataMessageFault: String, Equatable, Sendable, CaseIterable {
    /// Two digits that name the format are missing.
    case badHeader = "bad_header"
    /// Formats other than 05, 06 and 12 only.
    case unknownFormat = "unknown_format"
    /// No field at all.
    case empty
    /// A field that does not start with an identifier.
    case badIdentifier = "bad_identifier"
    /// A control character inside a field: likely a second message.
    case badCharacter = "bad_character"
}

/// Undoes what labels and scanners are known to do to the control characters of a message.
enum DataMessageRepair {
    private static let written: [(control: String, notations: [String])] = [
        (
            "\u{1E}",
            ["{RS}", "<RS>", "[RS]", "(RS)", "^^", "␞", "\\x1e", "\\x1E", "\\u001e", "\\036"]
        ),
        (
            "\u{1D}",
            ["{GS}", "<GS>", "[GS]", "(GS)", "^]", "␝", "\\x1d", "\\x1D", "\\u001d", "\\035"]
        ),
        ("\u{04}", ["{EOT}", "<EOT>", "[EOT]", "(EOT)", "^D", "␄", "\\x04", "\\u0004", "\\004"]),
    ]

    /// The text from its header on: some labels have a mark before it, some scanners a blank.
    static func withoutStart(_ text: String) -> String {
        guard let header = text.firstRange(of: "[)>"), !text.hasPrefix("[)>") else { return text }
        let before = text[..<header.lowerBound]
        let isNoise = before.count <= 2 && before.allSatisfy { !$0.isLetter && !$0.isNumber }
        return isNoise ? String(text[header.lowerBound...]) : text
    }

    /// Separators that are written out become what they stand for, where the real one is missing.
    static func withControls(_ text: String) -> String {
        var text = withoutStart(text)
        guard text.hasPrefix("[)>") else { return text }
        // Carets may be data, unless the header itself is written with them.
        let isCaret = text.hasPrefix("[)>^^")
        for (control, notations) in written where !text.contains(control) {
            for notation in notations where notation.first != "^" || isCaret {
                text = text.replacing(notation, with: control)
            }
        }
        return text
    }
}

extension GS1Place {
    /// The same place in a text that has more before it.
    func moved(by count: Int) -> GS1Place {
        GS1Place(
            identifier: identifier,
            position: position + count,
            character: character,
            other: other,
            elements: elements
        )
    }
}
