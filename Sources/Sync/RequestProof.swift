import Tally

/// Shows that a request which only asks is of the terminal that it names.
///
/// What is pushed and given back is signed in the message. What asks (pull, snapshot, piece, watch)
/// goes with an Ed25519 signature over its path and body beside it, so that nobody who has merely
/// seen a terminal's id can read what the terminal shares.
public enum RequestProof {
    /// The HTTP header that carries the signature, in hexadecimal digits.
    public static let header = "tallyman-proof"

    /// What asks, by the end of its path.
    public enum Question: String, Sendable, CaseIterable {
        case pull
        case snapshot
        case piece
        case watch

        /// The terminal that a request of this kind names.
        ///
        /// - Throws: ``SyncRefusal`` when it is no such request.
        func asker(_ body: [UInt8]) throws -> Identifier {
            switch self {
            case .pull: try PullRequest(bytes: body).replica
            case .snapshot: try SnapshotRequest(manifestRequest: body).replica
            case .piece: try SnapshotRequest(pieceRequest: body).replica
            case .watch: try WatchRequest(bytes: body).replica
            }
        }
    }

    private static func signed(_ question: Question, _ body: [UInt8]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write("tallyman ask 1")
        encoder.write(question.rawValue)
        encoder.write(ContentHash(of: body).bytes)
        return encoder.bytes
    }

    /// A terminal's signature on a request, 64 bytes.
    public static func sign(
        _ question: Question,
        _ body: [UInt8],
        by replica: Replica
    ) throws -> [UInt8] {
        try replica.signature(over: signed(question, body))
    }

    /// Throws unless the terminal that a request names has signed it.
    ///
    /// - Throws: ``SyncRefusal/malformed``, ``SyncRefusal/unknownTerminal(_:)``, or
    ///   ``SyncRefusal/badSignature(_:)``.
    public static func check(
        _ proof: [UInt8],
        _ question: Question,
        _ body: [UInt8],
        in reading: any ReplicaReading
    ) throws {
        let asker = try question.asker(body)
        let terminal = try HubReplica.terminal(asker, in: reading)
        guard Replica.isValid(proof, over: signed(question, body), by: terminal.publicKey) else {
            throw SyncRefusal.badSignature(asker)
        }
    }
}
