/// The numbers of EAN and UPC symbols, which are GTINs of 8, 12 or 13 digits.
enum RetailNumber {
    private static let composite = Array("|]e0".utf8)

    /// A scan with the AIM prefix of a retail symbol; a composite part may follow.
    static func read(_ source: GS1Source, digits: Int) throws(CodeRefusal) -> GS1Reading {
        let body = source.bytes.dropFirst(3)
        let number = body.prefix(digits)
        if let bad = number.firstIndex(where: { !(48...57).contains($0) }) {
            throw source.refusal(.badCharacter, "01", at: bad)
        }
        guard number.count == digits else {
            throw source.refusal(.tooShort, "01", at: source.bytes.count)
        }
        guard CheckDigit.isRight(number) else {
            throw source.refusal(.badCheckDigit, "01", at: number.endIndex - 1)
        }
        var reading = GS1Reading(source)
        append(&reading, 3..<number.endIndex)
        reading.unbracketed = String(decoding: number, as: UTF8.self)
        guard number.endIndex < source.bytes.count else { return reading }
        let partStart = number.endIndex + composite.count
        guard source.bytes[number.endIndex...].starts(with: composite) else {
            throw source.refusal(.tooLong, "01", at: number.endIndex)
        }
        reading.compositeStart = 1
        let range = partStart..<source.bytes.count
        try GS1Parser.readElements(&reading, range, separator: 0x1D)
        let part = source.text(range).replacing("\u{1D}", with: "^")
        reading.unbracketed = String(decoding: number, as: UTF8.self) + "|^" + part
        return reading
    }

    /// A number without any mark: a GTIN of 8, 12 or 13 digits whose check digit is right, perhaps
    /// with an add-on of 2 or 5 digits behind it; nil for any other text.
    static func gtin(_ source: GS1Source) -> GS1Reading? {
        let bytes = source.bytes
        guard GS1Rule.digitBreach(bytes) == nil else { return nil }
        let counts = [8, 12, 13].flatMap { count in [(count, 0), (count, 2), (count, 5)] }
        for (count, extra) in counts where bytes.count == count + extra && (extra == 0 || count > 8)
        {
            guard CheckDigit.isRight(bytes[..<count]) else { continue }
            var reading = GS1Reading(source)
            append(&reading, 0..<count)
            return reading
        }
        return nil
    }

    private static func append(_ reading: inout GS1Reading, _ range: Range<Int>) {
        guard let item = ApplicationIdentifier.named("01") else { return }
        let zeros = 14 - range.count
        reading.elements.append(
            RawElement(
                item,
                at: range.lowerBound,
                value: [UInt8](repeating: 48, count: zeros) + reading.source.bytes[range],
                offsets: [Int](repeating: range.lowerBound, count: zeros)
                    + Array(range.lowerBound...range.upperBound)
            )
        )
    }
}
