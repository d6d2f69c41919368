/// A text for people, in the languages that its writer gave.
public struct Label: Hashable, Sendable {
    /// By language tag (BCP 47): `zh-CN`, `en`.
    public let texts: [String: String]

    public init(_ texts: [String: String]) { self.texts = texts }

    /// The text in `language`; where that is missing, English, or the first language there is.
    public func text(in language: String) -> String {
        texts[language] ?? texts["en"] ?? sorted.first?.text ?? ""
    }

    /// The texts by language, in the order in which they are stored.
    public var sorted: [(language: String, text: String)] {
        texts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
