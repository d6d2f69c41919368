/// The data of a label in ISO/IEC 15434 syntax with MH10.8.2 data identifiers (format 06), as
/// automotive and electronics suppliers print them.
public struct DataMessage: Hashable, Sendable {
    /// A data identifier with its value.
    public struct Field: Hashable, Sendable {
        /// The data identifier: up to three digits and a capital letter, such as `P` or `1T`.
        public let identifier: String
        public let value: String
    }

    /// At least one, in the order of the label.
    public let fields: [Field]

    /// The value of the first field with this data identifier.
    public subscript(identifier: String) -> String? {
        fields.first { $0.identifier == identifier }?.value
    }

    static let header = "[)>"
    private static let recordSeparator: Unicode.Scalar = "\u{1E}"
    private static let groupSeparator: Unicode.Scalar = "\u{1D}"
    private static let endOfTransmission: Unicode.Scalar = "\u{04}"

    /// Reads the text of a label.
    ///
    /// It is `[)>` RS `06` GS field GS field … RS EOT. The trailer may be missing, since many
    /// scanners drop it.
    init(_ text: String) throws(CodeRefusal) {
        let scalars = Array(text.unicodeScalars)
        let start = Self.header.unicodeScalars.count
        guard scalars.count > start, scalars[start] == Self.recordSeparator else {
            throw .message(.badHeader, position: start + 1)
        }
        let format = String(String.UnicodeScalarView(scalars[(start + 1)...].prefix(2)))
        guard format == "06" else { throw .message(.unknownFormat, position: start + 2) }
        guard scalars.count > start + 3, scalars[start + 3] == Self.groupSeparator else {
            throw .message(.badHeader, position: start + 4)
        }
        var end = scalars.count
        if end > start + 4, scalars[end - 1] == Self.endOfTransmission { end -= 1 }
        if end > start + 4, scalars[end - 1] == Self.recordSeparator { end -= 1 }
        var fields: [Field] = []
        let body = scalars[(start + 4)..<end]
        for part in body.split(separator: Self.groupSeparator, omittingEmptySubsequences: true) {
            fields.append(try Field(part))
        }
        guard !fields.isEmpty else { throw .message(.empty, position: start + 5) }
        self.fields = fields
    }
}

/// What is wrong in a label in ISO/IEC 15434 syntax.
public enum DataMessageFault: String, Equatable, Sendable, CaseIterable {
    /// The header does not read `[)>` RS, two digits, GS.
    case badHeader = "bad_header"
    /// A format other than 06.
    case unknownFormat = "unknown_format"
    /// No field at all.
    case empty
    /// A field that does not start with a data identifier.
    case badIdentifier = "bad_identifier"
    /// A control character inside a field: likely a second message.
    case badCharacter = "bad_character"
}

extension DataMessage.Field {
    fileprivate init(_ part: ArraySlice<Unicode.Scalar>) throws(CodeRefusal) {
        let digits = part.prefix { ("0"..."9").contains($0) }
        guard digits.count <= 3, let letter = part.dropFirst(digits.count).first,
            ("A"..."Z").contains(letter)
        else { throw .message(.badIdentifier, position: part.startIndex + 1) }
        let value = part.dropFirst(digits.count + 1)
        if let bad = value.firstIndex(where: { $0.value < 0x20 }) {
            throw .message(.badCharacter, position: bad + 1)
        }
        identifier = String(String.UnicodeScalarView(digits)) + String(letter)
        self.value = String(String.UnicodeScalarView(value))
    }
}
