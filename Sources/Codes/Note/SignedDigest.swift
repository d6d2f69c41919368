import Foundation
import SwiftProtobuf
import Tally

/// What a symbol carries for a note that is too long for ``NotePart/countMax`` symbols: which note
/// it is, and its digest, signed by the supplier.
///
/// The lines come by sync; a terminal that has them holds them against the digest.
public struct SignedDigest: Hashable, Sendable {
    /// What a text of this format starts with.
    public static let prefix = SignedEnvelope.Kind.digest.rawValue
    private static let digestCount = 32

    public let supplier: String
    public let number: String
    public let site: String
    public let issuedAt: Moment
    /// Nil for a note that stays good.
    public let expiresAt: Moment?
    /// SHA-256 of the serialised note.
    public let digest: [UInt8]
    /// How many lines the note has.
    public let lineCount: Int
    /// The key that the text says it is signed with.
    public var keyID: KeyID { envelope.keyID }
    /// The text, as scanned.
    public let text: String
    private let envelope: SignedEnvelope

    private init(
        _ envelope: SignedEnvelope,
        _ text: String,
        _ compressor: any Compressor
    )
        throws(NoteRefusal)
    {
        let bytes = try envelope.unpacked(compressor)
        let wire: WireNoteDigest
        do {
            wire = try WireNoteDigest(serializedBytes: bytes)
        } catch {
            throw .malformed(.message)
        }
        guard wire.digest.count == Self.digestCount, !wire.supplier.isEmpty, !wire.number.isEmpty
        else { throw .malformed(.message) }
        supplier = NaturalKey.code(wire.supplier)
        number = NaturalKey.number(wire.number)
        site = NaturalKey.code(wire.site)
        issuedAt = Moment(milliseconds: wire.issuedAt)
        expiresAt = wire.hasExpiresAt ? Moment(milliseconds: wire.expiresAt) : nil
        digest = Array(wire.digest)
        lineCount = Int(wire.lines)
        self.text = text
        self.envelope = envelope
    }

    /// Writes and signs the digest of a note.
    ///
    /// - Returns: the text for the one QR code.
    /// - Throws: a refusal when the content breaks a rule.
    public static func make(
        _ content: NoteContent,
        signer: NoteSigner,
        compressor: any Compressor
    ) throws(NoteRefusal) -> String {
        let content = try content.normalised()
        var wire = WireNoteDigest()
        wire.supplier = content.supplier
        wire.number = content.number
        wire.site = content.site
        wire.issuedAt = content.issuedAt.milliseconds
        if let expiresAt = content.expiresAt { wire.expiresAt = expiresAt.milliseconds }
        wire.digest = Data(try content.digest())
        wire.lines = UInt32(content.lines.count)
        let packed: [UInt8]
        do {
            packed = try compressor.compress(try wire.serializedBytes())
        } catch {
            throw .malformed(.packing)
        }
        return try SignedEnvelope.seal(packed, as: .digest, signer: signer)
    }

    /// Reads a digest without checking its signature.
    public static func parse(
        _ text: String,
        compressor: any Compressor
    ) throws(NoteRefusal) -> SignedDigest {
        try SignedDigest(try SignedEnvelope(text, .digest), text, compressor)
    }

    /// Reads a digest and believes it only when a supplier's key vouches for it, by the rules of
    /// ``SignedNote/verify(using:now:)``.
    public static func open(
        _ text: String,
        keys: [SupplierKey],
        now: Moment?,
        compressor: any Compressor
    ) throws(NoteRefusal) -> SignedDigest {
        let envelope = try SignedEnvelope(text, .digest)
        let signers = try envelope.checkSignature(keys)
        let digest = try SignedDigest(envelope, text, compressor)
        let claim = SignedEnvelope.Claim(
            number: digest.number,
            supplier: digest.supplier,
            issuedAt: digest.issuedAt,
            expiresAt: digest.expiresAt
        )
        _ = try SignedEnvelope.vouch(claim, signers, now: now)
        return digest
    }

    /// Whether it is this note's.
    public func fits(_ content: NoteContent) -> Bool {
        // Best effort: what cannot be written has no digest, and so fits none.
        (try? content.normalised().digest()) == digest
    }
}

extension NoteContent {
    /// SHA-256 of the serialised note.
    fileprivate func digest() throws(NoteRefusal) -> [UInt8] {
        ContentHash(of: try serialised()).bytes
    }
}

extension SignedNote {
    /// Writes and signs a note of any length: the note itself where 12 symbols hold it, else its
    /// digest.
    ///
    /// - Returns: a text for ``NotePart/texts(of:charactersMax:)``.
    /// - Throws: as ``make(_:signer:compressor:)``, but never for its length.
    public static func makeOrDigest(
        _ content: NoteContent,
        signer: NoteSigner,
        compressor: any Compressor
    ) throws(NoteRefusal) -> String {
        do {
            return try make(content, signer: signer, compressor: compressor)
        } catch {
            guard case .tooLong = error else { throw error }
            return try SignedDigest.make(content, signer: signer, compressor: compressor)
        }
    }
}
