import Crypto
import Tally

/// One key that can sign.
package protocol MessageSigner: Sendable {
    /// 32 bytes.
    var publicKey: [UInt8] { get }
    /// 64 bytes.
    func signature(over message: [UInt8]) throws -> [UInt8]
}

/// How replicas sign, and how that is checked.
///
/// Ed25519 (RFC 8032) everywhere but in simulations, which hand in a cheaper one for a seed's task:
/// half of a simulated day would be curve arithmetic.
package protocol SignatureScheme: Sendable {
    /// The signer of a private key: 32 bytes.
    ///
    /// - Throws: when it has another length.
    func signer(_ privateKey: [UInt8]) throws -> any MessageSigner
    /// Whether the holder of `publicKey` signed `message` so; never for what is no key.
    func isValid(_ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]) -> Bool
}

/// The scheme of the task that runs.
package enum Signatures {
    @TaskLocal package static var scheme: any SignatureScheme = Ed25519()
}

/// Ed25519, RFC 8032.
package struct Ed25519: SignatureScheme {
    private struct Signer: MessageSigner {
        let key: Curve25519.Signing.PrivateKey
        let publicKey: [UInt8]

        init(_ privateKey: [UInt8]) throws {
            key = try Curve25519.Signing.PrivateKey(rawRepresentation: privateKey)
            publicKey = Array(key.publicKey.rawRepresentation)
        }

        func signature(over message: [UInt8]) throws -> [UInt8] {
            Array(try key.signature(for: message))
        }
    }

    package init() {}

    package func signer(_ privateKey: [UInt8]) throws -> any MessageSigner {
        try Signer(privateKey)
    }

    package func isValid(
        _ signature: [UInt8],
        over message: [UInt8],
        by publicKey: [UInt8]
    ) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else {
            return false  // best effort: a key that is none has signed nothing
        }
        return key.isValidSignature(signature, for: message)
    }
}
