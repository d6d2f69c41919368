import Tally

/// A delivery note as its QR code carries it: self-contained, and signed by the supplier.
///
/// `Wire/note.proto` draws the bytes. ``make(_:signer:compressor:)`` writes one,
/// ``open(_:keys:now:compressor:)`` reads one that can be trusted; ``parse(_:compressor:)`` reads
/// one without believing it, to show it or to find its supplier.
public struct SignedNote: Hashable, Sendable {
    /// What a text of this format starts with.
    public static let prefix = "TMN1:"
    /// The characters that a note may have; a long one is printed as several ``NotePart``s.
    public static let charactersMax = 9312
    /// The limit of the unpacked content, in bytes.
    public static let contentCountMax = 262_144

    public let content: NoteContent
    /// The key that the note says it is signed with.
    public let keyID: KeyID
    /// The note's text, as scanned.
    public let text: String
    private let envelope: SignedEnvelope

    private init(
        envelope: SignedEnvelope,
        text: String,
        compressor: any Compressor
    ) throws(NoteRefusal) {
        content = try NoteContent(serialised: envelope.unpacked(compressor))
        keyID = envelope.keyID
        self.text = text
        self.envelope = envelope
    }

    /// Writes and signs a note.
    ///
    /// - Parameters:
    ///   - content: what the note says; codes and numbers are put into the form of `NaturalKey`.
    ///   - signer: the supplier's key.
    ///   - compressor: raw deflate.
    /// - Returns: the text for the QR code, all in QR's alphanumeric set.
    /// - Throws: a refusal when the content breaks a rule, or when the text is longer than
    ///   ``charactersMax``.
    public static func make(
        _ content: NoteContent,
        signer: NoteSigner,
        compressor: any Compressor
    ) throws(NoteRefusal) -> String {
        let serialised = try content.normalised().serialised()
        guard serialised.count <= contentCountMax else { throw .malformed(.tooLarge) }
        let packed: [UInt8]
        do {
            packed = try compressor.compress(serialised)
        } catch {
            throw .malformed(.packing)
        }
        let text = try SignedEnvelope.seal(packed, as: .note, signer: signer)
        guard text.utf8.count <= charactersMax else {
            throw .tooLong(characters: text.utf8.count, charactersMax: charactersMax)
        }
        return text
    }

    /// Writes and signs a note with the seed of a key.
    ///
    /// - Parameters:
    ///   - content: what the note says.
    ///   - seed: the Ed25519 seed, 32 bytes.
    ///   - compressor: raw deflate.
    /// - Returns: the text for the QR code.
    /// - Throws: as ``make(_:signer:compressor:)``.
    public static func make(
        _ content: NoteContent,
        seed: [UInt8],
        compressor: any Compressor
    ) throws(NoteRefusal) -> String {
        try make(content, signer: NoteSigner(seed: seed), compressor: compressor)
    }

    /// Reads a note without checking its signature.
    ///
    /// - Parameters:
    ///   - text: the QR code's text.
    ///   - compressor: raw deflate.
    /// - Returns: the note, not to be trusted before ``verify(using:now:)``.
    /// - Throws: a refusal when the text is not a note that this program can read.
    public static func parse(
        _ text: String,
        compressor: any Compressor
    ) throws(NoteRefusal) -> SignedNote {
        try SignedNote(
            envelope: SignedEnvelope(text, .note),
            text: text,
            compressor: compressor
        )
    }

    /// Reads a note and believes it only when a supplier's key vouches for it.
    ///
    /// The signature is checked before anything is unpacked, so a changed note is refused as
    /// altered whatever the change did to it.
    ///
    /// - Parameters:
    ///   - text: the QR code's text.
    ///   - keys: the suppliers' keys, from master data.
    ///   - now: the present, to refuse notes past their own expiry; nil when the clock is unsure.
    ///   - compressor: raw deflate.
    /// - Returns: the note, to be trusted.
    /// - Throws: the reason why it is not.
    public static func open(
        _ text: String,
        keys: [SupplierKey],
        now: Moment?,
        compressor: any Compressor
    ) throws(NoteRefusal) -> SignedNote {
        let envelope = try SignedEnvelope(text, .note)
        let signers = try envelope.checkSignature(keys)
        let note = try SignedNote(envelope: envelope, text: text, compressor: compressor)
        _ = try SignedEnvelope.vouch(note.claim, signers, now: now)
        return note
    }

    /// Holds the note against the suppliers' keys.
    ///
    /// A key's validity is judged at the moment of issue, which the signature covers, so a note
    /// stays good after its key was rotated; a stolen key must be revoked. A note's own expiry is
    /// judged at `now`.
    ///
    /// - Parameters:
    ///   - keys: the suppliers' keys, from master data.
    ///   - now: the present; nil when the clock is unsure, then the note's expiry is not judged.
    /// - Returns: the key that vouches for the note.
    /// - Throws: the reason why none does.
    @discardableResult
    public func verify(using keys: [SupplierKey], now: Moment?) throws(NoteRefusal) -> SupplierKey {
        try SignedEnvelope.vouch(claim, try envelope.checkSignature(keys), now: now)
    }

    private var claim: SignedEnvelope.Claim {
        SignedEnvelope.Claim(
            number: content.number,
            supplier: content.supplier,
            issuedAt: content.issuedAt,
            expiresAt: content.expiresAt
        )
    }
}
