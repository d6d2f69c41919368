import Tally

/// Why the page does not take what came to it; nothing was changed.
public enum KioskRefusal: Refusal, Equatable {
    /// The request has no text, or an empty one.
    case textMissing
    case textTooLong(bytes: Int, bytesMax: Int)
    /// Not UTF-8, or neither a form nor JSON.
    case notText
    /// A control character that no code has; `position` counts characters from 1.
    case controlCharacter(code: UInt32, position: Int)
    /// What was touched is not known here.
    case unknownItem(kind: String, id: String)
    /// The terminal's own program failed; the detail is for the log.
    case failed(detail: String)

    public var code: ProblemCode {
        switch self {
        case .textMissing: "web.text_missing"
        case .textTooLong: "web.text_too_long"
        case .notText: "web.not_text"
        case .controlCharacter: "web.control_character"
        case .unknownItem: "web.unknown_item"
        case .failed: "web.failed"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .textMissing, .notText: [:]
        case .textTooLong(let bytes, let bytesMax):
            ["bytes": String(bytes), "bytesMax": String(bytesMax)]
        case .controlCharacter(let code, let position):
            ["character": Self.name(code), "position": String(position)]
        case .unknownItem(let kind, let id): ["kind": kind, "id": id]
        case .failed(let detail): ["detail": detail]
        }
    }

    /// `U+0007`: how a character that cannot be shown is named.
    private static func name(_ code: UInt32) -> String {
        let digits = String(code, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
