import Tally

/// GS1 Digital Link URIs of any host (GS1 Digital Link Standard: URI Syntax).
enum DigitalLink {
    private static let characters = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%".utf8
    )
    private static let noHostCharacters = Set("_~?#@!$&'()*+,;=%".utf8)
    private static let schemes = ["https://", "HTTPS://", "http://", "HTTP://"]

    static func looksLikeURI(_ text: String) -> Bool {
        let start = text.prefix(8).lowercased()
        return start.hasPrefix("http://") || start.hasPrefix("https://")
    }

    /// Whether the text can be read as a link; GS1's own reader knows the schemes in one case only.
    static func isLink(_ text: String, isStrict: Bool) -> Bool {
        isStrict ? schemes.contains { text.hasPrefix($0) } : looksLikeURI(text)
    }

    /// The elements of the link that starts at this offset of the source.
    static func read(
        _ source: GS1Source,
        from start: Int,
        isStrict: Bool
    ) throws(CodeRefusal) -> GS1Reading {
        let uri = try URIParts(source, from: start, isStrict: isStrict)
        guard let key = keyIndex(uri.segments, source) else {
            throw source.refusal(.keyMissing, "", at: uri.pathStart)
        }
        var reading = GS1Reading(source)
        for index in stride(from: key, to: uri.segments.count, by: 2) {
            try append(
                &reading,
                uri.segments[index],
                uri.segments[index + 1],
                isStrict,
                inQuery: false
            )
        }
        let pathCount = reading.elements.count
        reading.pathCount = pathCount
        for (name, value) in uri.query {
            // Parameters with other names than digits are the host's own affair.
            guard let value, !name.isEmpty, GS1Rule.digitBreach(Array(source.bytes[name])) == nil
            else { continue }
            try append(&reading, name, value, isStrict, inQuery: true)
        }
        guard pathCount + uri.query.count <= GS1Parser.elementsMax else {
            throw source.refusal(.tooMuch, "", at: uri.pathStart)
        }
        try checkPath(reading, pathCount)
        try checkAttributes(reading, pathCount)
        return reading
    }

    /// The tag of an equipment plate: the value of AI 8004, in Unicode; nil for other links.
    static func assetText(_ text: String) throws(CodeRefusal) -> String? {
        let source = GS1Source(text)
        let segments: [Range<Int>]
        do {
            segments = try URIParts(source, from: 0, isStrict: false).segments
        } catch {
            return nil  // Then it is somebody's address, and says so when it is opened as a link.
        }
        guard let index = segments.lastIndex(where: { source.text($0) == "8004" }),
            index + 1 < segments.count
        else { return nil }
        let value = segments[index + 1]
        guard let bytes = PercentEncoding.decode(source.text(value).utf8),
            let tag = String(validating: bytes, as: UTF8.self)
        else { throw source.refusal(.badEscape, "8004", at: value.lowerBound) }
        return tag
    }

    /// The last key from the end, with only pairs of identifiers and values behind it.
    private static func keyIndex(_ segments: [Range<Int>], _ source: GS1Source) -> Int? {
        var index = segments.count - 2
        while index >= 0 {
            guard let identifier = ApplicationIdentifier.named(source.text(segments[index])) else {
                return nil
            }
            if identifier.isPrimaryKey { return index }
            index -= 2
        }
        return nil
    }

    private static func append(
        _ reading: inout GS1Reading,
        _ name: Range<Int>,
        _ value: Range<Int>,
        _ isStrict: Bool,
        inQuery: Bool
    ) throws(CodeRefusal) {
        let source = reading.source
        let code = source.text(name)
        guard let identifier = ApplicationIdentifier.named(code) else {
            throw source.refusal(.unknownIdentifier, code, at: name.lowerBound)
        }
        guard !value.isEmpty else { throw source.refusal(.tooShort, code, at: value.lowerBound) }
        var (bytes, offsets) = decoded(source.bytes, value, plusIsSpace: inQuery)
        if let null = bytes.firstIndex(of: 0) {
            throw source.refusal(.badEscape, code, at: offsets[null])
        }
        if !isStrict, code == "01", [8, 12, 13].contains(bytes.count) {
            let zeros = 14 - bytes.count
            bytes = [UInt8](repeating: 48, count: zeros) + bytes
            offsets = [Int](repeating: value.lowerBound, count: zeros) + offsets
        }
        let element = RawElement(identifier, at: name.lowerBound, value: bytes, offsets: offsets)
        reading.elements.append(element)
        try reading.checkLength(element)
    }

    /// Percent escapes undone; one without two hexadecimal digits stands for itself.
    private static func decoded(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        plusIsSpace: Bool
    ) -> (value: [UInt8], offsets: [Int]) {
        var value: [UInt8] = []
        var offsets: [Int] = []
        var index = range.lowerBound
        while index < range.upperBound {
            offsets.append(index)
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 3 <= range.upperBound,
                let escaped = PercentEncoding.decode(bytes[index..<(index + 3)])
            {
                // A byte that is not ASCII is allowed nowhere; 0xFF stands for it.
                value.append(escaped[0] < 0x80 ? escaped[0] : 0xFF)
                index += 3
            } else {
                value.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return (value, offsets + [range.upperBound])
    }

    /// The qualifiers belong to the key, in their order, all of one alternative.
    private static func isPath(_ codes: [String]) -> Bool {
        guard let key = codes.first.flatMap({ ApplicationIdentifier.named($0) }), key.isPrimaryKey
        else { return false }
        let rest = codes.dropFirst()
        return rest.isEmpty
            || key.qualifiers.contains { order in
                let places = rest.map { order.firstIndex(of: $0) ?? -1 }
                return places.allSatisfy { $0 >= 0 }
                    && zip(places, places.dropFirst()).allSatisfy(<)
            }
    }

    private static func checkPath(_ reading: GS1Reading, _ pathCount: Int) throws(CodeRefusal) {
        let codes = reading.elements[..<pathCount].map(\.identifier.code)
        guard !isPath(codes) else { return }
        let bad = codes.indices.dropFirst().first { !isPath(Array(codes[...$0])) } ?? 0
        throw reading.refusal(.badQualifiers, reading.elements[bad], other: codes[0])
    }

    private static func checkAttributes(
        _ reading: GS1Reading,
        _ pathCount: Int
    ) throws(CodeRefusal) {
        var seen: Set<String> = []
        for element in reading.elements {
            guard seen.insert(element.identifier.code).inserted else {
                throw reading.refusal(.duplicate, element)
            }
        }
        let path = reading.elements[..<pathCount].map(\.identifier.code)
        let attributes = reading.elements[pathCount...]
        for element in attributes.sorted(by: { $0.identifier.code < $1.identifier.code }) {
            guard element.identifier.isLinkAttribute else {
                throw reading.refusal(.notAttribute, element)
            }
            for place in 1...path.count {
                var longer = path
                longer.insert(element.identifier.code, at: place)
                if isPath(longer) { throw reading.refusal(.belongsInPath, element) }
            }
        }
    }
}

extension DigitalLink {
    private static let canonicalHost = "https://id.gs1.org"

    /// The link on GS1's own host: the key, its qualifiers, then what is left, values of
    /// predefined length first.
    ///
    /// `pathCount` says how many elements stand in the path of the link that they come from; nil
    /// when they come from elsewhere, and the first key and all qualifiers that it can have go into
    /// the path.
    static func canonical(_ elements: [ElementString.Element], pathCount: Int?) -> String? {
        let known = elements.compactMap { element in
            ApplicationIdentifier.named(element.identifier).map { ($0, element.value) }
        }
        guard let key = known.first(where: { $0.0.isPrimaryKey })?.0 else { return nil }
        let path =
            pathCount.map { known.prefix($0).map(\.0.code) } ?? path(of: key, known.map(\.0.code))
        var link = canonicalHost
        for code in path {
            let value = known.first { $0.0.code == code }?.1 ?? ""
            link += "/\(code)/\(PercentEncoding.encode(value))"
        }
        var written = Set(path)
        var attributes: [String] = []
        for isFixed in [true, false] {
            for (identifier, value) in known where identifier.hasPredefinedLength == isFixed {
                guard written.insert(identifier.code).inserted else { continue }
                guard identifier.isLinkAttribute else { return nil }
                attributes.append("\(identifier.code)=\(PercentEncoding.encode(value))")
            }
        }
        return attributes.isEmpty ? link : link + "?" + attributes.joined(separator: "&")
    }

    /// The alternative of the key's qualifiers of which most are there; the first of equals.
    private static func path(of key: ApplicationIdentifier, _ codes: [String]) -> [String] {
        var best: [String] = []
        for order in key.qualifiers {
            let present = order.filter(codes.contains)
            if present.count > best.count { best = present }
        }
        return [key.code] + best
    }
}

/// The path and the query of a URI, as ranges of the source; still percent-encoded.
private struct URIParts {
    private(set) var segments: [Range<Int>] = []
    private(set) var query: [(name: Range<Int>, value: Range<Int>?)] = []
    private(set) var pathStart = 0

    init(_ source: GS1Source, from start: Int, isStrict: Bool) throws(CodeRefusal) {
        let bytes = source.bytes
        if let bad = bytes[start...].firstIndex(where: { !DigitalLink.isURI($0) }), isStrict {
            throw source.refusal(.badLink, "", at: bad)
        }
        let text = source.text(start..<bytes.count)
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else {
            throw source.refusal(.badLink, "", at: start)
        }
        // Past the two slashes behind the scheme.
        let hostStart = start + text.utf8.distance(from: text.startIndex, to: slash) + 2
        pathStart = bytes[hostStart...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
        if let bad = bytes[hostStart..<pathStart].firstIndex(where: { !DigitalLink.isHost($0) }) {
            throw source.refusal(.badLink, "", at: bad)
        }
        guard pathStart > hostStart, pathStart < bytes.count else {
            throw source.refusal(.badLink, "", at: pathStart)
        }
        let end = bytes[pathStart...].firstIndex(of: UInt8(ascii: "#")) ?? bytes.count
        let pathEnd = bytes[pathStart..<end].firstIndex(of: UInt8(ascii: "?")) ?? end
        segments = Self.split(bytes, (pathStart + 1)..<pathEnd, at: UInt8(ascii: "/"))
        // A slash at the end is common, though a strict reader finds an empty value there.
        if !isStrict, let last = segments.last, last.isEmpty { segments.removeLast() }
        guard pathEnd < end else { return }
        for pair in Self.split(bytes, (pathEnd + 1)..<end, at: UInt8(ascii: "&"))
        where !pair.isEmpty {
            let equals = bytes[pair].firstIndex(of: UInt8(ascii: "="))
            query.append(
                (
                    pair.lowerBound..<(equals ?? pair.upperBound),
                    equals.map { ($0 + 1)..<pair.upperBound }
                )
            )
        }
    }

    private static func split(_ bytes: [UInt8], _ range: Range<Int>, at mark: UInt8) -> [Range<Int>]
    {
        bytes[range].split(separator: mark, omittingEmptySubsequences: false)
            .map { $0.startIndex..<$0.endIndex }
    }
}

extension DigitalLink {
    fileprivate static func isURI(_ byte: UInt8) -> Bool { characters.contains(byte) }

    fileprivate static func isHost(_ byte: UInt8) -> Bool { !noHostCharacters.contains(byte) }
}
