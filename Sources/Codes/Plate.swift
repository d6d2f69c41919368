import Tally

/// The code on a machine's plate: a GS1 Digital Link whose asset identifier (AI 8004) is the
/// equipment's tag.
///
/// Any phone opens it as a link; a terminal takes the tag out, whatever the host, so plates stay
/// good when the plant's pages move. A tag in other letters than GS1 allows (Chinese, say) is
/// encoded as UTF-8: terminals read it, and GS1's own tools refuse it.
public struct Plate: Hashable, Sendable {
    /// The longest asset identifier (GS1 General Specifications, AI 8004), in characters.
    public static let tagCountMax = 30
    /// The address that plates are given when the plant names none.
    ///
    /// `.example` is nobody's (RFC 2606), so the link leads nowhere until then.
    public static let standardBase = "https://id.tallyman.example"

    /// The equipment's tag, in the form of ``NaturalKey/code(_:)``.
    public let tag: String

    /// The plate of the machine with this tag.
    ///
    /// - Throws: ``CodeRefusal/badTag(_:)`` when the tag is empty or longer than ``tagCountMax``.
    public init(tag: String) throws(CodeRefusal) {
        let normalised = NaturalKey.code(tag)
        guard !normalised.isEmpty, normalised.unicodeScalars.count <= Self.tagCountMax,
            normalised.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { throw .badTag(tag) }
        self.tag = normalised
    }

    /// The text for the QR code.
    ///
    /// - Parameter base: scheme and host, with or without a path.
    /// - Returns: `<base>/8004/<tag>`.
    /// - Throws: ``CodeRefusal/badBase(_:)`` when `base` is not an http or https address.
    public func text(base: String = standardBase) throws(CodeRefusal) -> String {
        let base = base.hasSuffix("/") ? String(base.dropLast()) : base
        let isPlain = base.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        let host = base.drop { $0 != "/" }.dropFirst(2)
        guard DigitalLink.looksLikeURI(base), isPlain, !host.isEmpty, !host.hasPrefix("/"),
            !base.contains("?"), !base.contains("#")
        else { throw .badBase(base) }
        return "\(base)/8004/\(PercentEncoding.encode(tag))"
    }
}
