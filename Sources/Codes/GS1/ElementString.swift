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

    /// At least one, but for a symbol that says itself that it holds no GS1 data.
    public let elements: [Element]
    /// The text as GS1's own engine keeps it: `^` stands for FNC1, a link stays a link.
    public let unbracketed: String
    private let pathCount: Int?
    private let compositeStart: Int?

    /// The elements of a text that was read and found right.
    init(_ reading: GS1Reading) {
        elements = reading.read
        pathCount = reading.pathCount
        compositeStart = reading.compositeStart
        unbracketed = reading.unbracketed ?? Self.joined(elements)
    }

    /// Texts that say the same are equal, however they were written.
    public static func == (one: ElementString, other: ElementString) -> Bool {
        one.elements == other.elements
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) { hasher.combine(elements) }

    /// The value of the first element with this application identifier.
    public subscript(identifier: String) -> String? {
        elements.first { $0.identifier == identifier }?.value
    }

    /// The form for people: `(01)04012345123456(10)A1`; a bracket inside a value is `\(`.
    public var bracketed: String {
        var text = ""
        for (index, element) in elements.enumerated() {
            if index == compositeStart { text += "|" }
            let value = element.value.replacing("(", with: "\\(")
            text += "(\(element.identifier))\(value)"
        }
        return text
    }

    /// The form for printers and scanners, `^` standing for FNC1: `^0104012345123456`.
    public var elementText: String { Self.joined(elements) }

    private static func joined(_ elements: [Element]) -> String {
        var text = elements.isEmpty ? "" : "^"
        for (index, element) in elements.enumerated() {
            text += element.identifier + element.value
            let known = ApplicationIdentifier.named(element.identifier)
            if index + 1 < elements.count, known?.hasPredefinedLength != true { text += "^" }
        }
        return text
    }

    /// The canonical GS1 Digital Link; nil when no key is there, or when one of the application
    /// identifiers cannot stand in a link.
    public var digitalLink: String? {
        DigitalLink.canonical(elements, pathCount: pathCount)
    }
}
