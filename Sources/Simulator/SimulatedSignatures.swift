import Sync
import Tally

/// Signatures of a simulated plant: a public key is a hash of the private one, and a signature is
/// a hash of key and message.
///
/// Whoever knows the public key could make one. Nobody in a plant tries: its faults alter, repeat
/// and misdirect what was signed, and all of that is seen as it would be with Ed25519, which every
/// sixteenth seed plays with.
struct SimulatedSignatures: SignatureScheme {
    private struct Signer: MessageSigner {
        let publicKey: [UInt8]

        func signature(over message: [UInt8]) -> [UInt8] {
            SimulatedSignatures.mark(of: publicKey, over: message)
        }
    }

    func signer(_ privateKey: [UInt8]) throws -> any MessageSigner {
        Signer(publicKey: ContentHash(of: privateKey).bytes)
    }

    func isValid(_ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]) -> Bool {
        signature == Self.mark(of: publicKey, over: message)
    }

    private static func mark(of publicKey: [UInt8], over message: [UInt8]) -> [UInt8] {
        let hash = ContentHash(of: publicKey + message).bytes
        return hash + hash
    }
}
