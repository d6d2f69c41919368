import Tally

/// What a scanned text means.
public enum ScanMeaning: Hashable, Sendable {
    /// A delivery note of ours, read but not yet believed: ``SignedNote/verify(using:now:)``.
    case signedNote(SignedNote)
    /// The digest of a note that is too long for symbols, not believed yet: ``SignedDigest``.
    case noteDigest(SignedDigest)
    /// A part of a long note, and nothing more until all parts are there: ``NoteParts``.
    case notePart(NotePart)
    case plate(Plate)
    case gs1(ElementString)
    case dataMessage(DataMessage)
    /// A worker's badge, in the form of ``NaturalKey/code(_:)``.
    case worker(badge: String)
    /// A bin of the store, in the form of ``NaturalKey/code(_:)``.
    case bin(String)
    case command(CommandCode)
    /// A supplier's own code that a rule reads; nothing vouches for it.
    case supplierCode(SupplierCode)
    /// None of these: a code that no rule reads, or what somebody typed.
    case plain(String)
}

/// Finds the meaning of scanned texts.
public struct CodeParser: Sendable {
    private let compressor: any Compressor
    private let rules: CodeRules

    /// Prepares a parser.
    ///
    /// - Parameters:
    ///   - compressor: raw deflate, which delivery notes are packed with.
    ///   - rules: how suppliers' own codes are read.
    public init(compressor: any Compressor, rules: CodeRules = .none) {
        self.compressor = compressor
        self.rules = rules
    }

    /// Finds what a text means.
    ///
    /// - Parameters:
    ///   - text: what the scanner or the decoder gave, without the line end that it types.
    ///   - isGS1: whether the symbol said that it holds GS1 data (FNC1 in first position), or a
    ///     person did; then nothing else is considered.
    /// - Returns: the meaning; ``ScanMeaning/plain(_:)`` for what claims to be nothing else.
    /// - Throws: when the text claims to be of a kind and breaks the rules of that kind.
    public func meaning(of text: String, isGS1: Bool = false) throws(CodeRefusal) -> ScanMeaning {
        if isGS1 { return ruled(.gs1(try GS1Parser.parse(text, isStrict: false))) }
        return try meaningOfTyped(Self.withoutLineEnd(text))
    }

    /// Reads a text as GS1 and holds it to every rule, as GS1's own engine does.
    ///
    /// - Parameter text: a scan with its AIM prefix, an element string (`^` or GS for FNC1), text
    ///   in brackets, or a Digital Link.
    /// - Returns: the elements; none for a symbol whose AIM prefix says that it holds no GS1.
    /// - Throws: ``CodeRefusal/gs1(_:_:)`` with the application identifier and the place.
    public func gs1(_ text: String) throws(CodeRefusal) -> ElementString {
        try GS1Parser.parse(text, isStrict: true)
    }

    /// Many scanners type a line end behind what they read.
    static func withoutLineEnd(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let last = scalars.last, last == "\r" || last == "\n" else { return text }
        let end = scalars.lastIndex { $0 != "\r" && $0 != "\n" }
        return String(scalars[..<(end.map(scalars.index(after:)) ?? scalars.startIndex)])
    }

    /// Our own codes come first, then ISO/IEC 15434 and plates: no rule changes what they are.
    private func meaningOfTyped(_ text: String) throws(CodeRefusal) -> ScanMeaning {
        if text.hasPrefix("TM"), let own = try ownNote(text) { return own }
        if text.prefix(3).uppercased() == "TM:" { return try ownCode(text) }
        if DataMessage.claims(text) { return .dataMessage(try DataMessage(text)) }
        let isLink = DigitalLink.looksLikeURI(text)
        if isLink, let tag = try DigitalLink.assetText(text) { return .plate(try Plate(tag: tag)) }
        if let code = rules.read(text) { return .supplierCode(code) }
        if isLink, let link = try link(text) { return ruled(link) }
        if GS1Parser.claimsGS1(text) || Self.startsBracketed(text) {
            return ruled(.gs1(try GS1Parser.parse(text, isStrict: false)))
        }
        if let plain = GS1Parser.withoutAIMPrefix(text) { return try meaningOfTyped(plain) }
        if let recognised = try GS1Parser.recognised(text) { return ruled(.gs1(recognised)) }
        return .plain(text)
    }

    /// GS1 data that a rule knows as a supplier's are that.
    private func ruled(_ meaning: ScanMeaning) -> ScanMeaning {
        guard case .gs1(let elements) = meaning, let code = rules.read(elements) else {
            return meaning
        }
        return .supplierCode(code)
    }

    /// A note, a part of one or a digest; nil for what only begins like them.
    private func ownNote(_ text: String) throws(CodeRefusal) -> ScanMeaning? {
        // A material may well be called TMN-4; only a digit and a colon make it a note.
        guard text.dropFirst(3).prefix(2).last == ":" else { return nil }
        do {
            switch text.prefix(3) {
            case "TMN": return .signedNote(try SignedNote.parse(text, compressor: compressor))
            case "TMP": return .notePart(try NotePart(text))
            case "TMD": return .noteDigest(try SignedDigest.parse(text, compressor: compressor))
            default: return nil
            }
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
        do {
            return .gs1(try GS1Parser.parse(text, isStrict: false))
        } catch {
            guard case .gs1(let fault, _) = error, fault == .keyMissing || fault == .badLink else {
                throw error
            }
            return nil  // An address like any other.
        }
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
