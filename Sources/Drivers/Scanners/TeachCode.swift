import Foundation

/// A printed code whose content is known, so that what arrives tells how the scanner is set.
public struct TeachCode: Hashable, Sendable {
    /// From 1; it stands in the content, and on the sheet.
    public let number: Int
    /// What comes after the code's own name.
    package let body: String

    /// The whole content of the code.
    public var content: String { Self.name(number) + body }

    /// Letters and digits: prefix, suffix, AIM identifier, case.
    public static let letters = TeachCode(number: 1, body: "Tallyman-abc-XYZ-0123456789")
    /// Something before and after a GS.
    public static let separator = TeachCode(number: 2, body: before + "\u{1D}" + after)
    /// Every mark of ASCII: the layout of the keyboard.
    public static let marks = TeachCode(
        number: 3,
        body: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~yz"
    )
    /// Chinese as UTF-8.
    public static let chinese = TeachCode(number: 4, body: "中文收货点检")

    /// In the order in which they are scanned.
    public static let all = [letters, separator, marks, chinese]

    static let before = "LOT9"
    static let after = "QTY7"

    static func name(_ number: Int) -> String { "TM:T\(number):" }
}

/// A key as the page's browser told it.
public struct PageKey: Hashable, Sendable {
    /// The character that the browser made of it; empty for keys without one.
    public let text: String
    /// The key's place; nil where the browser named none that is known.
    public let stroke: TypedKey?

    public init(text: String, stroke: TypedKey?) {
        self.text = text
        self.stroke = stroke
    }
}

/// What a lesson can take in.
public enum TeachInput: Hashable, Sendable {
    /// From a device that the daemon reads.
    case raw(RawScan)
    /// From a scanner that types into the page.
    case page([PageKey])
}

/// One thing that a lesson found, for the string table: `teach.<name>`.
public struct TeachFinding: Hashable, Sendable {
    /// How well it suits.
    public enum Tone: String, Hashable, Sendable {
        /// As it should be.
        case good
        /// Not as it should be, and undone here.
        case mapped
        /// Must be changed on the scanner.
        case wrong
    }

    public let name: String
    public let facts: [String: String]
    public let tone: Tone

    init(_ name: String, _ tone: Tone, _ facts: [String: String] = [:]) {
        self.name = name
        self.facts = facts
        self.tone = tone
    }
}
