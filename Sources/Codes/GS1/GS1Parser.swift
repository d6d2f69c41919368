/// Reads GS1 codes in their written forms; places in refusals count characters from 1.
enum GS1Parser {
    private static let separator: UInt8 = 0x1D
    private static let caret = UInt8(ascii: "^")
    /// The most application identifiers in one code; GS1's own engine takes as many.
    static let elementsMax = 64

    /// The AIM identifiers (ISO/IEC 15424) that say a code holds GS1 data: GS1-128, GS1 DataBar
    /// and composite, GS1 DataMatrix, GS1 QR, GS1 DotCode.
    static let aimPrefixes = ["]C1", "]e0", "]d2", "]Q3", "]J1"]
    /// Codes of the same kinds that hold any text: Data Matrix, QR, DotCode.
    private static let plainPrefixes = ["]d1", "]Q1", "]J0"]
    /// EAN-13, UPC and EAN-8, with their counts of digits.
    private static let retailPrefixes = [("]E0", 13), ("]E4", 8)]

    /// Whether the text has the AIM prefix of a code that holds GS1 data or a GTIN.
    static func claimsGS1(_ text: String) -> Bool {
        (aimPrefixes + retailPrefixes.map(\.0)).contains(where: text.hasPrefix)
    }

    /// The text behind the AIM prefix of another code: `]`, a letter, a digit; nil without one.
    static func withoutAIMPrefix(_ text: String) -> String? {
        let bytes = Array(text.utf8.prefix(3))
        guard bytes.count == 3, bytes[0] == UInt8(ascii: "]"),
            (65...90).contains(bytes[1] & 0xDF), (48...57).contains(bytes[2])
        else { return nil }
        return String(text.unicodeScalars.dropFirst(3))
    }

    /// Reads a text that is known to be GS1: an element string, bracketed text or Digital Link.
    ///
    /// A strict reader holds the text to all rules as GS1's own engine does. A terminal is easier
    /// on what scanners and printers do: a separator behind the AIM prefix, a GTIN without its
    /// zeros in a link, and a code that holds only a part of its label.
    static func parse(_ text: String, isStrict: Bool) throws(CodeRefusal) -> ElementString {
        let source = GS1Source(text)
        guard source.bytes.count <= GS1Source.countMax else {
            throw source.refusal(.tooMuch, "", at: GS1Source.countMax)
        }
        let reading = try read(source, text, isStrict)
        try reading.checkValues()
        if isStrict { try reading.checkAssociations() }
        return ElementString(reading)
    }

    private static func read(
        _ source: GS1Source,
        _ text: String,
        _ isStrict: Bool
    ) throws(CodeRefusal) -> GS1Reading {
        if text.hasPrefix("(") { return try bracketed(source) }
        if text.hasPrefix("]") { return try scanned(source, text, isStrict) }
        if DigitalLink.isLink(text, isStrict: isStrict) {
            var reading = try DigitalLink.read(source, from: 0, isStrict: isStrict)
            reading.unbracketed = text
            return reading
        }
        // An address of another scheme claims no GS1.
        if text.contains("://"), text.first?.isLetter == true { return plain(source, text) }
        if text.hasPrefix("^") {
            var reading = try composite(source)
            reading.unbracketed = text
            return reading
        }
        var reading = GS1Reading(source)
        let start = source.bytes.first == separator ? 1 : 0
        do {
            try readElements(&reading, start..<source.bytes.count, separator: separator)
        } catch {
            guard let item = RetailNumber.gtin(source) else { throw error }
            return item
        }
        return reading
    }

    /// A text with its AIM prefix, as a scanner sends it that is set to.
    private static func scanned(
        _ source: GS1Source,
        _ text: String,
        _ isStrict: Bool
    ) throws(CodeRefusal) -> GS1Reading {
        let prefix = String(text.unicodeScalars.prefix(3))
        let plainBody = String(text.unicodeScalars.dropFirst(3))
        if let retail = retailPrefixes.first(where: { $0.0 == prefix }) {
            return try RetailNumber.read(source, digits: retail.1)
        }
        if plainPrefixes.contains(prefix) {
            guard DigitalLink.isLink(plainBody, isStrict: isStrict) else {
                return plain(source, plainBody)
            }
            var reading = try DigitalLink.read(source, from: 3, isStrict: isStrict)
            reading.unbracketed = plainBody
            return reading
        }
        guard aimPrefixes.contains(prefix) else { throw source.refusal(.badSymbology, "", at: 0) }
        var reading = GS1Reading(source)
        var start = 3
        if !isStrict, source.bytes.count > start, source.bytes[start] == separator { start += 1 }
        try readElements(&reading, start..<source.bytes.count, separator: separator)
        let body = source.text(start..<source.bytes.count)
        reading.unbracketed = "^" + body.replacing("\u{1D}", with: "^")
        return reading
    }

    /// A text that claims no GS1; a caret that it starts with is escaped, so that it stays plain.
    private static func plain(_ source: GS1Source, _ body: String) -> GS1Reading {
        var reading = GS1Reading(source)
        let isCaret = body.drop { $0 == "\\" }.first == "^"
        reading.unbracketed = isCaret ? "\\" + body : body
        return reading
    }

    /// `^…`, or `^…|^…` for a composite code.
    private static func composite(_ source: GS1Source) throws(CodeRefusal) -> GS1Reading {
        var reading = GS1Reading(source)
        let bar = source.bytes.firstIndex(of: UInt8(ascii: "|"))
        try readElements(&reading, 1..<(bar ?? source.bytes.count), separator: caret)
        guard let bar else { return reading }
        reading.compositeStart = reading.elements.count
        guard bar + 1 < source.bytes.count, source.bytes[bar + 1] == caret else {
            throw source.refusal(.unknownIdentifier, "", at: bar + 1)
        }
        try readElements(&reading, (bar + 2)..<source.bytes.count, separator: caret)
        return reading
    }

