import Tally

/// GS1 Digital Link URIs of any host (GS1 Digital Link Standard: URI Syntax).
enum DigitalLink {
    static func looksLikeURI(_ text: String) -> Bool {
        let start = text.prefix(8).lowercased()
        return start.hasPrefix("http://") || start.hasPrefix("https://")
    }

    /// The keys and attributes of the link; nil when the URI is not a Digital Link at all.
    ///
    /// - Throws: when it is one, and a value breaks the rule of its application identifier.
    static func parse(_ text: String) throws(CodeRefusal) -> ElementString? {
        let uri = URIParts(text)
        guard let keyIndex = primaryKey(uri.segments) else { return nil }
        var elements: [ElementString.Element] = []
        for index in stride(from: keyIndex, to: uri.segments.count, by: 2) {
            elements.append(
                try element(name: uri.segments[index], value: uri.segments[index + 1])
            )
        }
        for (name, value) in uri.query {
            // Parameters that are no application identifiers are the host's own affair.
            guard ApplicationIdentifier.named(name.text) != nil else { continue }
            elements.append(try element(name: name, value: value))
        }
        return ElementString(elements)
    }

    /// The tag of an equipment plate: the value of AI 8004, in Unicode; nil for other links.
    static func assetText(_ text: String) throws(CodeRefusal) -> String? {
        let uri = URIParts(text)
        guard let index = uri.segments.lastIndex(where: { $0.text == "8004" }),
            index + 1 < uri.segments.count
        else { return nil }
        let value = uri.segments[index + 1]
        guard let bytes = PercentEncoding.decode(value.text.utf8),
            let tag = String(validating: bytes, as: UTF8.self)
        else { throw .gs1(.badEscape, identifier: "8004", position: value.position) }
        return tag
    }

    /// The last segment that is a primary key with only pairs of keys and values behind it.
    private static func primaryKey(_ segments: [URIParts.Piece]) -> Int? {
        segments.indices.last { index in
            ApplicationIdentifier.named(segments[index].text)?.isPrimaryKey == true
                && (segments.count - index).isMultiple(of: 2)
                && stride(from: index, to: segments.count, by: 2).allSatisfy {
                    ApplicationIdentifier.named(segments[$0].text) != nil
                }
        }
    }

    private static func element(
        name: URIParts.Piece,
        value: URIParts.Piece
    ) throws(CodeRefusal) -> ElementString.Element {
        guard let identifier = ApplicationIdentifier.named(name.text) else {
            throw .gs1(.unknownIdentifier, identifier: name.text, position: name.position)
        }
        guard var bytes = PercentEncoding.decode(value.text.utf8) else {
            throw .gs1(.badEscape, identifier: identifier.code, position: value.position)
        }
        // The standard lets GTIN-8, -12 and -13 stand for their GTIN-14.
        if identifier.code == "01", [8, 12, 13].contains(bytes.count) {
            bytes = [UInt8](repeating: UInt8(ascii: "0"), count: 14 - bytes.count) + bytes
        }
        return try GS1Parser.element(identifier, bytes, at: value.position - 1)
    }
}

/// The path and the query of a URI, each piece with its place; still percent-encoded.
private struct URIParts {
    struct Piece {
        let text: String
        /// From 1, in characters of the URI.
        let position: Int
    }

    private(set) var segments: [Piece] = []
    private(set) var query: [(name: Piece, value: Piece)] = []

    init(_ text: String) {
        let bytes = Array(text.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "#")) ?? bytes.count
        let pathEnd = bytes[..<end].firstIndex(of: UInt8(ascii: "?")) ?? end
        // Past the scheme's two slashes; the first segment is then the host, never a key.
        let hostStart = (bytes.firstIndex(of: UInt8(ascii: "/")) ?? 0) + 2
        guard hostStart < pathEnd else { return }
        segments = Self.split(bytes, hostStart..<pathEnd, at: ["/"])
        if let last = segments.last, last.text.isEmpty { segments.removeLast() }
        guard pathEnd < end else { return }
        for pair in Self.split(bytes, (pathEnd + 1)..<end, at: ["&", ";"]) {
            let start = pair.position - 1
            let range = start..<(start + pair.text.utf8.count)
            let equals = bytes[range].firstIndex(of: UInt8(ascii: "=")) ?? range.upperBound
            query.append(
                (
                    Self.piece(bytes, range.lowerBound..<equals),
                    Self.piece(bytes, min(equals + 1, range.upperBound)..<range.upperBound)
                )
            )
        }
    }

    private static func split(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        at marks: [Unicode.Scalar]
    ) -> [Piece] {
        let marks = marks.map { UInt8(ascii: $0) }
        return bytes[range].split(omittingEmptySubsequences: false) { marks.contains($0) }
            .map { piece(bytes, $0.startIndex..<$0.endIndex) }
    }

    private static func piece(_ bytes: [UInt8], _ range: Range<Int>) -> Piece {
        Piece(text: String(decoding: bytes[range], as: UTF8.self), position: range.lowerBound + 1)
    }
}
