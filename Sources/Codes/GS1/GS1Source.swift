/// A text of a GS1 code while it is read: a byte a character, so that places are counted in
/// characters; what is not ASCII is 0xFF, which no rule allows.
struct GS1Source {
    /// The longest text that is read, in characters; GS1's own engine takes as many.
    static let countMax = 8191

    let scalars: [Unicode.Scalar]
    let bytes: [UInt8]

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        bytes = scalars.map { $0.isASCII ? UInt8($0.value) : 0xFF }
    }

    func text(_ range: Range<Int>) -> String {
        String(String.UnicodeScalarView(scalars[range]))
    }

    /// A refusal that points at the character at this offset.
    func refusal(
        _ fault: GS1Fault,
        _ identifier: String,
        at offset: Int,
        other: String = "",
        elements: [ElementString.Element] = []
    ) -> CodeRefusal {
        let character = offset < scalars.count ? text(offset..<(offset + 1)) : ""
        return .gs1(
            fault,
            GS1Place(
                identifier: identifier,
                position: offset + 1,
                character: character,
                other: other,
                elements: elements
            )
        )
    }
}

/// An application identifier with its value, before it is held against the rules.
struct RawElement {
    let identifier: ApplicationIdentifier
    let value: [UInt8]
    /// The offset of the identifier in the source.
    let start: Int
    /// The offset of each byte of the value in the source, and of what follows it.
    let offsets: [Int]

    /// An element whose value stands in the source as it is.
    init(
        _ identifier: ApplicationIdentifier,
        at start: Int,
        _ range: Range<Int>,
        _ source: GS1Source
    ) {
        self.identifier = identifier
        self.start = start
        value = Array(source.bytes[range])
        offsets = Array(range.lowerBound...range.upperBound)
    }

    init(_ identifier: ApplicationIdentifier, at start: Int, value: [UInt8], offsets: [Int]) {
        self.identifier = identifier
        self.start = start
        self.value = value
        self.offsets = offsets
    }

    /// The element as the source has it, for people; what is not ASCII is taken from there.
    func element(_ source: GS1Source) -> ElementString.Element {
        var text = ""
        for (byte, offset) in zip(value, offsets) {
            let scalar = byte < 0x80 ? Unicode.Scalar(byte) : source.scalars[offset]
            text.unicodeScalars.append(scalar)
        }
        return ElementString.Element(identifier: identifier.code, value: text)
    }
}

/// What a text holds, taken apart.
struct GS1Reading {
    let source: GS1Source
    var elements: [RawElement] = []
    /// The text as GS1's engine keeps it, where that is not simply the elements joined.
    var unbracketed: String?
    /// How many elements stand in a link's path.
    var pathCount: Int?
    /// Which element is the first of a composite code's second part.
    var compositeStart: Int?

    init(_ source: GS1Source) { self.source = source }

    var read: [ElementString.Element] { elements.map { $0.element(source) } }

    func refusal(
        _ fault: GS1Fault,
        _ element: RawElement,
        at offset: Int? = nil,
        other: String = ""
    ) -> CodeRefusal {
        source.refusal(
            fault,
            element.identifier.code,
            at: offset ?? element.start,
            other: other,
            elements: read
        )
    }

    /// Refuses a value whose length is wrong before anything else is said about it.
    func checkLength(_ element: RawElement) throws(CodeRefusal) {
        let count = element.value.count
        if count < element.identifier.countMin {
            throw refusal(.tooShort, element, at: element.offsets[count])
        }
        if count > element.identifier.countMax {
            throw refusal(.tooLong, element, at: element.offsets[element.identifier.countMax])
        }
    }

    /// Holds each value against the rules of its application identifier.
    func checkValues() throws(CodeRefusal) {
        for element in elements { try checkValue(element) }
    }

    private func checkValue(_ element: RawElement) throws(CodeRefusal) {
        let value = element.value
        guard !value.isEmpty else { throw refusal(.tooShort, element, at: element.offsets[0]) }
        var start = 0
        for part in element.identifier.parts {
            let count = min(part.countMax, value.count - start)
            if part.isOptional, count == 0 { continue }
            guard count >= part.countMin else {
                throw refusal(.tooShort, element, at: element.offsets[value.count])
            }
            let slice = value[start..<(start + count)]
            if let breach = breach(in: slice, part) {
                let offset = min(start + breach.range.lowerBound, value.count)
                throw refusal(breach.fault, element, at: element.offsets[offset])
            }
            start += count
        }
        guard start == value.count else {
            throw refusal(.tooLong, element, at: element.offsets[start])
        }
    }

    private func breach(
        in slice: ArraySlice<UInt8>,
        _ part: ApplicationIdentifier.Part
    ) -> GS1RuleBreach? {
        if let breach = part.characters.breach(in: slice) { return breach }
        let bytes = Array(slice)
        for rule in part.rules {
            if let breach = rule.breach(in: bytes) { return breach }
        }
        return nil
    }
}