    /// Elements that stand one behind the other, told apart by their lengths and separators.
    static func readElements(
        _ reading: inout GS1Reading,
        _ range: Range<Int>,
        separator: UInt8
    ) throws(CodeRefusal) {
        let source = reading.source
        let bytes = source.bytes
        guard !range.isEmpty else { throw source.refusal(.empty, "", at: range.lowerBound) }
        var start = range.lowerBound
        while start < range.upperBound {
            guard let identifier = ApplicationIdentifier.leading(bytes[start..<range.upperBound])
            else { throw unknown(reading, start..<range.upperBound) }
            let valueStart = start + identifier.code.utf8.count
            let rest = bytes[valueStart..<range.upperBound]
            var end = rest.firstIndex(of: separator) ?? range.upperBound
            if identifier.hasPredefinedLength {
                end = min(end, valueStart + identifier.countMax)
            }
            reading.elements.append(RawElement(identifier, at: start, valueStart..<end, source))
            guard reading.elements.count <= elementsMax else {
                throw source.refusal(.tooMuch, identifier.code, at: start)
            }
            // A separator behind a value of predefined length is not needed, and allowed.
            start = end < range.upperBound && bytes[end] == separator ? end + 1 : end
        }
    }

    private static func unknown(_ reading: GS1Reading, _ range: Range<Int>) -> CodeRefusal {
        let digits = reading.source.bytes[range].prefix(4).prefix { (48...57).contains($0) }
        return reading.source.refusal(
            .unknownIdentifier,
            String(decoding: digits, as: UTF8.self),
            at: range.lowerBound,
            elements: reading.read
        )
    }

    /// The form for people, identifiers in brackets: `(01)04012345123456(10)A1`.
    ///
    /// A bracket inside a value is written as `\(`; `|` stands before a composite code's second
    /// part.
    private static func bracketed(_ source: GS1Source) throws(CodeRefusal) -> GS1Reading {
        var reading = GS1Reading(source)
        let bytes = source.bytes
        var start = 0
        while start < bytes.count {
            if bytes[start] == UInt8(ascii: "|"), reading.compositeStart == nil, start > 0 {
                reading.compositeStart = reading.elements.count
                start += 1
            }
            guard start < bytes.count, bytes[start] == UInt8(ascii: "("),
                let close = bytes[start...].firstIndex(of: UInt8(ascii: ")"))
            else { throw source.refusal(.badBracket, "", at: start) }
            let name = source.text((start + 1)..<close)
            guard let identifier = ApplicationIdentifier.named(name) else {
                throw source.refusal(.unknownIdentifier, name, at: start + 1)
            }
            let element = value(source, identifier, at: start + 1, from: close + 1)
            reading.elements.append(element)
            guard reading.elements.count <= elementsMax else {
                throw source.refusal(.tooMuch, identifier.code, at: start)
            }
            start = element.offsets[element.value.count]
        }
        for element in reading.elements { try reading.checkLength(element) }
        return reading
    }

    /// The value that runs to the next bracket; a backslash lets a bracket be part of it.
    private static func value(
        _ source: GS1Source,
        _ identifier: ApplicationIdentifier,
        at name: Int,
        from start: Int
    ) -> RawElement {
        let bytes = source.bytes
        var value: [UInt8] = []
        var offsets: [Int] = []
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "("),
            bytes[index] != UInt8(ascii: "|")
        {
            let isEscape =
                bytes[index] == UInt8(ascii: "\\") && index + 1 < bytes.count
                && bytes[index + 1] == UInt8(ascii: "(")
            if isEscape { index += 1 }
            value.append(bytes[index])
            offsets.append(index)
            index += 1
        }
        return RawElement(identifier, at: name, value: value, offsets: offsets + [index])
    }

    /// Whether a text without any mark is GS1 all the same.
    ///
    /// It is when it starts with a key whose check digit is right, or when it holds a separator
    /// and starts with a value that keeps its rules. Scanners are often set not to send the AIM
    /// prefix. The check digits keep most other numbers out; one number in ten of 20 digits from
    /// 00 or of 16 from 01 is taken wrongly, and that is why rules for suppliers' own codes go
    /// first.
    static func recognised(_ text: String) throws(CodeRefusal) -> ElementString? {
        let isSplit = text.utf8.contains(separator)
        let isKey = text.utf8.count >= 16 && ["00", "01", "800"].contains { text.hasPrefix($0) }
        guard isSplit || isKey, text.unicodeScalars.count <= GS1Source.countMax else { return nil }
        let source = GS1Source(text)
        var reading = GS1Reading(source)
        let start = source.bytes.first == separator ? 1 : 0
        do {
            try readElements(&reading, start..<source.bytes.count, separator: separator)
            try reading.checkValues()
        } catch {
            guard isSplit, startsRight(reading) else {
                return nil  // Then it is plain text: nothing claimed that it was GS1.
            }
            throw error
        }
        let isKeyed = isSplit || reading.elements.first?.identifier.isChecked == true
        return isKeyed ? ElementString(reading) : nil
    }

    private static func startsRight(_ reading: GS1Reading) -> Bool {
        guard let first = reading.elements.first, first.identifier.isChecked else { return false }
        var start = GS1Reading(reading.source)
        start.elements = [first]
        do {
            try start.checkValues()
        } catch {
            return false
        }
        return true
    }
}

extension ApplicationIdentifier {
    /// Whether the value has a check digit.
    var isChecked: Bool { parts.contains { $0.rules.contains(.check) } }
}
