import Crypto
import Foundation
import Tally

/// How a webhook is signed, and how its receiver checks it.
///
/// ```
/// Tallyman-Timestamp: 1795000000              seconds since 1970, of this attempt
/// Tallyman-Signature: v1=<64 hexadecimal digits>
///     HMAC-SHA256(key = the shared secret, "<timestamp>.<body>")
/// ```
public enum WebhookSignature {
    /// A call that is older, or from a clock so far ahead, is refused.
    public static let windowSeconds: Int64 = 300

    /// Why a call is not believed.
    public enum Fault: Error, Hashable, Sendable {
        case malformed, forged, tooOld, tooNew, replayed
    }

    static let timestampHeader = "tallyman-timestamp"
    static let signatureHeader = "tallyman-signature"

    /// The signature's header.
    public static func signature(of body: [UInt8], seconds: Int64, secret: String) -> String {
        let message = Array("\(seconds).".utf8) + body
        let key = SymmetricKey(data: Data(secret.utf8))
        let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
        return "v1=" + Array(code).hexadecimal
    }

    /// Checks a call as its receiver must: the signature first, then the time.
    ///
    /// - Parameters:
    ///   - body: as it came.
    ///   - timestamp: the header of that name.
    ///   - signature: the header of that name.
    ///   - secret: shared with the sender.
    ///   - now: the receiver's time.
    /// - Throws: ``Fault``.
    public static func check(
        _ body: [UInt8],
        timestamp: String,
        signature: String,
        secret: String,
        now: Moment
    ) throws(Fault) {
        guard let seconds = Int64(timestamp), String(seconds) == timestamp,
            signature.hasPrefix("v1="), let code = [UInt8](hexadecimal: signature.dropFirst(3))
        else { throw .malformed }
        let message = Array("\(seconds).".utf8) + body
        let key = SymmetricKey(data: Data(secret.utf8))
        // In constant time.
        guard HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: key)
        else { throw .forged }
        let age = now.milliseconds / 1_000 - seconds
        if age > windowSeconds { throw .tooOld }
        if age < -windowSeconds { throw .tooNew }
    }
}

/// What a receiver remembers, so that a call which was overheard is not played again.
///
/// An honest repeat has a timestamp, and so a signature, of its own; that both are about one
/// message is told by the event's id.
public struct ReplayWindow: Sendable {
    private var seen: [String: Int64] = [:]

    public init() {}

    /// Checks a call, and remembers it as long as it could be played again.
    public mutating func check(
        _ body: [UInt8],
        timestamp: String,
        signature: String,
        secret: String,
        now: Moment
    ) throws(WebhookSignature.Fault) {
        try WebhookSignature.check(
            body,
            timestamp: timestamp,
            signature: signature,
            secret: secret,
            now: now
        )
        let second = now.milliseconds / 1_000
        seen = seen.filter { $0.value + 2 * WebhookSignature.windowSeconds >= second }
        guard seen[signature.lowercased()] == nil else { throw .replayed }
        seen[signature.lowercased()] = second
    }
}
