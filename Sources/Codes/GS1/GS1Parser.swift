/// Reads GS1 codes in their written forms; positions in refusals count bytes from 1.
enum GS1Parser {
    private static let separator: UInt8 = 0x1D

    /// The AIM identifiers (ISO/IEC 15424) that say a code holds GS1 data: GS1-128, GS1 DataBar
    /// and composite, GS1 DataMatrix, GS1 QR, GS1 DotCode.
    static let aimPrefixes = ["]C1", "]e0", "]d2", "]Q3", "]J1"]

    /// Reads a text that is known to be GS1: an element string, bracketed text or Digital Link.
    static func parse(_ text: String) throws(CodeRefusal) -> ElementString {
        if DigitalLink.looksLikeURI(text) {
            guard let link = try DigitalLink.parse(text) else {
                throw .gs1(.empty, identifier: "", position: 1)
            }
            return link
        }
        if text.hasPrefix("(") { return try bracketed(text) }
        return try elementString(text)
    }

    /// Reads an element string as scanners give it: FNC1 as GS (0x1D), an AIM prefix or not.
    ///
    /// A `^` at the start stands for FNC1 throughout, as GS1's own tools write it.
    static func elementString(_ text: String) throws(CodeRefusal) -> ElementString {
        var bytes = Array(text.utf8)
        var start = 0
        if let prefix = aimPrefixes.first(where: text.hasPrefix) { start = prefix.utf8.count }
        if bytes.count > start, bytes[start] == UInt8(ascii: "^") {
            bytes = bytes.map { $0 == UInt8(ascii: "^") ? separator : $0 }
        }
        if bytes.count > start, bytes[start] == separator { start += 1 }
        var elements: [ElementString.Element] = []
        while start < bytes.count {
            guard let identifier = ApplicationIdentifier.leading(bytes[start...]) else {
                let unknown = bytes[start...].prefix(4).prefix { (48...57).contains($0) }
                throw .gs1(
                    .unknownIdentifier,
                    identifier: String(decoding: unknown, as: UTF8.self),
                    position: start + 1
                )
            }
            let valueStart = start + identifier.code.utf8.count
            var end = bytes[valueStart...].firstIndex(of: separator) ?? bytes.count
            if identifier.hasPredefinedLength {
                end = min(end, valueStart + identifier.countMax)
            }
            elements.append(try element(identifier, Array(bytes[valueStart..<end]), at: valueStart))
            // A separator behind a value of predefined length is not needed, and allowed.
            start = end < bytes.count && bytes[end] == separator ? end + 1 : end
        }
        guard !elements.isEmpty else { throw .gs1(.empty, identifier: "", position: 1) }
        return ElementString(elements)
    }

    /// Reads the form for people, identifiers in brackets.
    ///
    /// Such as `(01)04012345123456(10)A1`. A bracket inside a value is written as `\(`.
    static func bracketed(_ text: String) throws(CodeRefusal) -> ElementString {
        let bytes = Array(text.utf8)
        var elements: [ElementString.Element] = []
        var start = 0
        while start < bytes.count {
            let code = bytes[start...].dropFirst().prefix { (48...57).contains($0) }
            let close = start + 1 + code.count
            guard bytes[start] == UInt8(ascii: "("), close < bytes.count,
                bytes[close] == UInt8(ascii: ")")
            else { throw .gs1(.badBracket, identifier: "", position: start + 1) }
            let name = String(decoding: code, as: UTF8.self)
            guard let identifier = ApplicationIdentifier.named(name) else {
                throw .gs1(.unknownIdentifier, identifier: name, position: start + 2)
            }
            var value: [UInt8] = []
            start = close + 1
            while start < bytes.count, bytes[start] != UInt8(ascii: "(") {
                let isEscape =
                    bytes[start] == UInt8(ascii: "\\") && start + 1 < bytes.count
                    && bytes[start + 1] == UInt8(ascii: "(")
                if isEscape { start += 1 }
                value.append(bytes[start])
                start += 1
            }
            elements.append(try element(identifier, value, at: close + 1))
        }
        guard !elements.isEmpty else { throw .gs1(.empty, identifier: "", position: 1) }
        return ElementString(elements)
    }

    /// An element whose value keeps the rules; `position` is where the value starts.
    static func element(
        _ identifier: ApplicationIdentifier,
        _ value: [UInt8],
        at position: Int
    ) throws(CodeRefusal) -> ElementString.Element {
        do {
            try identifier.check(value)
        } catch {
            throw .gs1(
                error.fault,
                identifier: error.identifier,
                position: position + error.offset + 1
            )
        }
        return ElementString.Element(
            identifier: identifier.code,
            value: String(decoding: value, as: UTF8.self)
        )
    }

    /// Whether a text without any mark is GS1 all the same: an SSCC alone, or a GTIN with or
    /// without more behind it, their check digits being right, or anything with a separator in it.
    ///
    /// Scanners are often set not to send the AIM prefix. The check digits keep most other
    /// numbers out; one number in ten of 20 digits from 00 or of 16 from 01 is taken wrongly, and
    /// that is why rules for suppliers' own codes go first.
    static func recognised(_ text: String) -> ElementString? {
        let startsLikeOne = text.hasPrefix("00") && text.utf8.count == 20 || text.hasPrefix("01")
        guard startsLikeOne || text.utf8.contains(separator) else { return nil }
        do {
            return try elementString(text)
        } catch {
            return nil  // Then it is plain text: nothing claimed that it was GS1.
        }
    }
}
