/// The characters that a part of the value takes.
package enum GS1Characters: Sendable {
    /// Digits.
    case numeric
    /// The 82 characters of the General Specifications, figure 7.11-1.
    case wide
    /// The 39 characters of figure 7.11-2: `#`, `-`, `/`, digits, capital letters.
    case narrow
    /// The 64 characters of base64url (RFC 4648, 5); `=` pads the end.
    case base64

    func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"): self != .numeric
        case UInt8(ascii: "/"): self == .narrow || self == .wide
        case UInt8(ascii: "#"): self == .narrow
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
            self == .wide || self == .base64
        case UInt8(ascii: "$"), UInt8(ascii: "@"): false
        case UInt8(ascii: "!")...UInt8(ascii: "?"): self == .wide
        default: false
        }
    }
}

extension GS1Characters {
    /// The first breach; nil when all characters are allowed.
    package func breach(in part: ArraySlice<UInt8>) -> GS1RuleBreach? {
        var body = part
        if self == .base64 {
            let end = part.lastIndex { $0 != UInt8(ascii: "=") }.map { $0 + 1 }
            body = part[..<(end ?? part.startIndex)]
            let pads = part.count - body.count
            if pads > 2 || pads > 0 && !part.count.isMultiple(of: 3) {
                return GS1RuleBreach(.badPadding, body.count..<part.count)
            }
        }
        guard let bad = body.firstIndex(where: { !contains($0) }) else { return nil }
        let offset = bad - part.startIndex
        return GS1RuleBreach(.badCharacter, offset..<(offset + 1))
    }
}
