import Crypto
import Tally

/// Names a public key: the first 8 bytes of SHA-256 over it.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
    static let count = 8

    /// 8 bytes.
    public let bytes: [UInt8]

    /// The name of this public key.
    public init(of publicKey: [UInt8]) {
        bytes = Array(ContentHash(of: publicKey).bytes.prefix(Self.count))
    }

    /// Takes 8 bytes; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        self.bytes = Array(bytes)
    }

    /// 16 lower-case hexadecimal digits.
    public var description: String { bytes.hexadecimal }
}

/// A key that a supplier signs its delivery notes with, as master data tell it.
public struct SupplierKey: Hashable, Sendable {
    public let id: KeyID
    /// The supplier's code in the form of ``NaturalKey/code(_:)``.
    public let supplier: String
    /// Ed25519, 32 bytes.
    public let publicKey: [UInt8]
    /// Notes issued before this moment are not by this key; nil: no limit.
    public var validFrom: Moment?
    /// Notes issued after this moment are not by this key; nil: no limit.
    public var validUntil: Moment?
    /// Whether the key was stolen or given up: then nothing by it is believed, whenever issued.
    public var revoked: Bool

    /// The key; nil when `publicKey` does not have 32 bytes or `supplier` is empty.
    public init?(
        supplier: String,
        publicKey: [UInt8],
        validFrom: Moment? = nil,
        validUntil: Moment? = nil,
        revoked: Bool = false
    ) {
        let supplier = NaturalKey.code(supplier)
        guard publicKey.count == 32, !supplier.isEmpty else { return nil }
        id = KeyID(of: publicKey)
        self.supplier = supplier
        self.publicKey = publicKey
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.revoked = revoked
    }

    /// Whether a note issued at `moment` can be by this key.
    func isValid(at moment: Moment) -> Bool {
        if let validFrom, moment < validFrom { return false }
        if let validUntil, validUntil < moment { return false }
        return true
    }

    /// Whether `signature` over `message` is by this key.
    func signed(_ message: [UInt8], signature: [UInt8]) -> Bool {
        do {
            return try Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
                .isValidSignature(signature, for: message)
        } catch {
            // 32 bytes that are no point of the curve: no signature is by such a key.
            return false
        }
    }
}

/// The secret half of a supplier's key.
public struct NoteSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Takes the Ed25519 seed.
    ///
    /// - Throws: ``NoteRefusal/badSigningKey`` when it does not have 32 bytes.
    public init(seed: [UInt8]) throws(NoteRefusal) {
        do {
            key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        } catch {
            throw .badSigningKey
        }
    }

    /// 32 bytes.
    public var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    public var keyID: KeyID { KeyID(of: publicKey) }

    func sign(_ message: [UInt8]) throws(NoteRefusal) -> [UInt8] {
        do {
            return Array(try key.signature(for: message))
        } catch {
            throw .badSigningKey
        }
    }
}
