import Tally

/// The bytes of a signed text, taken apart but not yet believed; `Wire/note.proto` draws them.
struct SignedEnvelope: Hashable, Sendable {
    /// What a text is signed as, so that a signature made for one kind fits no other.
    enum Kind: String, Sendable {
        case note = "TMN1:"
        case digest = "TMD1:"

        fileprivate var purpose: [UInt8] {
            switch self {
            case .note: Array("tallyman/note/1".utf8)
            case .digest: Array("tallyman/digest/1".utf8)
            }
        }
    }

    /// What an envelope says of a note, for a key to vouch for.
    struct Claim {
        let number: String
        let supplier: String
        let issuedAt: Moment
        let expiresAt: Moment?
    }

    private static let format: UInt8 = 1
    private static let signatureCount = 64
    private static let headerCount = 1 + KeyID.count + signatureCount

    let kind: Kind
    let keyID: KeyID
    private let head: [UInt8]
    private let signature: [UInt8]
    private let packed: [UInt8]

    /// Signs packed bytes and writes them as a text.
    static func seal(
        _ packed: [UInt8],
        as kind: Kind,
        signer: NoteSigner
    ) throws(NoteRefusal) -> String {
        let head = [format] + signer.keyID.bytes
        let signature = try signer.sign(kind.purpose + head + packed)
        return kind.rawValue + Base45.encode(head + signature + packed)
    }

    init(_ text: String, _ kind: Kind) throws(NoteRefusal) {
        let text = CodeParser.withoutLineEnd(text)
        guard text.hasPrefix(kind.rawValue.prefix(3)) else { throw .notANote }
        guard text.hasPrefix(kind.rawValue) else {
            throw .unknownFormat(String(text.prefix { $0 != ":" }.prefix(8)))
        }
        guard text.utf8.count <= SignedNote.charactersMax else {
            throw .tooLong(
                characters: text.utf8.count,
                charactersMax: SignedNote.charactersMax
            )
        }
        guard let bytes = Base45.decode(text.utf8.dropFirst(kind.rawValue.utf8.count))
        else { throw .malformed(.characters) }
        guard bytes.count > Self.headerCount,
            let keyID = KeyID(bytes: bytes[1...KeyID.count])
        else { throw .malformed(.cut) }
        guard bytes[0] == Self.format else { throw .unknownFormat(String(bytes[0])) }
        self.kind = kind
        self.keyID = keyID
        head = Array(bytes[...KeyID.count])
        signature = Array(bytes[(1 + KeyID.count)..<Self.headerCount])
        packed = Array(bytes[Self.headerCount...])
    }

    /// The keys that the text is signed with: more than one when suppliers share a key.
    func checkSignature(_ keys: [SupplierKey]) throws(NoteRefusal) -> [SupplierKey] {
        let named = keys.filter { $0.id == keyID }
        guard !named.isEmpty else { throw .unknownKey(keyID: keyID) }
        let message = kind.purpose + head + packed
        let signers = named.filter { $0.signed(message, signature: signature) }
        guard !signers.isEmpty else { throw .altered(keyID: keyID) }
        return signers
    }

    /// The key that vouches for what an envelope says.
    ///
    /// - Parameters:
    ///   - claim: what it says.
    ///   - signers: the keys that it is signed with, of ``checkSignature(_:)``.
    ///   - now: the present; nil when the clock is unsure.
    /// - Returns: the key.
    /// - Throws: the reason why none does.
    static func vouch(
        _ claim: Claim,
        _ signers: [SupplierKey],
        now: Moment?
    ) throws(NoteRefusal) -> SupplierKey {
        guard let key = signers.first(where: { $0.supplier == claim.supplier }) else {
            throw .otherSupplier(
                note: claim.number,
                supplier: claim.supplier,
                keySupplier: signers.map(\.supplier).sorted().joined(separator: ", ")
            )
        }
        if key.revoked { throw .keyRevoked(note: claim.number, supplier: claim.supplier) }
        guard key.isValid(at: claim.issuedAt) else {
            throw .keyExpired(note: claim.number, supplier: claim.supplier)
        }
        if let now, let since = claim.expiresAt, since < now {
            throw .expired(note: claim.number, supplier: claim.supplier, since: since)
        }
        return key
    }

    /// The packed bytes, unpacked.
    func unpacked(_ compressor: any Compressor) throws(NoteRefusal) -> [UInt8] {
        do {
            return try compressor.decompress(packed, countMax: SignedNote.contentCountMax)
        } catch {
            throw .malformed(.packing)
        }
    }
}
