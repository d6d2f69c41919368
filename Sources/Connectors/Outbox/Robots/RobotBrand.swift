import Crypto
import Foundation
import Tally

/// A maker of chat robots.
public enum RobotBrand: String, Sendable, CaseIterable {
    case wecom, feishu, dingtalk

    /// What the maker allows.
    var usualRate: RateLimit {
        switch self {
        case .wecom, .dingtalk: RateLimit(count: 20, periodMilliseconds: 60_000)
        case .feishu: RateLimit(count: 100, periodMilliseconds: 60_000)
        }
    }

    /// Where the code stands in an answer; 0 is success, whatever HTTP says.
    var codeName: String {
        switch self {
        case .wecom, .dingtalk: "errcode"
        case .feishu: "code"
        }
    }

    /// The codes that say: too often.
    var busyCodes: Set<String> {
        switch self {
        case .wecom: ["45009", "45033"]
        case .feishu: ["11232", "9499"]
        case .dingtalk: ["130101", "410100", "660026"]
        }
    }
}

/// One robot.
public struct RobotSettings: Sendable {
    public let brand: RobotBrand
    /// With its key, so it is never shown.
    let url: String
    /// Empty where the robot's owner set no signature.
    let secret: String
}

/// How two of the makers want calls to be signed.
public enum RobotSignature {
    /// Feishu: the key is `SECONDS\nSECRET`, and what is signed is empty.
    public static func feishu(seconds: Int64, secret: String) -> String {
        code(of: "", key: "\(seconds)\n\(secret)")
    }

    /// DingTalk: the key is the secret, and what is signed is `MILLISECONDS\nSECRET`.
    public static func dingtalk(milliseconds: Int64, secret: String) -> String {
        code(of: "\(milliseconds)\n\(secret)", key: secret)
    }

    private static func code(of text: String, key: String) -> String {
        let key = SymmetricKey(data: Data(key.utf8))
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
        return Data(code).base64EncodedString()
    }
}
