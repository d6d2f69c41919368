import Tally

/// What a scanned text means.
public enum ScanMeaning: Hashable, Sendable {
    /// A delivery note of ours, read but not yet believed: ``SignedNote/verify(using:now:)``.
    case signedNote(SignedNote)
    case plate(Plate)
    case gs1(ElementString)
    case dataMessage(DataMessage)
    /// A worker's badge, in the form of ``NaturalKey/code(_:)``.
    case worker(badge: String)
    /// A bin of the store, in the form of ``NaturalKey/code(_:)``.
    case bin(String)
    case command(CommandCode)
    /// None of these: a supplier's own code, or what somebody typed.
    case plain(String)
}

/// Finds the meaning of scanned texts.
public struct CodeParser: Sendable {
    private let compressor: any Compressor

    /// Prepares a parser.
    ///
    /// - Parameter compressor: raw deflate, which delivery notes are packed with.
    public init(compressor: any Compressor) { self.compressor = compressor }

    /// Finds what a text means.
    ///
    /// - Parameters:
    ///   - text: what the scanner or the decoder gave, without the line end that it types.
    ///   - isGS1: whether the symbol said that it holds GS1 data (FNC1 in first position), or a
    ///     person did; then nothing else is considered.
    /// - Returns: the meaning; ``ScanMeaning/plain(_:)`` for what claims to be nothing else.
    /// - Throws: when the text claims to be of a kind and breaks the rules of that kind.
    public func meaning(of text: String, isGS1: Bool = false) throws(CodeRefusal) -> ScanMeaning {
        if isGS1 { return .gs1(try GS1Parser.parse(text)) }
        if text.hasPrefix("TMN") { return try note(text) }
        if text.prefix(3).uppercased() == "TM:" { return try ownCode(text) }
        if text.hasPrefix(DataMessage.header) { return .dataMessage(try DataMessage(text)) }
        if let link = try link(text) { return link }
        if GS1Parser.aimPrefixes.contains(where: text.hasPrefix) {
            return .gs1(try GS1Parser.elementString(text))
        }
        if Self.startsBracketed(text) { return .gs1(try GS1Parser.bracketed(text)) }
        if let recognised = GS1Parser.recognised(text) { return .gs1(recognised) }
        return .plain(text)
    }

    private func note(_ text: String) throws(CodeRefusal) -> ScanMeaning {
        // A material may well be called TMN-4; only a digit and a colon make it a note.
        guard text.dropFirst(3).prefix(2).last == ":" else { return .plain(text) }
        do {
            return .signedNote(try SignedNote.parse(text, compressor: compressor))
        } catch {
            throw .note(error)
        }
    }

    private func ownCode(_ text: String) throws(CodeRefusal) -> ScanMeaning {
        let folded = NaturalKey.code(text)
        let value = NaturalKey.code(String(folded.dropFirst(CommandCode.prefix.count)))
        guard !value.isEmpty else { throw .badOwnCode(text) }
        if folded.hasPrefix(CommandCode.prefix) { return .command(try CommandCode(body: value)) }
        if folded.hasPrefix(WorkerBadge.prefix) { return .worker(badge: value) }
        if folded.hasPrefix(BinLabel.prefix) { return .bin(value) }
        throw .badOwnCode(text)
    }

    private func link(_ text: String) throws(CodeRefusal) -> ScanMeaning? {
        guard DigitalLink.looksLikeURI(text) else { return nil }
        if let tag = try DigitalLink.assetText(text) { return .plate(try Plate(tag: tag)) }
        return try DigitalLink.parse(text).map(ScanMeaning.gs1)
    }

    /// Whether the text starts like `(01)`: two to four digits in brackets.
    private static func startsBracketed(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "(") else { return false }
        let digits = bytes.dropFirst().prefix { (48...57).contains($0) }
        return (2...4).contains(digits.count)
            && bytes.dropFirst(1 + digits.count).first == UInt8(ascii: ")")
    }
}
